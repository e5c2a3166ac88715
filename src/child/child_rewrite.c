/*
 * mod_rewrite's two places in a request: rules of the server before the path is translated
 * (hook_uri2file), rules of a directory once its settings are known (hook_fixup). Runs as the
 * vhost's user.
 */
#include "child_rewrite.h"

#include "itkd/conf_table.h"
#include "itkd/rewrite_uri.h"

#define REWRITE_URL_MAX 32768 /* of a Location: it must fit the answer's head */

/* What holds for the URL before there is a file: the server's, and <Location>'s over it. */
static const struct conf_rewrite *rewrite_located(struct child *c, const char *uri)
{
	const struct conf_rewrite *conf = c->vhost->dir.rewrite;

	return c->vhost->rewrite ? child_dir_rewrite(c, uri, conf) : NULL;
}

static void start(struct rewrite *x, struct child *c, struct child_request *r, const char *uri)
{
	*x = (struct rewrite){.c = c, .r = r, .request = uri};
}

/* SCRIPT_URL: what the client asked for, whatever rules make of it; SCRIPT_URI: the same with host.
 */
static void set_script_url(struct rewrite *x)
{
	struct child_request *r = x->r;
	const char *url = child_env_get(r, r->main_uri ? "SCRIPT_URL" : "REDIRECT_SCRIPT_URL");

	if (!url)
		url = x->request;
	child_env_put(x->c, r, "SCRIPT_URL", url);
	child_env_put(x->c, r, "SCRIPT_URI", child_url(x->c, r, url));
}

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
	const char *query = child_rewrite_query(x), *url = x->filename + strlen("proxy:");

	x->r->proxy_raw = result == REWRITE_CHANGED_RAW;
	if (x->r->proxy_raw && query)
		url = arena_printf(&x->c->arena, "%s?%s", url, query);
	x->r->proxy = url;
	child_rewrite_trace_dir(x, 1, "go-ahead with proxy request proxy:%s [OK]", url);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool trace_begins(const struct rewrite *x, const char *text, const char *with)
{
	bool is = begins(text, with);

	child_rewrite_trace(x, 5, "prefix_stat startsWith(%s, %s) %d", text, with, is);
	return is;
}

/*
 * Whether the path names a file and not a URL: its first segment exists, and the rule itself has
 * written it, or it leads below DocumentRoot.
 */
static bool is_file_path(struct rewrite *x)
{
	const struct conf_rewrite *server = x->c->vhost->rewrite;
	const char *path = x->filename;
	size_t skip = strspn(path, "/"), n = strcspn(path + skip, "/");
	const char *first = arena_printf(&x->c->arena, "/%.*s", (int)n, path + skip);
	struct stat st;

	if (n == 2 && path[skip] == '.' && path[skip + 1] == '.')
		return false;
	if (stat(first, &st) < 0)
		return false;
	if (!x->last || server->options & REWRITE_UNSAFE_STAT) {
		child_rewrite_trace(x, 3, "prefix_stat no lastsub subst prefix %s", first);
		return true;
	}
	child_rewrite_trace(x, 3,
	    "prefix_stat compare statpath %s and lastsub output %s STATOK %d ", first,
	    x->last->output, (int)(x->last->flags & RULE_UNSAFE_STAT));
	return x->last->flags & RULE_UNSAFE_STAT || trace_begins(x, x->last->output, first) ||
	       trace_begins(x, path, x->c->vhost->document_root);
}

/* /~name is that user's home, where it is one that the configuration knows. */
static void expand_tilde(struct rewrite *x)
{
	const struct conf *conf = x->c->start->conf;
	const char *path = x->filename;

	if (path[0] != '/' || path[1] != '~')
		return;
	struct span name = {path + 2, strcspn(path + 2, "/")};

	for (uint32_t i = 0; i < conf->nidentities; i++) {
		const struct conf_identity *id = &conf->identities[i];

		if (name.n && *id->home && span_eq(span_of(id->user), name)) {
			x->filename = arena_printf(&x->c->arena, "%s%s", id->home, name.p + name.n);
			return;
		}
	}
}

