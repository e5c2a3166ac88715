/*
 * What a FastCGI application is told of a request: the meta-variables of CGI with mod_proxy_fcgi's
 * own ways, which php-fpm counts on, and the settings for PHP. Runs as the vhost's user.
 */
#include "child_cgi.h"
#include "child_fcgi.h"

#include "itkd/proxy_map.h"
#include "itkd/rewrite_uri.h"
#include <string.h>
#include <sys/stat.h>

/* "fcgi://host:port/path" without what only says how to connect. */
static const char *params_url(const struct child_backend *b)
{
	const char *bar = b->at.socket ? strchr(b->url, '|') : NULL;

	return bar ? bar + 1 : b->url;
}

/* first-dot, last-dot: from the slash behind that dot on. */
static const char *params_behind(const char *dot)
{
	const char *slash = dot ? strchr(dot, '/') : NULL;

	return slash ? slash : "";
}

/* full: what follows the first file on the way, which alone stays in *script. */
static const char *params_walk(struct arena *a, const char *path, const char **script)
{
	const char *slash = path;
	struct stat st;

	while (*slash && (slash = strchr(slash + 1, '/'))) {
		const char *part = arena_strndup(a, path, (size_t)(slash - path));

		if (stat(part, &st) == 0 && S_ISREG(st.st_mode)) {
			*script = part;
			return slash;
		}
		if (!slash[1])
			break;
	}
	return "";
}

/*
 * Where a URL alone says what is asked for there is no PATH_INFO, but by the variable
 * proxy-fcgi-pathinfo (proxy_fcgi_canon). *script is encoded.
 */
static const char *params_path_info(
    struct child *c, const struct child_request *r, const char **script)
{
	const char *how = child_env_get(r, "proxy-fcgi-pathinfo"), *path;

	if (!how)
		return "";
	path = rewrite_unescape(&c->arena, *script);
	if (strcasecmp(how, "first-dot") == 0)
		return params_behind(strchr(path, '.'));
	if (strcasecmp(how, "last-dot") == 0)
		return params_behind(strrchr(path, '.'));
	if (strcasecmp(how, "full") == 0)
		return params_walk(&c->arena, path, script);
	return strcasecmp(how, "unescape") == 0 ? path : *script;
}

/* What r->target is for child_cgi_vars(); the value of SCRIPT_FILENAME. */
static const char *params_script(
    struct child *c, struct child_request *r, const struct child_backend *b)
{
	const struct conf_fcgi *fcgi = c->dir.merged.fcgi;
	bool generic = fcgi && fcgi->backend == FCGI_BACKEND_GENERIC;
	const char *path = b->at.path;

	if (b->by_handler) {
		const char *file = r->target.file;

		/* The fixup of mod_proxy says so for connections that are not its workers'. */
		if (!b->worker->at.host)
			child_env_put(c, r, "proxy-nokeepalive", "1");
		return generic ? file : arena_printf(&c->arena, "proxy:%s%s", params_url(b), file);
	}
	if (r->proxy_raw) {
		path = arena_strndup(&c->arena, path, strcspn(path, "?"));
	} else {
		path += *path == '/';
		path = arena_printf(&c->arena, "/%s",
		    proxy_map_encode(&c->arena, path, c->vhost->encoded_slashes == SLASHES_KEPT));
	}
	r->target.path_info = params_path_info(c, r, &path);
	if (generic)
		return path;
	return arena_printf(
	    &c->arena, "proxy:fcgi://%s%s", backend_authority(&c->arena, &b->at), path);
}

static bool params_holds(struct child *c, const struct conf_fcgi_env *e, struct expr_source *source)
{
	bool holds = expr_true(e->when, source);

	if (source->error)
		child_log(c, LOG_ERR, "proxy_fcgi", "AH10241: fix_cgivars: failed to evaluate: %s",
		    source->error);
	return holds && !source->error;
}

/* ProxyFCGISetEnvIf, with the groups of the condition in the value. */
static void params_fix(struct child *c, struct child_request *r)
{
	const struct conf_fcgi *fcgi = c->dir.merged.fcgi;

	for (uint32_t i = 0; fcgi && i < fcgi->n; i++) {
		const struct conf_fcgi_env *e = &fcgi->v[i];
		struct expr_source source = child_expr_source(c, r);
		const char *value = "";

		if (!params_holds(c, e, &source))
			continue;
		if (e->unset) {
			child_env_unset(r, e->name);
			continue;
		}
		if (e->value)
			value = expr_string(e->value, &source);
		if (value)
			child_env_set(c, r, e->name, value);
	}
}

struct span child_fcgi_params(struct child *c, struct child_request *r,
    const struct child_backend *b, int64_t length, bool body, bool keep)
{
	const char *script = params_script(c, r, b);
	struct fcgi_params f;

	child_cgi_vars(c, r);
	child_env_put(c, r, "SCRIPT_FILENAME", script);
	if (length >= 0) {
		/* It has a length instead of chunks now. */
		child_env_unset(r, "HTTP_TRANSFER_ENCODING");
		child_env_put(
		    c, r, "CONTENT_LENGTH", arena_printf(&c->arena, "%lld", (long long)length));
	}
	params_fix(c, r);
	child_php_params(c, r);
	fcgi_begin(&f, &c->arena, keep);
	for (uint32_t i = 0; i < r->env.n; i++)
		if (r->env.v[i].value)
			fcgi_param(&f, span_of(r->env.v[i].name), span_of(r->env.v[i].value));
	return fcgi_params_end(&f, body);
}
