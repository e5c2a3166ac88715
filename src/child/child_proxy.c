/*
 * Requests that a backend answers (mod_proxy): which one, by ProxyPass or by what a rewrite or
 * SetHandler said, its parameters, and the path that it is asked for. Runs as the vhost's user; the
 * path is the client's, the URL the configuration's or, with [P] in a .htaccess, the site's.
 */
#include "child_proxy.h"

#include "itkd/proxy_map.h"
#include "itkd/regex.h"
#include <ctype.h>
#include <string.h>

static const struct conf_proxy proxy_nothing;

/* ProxyPassInterpolateEnv: ${NAME} is a variable of the request. */
static const char *proxy_interpolate(
    struct child *c, const struct child_request *r, const char *text)
{
	const char *begin = strstr(text, "${"), *end = begin ? strchr(begin, '}') : NULL, *value;

	if (!end)
		return text;
	value = child_env_get(r, arena_strndup(&c->arena, begin + 2, (size_t)(end - begin) - 2));
	return arena_printf(&c->arena, "%.*s%s%s", (int)(begin - text), text, value ? value : "",
	    proxy_interpolate(c, r, end + 1));
}

/* The path as the client wrote it, with its query; NULL where it is another one by now. */
static const char *proxy_raw(struct child *c, const struct child_request *r)
{
	struct span path = r->head.path, query = r->head.query;

	if (r->redirects || r->uri != r->path)
		return NULL;
	return arena_printf(&c->arena, "%.*s%s%.*s", (int)path.n, path.p,
	    r->head.has_query ? "?" : "", (int)query.n, query.p ? query.p : "");
}

/* What the URL becomes for that path; NULL: the entry is not for it (ap_proxy_trans_match). */
static const char *proxy_url(
    struct child *c, const struct proxy_pass *pass, const char *to, const char *uri)
{
	struct regex_match m;
	const char *url;
	size_t n;

	if (!pass->regex) {
		n = conf_alias_match(uri, pass->from);
		return n ? arena_printf(&c->arena, "%s%s", to, uri + n) : NULL;
	}
	if (!regex_find(pass->regex, span_of(uri), &m))
		return NULL;
	url = regex_expand(&c->arena, to, &m);
	/* Without a group in it the whole path is meant, as in Apache. */
	return strcmp(url, to) == 0 ? arena_printf(&c->arena, "%s%s", to, uri) : url;
}

/* Whether the entry is for uri; r->proxy stays NULL where it says that nothing is proxied. */
static bool proxy_pass(struct child *c, struct child_request *r, const char *uri,
    const struct proxy_pass *pass, bool interpolate)
{
	const char *to = pass->to ? pass->to : "", *url, *raw;

	if (pass->interpolate && interpolate)
		to = proxy_interpolate(c, r, to);
	url = proxy_url(c, pass, to, uri);
	if (!url)
		return false;
	if (!pass->to)
		return true;
	raw = pass->nocanon ? proxy_raw(c, r) : NULL;
	if (raw)
		raw = proxy_url(c, pass, to, raw);
	r->proxy = raw ? raw : url;
	r->proxy_raw = raw != NULL;
	return true;
}

int child_proxy_translate(struct child *c, struct child_request *r, const char *uri)
{
	const struct proxy_passes *passes = &c->vhost->proxy.passes;
	const struct conf_proxy *here = child_dir_proxy(c, uri);

	if (r->proxy || *uri != '/' || (passes->n == 0 && !(here && here->pass)) ||
	    child_env_get(r, "no-proxy"))
		return 0;
	bool interpolate = here && here->interpolate == CONF_ON;

	if (here && here->pass && proxy_pass(c, r, uri, here->pass, interpolate))
		return 0;
	for (uint32_t i = 0; i < passes->n; i++)
		if (proxy_pass(c, r, uri, &passes->v[i], interpolate))
			break;
	return 0;
}

/* The path to ask for, with the query; NULL: it cannot be sent, and *status says why. */
static const char *proxy_path(
    struct child *c, const struct child_request *r, const struct child_backend *b, int *status)
{
	const char *path = b->at.path + (*b->at.path == '/');
	bool keep = c->vhost->encoded_slashes == SLASHES_KEPT;
	struct span query = child_query(r);

	if (r->proxy_raw && !b->by_handler) {
		query.p = NULL;
	} else {
		path = proxy_map_encode(&c->arena, path, keep);
	}
	*status = 403;
	if (!proxy_map_is_sendable(span_of(path))) {
		child_log(c, LOG_ERR, "proxy_http",
		    "AH10415: To be forwarded path contains control characters or spaces");
		return NULL;
	}
	if (query.p && !proxy_map_is_sendable(query)) {
		child_log(c, LOG_ERR, "proxy_http",
		    "AH10408: To be forwarded query string contains control characters or spaces");
		return NULL;
	}
	return arena_printf(
	    &c->arena, "/%s%s%.*s", path, query.p ? "?" : "", (int)query.n, query.p ? query.p : "");
}

