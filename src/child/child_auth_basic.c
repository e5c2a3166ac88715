/*
 * AuthType Basic (RFC 7617, mod_auth_basic). Runs as the vhost's user; the field is a client's.
 */
#include "child_auth.h"

#include "itkd/base64.h"
#include "itkd/hash.h"
#include <string.h>

void child_auth_basic_note(struct child *c, struct child_request *r)
{
	const char *name = child_auth_name(c, r);

	child_err_set(c, r, "WWW-Authenticate",
	    arena_printf(
	        &c->arena, "Basic realm=\"%s\"", name ? child_auth_quoted(&c->arena, name) : ""));
}

static int basic_again(struct child *c, struct child_request *r)
{
	child_auth_basic_note(c, r);
	return 401;
}

/* Name and password of the field: 0, or 401. Who it is is not proven yet, but logs know it. */
static int basic_read(struct child *c, struct child_request *r, const char **password)
{
	const char *field = child_request_field(c, r, "Authorization");
	size_t n = field ? strcspn(field, " ") : 0;

	if (!field)
		return basic_again(c, r);
	if (!span_ieq((struct span){field, n}, SPAN("Basic"))) {
		child_log(c, LOG_ERR, "auth_basic",
		    "AH01614: client used wrong authentication scheme: %s", r->uri);
		return basic_again(c, r);
	}
	field += n;
	char *user = base64_decode(&c->arena, field + strspn(field, " \t"), &n);
	char *colon = strchr(user, ':');

	*password = colon ? colon + 1 : "";
	if (colon)
		*colon = '\0';
	r->user = user;
	return 0;
}

static int basic_failed(struct child *c, struct child_request *r, enum child_auth_found found)
{
	if (found == AUTH_FOUND)
		child_log(c, LOG_ERR, "auth_basic",
		    "AH01617: user %s: authentication failure for \"%s\": Password Mismatch",
		    r->user, r->uri);
	else
		child_log(
		    c, LOG_ERR, "auth_basic", "AH01618: user %s not found: %s", r->user, r->uri);
	return basic_again(c, r);
}

/* The password is right: its hash is the file's, with AuthBasicUseDigestAlgorithm htdigest's. */
static bool basic_matches(
    struct child *c, const char *user, const char *realm, const char *password, const char *hash)
{
	char hex[HASH_HEX_MAX];

	if (!realm)
		return child_auth_matches(c, password, hash);
	hash_text(HASH_MD5, arena_printf(&c->arena, "%s:%s:%s", user, realm, password), hex);
	return hash_same(hex, hash);
}

int child_auth_basic(struct child *c, struct child_request *r)
{
	const struct conf_auth *auth = c->dir.merged.auth;
	const char *name = child_auth_name(c, r), *password, *hash = NULL, *other = NULL;
	const char *realm = auth->basic_digest == AUTH_ON ? name : NULL;

	if (!name) {
		child_log(c, LOG_ERR, "auth_basic", "AH01615: need AuthName: %s", r->uri);
		return 500;
	}
	int status = basic_read(c, r, &password);

	if (status)
		return status;
	enum child_auth_found found = child_auth_find(c, r->user, realm, &hash, &other);

	if (found == AUTH_FOUND && basic_matches(c, r->user, realm, password, hash))
		return 0;
	/* As long as for a user who is there: how long it takes would tell which names are. */
	if (found == AUTH_NOT_FOUND && other && !realm)
		(void)child_auth_matches(c, password, other);
	if (found == AUTH_FOUND || (found == AUTH_NOT_FOUND && auth->authoritative != AUTH_OFF))
		return basic_failed(c, r, found);
	/* There is nobody else to ask. */
	if (auth->authoritative == AUTH_OFF)
		child_log(c, LOG_ERR, "authn_core",
		    "AH01796: AuthType %s configured without corresponding module", r->auth_type);
	return 500;
}
