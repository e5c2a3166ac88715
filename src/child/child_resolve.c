/*
 * From a URL path to what answers for it: server-wide redirects, the settings of the place, access,
 * its own redirects, then mod_dir: index files, the redirect to a name with a slash, the fallback
 * for what is not there. Runs as the vhost's user; the path is the client's.
 */
#include "child_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define RESOLVE_NONE (-2) /* nothing was found: look at the path itself */

/* Before something answers for a path, whoever asked for it. */
static int resolve_enter(struct child *c, struct child_request *r, const char *uri)
{
	child_env_dir(c, r);
	/* Who may not have it does not learn whether it is there. */
	int status = child_access(c, r, r->target.file);

	/* Its 404 is said of what is there, too, and no fallback takes its place. */
	if (!status)
		status = r->target.status = child_redirect_dir(c, r, uri);
	if (!status)
		child_env_fixup(c, r);
	return status;
}

/* 0 with r->target open, or a status; 404 is not logged yet. */
static int resolve_look(struct child *c, struct child_request *r, const char *uri)
{
	struct child_target *t = &r->target;
	int status;

	child_target_close(t);
	child_map_quiet(c, uri, t);
	if (t->status)
		return t->status;
	status = resolve_enter(c, r, uri);
	if (status)
		return status;
	if (t->error == ENOENT || t->error == ENOTDIR)
		return 404;
	return child_map_status(c, t);
}

/* A path of this site as the configuration writes it, at dir where it is relative. */
static const char *resolve_path(
    struct child *c, const char *dir, const char *name, struct span *query)
{
	size_t n = strcspn(name, "?");
	char *path;

	*query = (struct span){name + n + 1, name[n] ? strlen(name + n + 1) : 0};
	/* Mostly it is the name of a file and nothing else. */
	if (!name[n] && !strchr(name, '%') && !strstr(name, "//") && !strstr(name, "./"))
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
static int resolve_take(
    struct child *c, struct child_request *r, const char *uri, struct span query)
{
	r->uri = uri;
	resolve_query(c, r, query);
	return 0;
}

static int resolve_index_redirect(
    struct child *c, struct child_request *r, const char *uri, int status)
{
	r->location = child_url(c, r, path_encode(&c->arena, uri));
	return status;
}

static bool resolve_is_directory(struct child *c, struct child_request *r, const char *uri)
{
	child_target_close(&r->target);
	child_map_quiet(c, uri, &r->target);
	return !r->target.error && S_ISDIR(r->target.st.st_mode);
}

/* Whether it is the name alone that is not there, not a directory on the way to it. */
static bool resolve_parent_exists(struct child *c, const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash == file ||
	       access(arena_strndup(&c->arena, file, (size_t)(slash - file)), F_OK) == 0;
}

/* FallbackResource for a path that was looked at: its text, or NULL. */
static const char *resolve_has_fallback(struct child *c, const struct child_request *r)
{
	const char *name = c->dir.merged.fallback;
	const struct child_target *t = &r->target;

	if (!name || !*name || t->error != ENOENT)
		return NULL;
	/* A name in a directory that is not there has no handler: nobody looks at it. */
	return t->handler && resolve_parent_exists(c, t->file) ? NULL : name;
}

static int resolve_index(struct child *c, struct child_request *r, const char *uri, bool deep);
static int resolve_slash(struct child *c, struct child_request *r, const char *uri);

/* A directory stands for its index file, which has no fallback again. */
static int resolve_fallback_found(struct child *c, struct child_request *r, const char *path)
{
	if (S_ISREG(r->target.st.st_mode))
		return 0;
	if (path[strlen(path) - 1] == '/')
		return resolve_index(c, r, path, false);
	int status = resolve_slash(c, r, path);

	return status ? status : RESOLVE_NONE;
}

/*
 * FallbackResource in the place of what is not there: 0 with its path and query, a status, or
 * RESOLVE_NONE. One that is not there itself has one, too, mostly the same: Apache gives up, too.
 */
static int resolve_fallback(
    struct child *c, struct child_request *r, const char **path, struct span *query)
{
	const char *name = resolve_has_fallback(c, r);
	int status = RESOLVE_NONE;

	for (unsigned depth = 0; name && depth <= c->vhost->redirects_max; depth++) {
		*path = resolve_path(c, "/", name, query);
		status = *path ? resolve_look(c, r, *path) : 400;
		if (status == 0)
			return resolve_fallback_found(c, r, *path);
		if (status != 404 || r->target.status)
			return status;
		name = resolve_has_fallback(c, r);
	}
	if (!name)
		return RESOLVE_NONE;
	child_log(c, LOG_ERR, "core",
	    "AH00124: Request exceeded the limit of %u internal redirects due to probable "
	    "configuration error. Use 'LimitInternalRecursion' to increase the limit if necessary. "
	    "Use 'LogLevel debug' to get a backtrace.",
	    c->vhost->redirects_max);
	return 500;
}

/* A directory without its slash: relative links on its pages would lead astray. */
static int resolve_slash(struct child *c, struct child_request *r, const char *uri)
{
	const struct conf_dir *dir = &c->dir.merged;
	bool get = r->method_id == HTTP_METHOD_GET || r->method_id == HTTP_METHOD_HEAD;

	if ((dir->set & DIR_SLASH) && !dir->slash)
		return 0;
	/* For clients that take a redirect of anything else for an answer (BrowserMatch). */
	if (!get && child_env_get(r, "redirect-carefully"))
		return 0;
	const char *path = path_encode(&c->arena, arena_printf(&c->arena, "%s/", uri));

	r->location = child_url(c, r, path);
	if (r->has_query)
		r->location =
		    arena_printf(&c->arena, "%s?%.*s", r->location, (int)r->query.n, r->query.p);
	return 301;
}

/* Asked for as if a client had (Apache's subrequest): redirects and fallbacks hold for it, too. */
static int resolve_sub(
    struct child *c, struct child_request *r, const char **path, struct span *query)
{
	int status = child_redirect_server(c, r, *path);

