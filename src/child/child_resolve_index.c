/*
 * mod_dir: the index file of a directory (DirectoryIndex), the redirect to a name with a slash
 * (DirectorySlash), and what answers in the place of what is not there (FallbackResource). Runs as
 * the vhost's user; the names are the site owner's, what they are looked up for is the client's.
 */
#include "child_resolve.h"

#include <errno.h>
#include <string.h>

/* A path of this site as the configuration writes it, at dir where it is relative. */
static const char *resolve_path(
    struct child *c, const char *dir, const char *name, struct span *query)
{
	size_t n = strcspn(name, "?");
	char *path;

	*query = (struct span){name + n + 1, name[n] ? strlen(name + n + 1) : 0};
	/* Mostly it is the name of a file and nothing else. */
	if (!name[n] && !strchr(name, '%') && !strstr(name, "//") && !strstr(name, "./") &&
	    (n == 0 || name[n - 1] != '.'))
		return *name == '/' ? name : arena_printf(&c->arena, "%s%s", dir, name);
	if (*name == '/')
		path = arena_strndup(&c->arena, name, n);
	else
		path = arena_printf(&c->arena, "%s%.*s", path_encode(&c->arena, dir), (int)n, name);
	return path_decode(&c->arena, span_of(path), &path) == PATH_OK ? path : NULL;
}

/* What follows '?' in the configuration's own text, before the client's query. */
static void resolve_query(struct child *c, struct child_request *r, struct span query)
{
	if (query.n == 0)
		return;
	if (r->has_query)
		query = span_of(arena_printf(&c->arena, "%.*s?%.*s", (int)query.n, query.p,
		    (int)r->query.n, r->query.p ? r->query.p : ""));
	r->query = query;
	r->has_query = true;
}

/* The index file, or the fallback, answers in the place of what was asked for. */
static int resolve_take(struct child_request *r, const char *uri)
{
	r->uri = r->target.uri ? r->target.uri : uri;
	return 0;
}

static bool resolve_is_directory(struct child *c, struct child_request *r, const char *uri)
{
	child_target_close(&r->target);
	child_map_quiet(c, uri, &r->target);
	return !r->target.error && S_ISDIR(r->target.st.st_mode);
}

int child_resolve_slash(struct child *c, struct child_request *r, const char *uri)
{
	const struct conf_dir *dir = &c->dir.merged;
	bool get = r->method_id == HTTP_METHOD_GET || r->method_id == HTTP_METHOD_HEAD;

	if ((dir->set & DIR_SLASH) && !dir->slash)
		return 0;
	/* For clients that take a redirect of anything else for an answer (BrowserMatch). */
	if (!get && child_env_get(r, "redirect-carefully"))
		return 0;
	uri = arena_printf(&c->arena, "%s/", uri);
	r->location = child_url(c, r, path_encode(&c->arena, uri));
	if (r->has_query)
		r->location =
		    arena_printf(&c->arena, "%s?%.*s", r->location, (int)r->query.n, r->query.p);
	return 301;
}

/* FallbackResource for a path that was looked at: its text, or NULL. */
static const char *resolve_fallback_name(struct child *c, const struct child_request *r)
{
	const char *name = c->dir.merged.fallback;
	const struct child_target *t = &r->target;

	if (!name || !*name || t->error != ENOENT)
		return NULL;
	return t->handler && !t->typed ? NULL : name;
}

bool child_resolve_has_fallback(struct child *c, const struct child_request *r)
{
	return resolve_fallback_name(c, r) != NULL;
}

static int resolve_index_names(
    struct child *c, struct child_request *r, const char *uri, bool deep);

/* A directory stands for its index file, which has no fallback again. */
static int resolve_fallback_found(struct child *c, struct child_request *r, const char *path)
{
	if (r->proxy || S_ISREG(r->target.st.st_mode))
		return 0;
	if (!S_ISDIR(r->target.st.st_mode))
		return RESOLVE_NONE;
	if (path[strlen(path) - 1] == '/')
		return resolve_index_names(c, r, path, false);
	int status = child_resolve_slash(c, r, path);

	return status ? status : RESOLVE_NONE;
}

/*
 * FallbackResource in the place of what is not there: 0 with its path and query, a status, or
 * RESOLVE_NONE. One that is not there itself has one, too, mostly the same: Apache gives up, too.
 */
static int resolve_fallback(struct child *c, struct child_request *r, const char **path)
{
	const char *name = resolve_fallback_name(c, r);
	int status = RESOLVE_NONE;

	for (unsigned depth = 0; name && depth <= c->vhost->redirects_max; depth++) {
		const char *slash = strrchr(*path, '/');
		struct span query;

		*path = resolve_path(
		    c, arena_strndup(&c->arena, *path, (size_t)(slash - *path) + 1), name, &query);
		resolve_query(c, r, query);
		status = *path ? child_resolve_ask(c, r, path) : 400;
		if (status == 0)
			return resolve_fallback_found(c, r, *path);
		if (status != 404 || r->target.status)
			return status;
		name = resolve_fallback_name(c, r);
	}
	if (!name)
		return RESOLVE_NONE;
	return child_too_deep(c, "AH00125", "subrequest nesting levels");
}

/* What is of the request and not of what is looked up for it (Apache's main request). */
struct resolve_main {
	const char *uri, *type, *handler, *mapped, *mapped_uri, *context_prefix, *context_root;
	struct child_env env;
	struct span query;
	bool has_query, end;
};

static struct resolve_main resolve_nest(struct child *c, struct child_request *r, const char *uri)
{
	struct resolve_main kept = {r->main_uri, r->forced_type, r->forced_handler, r->mapped,
	    r->mapped_uri, r->target.context_prefix, r->target.context_root, r->env, r->query,
	    r->has_query, r->rewrite_end};