static struct proxy_reverses proxy_reverses(
    struct child *c, const struct child_request *r, const struct proxy_reverses *list)
{
	struct proxy_reverse *v = arena_array(&c->arena, list->n, sizeof(*v));

	for (uint32_t i = 0; i < list->n; i++) {
		v[i] = list->v[i];
		if (!v[i].interpolate)
			continue;
		v[i].from = proxy_interpolate(c, r, v[i].from);
		v[i].to = proxy_interpolate(c, r, v[i].to);
	}
	return (struct proxy_reverses){list->n, v};
}

/* What is configured for it, with its variables replaced. */
static const struct conf_proxy *proxy_settings(struct child *c, const struct child_request *r)
{
	const struct conf_proxy *conf = c->dir.merged.proxy;
	struct conf_proxy *own;

	if (!conf)
		return &proxy_nothing;
	if (conf->interpolate != CONF_ON)
		return conf;
	own = ARENA_NEW(&c->arena, struct conf_proxy);
	*own = *conf;
	own->reverses = proxy_reverses(c, r, &conf->reverses);
	own->cookie_paths = proxy_reverses(c, r, &conf->cookie_paths);
	own->cookie_domains = proxy_reverses(c, r, &conf->cookie_domains);
	return own;
}

static void proxy_timeouts(struct child *c, struct child_backend *b, const struct proxy_worker *w)
{
	const struct conf_vhost *v = c->vhost;

	b->timeout_ms = w->timeout_ms      ? w->timeout_ms
	                : v->proxy.timeout ? v->proxy.timeout
	                                   : (int64_t)v->timeout * 1000;
	if (b->timeout_ms == 0)
		b->timeout_ms = 60000;
	b->connect_ms = w->connect_ms ? w->connect_ms : b->timeout_ms;
	b->worker = w;
}

/* As Apache's r->filename: what the file is called is the path there, behind that of the URL. */
static const char *proxy_file(struct child *c, const char *url, const char *path, const char *file)
{
	bool none = strcmp(path, "/") == 0 && url[strlen(url) - 1] != '/';

	return arena_printf(&c->arena, "%s%s", none && *file == '/' ? "" : path, file);
}

/* 0, or a status, logged. */
static int proxy_backend(struct child *c, const struct child_request *r,
    const struct conf_proxy *conf, struct child_backend *b)
{
	struct proxy_worker *w = ARENA_NEW(&c->arena, struct proxy_worker);
	const char *error;

	b->by_handler = r->proxy == NULL;
	b->url = b->by_handler ? r->target.handler + strlen("proxy:") : r->proxy;
	error = backend_parse(&c->arena, b->url, &b->at);
	if (error) {
		child_log(c, LOG_WARNING, "proxy",
		    "AH01144: No protocol handler was valid for the URL %s (%s): %s", r->uri,
		    b->url, error);
		return 500;
	}
	struct backend asked = b->at;

	if (b->by_handler && r->target.file && (b->at.scheme != BACKEND_FCGI || conf->workers.n))
		asked.path = proxy_file(c, b->url, asked.path, r->target.file);
	if (b->at.scheme != BACKEND_FCGI)
		b->at = asked;
	conf_proxy_worker(&conf->workers, &asked, w);
	if (!b->at.socket)
		b->at.socket = w->at.socket;
	proxy_timeouts(c, b, w);
	return 0;
}

/* RFC 9110 section 7.6.2: a request that has gone through enough of them. */
static bool proxy_is_loop(struct child *c, struct child_request *r)
{
	const struct http_field *f = http_head_field(&r->head, SPAN("Max-Forwards"));

	if (!f || span_number(f->value, INT32_MAX) > 0)
		return false;
	child_proxy_why(c, r, "Max-Forwards has reached zero - proxy loop?");
	return true;
}

/*
 * PHP-FPM ends a name at its '?', which came as %3f: it would run another file than the one that
 * the sections were asked about.
 */
static bool proxy_file_is_safe(
    struct child *c, const struct child_request *r, const struct child_backend *b)
{
	const struct conf_fcgi *fcgi = c->dir.merged.fcgi;
	const char *file = r->target.file, *at = file;
	bool generic = fcgi && fcgi->backend == FCGI_BACKEND_GENERIC;

	if (!b->by_handler || !file)
		return true;
	while (*at && !iscntrl((unsigned char)*at) && (generic || *at != '?'))
		at++;
	if (!*at)
		return true;
	child_log(c, LOG_ERR, "proxy_fcgi",
	    "AH10414: To be forwarded path contains control characters or '?' (%s)", file);
	return false;
}

int child_proxy(struct child *c, struct child_request *r)
{
	const struct conf_proxy *conf = proxy_settings(c, r);
	struct child_backend b = {0};
	const char *path;
	int status = proxy_backend(c, r, conf, &b);

	if (status)
		return status;
	if (proxy_is_loop(c, r))
		return 400;
	if (b.at.scheme == BACKEND_FCGI)
		return proxy_file_is_safe(c, r, &b) ? child_fcgi(c, r, &b) : 403;
	path = proxy_path(c, r, &b, &status);
	return path ? child_proxy_http(c, r, &b, conf, path) : status;
}
