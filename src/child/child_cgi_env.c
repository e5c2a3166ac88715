/*
 * The environment of a CGI program (RFC 3875 section 4.1), built from nothing: none of itkd's own
 * gets in. Runs as the vhost's user. Values are a client's: they are data for the program, and only
 * names that cannot change its meaning to the system come through.
 */
#include "child_cgi.h"
#include "child_rewrite.h"

#include "itkd/path.h"
#include <ctype.h>
#include <string.h>

struct env {
	struct arena *a;
	struct child *c;
	struct child_request *r;
};

/* Into the request's own variables, as Apache does: logs know REMOTE_ADDR then, too. */
static void env_put(struct env *e, const char *name, const char *value)
{
	child_env_put(e->c, e->r, name, value ? value : "");
}

static void env_put_span(struct env *e, const char *name, struct span value)
{
	env_put(e, name, arena_span(e->a, value));
}

static void env_put_number(struct env *e, const char *name, uint64_t value)
{
	char digits[SPAN_DECIMAL_MAX];

	env_put_span(e, name, span_decimal(digits, value));
}

/*
 * "HTTP_NAME", or NULL for a field that is not passed on. Only letters, digits and '-': a name with
 * '_' could stand for one with '-' that a proxy before us sets or strips. Proxy would become
 * HTTP_PROXY, which programs take for their own setting (CVE-2016-5385). Credentials are not for
 * the program (section 9.2) but with CGIPassAuth.
 */
static const char *env_field_name(struct env *e, struct span field)
{
	static const struct span dropped[] = {{"Proxy", 5}, {"Content-Type", 12},
	    {"Content-Length", 14}, {"Authorization", 13}, {"Proxy-Authorization", 19}};
	bool pass = e->c->dir.merged.answer.cgi_auth == ANSWER_ON;
	size_t ndropped = sizeof(dropped) / sizeof(*dropped) - (pass ? 2 : 0);
	char *name = arena_alloc(e->a, field.n + sizeof("HTTP_"));

	for (size_t i = 0; i < ndropped; i++)
		if (span_ieq(field, dropped[i]))
			return NULL;
	memcpy(name, "HTTP_", 5);
	for (size_t i = 0; i < field.n; i++) {
		unsigned char ch = (unsigned char)field.p[i];

		if (!isalnum(ch) && ch != '-')
			return NULL;
		name[5 + i] = ch == '-' ? '_' : (char)toupper(ch);
	}
	return name;
}

/* Whether an earlier field has the same name: it was passed on with all its values. */
static bool env_field_seen(const struct http_head *head, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_ieq(head->fields[i].name, head->fields[n].name))
			return true;
	return false;
}

static void env_put_fields(struct env *e, const struct child_request *r)
{
	const struct http_head *head = &r->head;

	for (size_t i = 0; i < head->nfields; i++) {
		struct span field = head->fields[i].name;

		if (env_field_seen(head, i))
			continue;
		const char *name = env_field_name(e, field);

		if (name)
			env_put_span(e, name, http_head_joined(e->a, head, field));
	}
	if (head->absolute)
		env_put_span(e, "HTTP_HOST", child_host_field(e->c, r));
}

/* Apache's ap_add_common_vars. */
static void env_put_common(struct env *e, struct child *c, const struct child_request *r)
{
	const struct conf_vhost *v = c->vhost;

	env_put(e, "SERVER_SIGNATURE", child_signature(c, r, ""));
	env_put(e, "SERVER_SOFTWARE", c->start->conf->server_software);
	env_put(e, "SERVER_NAME", child_server_name(c, r));
	env_put(e, "SERVER_ADDR", c->local);
	env_put_number(e, "SERVER_PORT", child_server_port(c, r));
	if (child_lookup_known(c))
		env_put(e, "REMOTE_HOST", child_lookup_known(c));
	env_put(e, "REMOTE_ADDR", c->peer);
	env_put_number(e, "REMOTE_PORT", addr_port((const struct sockaddr *)&c->connection));
	env_put(e, "DOCUMENT_ROOT", v->root_told);
	env_put(e, "REQUEST_SCHEME", child_scheme(c));
	env_put(e, "CONTEXT_PREFIX", r->target.context_prefix);
	env_put(e, "CONTEXT_DOCUMENT_ROOT",
	    r->target.context_root ? r->target.context_root : v->root_told);
	env_put(e, "SERVER_ADMIN", v->server_admin ? v->server_admin : "[no address given]");
	env_put(e, "SCRIPT_FILENAME", r->target.file);
	if (r->auth_type)
		env_put(e, "AUTH_TYPE", r->auth_type);
	if (r->user)
		env_put(e, "REMOTE_USER", r->user);
	else if (r->redirect_user)
		env_put(e, "REDIRECT_REMOTE_USER", r->redirect_user);
}