/* Whether ".." leads above where the path begins. */
static bool is_above(const char *path)
{
	int depth = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.')
			depth--;
		else if (n && !(n == 1 && *path == '.'))
			depth++;
		if (depth < 0)
			return true;
		path += n + (path[n] == '/');
	}
	return false;
}

/* Without dot segments: sections are compared with it as text. A slash at its end stays. */
static const char *clean(struct child *c, const char *path)
{
	size_t n = strlen(path);
	const char *out = conf_path_clean(&c->arena, path);

	return path[n - 1] == '/' && out[1] ? arena_printf(&c->arena, "%s/", out) : out;
}

static int map_local(struct rewrite *x, const char **uri)
{
	struct child *c = x->c;

	expand_tilde(x);
	child_rewrite_trace(x, 2, "local path result: %s", x->filename);
	if (*x->filename != '/')
		return 400;
	if (!is_file_path(x) || x->reduced) {
		if (is_above(x->filename)) {
			child_log(
			    c, LOG_ERR, "core", "AH00127: Cannot map %s to file", x->filename);
			return 403;
		}
		x->filename =
		    arena_printf(&c->arena, "%s/%s", c->vhost->document_root, x->filename);
		x->filename = clean(c, x->filename);
		child_rewrite_trace(x, 2, "prefixed with document_root to %s", x->filename);
	}
	child_rewrite_trace(x, 1, "go-ahead with %s [OK]", x->filename);
	x->r->mapped = clean(c, x->filename);
	x->r->mapped_uri = *uri;
	return CHILD_MAPPED;
}

static int server_result(
    struct rewrite *x, enum rewrite_result result, const char **uri, const char *query_before)
{
	size_t scheme = rewrite_absolute(x->filename, NULL);
	int status = result == REWRITE_STATUS ? x->status : check_query(x, result);

	if (status)
		return status;
	if (begins(x->filename, "proxy:") && x->filename[6]) {
		proxy(x, result);
		return CHILD_MAPPED;
	}
	if (scheme)
		return redirect(x, result, scheme, query_before);
	if (!begins(x->filename, "passthrough:"))
		return map_local(x, uri);
	*uri = x->filename + strlen("passthrough:");
	/* What comes next takes it for a path. */
	return **uri == '/' ? 0 : 400;
}

int child_rewrite_server(struct child *c, struct child_request *r, const char **uri)
{
	const struct conf_rewrite *located = rewrite_located(c, *uri);
	struct rewrite x;

	if (!located || located->engine != REWRITE_ON)
		return 0;
	start(&x, c, r, *uri);
	if (r->rewrite_end) {
		child_rewrite_trace(&x, 8, "Declining, no further rewriting due to END flag");
		return 0;
	}
	set_script_url(&x);
	x.conf = c->vhost->rewrite;
	x.filename = *uri;
	child_rewrite_trace(&x, 2, "init rewrite engine with requested uri %s", *uri);
	const char *query = child_rewrite_query(&x);
	enum rewrite_result result = child_rewrite_rules(&x);

	if (result != REWRITE_NOTHING)
		return server_result(&x, result, uri, query);
	child_rewrite_trace(&x, 1, "pass through %s", x.filename);
	return 0;
}

bool child_rewrite_has_dir(const struct child *c)
{
	const struct conf_rewrite *conf = c->dir.merged.rewrite;

	return conf && conf->engine == REWRITE_ON && conf->directory;
}

