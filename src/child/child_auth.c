/*
 * Who the client is (Apache's check_user_id: mod_authn_core and the modules of each AuthType), and
 * AuthBasicFake. Runs as the vhost's user; what the client says is not trusted before it is proven.
 */
#include "child_auth.h"

#include "itkd/base64.h"
#include "itkd/expr.h"
#include <string.h>

/* A setting with variables in it; NULL, logged: it cannot be evaluated. */
static const char *auth_text(struct child *c, struct child_request *r, const struct expr *e,
    const char *id, const char *directive)
{
	struct expr_source source = child_expr_source(c, r);
	const char *text = expr_string(e, &source);

	if (!text)
		child_log(c, LOG_ERR, "authn_core", "%s: %s expression could not be evaluated: %s",
		    id, directive, source.error);
	return text;
}

const char *child_auth_type(struct child *c, struct child_request *r)
{
	const struct conf_auth *auth = c->dir.merged.auth;
	const char *type = NULL;

	if (auth && auth->type)
		type = auth_text(c, r, auth->type, "AH02834", "AuthType");
	return type && strcasecmp(type, "None") != 0 ? type : NULL;
}

/* ap_escape_quotes: a '\' before each '"' that has none. */
const char *child_auth_quoted(struct arena *a, const char *text)
{
	char *out, *to;

	if (!strchr(text, '"'))
		return text;
	out = to = arena_alloc(a, 2 * strlen(text) + 1);
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			*to++ = *text++;
		else if (*text == '"')
			*to++ = '\\';
		*to++ = *text;
	}
	return out;
}

const char *child_auth_name(struct child *c, struct child_request *r)
{
	const struct conf_auth *auth = c->dir.merged.auth;

	return auth && auth->name ? auth_text(c, r, auth->name, "AH02835", "AuthName") : NULL;
}

int child_auth(struct child *c, struct child_request *r)
{
	const char *type = child_auth_type(c, r);

	/* Whoever needs a user then finds that there is none. */
	if (!type)
		return 0;
	if (strcasecmp(type, "Basic") == 0) {
		r->auth_type = type;
		return child_auth_basic(c, r);
	}
	if (strcasecmp(type, "Digest") == 0)
		return child_auth_digest(c, r);
	child_log(c, LOG_ERR, "authn_core",
	    "AH01796: AuthType %s configured without corresponding module", type);
	return 500;
}

int child_auth_note(struct child *c, struct child_request *r)
{
	const char *type = child_auth_type(c, r);

	if (!type)
		child_log(
		    c, LOG_ERR, "core", "AH00571: need AuthType to note auth failure: %s", r->uri);
	else if (strcasecmp(type, "Basic") == 0)
		child_auth_basic_note(c, r);
	else if (strcasecmp(type, "Digest") == 0)
		return child_auth_nonce_ask(c, r, false);
	return 401;
}

struct span child_auth_asked(const struct child_request *r)
{
	const struct http_field *field = child_table_find(&r->err, SPAN("WWW-Authenticate"));

	return field ? field->value : (struct span){NULL, 0};
}

void child_auth_ask(struct child *c, struct child_request *r, struct span asked)
{
	r->err.a = &c->arena;
	if (asked.p)
		child_table_set(&r->err, SPAN("WWW-Authenticate"), asked);
	else
		child_table_unset(&r->err, SPAN("WWW-Authenticate"));
}

/* The request's Authorization field; NULL: it has none any more. */
static void auth_field(struct child *c, struct child_request *r, const char *value)
{
	struct child_table t = {.a = &c->arena};

	for (size_t i = 0; i < r->head.nfields; i++)
		child_table_add(&t, r->head.fields[i].name, r->head.fields[i].value);
	if (value)
		child_table_set(&t, SPAN("Authorization"), span_of(value));
	else
		child_table_unset(&t, SPAN("Authorization"));
	r->head.fields = t.v;
	r->head.nfields = t.n;
}

/* One of AuthBasicFake's expressions: 0 with its text, -1 where it is empty, or 500. */
static int fake_text(struct child *c, struct child_request *r, const struct expr *e, bool password,
    const char **text)
{
	struct expr_source source = child_expr_source(c, r);

	*text = expr_string(e, &source);
	if (*text && **text)
		return 0;
	if (!*text) {
		child_log(c, LOG_ERR, "auth_basic",
		    "%s: AuthBasicFake: could not evaluate %s expression for URI '%s': %s",
		    password ? "AH02456" : "AH02455", password ? "password" : "user", r->uri,
		    source.error);
		return 500;
	}
	child_log(c, LOG_INFO, "auth_basic",
	    "%s: AuthBasicFake: empty %s expression for URI '%s', ignoring",
	    password ? "AH02459" : "AH02458", password ? "password" : "username", r->uri);
	auth_field(c, r, NULL);
	return -1;
}

int child_auth_fake(struct child *c, struct child_request *r)
{
	const struct conf_auth *auth = c->dir.merged.auth;
	const char *user, *password;
	int status;

	if (!auth || auth->fake != AUTH_ON)
		return 0;
	status = fake_text(c, r, auth->fake_user, false, &user);
	if (status == 0)
		status = fake_text(c, r, auth->fake_password, true, &password);
	if (status)
		return status < 0 ? 0 : status;
	user = arena_printf(&c->arena, "%s:%s", user, password);
	auth_field(c, r,
	    arena_printf(&c->arena, "Basic %s", base64_encode(&c->arena, user, strlen(user))));
	return 0;
}