	if (!status)
		status = resolve_look(c, r, *path);
	if (status == 404 && !r->target.status && resolve_has_fallback(c, r)) {
		status = resolve_fallback(c, r, path, query);
		return status == RESOLVE_NONE ? 404 : status;
	}
	if (status == 0 && S_ISDIR(r->target.st.st_mode) && !r->target.path_info[0] &&
	    (*path)[strlen(*path) - 1] != '/')
		status = resolve_slash(c, r, *path);
	return status;
}

/* One name for the directory uri: 0, a status, 404 for the next one, RESOLVE_NONE to stop. */
static int resolve_name(struct child *c, struct child_request *r, const char *uri, const char *name,
    int redirect, bool deep)
{
	const struct child_target *t = &r->target;
	struct span query;
	const char *path = resolve_path(c, uri, name, &query);

	/* A name elsewhere does not show that there is a directory at all. */
	if (strchr(name, '/') && !resolve_is_directory(c, r, uri))
		return RESOLVE_NONE;
	int status = !path  ? 400
	             : deep ? resolve_sub(c, r, &path, &query)
	                    : resolve_look(c, r, path);

	/* What should be a directory is a file, or below one. */
	if (status == 404 && t->error == ENOTDIR)
		return RESOLVE_NONE;
	if (status == 0 && t->path_info[0] && !strchr(name, '/'))
		return RESOLVE_NONE;
	if (status == 0 && !S_ISREG(t->st.st_mode))
		return 404;
	if (status)
		return status;
	return redirect > INDEX_REDIRECT_OFF ? resolve_index_redirect(c, r, path, redirect)
	                                     : resolve_take(c, r, path, query);
}

/*
 * One after the other; the first that is a file counts. What may not be looked at is not passed
 * over for a list of its neighbours.
 */
static int resolve_names(struct child *c, struct child_request *r, const char *uri,
    const struct conf_strings *names, int redirect, bool deep)
{
	int failed = RESOLVE_NONE;

	for (uint32_t i = 0; i < names->n; i++) {
		int status = resolve_name(c, r, uri, names->v[i], redirect, deep);

		if (status == 0)
			return 0;
		if (status == RESOLVE_NONE)
			return failed;
		if (status != 404)
			failed = status;
		if (status >= 300 && status < 400)
			break;
	}
	/* What is said of a name that cannot be there is nothing to be told. */
	if (failed != RESOLVE_NONE && !resolve_is_directory(c, r, uri))
		return RESOLVE_NONE;
	return failed;
}

/*
 * The directory uri, which ends in a slash: 0, a status, or RESOLVE_NONE. That it exists follows
 * from its index file, so it is not opened first. deep: index files may have a fallback, too.
 */
static int resolve_index(struct child *c, struct child_request *r, const char *uri, bool deep)
{
	static const char *const standard[] = {"index.html"};
	const struct conf_dir *dir = &c->dir.merged;
	struct child_target *t = &r->target;
	struct conf_strings names = {1, standard};
	int status;

	*t = (struct child_target){.fd = -1};
	child_translate(c, uri, t);
	status = child_dir_walk(c, uri, t->file, WALK_DIRECTORY);
	if (!status)
		status = resolve_enter(c, r, uri);
	if (status)
		return status;
	if (dir->check_handler == CONF_ON && (dir->set & DIR_HANDLER) && *dir->handler)
		return RESOLVE_NONE;
	if (dir->set & DIR_INDEX)
		names = dir->index;
	return resolve_names(c, r, uri, &names, dir->index_redirect, deep);
}

/* A path that leads to no file: who could still answer for it. */
static int resolve_missing(struct child *c, struct child_request *r)
{
	const char *path;
	struct span query;
	int status = RESOLVE_NONE;

	if (resolve_has_fallback(c, r)) {
		status = resolve_fallback(c, r, &path, &query);
		if (status == 0)
			return resolve_take(c, r, path, query);
		if (status != RESOLVE_NONE)
			return status;
		/* The answer is that of what was asked for. */
		status = resolve_look(c, r, r->uri);
		if (status != 404)
			return status;
	}
	if (child_handler_is_virtual(r->target.handler))
		return 0;
	/* What SetEnv gives is the script's, too. */
	if (c->dir.merged.actions)
		child_env_fixup(c, r);
	status = child_action(c, r);
	return status ? status : child_map_status(c, &r->target);
}

int child_resolve(struct child *c, struct child_request *r)
{
	size_t n = strlen(r->uri);
	int status = child_redirect_server(c, r, r->uri);

	if (!status)
		status = child_userdir_redirect(c, r, r->uri);
	if (status)
		return status;
	r->target = (struct child_target){.fd = -1};
	if (r->uri[n - 1] == '/') {
		status = resolve_index(c, r, r->uri, true);
		if (status != RESOLVE_NONE)
			return status;
	}
	status = resolve_look(c, r, r->uri);
	if (status == 404 && !r->target.status)
		return resolve_missing(c, r);
	if (status == 0 && S_ISDIR(r->target.st.st_mode) && r->uri[n - 1] != '/')
		return resolve_slash(c, r, r->uri);
	return status;
}
