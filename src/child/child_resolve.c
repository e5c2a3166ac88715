/*
 * From a URL path to what answers for it: server-wide redirects, the settings of the place, access,
 * its own redirects, then mod_dir: index files, the redirect to a name with a slash, the fallback
 * for what is not there. Runs as the vhost's user; the path is the client's.
 */
#include "child_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define RESOLVE_NONE (-3) /* nothing was found: look at the path itself */
#define RESOLVE_LOOK (-4) /* look at the path itself first: rules of the place may change it */

/* Whether Apache's look at the path would have come through: it opens nothing yet. */
static bool resolve_is_walked(const struct child_target *t)
{
	struct stat st;

	if (t->error == EACCES)
		return stat(t->file, &st) == 0;
	return !t->error || t->error == ENOENT || t->error == ENOTDIR;
}

/* Before something answers for a path, whoever asked for it. */
static int resolve_enter(struct child *c, struct child_request *r, const char *uri)
{
	r->untyped = true;
	child_env_dir(c, r);
	/* Who may not have it does not learn whether it is there. */
	int status = child_access(c, r, r->target.file);

	r->untyped = status != 0;
	/* What it chooses is what the rest is for; its 404 is said of what is there. */
	if (!status)
		status = r->target.status = child_negotiate(c, r, uri);
	if (r->target.uri)
		uri = r->target.uri;
	if (!status && child_rewrite_has_dir(c) && resolve_is_walked(&r->target))
		status = r->target.status = child_rewrite_dir(c, r, uri);
	/* Its 404 is said of what is there, too, and no fallback takes its place. */
	if (!status)
		status = r->target.status = child_redirect_dir(c, r, uri);
	if (!status)
		child_env_fixup(c, r);
	return status;
}

/* Rules lead to another path, or to a backend: whether the file is there is not asked. */
static bool resolve_is_elsewhere(const struct child_request *r)
{
	return r->rewritten || r->proxy;
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
	if (status || resolve_is_elsewhere(r))
		return status;
	if (t->error == ENOENT || t->error == ENOTDIR)
		return 404;
	return child_map_status(c, t);
}

/* From the path to a file or a backend, by whoever comes first; *uri may change. */
static int resolve_translate(struct child *c, struct child_request *r, const char **uri)
{
	int status = child_rewrite_server(c, r, uri);

	if (status)
		return status == CHILD_MAPPED ? 0 : status;
	status = child_proxy_translate(c, r, *uri);
	if (status || r->proxy)
		return status;
	return child_redirect_server(c, r, *uri);
}

/* A backend answers: the settings of the URL hold, none of a file. */
static int resolve_proxied(struct child *c, struct child_request *r, const char *uri)
{
	int status;

	child_target_close(&r->target);
	r->target = (struct child_target){.fd = -1, .path_info = ""};
	r->target.file = arena_printf(&c->arena, "proxy:%s", r->proxy);
	child_dir_proxied(c, uri, r->proxy);
	child_env_dir(c, r);
	status = child_access(c, r, r->target.file);
	if (!status && child_rewrite_has_dir(c))
		status = child_rewrite_dir(c, r, uri);
	if (!status)
		status = child_redirect_dir(c, r, uri);
	if (!status)
		child_env_fixup(c, r);
	return status;
}

/* What another path leads to, as if a client had asked for it; *uri may change. */
static int resolve_ask(struct child *c, struct child_request *r, const char **uri)
{
	int status = resolve_translate(c, r, uri);

	if (status)
		return status;
	return r->proxy ? resolve_proxied(c, r, *uri) : resolve_look(c, r, *uri);
}

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
	uri = arena_printf(&c->arena, "%s/", uri);
	r->location = child_url(c, r, path_encode(&c->arena, uri));
	if (r->has_query)
		r->location =
		    arena_printf(&c->arena, "%s?%.*s", r->location, (int)r->query.n, r->query.p);
	return 301;
}

/* FallbackResource for a path that was looked at: its text, or NULL. */
static const char *resolve_has_fallback(struct child *c, const struct child_request *r)
{
	const char *name = c->dir.merged.fallback;
	const struct child_target *t = &r->target;

	if (!name || !*name || t->error != ENOENT)
		return NULL;
	return t->handler ? NULL : name;
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
		status = *path ? resolve_ask(c, r, path) : 400;
		if (status == 0)
			return resolve_fallback_found(c, r, *path);
		if (status != 404 || r->target.status)
			return status;
		name = resolve_has_fallback(c, r);
	}
	if (!name)
		return RESOLVE_NONE;
	return child_too_deep(c, "AH00124", "internal redirects");
}

/* What is of the request and not of what is looked up for it (Apache's main request). */
struct resolve_main {
	const char *uri, *type, *handler, *mapped, *mapped_uri;
	struct child_env env;
	struct span query;
	bool has_query, end;
};