	if (r->env.n && (c->vhost->rewrite || c->dir.merged.rewrite))
		child_env_own(c, r);
	r->main_uri = uri;
	r->rewrite_end = false;
	return kept;
}

/* failed: nothing of it counts. */
static void resolve_unnest(
    struct child *c, struct child_request *r, const struct resolve_main *kept, bool failed)
{
	r->main_uri = kept->uri;
	r->rewrite_end = kept->end;
	if (!failed) {
		child_env_behind(c, r, &kept->env);
		r->target.context_prefix = kept->context_prefix;
		r->target.context_root = kept->context_root;
		return;
	}
	r->env = kept->env;
	r->query = kept->query;
	r->has_query = kept->has_query;
	r->forced_type = kept->type;
	r->forced_handler = kept->handler;
	r->mapped = kept->mapped;
	r->mapped_uri = kept->mapped_uri;
	r->rewritten = r->proxy = NULL;
}

/* Asked for as if a client had (Apache's subrequest): redirects and fallbacks hold for it, too. */
static int resolve_sub(struct child *c, struct child_request *r, const char **path)
{
	int status = child_resolve_ask(c, r, path);

	if (child_resolve_is_elsewhere(r))
		return status;
	if (status == 404 && !r->target.status && child_resolve_has_fallback(c, r)) {
		status = resolve_fallback(c, r, path);
		return status == RESOLVE_NONE ? 404 : status;
	}
	if (status == 0 && S_ISDIR(r->target.st.st_mode) && !r->target.path_info[0] &&
	    (*path)[strlen(*path) - 1] != '/')
		status = child_resolve_slash(c, r, *path);
	return status;
}

/* One name for the directory uri: 0, a status, 404 for the next one, RESOLVE_NONE to stop. */
static int resolve_name_try(struct child *c, struct child_request *r, const char *uri,
    const char *name, int redirect, bool deep)
{
	const struct child_target *t = &r->target;
	struct span query;
	const char *path = resolve_path(c, uri, name, &query);

	/* A name elsewhere does not show that there is a directory at all. */
	if (strchr(name, '/') && !resolve_is_directory(c, r, uri))
		return RESOLVE_NONE;
	/* A directory that is its own index: Apache looks for it until it gives up. */
	if (path && strcmp(path, uri) == 0)
		return child_too_deep(c, "AH00125", "subrequest nesting levels");
	resolve_query(c, r, query);
	const char *asked = path;
	int status = !path ? 400 : deep ? resolve_sub(c, r, &path) : child_resolve_ask(c, r, &path);

	/* What should be a directory is a file, or below one: it has settings of its own. */
	if ((status == 404 && t->error == ENOTDIR) ||
	    (status == 0 && !r->proxy && t->path_info[0] && path == asked && !strchr(name, '/'))) {
		r->env_dir = r->env_dir && strcmp(uri, r->uri) != 0;
		return RESOLVE_NONE;
	}
	if (status == 0 && !r->proxy && !S_ISREG(t->st.st_mode))
		return 404;
	if (status)
		return status;
	if (redirect <= INDEX_REDIRECT_OFF)
		return resolve_take(r, path);
	r->location = child_url(c, r, path_encode(&c->arena, path));
	return redirect;
}

static int resolve_name(struct child *c, struct child_request *r, const char *uri, const char *name,
    int redirect, bool deep)
{
	struct resolve_main kept = resolve_nest(c, r, uri);
	int status = resolve_name_try(c, r, uri, name, redirect, deep);

	resolve_unnest(c, r, &kept, status != 0);
	return status;
}

/*
 * One after the other; the first that is a file counts. What may not be looked at is not passed
 * over for a list of its neighbours.
 */
static int resolve_names(struct child *c, struct child_request *r, const char *uri,
    const struct conf_strings *names, int redirect, bool deep)
{
	struct span before = child_auth_asked(r), asked = before;
	int failed = RESOLVE_NONE;

	for (uint32_t i = 0; i < names->n; i++) {
		int status = resolve_name(c, r, uri, names->v[i], redirect, deep);

		if (status != 0 && status != 404 && status != RESOLVE_NONE) {
			failed = status;
			asked = child_auth_asked(r);
		}
		/* What one asks for is not asked for where another answers. */
		child_auth_ask(c, r, before);
		if (status == 0)
			return 0;
		if (status == RESOLVE_NONE || (status >= 300 && status < 400))
			break;
	}
	/* What is said of a name that cannot be there is nothing to be told. */
	if (failed == RESOLVE_NONE || !resolve_is_directory(c, r, uri))
		return RESOLVE_NONE;
	child_auth_ask(c, r, asked);
	return failed;
}

/* The directory uri, whose settings hold. deep: its names have fallbacks, too. */
static int resolve_index_names(struct child *c, struct child_request *r, const char *uri, bool deep)
{
	static const char *const standard[] = {"index.html"};
	const struct conf_dir *dir = &c->dir.merged;
	struct conf_strings names = {1, standard};

	if (dir->check_handler == CONF_ON && (dir->set & DIR_HANDLER) && *dir->handler)
		return RESOLVE_NONE;
	if (dir->set & DIR_INDEX)
		names = dir->index;
	return resolve_names(c, r, uri, &names, dir->index_redirect, deep);
}

int child_resolve_index(struct child *c, struct child_request *r)
{
	return resolve_index_names(c, r, r->uri, true);
}

int child_resolve_fallback(struct child *c, struct child_request *r)
{
	struct resolve_main kept = resolve_nest(c, r, r->uri);
	const char *path = r->uri;
	int status = resolve_fallback(c, r, &path);

	resolve_unnest(c, r, &kept, status != 0);
	return status ? status : resolve_take(r, path);
}