/* The part of the path that names the program: section 4.1.13. */
static const char *env_script_name(struct env *e, const struct child_request *r)
{
	return arena_strndup(e->a, r->uri, path_without_info(r->uri, r->target.path_info));
}

/*
 * php-cgi passes over its arguments, and with them php_admin_value, where a query looks like an
 * option of its own: '-' first, and no '=' (what web servers once made arguments of).
 */
static const char *env_query(struct env *e, const struct child_request *r)
{
	const char *query = arena_span(e->a, r->query);

	if (!r->php_arguments || strchr(query, '=') ||
	    !(strchr(query, '-') || strcasestr(query, "%2d")))
		return query;
	return arena_printf(e->a, "%s&=", query);
}

/* Section 4.1.6: as if a client had asked for what stands behind the program's name. */
static const char *env_path_translated(struct child *c, struct child_request *r)
{
	struct child_sub sub;

	child_sub_start(c, r, r->uri, &sub, path_encode(&c->arena, r->target.path_info), false);
	const char *file = child_sub_file(c, &sub);
	const char *info = sub.r.target.path_info ? sub.r.target.path_info : "";

	file = *file ? arena_printf(&c->arena, "%s%s", file, info) : NULL;
	child_sub_end(c, &sub);
	return file;
}

/* Apache's ap_add_cgi_vars. */
static void env_put_cgi(struct env *e, struct child *c, struct child_request *r)
{
	env_put(e, "GATEWAY_INTERFACE", "CGI/1.1");
	env_put(e, "SERVER_PROTOCOL", r->head.minor ? "HTTP/1.1" : "HTTP/1.0");
	env_put_span(e, "REQUEST_METHOD", r->method);
	env_put(e, "QUERY_STRING", env_query(e, r));
	env_put(e, "REQUEST_URI", arena_span(e->a, r->head.target));
	env_put(e, "SCRIPT_NAME", env_script_name(e, r));
	if (r->target.path_info[0]) {
		env_put(e, "PATH_INFO", r->target.path_info);
		const char *translated = env_path_translated(c, r);

		if (translated)
			env_put(e, "PATH_TRANSLATED", translated);
	}
	if (r->redirects) {
		env_put(e, "REDIRECT_URL", r->redirect_url);
		if (r->redirect_query.p)
			env_put_span(e, "REDIRECT_QUERY_STRING", r->redirect_query);
	}
}

/* Sections 4.1.2 and 4.1.3. A chunked body has no length: the program reads until the end. */
static void env_put_body(struct env *e, const struct child_request *r)
{
	struct span type = http_head_joined(e->a, &r->head, SPAN("Content-Type"));

	if (r->no_body)
		return;
	if (type.p)
		env_put_span(e, "CONTENT_TYPE", type);
	if (r->head.content_length >= 0 && !r->head.chunked)
		env_put_number(e, "CONTENT_LENGTH", (uint64_t)r->head.content_length);
}

/* "NAME=value", with a name that a shell could have (ap_create_environment). */
static char *env_text(struct arena *a, const char *name, const char *value)
{
	size_t n = strlen(name), m = strlen(value);
	char *text = arena_alloc(a, n + m + 2);

	for (size_t i = 0; i < n; i++)
		text[i] = isalnum((unsigned char)name[i]) ? name[i] : '_';
	if (isdigit((unsigned char)text[0]))
		text[0] = '_';
	text[n] = '=';
	memcpy(text + n + 1, value, m);
	return text;
}

void child_cgi_vars(struct child *c, struct child_request *r)
{
	struct env e = {.a = &c->arena, .c = c, .r = r};

	child_env_settle(r);
	/* As a service of Debian has it. */
	if (!child_env_get(r, "PATH"))
		env_put(&e, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	env_put_fields(&e, r);
	env_put_common(&e, c, r);
	env_put_cgi(&e, c, r);
	env_put_body(&e, r);
}

char **child_cgi_env(struct child *c, struct child_request *r)
{
	child_cgi_vars(c, r);
	char **v = arena_array(&c->arena, (size_t)r->env.n + 1, sizeof(*v));

	for (uint32_t i = 0; i < r->env.n; i++)
		v[i] = env_text(&c->arena, r->env.v[i].name, r->env.v[i].value);
	v[r->env.n] = NULL;
	return v;
}