static bool dir_applies(struct rewrite *x)
{
	size_t n = strlen(x->perdir) - 1;

	/* The directory itself without its slash: mod_dir redirects first. */
	if (!x->r->proxy && !(x->conf->options & REWRITE_ALLOW_NO_SLASH) &&
	    strlen(x->filename) == n && strncmp(x->filename, x->perdir, n) == 0)
		return false;
	if (!x->r->rewrite_end)
		return true;
	child_rewrite_trace_dir(x, 8, "Declining, no further rewriting due to END flag");
	return false;
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

/* prefix of x->filename replaced by subst, where it is one. */
static bool subst_prefix(struct rewrite *x, const char *prefix, const char *subst)
{
	size_t n = rewrite_prefix(x->filename, prefix), m = strlen(subst);

	if (n == 0)
		return false;
	const char *rest = x->filename + n;

	child_rewrite_trace(x, 5, "strip matching prefix: %s -> %s", x->filename, rest);
	x->filename =
	    arena_printf(&x->c->arena, "%s%s%s", subst, m && subst[m - 1] != '/' ? "/" : "", rest);
	child_rewrite_trace(x, 4, "add subst prefix: %s -> %s", rest, x->filename);
	return true;
}

/* The URL path of a file path: by RewriteBase, DocumentRoot, or what the alias says. */
static void unmap(struct rewrite *x)
{
	const struct child_target *t = &x->r->target;
	bool done = false;

	if (x->conf->base) {
		child_rewrite_trace_dir(
		    x, 2, "trying to replace prefix %s with %s", x->perdir, x->conf->base);
		done = subst_prefix(x, x->perdir, x->conf->base);
	} else {
		size_t n = rewrite_prefix(x->filename, x->c->vhost->document_root);

		if (n) {
			child_rewrite_trace_dir(x, 2, "strip document_root prefix: %s -> %s",
			    x->filename, x->filename + n - 1);
			x->filename += n - 1;
			done = true;
		}
	}
	if (done || x->conf->options & REWRITE_IGNORE_CONTEXT || !t->context_prefix)
		return;
	const char *root = t->context_root ? t->context_root : x->c->vhost->document_root;

	child_rewrite_trace_dir(x, 2, "trying to replace context docroot %s with context prefix %s",
	    root, t->context_prefix);
	subst_prefix(x, root, t->context_prefix);
}

static int dir_local(struct rewrite *x, const char *before)
{
	const char *query;

	/* PT means nothing here. */
	if (begins(x->filename, "passthrough:"))
		x->filename += strlen("passthrough:");
	if (*x->filename != '/')
		return 400;
	if (strcmp(x->filename, before) == 0) {
		child_rewrite_trace_dir(
		    x, 1, "initial URL equal rewritten URL: %s [IGNORING REWRITE]", x->filename);
		if (!x->path_info)
			x->r->target.path_info = "";
		return 0;
	}
	unmap(x);
	child_rewrite_trace_dir(x, 1, "internal redirect with %s [INTERNAL REDIRECT]", x->filename);
	query = child_rewrite_query(x);
	x->r->rewritten =
	    query ? arena_printf(&x->c->arena, "%s?%s", x->filename, query) : x->filename;
	return 0;
}

static int dir_result(
    struct rewrite *x, enum rewrite_result result, const char *before, const char *query_before)
{
	size_t scheme = rewrite_absolute(x->filename, NULL);
	int status = result == REWRITE_STATUS ? x->status : check_query(x, result);

	if (status)
		return status;
	if (begins(x->filename, "proxy:") && x->filename[6]) {
		proxy(x, result);
		return 0;
	}
	if (!scheme)
		return dir_local(x, before);
	redirect_base(x, scheme);
	return redirect(x, result, scheme, query_before);
}

int child_rewrite_dir(struct child *c, struct child_request *r, const char *uri)
{
	const struct child_target *t = &r->target;
	struct rewrite x;

	start(&x, c, r, uri);
	x.conf = c->dir.merged.rewrite;
	x.perdir = x.conf->directory;
	x.filename = t->file ? t->file : uri;
	x.path_info = t->path_info;
	if (!dir_applies(&x))
		return 0;
	if (!child_option(c, OPT_SYM_LINKS) && !child_option(c, OPT_SYM_OWNER)) {
		child_log(c, LOG_ERR, "rewrite",
		    "AH00670: Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the "
		    "RewriteRule directive is also forbidden due to its similar ability to "
		    "circumvent directory restrictions : %s",
		    x.filename);
		return 403;
	}
	const char *before = x.filename, *query = child_rewrite_query(&x);
	enum rewrite_result result = child_rewrite_rules(&x);

	if (result != REWRITE_NOTHING)
		return dir_result(&x, result, before, query);
	child_rewrite_trace_dir(&x, 1, "pass through %s", x.filename);
	return 0;
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

	c->dir.merged = c->vhost->dir;
	c->dir.matched = NULL;
	status = child_redirect_inside(
	    c, r, path, m > 0 ? (struct span){text + n + 1, m - 1} : (struct span){NULL, 0}, m > 0);
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
