/*
 * What rules of either place have decided: a redirect, a backend, another path of the site, a type
 * or a handler for its file. Runs as the vhost's user; what rules make of the client's path is
 * checked before it goes into an answer's head.
 */
#include "child_rewrite.h"

#include "itkd/rewrite_uri.h"

#define REWRITE_URL_MAX 32768 /* of a Location: it must fit the answer's head */
/* What the flags P and PT put before the path (child_rewrite_rule.c). */
#define PROXY "proxy:"
#define PASSTHROUGH "passthrough:"

/* A query that rules made must be one that a URL can have (RFC 3986 section 3.4). */
static int check_query(struct rewrite *x, enum rewrite_result result)
{
	const char *query = child_rewrite_query(x);
	bool escaped = rewrite_absolute(x->filename, NULL) && result != REWRITE_CHANGED_RAW;

	if (!query || escaped || rewrite_is_visible(query))
		return 0;
	child_log(x->c, LOG_ERR, "rewrite",
	    "%s: Rewritten query string contains control characters or spaces",
	    x->perdir ? "AH10411" : "AH10410");
	return 403;
}

/* The URL of a redirect: encoded, unless a rule says that it is, with its query. */
static int redirect(
    struct rewrite *x, enum rewrite_result result, size_t scheme, const char *query_before)
{
	struct arena *a = &x->c->arena;
	const char *url = x->filename, *query = child_rewrite_query(x);
	bool raw = result == REWRITE_CHANGED_RAW;

	if (!raw) {
		child_rewrite_trace_dir(x, 1, "escaping %s for redirect", url);
		url = rewrite_escape_url(a, url, scheme);
	}
	if (query) {
		bool copy = raw || (query_before && strcmp(query, query_before) == 0);
		const char *text = copy ? query : rewrite_escape(a, query);

		url = arena_printf(a, "%s?%s", url, text);
		child_rewrite_trace_dir(x, 1, "%s %s to query string for redirect %s",
		    copy ? "copying" : "escaping", query, copy ? "" : text);
	}
	if (strlen(url) > REWRITE_URL_MAX || !http_field_value(span_of(url))) {
		child_log(x->c, LOG_ERR, "http",
		    "AH02430: Response header 'Location' value of '%s' contains invalid "
		    "characters, aborting request",
		    url);
		return 500;
	}
	x->r->location = url;
	int status = x->redirect >= 300 && x->redirect <= 399 ? x->redirect : 302;

	child_rewrite_trace_dir(x, 1, "redirect to %s [REDIRECT/%d]", url, status);
	return status;
}

/* x->filename is "proxy:URL". */
static void proxy(struct rewrite *x, enum rewrite_result result)
{
	const char *query = child_rewrite_query(x), *url = x->filename + strlen(PROXY);

	x->r->proxy_raw = result == REWRITE_CHANGED_RAW;
	if (x->r->proxy_raw && query)
		url = arena_printf(&x->c->arena, "%s?%s", url, query);
	x->r->proxy = url;
	child_rewrite_trace_dir(x, 1, "go-ahead with proxy request proxy:%s [OK]", url);
}

/* RewriteBase in the place of the directory, behind the host of a redirect. */
static void redirect_base(struct rewrite *x, size_t scheme)
{
	const char *base = x->conf->base, *slash = strchr(x->filename + scheme, '/');

	if (!base || !slash || !slash[1])
		return;
	child_rewrite_trace_dir(x, 2, "trying to replace prefix %s with %s", x->perdir, base);
	const char *path = slash + 1;
	size_t n = rewrite_prefix(path, *x->perdir == '/' ? x->perdir + 1 : x->perdir);

	if (n == 0)
		return;
	size_t m = strlen(base + 1);

	x->filename = arena_printf(&x->c->arena, "%.*s%s%s%s", (int)(path - x->filename),
	    x->filename, base + 1, m && base[m] != '/' ? "/" : "", path + n);
}

int child_rewrite_away(struct rewrite *x, enum rewrite_result result, const char *query_before)
{
	size_t scheme = rewrite_absolute(x->filename, NULL);
	int status = result == REWRITE_STATUS ? x->status : check_query(x, result);

	if (status)
		return status;
	if (strncmp(x->filename, PROXY, strlen(PROXY)) == 0 && x->filename[strlen(PROXY)]) {
		proxy(x, result);
		return CHILD_MAPPED;
	}
	if (!scheme)
		return 0;
	if (x->perdir)
		redirect_base(x, scheme);
	return redirect(x, result, scheme, query_before);
}

const char *child_rewrite_passed(const struct rewrite *x)
{
	size_t n = strlen(PASSTHROUGH);

	return strncmp(x->filename, PASSTHROUGH, n) == 0 ? x->filename + n : NULL;
}

static int rewrite_redirect(struct child *c, struct child_request *r)
{
	const char *text = r->rewritten;
	char *path;

	/* As for a request line, slashes in front are one; what is behind '#' is for no server. */
	while (text[0] == '/' && text[1] == '/')
		text++;
	size_t n = strcspn(text, "?#"), m = text[n] == '?' ? strcspn(text + n, "#") : 0;
	int status = child_path_decode(c, (struct span){text, n}, &path);

	if (status)
		return status;
	/* These let in what is rewritten: under the same ones nobody is asked again. */
	uint64_t print = c->dir.merged.print;

	status = child_redirect_inside(
	    c, r, path, m > 0 ? (struct span){text + n + 1, m - 1} : (struct span){NULL, 0}, m > 0);
	if (r->redirects > c->vhost->redirects_max)
		return status;
	child_dir_server(c);
	r->before.print = print;
	return status;
}

static void trace_force(
    struct child *c, struct child_request *r, const char *what, const char *value)
{
	const struct rewrite x = {.c = c, .r = r};
	const char *to = r->rewritten ? r->rewritten : r->target.file;

	if (value)
		child_rewrite_trace(&x, 1, "force filename %s%.*s to have %s '%s'",
		    r->rewritten ? "redirect:" : "", (int)strcspn(to, "?"), to, what, value);
}

/* T and H: they hold over all else that was said of the file. */
static int rewrite_force(struct child *c, struct child_request *r)
{
	struct child_target *t = &r->target;
	bool program = t->handler && strcmp(t->handler, "cgi-script") == 0;

	trace_force(c, r, "MIME-type", r->forced_type);
	trace_force(c, r, "the Content-handler", r->forced_handler);
	if (r->forced_type)
		t->type = r->forced_type;
	if (r->forced_type && !t->handler && child_type_is_cgi(t->type))
		t->handler = "cgi-script";
	if (!r->forced_handler)
		return 0;
	t->handler = r->forced_handler;
	return program && t->fd >= 0 && strcmp(t->handler, "cgi-script") != 0
	           ? child_target_read(c, t)
	           : 0;
}

int child_rewrite_force(struct child *c, struct child_request *r)
{
	struct child_target *t = &r->target;

	if (r->proxy) {
		child_target_close(t);
		t->file = arena_printf(&c->arena, "proxy:%s", r->proxy);
		t->path_info = "";
		t->handler = "proxy-server";
	}
	int status = rewrite_force(c, r);

	if (status || !r->rewritten || r->sub)
		return status;
	/* Apache has it handled here, too, where there is no such file. */
	if (r->forced_handler) {
		child_log(
		    c, LOG_INFO, "core", "AH00128: File does not exist: redirect:%s", r->rewritten);
		return 404;
	}
	return rewrite_redirect(c, r);
}
