/*
 * mod_rewrite's first place in a request: rules of the server, before the path is translated
 * (hook_uri2file). Runs as the vhost's user; the path is the client's.
 */
#include "child_rewrite.h"

#include "itkd/conf_table.h"
#include "itkd/rewrite_uri.h"

/* What holds for the URL before there is a file: the server's, and <Location>'s over it. */
static const struct conf_rewrite *rewrite_located(struct child *c, const char *uri)
{
	const struct conf_rewrite *conf = c->vhost->dir.rewrite;

	return c->vhost->rewrite ? child_dir_rewrite(c, uri, conf) : NULL;
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

static bool trace_begins(const struct rewrite *x, const char *text, const char *with)
{
	bool is = strncmp(text, with, strlen(with)) == 0;

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
	int status = child_rewrite_away(x, result, query_before);
	const char *passed = child_rewrite_passed(x);

	if (status)
		return status;
	if (!passed)
		return map_local(x, uri);
	*uri = passed;
	/* What comes next takes it for a path. */
	return *passed == '/' ? 0 : 400;
}

int child_rewrite_server(struct child *c, struct child_request *r, const char **uri)
{
	const struct conf_rewrite *located = rewrite_located(c, *uri);

	if (!located || located->engine != REWRITE_ON)
		return 0;
	struct rewrite x = {
	    .c = c, .r = r, .conf = c->vhost->rewrite, .request = *uri, .filename = *uri};

	if (r->rewrite_end) {
		child_rewrite_trace(&x, 8, "Declining, no further rewriting due to END flag");
		return 0;
	}
	set_script_url(&x);
	child_rewrite_trace(&x, 2, "init rewrite engine with requested uri %s", *uri);
	const char *query = child_rewrite_query(&x);
	enum rewrite_result result = child_rewrite_rules(&x);

	if (result != REWRITE_NOTHING)
		return server_result(&x, result, uri, query);
	child_rewrite_trace(&x, 1, "pass through %s", x.filename);
	return 0;
}