static struct resolve_main resolve_nest(struct child *c, struct child_request *r, const char *uri)
{
	struct resolve_main kept = {r->main_uri, r->forced_type, r->forced_handler, r->mapped,
	    r->mapped_uri, r->env, r->query, r->has_query, r->rewrite_end};

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
static int resolve_sub(
    struct child *c, struct child_request *r, const char **path, struct span *query)
{
	int status = resolve_ask(c, r, path);

	if (resolve_is_elsewhere(r))
		return status;
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
	int status = !path  ? 400
	             : deep ? resolve_sub(c, r, &path, &query)
	                    : resolve_ask(c, r, &path);

	/* What should be a directory is a file, or below one. */
	if (status == 404 && t->error == ENOTDIR)
		return RESOLVE_NONE;
	if (status == 0 && !r->proxy && t->path_info[0] && !strchr(name, '/'))
		return RESOLVE_NONE;
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

/* The directory uri, whose settings hold: 0, a status, or RESOLVE_NONE. */
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

/*
 * The path of the request, which ends in a slash: 0, a status, or RESOLVE_NONE. That there is a
 * directory follows from its index file, so it is not opened first, unless rules want to know.
 */
static int resolve_index(struct child *c, struct child_request *r)
{
	struct child_target *t = &r->target;
	int status;

	*t = (struct child_target){.fd = -1};
	child_translate(c, r->uri, t);
	status = child_dir_walk(c, r->uri, t->file, WALK_DIRECTORY);
	if (!status && child_rewrite_has_dir(c))
		return RESOLVE_LOOK;
	if (!status)
		status = resolve_enter(c, r, r->uri);
	return status ? status : resolve_index_names(c, r, r->uri, true);
}

static int resolve_missing_fallback(struct child *c, struct child_request *r)
{
	struct resolve_main kept = resolve_nest(c, r, r->uri);
	struct span query;
	const char *path;
	int status = resolve_fallback(c, r, &path, &query);

	resolve_unnest(c, r, &kept, status != 0);
	if (status)
		return status;
	resolve_query(c, r, query);
	return resolve_take(r, path);
}

/* A path that leads to no file: who could still answer for it. */
static int resolve_missing(struct child *c, struct child_request *r)
{
	int status;

	if (resolve_has_fallback(c, r)) {
		status = resolve_missing_fallback(c, r);
		if (status != RESOLVE_NONE)
			return status;
		/* The answer is that of what was asked for. */
		status = resolve_look(c, r, r->uri);
		if (status != 404)
			return status;
	}
	if (child_handler_is_virtual(r->target.handler))
		return 0;
	/* A look-up for another says nothing of what is not there. */
	if (r->sub)
		return 404;
	/* What SetEnv gives is the script's, too. */
	if (c->dir.merged.actions)
		child_env_fixup(c, r);
	status = child_action(c, r);
	return status ? status : child_map_status(c, &r->target);
}

/* The directory itself is open; its index file comes before it. */
static int resolve_directory(struct child *c, struct child_request *r)
{
	int status = resolve_index_names(c, r, r->uri, true);

	if (status != RESOLVE_NONE)
		return status;
	child_target_close(&r->target);
	child_map_quiet(c, r->uri, &r->target);
	return r->target.status ? r->target.status : child_map_status(c, &r->target);
}

static int resolve_file(struct child *c, struct child_request *r)
{
	bool slash = r->uri[strlen(r->uri) - 1] == '/', names = false;
	int status = RESOLVE_LOOK;

	if (slash && !r->mapped) {
		status = resolve_index(c, r);
		if (status != RESOLVE_NONE && status != RESOLVE_LOOK)
			return status;
		names = status == RESOLVE_NONE;
	}
	status = resolve_look(c, r, r->uri);
	if (status == 404 && !r->target.status)
		return resolve_missing(c, r);
	if (r->target.uri)
		r->uri = r->target.uri;
	if (status || r->proxy || !S_ISDIR(r->target.st.st_mode))
		return status;
	if (!slash)
		return resolve_slash(c, r, r->uri);
	return names || r->rewritten ? 0 : resolve_directory(c, r);
}

int child_resolve(struct child *c, struct child_request *r)
{
	r->mapped = r->mapped_uri = r->rewritten = r->proxy = NULL;
	r->forced_type = r->forced_handler = NULL;
	r->proxy_raw = false;
	r->target = (struct child_target){.fd = -1};
	int status = resolve_translate(c, r, &r->uri);

	if (!status && !r->proxy && !r->mapped)
		status = child_userdir_redirect(c, r, r->uri);
	if (!status)
		status = r->proxy ? resolve_proxied(c, r, r->uri) : resolve_file(c, r);
	return status ? status : child_rewrite_force(c, r);
}
