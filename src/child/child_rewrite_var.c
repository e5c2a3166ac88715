/*
 * %{NAME} in RewriteRule and RewriteCond (mod_rewrite's lookup_variable). Runs as the vhost's user;
 * values are mostly the client's.
 */
#include "child_rewrite.h"

#include <ctype.h>
#include <stdlib.h>

#define VAR_API_VERSION "20120211:142" /* of the modules of Apache 2.4 */

/* Conditions on a field make the answer depend on it; on Host it does anyway. */
static const char *var_field(struct rewrite *x, const char *name)
{
	const char *value = child_request_field(x->c, x->r, name);

	if (value && strcasecmp(name, "Host") != 0)
		x->vary_this =
		    x->vary_this ? arena_printf(&x->c->arena, "%s, %s", x->vary_this, name) : name;
	return value;
}

static const char *var_env(struct rewrite *x, const char *name)
{
	const char *value = child_note_get(x->r, &x->c->arena, name);

	if (!value)
		value = child_env_get(x->r, name);
	return value ? value : getenv(name);
}

/* Names with a field of the request behind them. */
static const char *var_known_field(const char *name)
{
	static const char *const fields[][2] = {{"HTTP_HOST", "Host"}, {"HTTP_ACCEPT", "Accept"},
	    {"HTTP_COOKIE", "Cookie"}, {"HTTP_REFERER", "Referer"}, {"HTTP_FORWARDED", "Forwarded"},
	    {"HTTP_USER_AGENT", "User-Agent"}, {"HTTP_PROXY_CONNECTION", "Proxy-Connection"}};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strcmp(name, fields[i][0]) == 0)
			return fields[i][1];
	return NULL;
}

/* Those of which an expression knows the same. */
static bool var_is_common(const char *name)
{
	static const char *const names[] = {"TIME", "TIME_YEAR", "TIME_MON", "TIME_DAY",
	    "TIME_HOUR", "TIME_MIN", "TIME_SEC", "TIME_WDAY", "HTTPS", "IPV6", "SERVER_NAME",
	    "REMOTE_ADDR", "REMOTE_HOST", "SERVER_PORT", "THE_REQUEST", "SERVER_ADMIN",
	    "DOCUMENT_ROOT", "CONTEXT_PREFIX", "CONTEXT_DOCUMENT_ROOT", "REQUEST_SCHEME",
	    "SERVER_SOFTWARE", "CONN_REMOTE_ADDR", "REMOTE_USER", "AUTH_TYPE"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* What the rules themselves change, or a look-up on behalf of another has of its own. */
static const char *var_own(struct rewrite *x, const char *name)
{
	struct child_request *r = x->r;
	bool sub = child_rewrite_is_sub(x);

	if (strcmp(name, "REQUEST_FILENAME") == 0 || strcmp(name, "SCRIPT_FILENAME") == 0)
		return x->filename;
	if (strcmp(name, "REQUEST_URI") == 0)
		return x->request;
	if (strcmp(name, "QUERY_STRING") == 0)
		return arena_span(&x->c->arena, r->query);
	if (strcmp(name, "PATH_INFO") == 0)
		return x->path_info;
	if (strcmp(name, "IS_SUBREQ") == 0)
		return sub ? "true" : "false";
	if (strcmp(name, "REQUEST_METHOD") == 0)
		return sub ? "GET" : child_variable(x->c, r, name);
	if (strcmp(name, "SERVER_PROTOCOL") == 0)
		return sub ? "INCLUDED" : child_variable(x->c, r, name);
	if (strcmp(name, "SERVER_ADDR") == 0)
		return x->c->local;
	/* Of the client that a proxy names, other than in an expression. */
	if (strcmp(name, "REMOTE_PORT") == 0)
		return arena_printf(&x->c->arena, "%u", x->c->peer_port);
	if (strcmp(name, "API_VERSION") == 0)
		return VAR_API_VERSION;
	return NULL;
}

static const char *var_plain(struct rewrite *x, const char *text)
{
	char *name = arena_strdup(&x->c->arena, text);
	const char *value;

	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	const char *field = var_known_field(name);

	if (field)
		return var_field(x, field);
	if (strcmp(name, "SCRIPT_USER") == 0 || strcmp(name, "SCRIPT_GROUP") == 0) {
		value = x->perdir ? child_variable(x->c, x->r, name) : NULL;
		return value ? value : "<unknown>";
	}
	if (var_is_common(name))
		return child_variable(x->c, x->r, name);
	return var_own(x, name);
}

/* A URL for what the rule is applied to, which may be without its directory. */
static const char *var_ahead_url(struct rewrite *x)
{
	if (!x->perdir || *x->uri == '/')
		return x->uri;
	return arena_printf(
	    &x->c->arena, "%s%s", x->conf->base ? x->conf->base : x->conf->directory, x->uri);
}

/* LA-U and LA-F: the value after all that is still to come for that URL or file. */
static const char *var_ahead(struct rewrite *x, const char *name, bool file)
{
	struct child *c = x->c;
	const char *path = var_ahead_url(x);
	struct child_sub *sub;

	if (!x->uri || (x->r->main_uri && strcmp(x->r->main_uri, x->request) == 0))
		return NULL;
	/* A path that is none below the directory is a URL for both. */
	if (file && x->perdir && *x->uri != '/')
		path = arena_printf(&c->arena, "%s%s", x->perdir, x->uri);
	else if (x->perdir)
		file = false;
	sub = ARENA_NEW(&c->arena, struct child_sub);
	child_sub_start(c, x->r, x->request, sub, path, file);

	struct rewrite y = *x;

	y.r = &sub->r;
	y.request = sub->r.uri ? sub->r.uri : "";
	y.filename = child_sub_file(c, sub);
	y.path_info = sub->r.target.path_info;
	const char *value = arena_strdup(&c->arena, child_rewrite_variable(&y, name));

	child_sub_end(c, sub);
	x->vary_this = y.vary_this;
	child_rewrite_trace_dir(x, 5, "lookahead: path=%s var=%s -> val=%s", path, name, value);
	return value;
}

const char *child_rewrite_variable(struct rewrite *x, const char *name)
{
	const char *value = NULL;
	size_t n = strlen(name);

	if (n > 4 && strncasecmp(name, "ENV:", 4) == 0)
		value = var_env(x, name + 4);
	else if (n > 4 && strncasecmp(name, "SSL:", 4) == 0)
		value = child_tls_variable(x->c, name + 4);
	else if (n > 5 && strncasecmp(name, "HTTP:", 5) == 0)
		value = var_field(x, name + 5);
	else if (n > 5 && strncasecmp(name, "LA-U:", 5) == 0)
		value = var_ahead(x, name + 5, false);
	else if (n > 5 && strncasecmp(name, "LA-F:", 5) == 0)
		value = var_ahead(x, name + 5, true);
	else if (n >= 4 && name[3] != ':' && name[4] != ':')
		value = var_plain(x, name);
	return value ? value : "";
}
