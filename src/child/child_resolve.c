/*
 * From a URL path to what answers for it: server-wide redirects, the settings of the place, access,
 * its own rules and redirects, then mod_dir. Runs as the vhost's user; the path is the client's.
 */
#include "child_resolve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define RESOLVE_LOOK (-4) /* look at the path itself first: rules of the place may change it */

/* A link that may not be followed, or a name that none can have: Apache knows no more of it. */
static bool resolve_is_walked(const struct child_target *t)
{
	return !t->error || t->error == ENOENT || t->error == ENOTDIR || t->error == EACCES;
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
	if (!status && child_rewrite_has_dir(c) && r->target.error != EACCES)
		status = r->target.status = child_rewrite_dir(c, r, uri);
	/* Its 404 is said of what is there, too, and no fallback takes its place. */
	if (!status)
		status = r->target.status = child_redirect_dir(c, r, uri);
	if (!status)
		child_env_fixup(c, r);
	return status;
}

bool child_resolve_is_elsewhere(const struct child_request *r)
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
	if (!resolve_is_walked(t)) {
		child_dir_server(c);
		return child_map_status(c, t);
	}
	status = resolve_enter(c, r, uri);
	if (status || child_resolve_is_elsewhere(r))
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

int child_resolve_ask(struct child *c, struct child_request *r, const char **uri)
{
	int status = resolve_translate(c, r, uri);

	if (status)
		return status;
	return r->proxy ? resolve_proxied(c, r, *uri) : resolve_look(c, r, *uri);
}

/*
 * The path of the request, which ends in a slash: 0, a status, or RESOLVE_NONE. That there is a
 * directory follows from its index file, so it is not opened first, unless rules want to know.
 */
static int resolve_index_first(struct child *c, struct child_request *r)
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
	return status ? status : child_resolve_index(c, r);
}

/* A path that leads to no file: who could still answer for it. */
static int resolve_missing(struct child *c, struct child_request *r)
{
	int status;

	if (child_resolve_has_fallback(c, r)) {
		status = child_resolve_fallback(c, r);
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
	int status = child_resolve_index(c, r);

	if (status != RESOLVE_NONE)
		return status;
	child_target_close(&r->target);
	child_map_quiet(c, r->uri, &r->target);
	return r->target.status ? r->target.status : child_map_status(c, &r->target);
}

static int resolve_file(struct child *c, struct child_request *r)
{
	bool slash = r->uri[strlen(r->uri) - 1] == '/', names = false;
	uint32_t known = r->env.n;
	int status = RESOLVE_LOOK;

	if (slash && !r->mapped) {
		status = resolve_index_first(c, r);
		if (status != RESOLVE_NONE && status != RESOLVE_LOOK)
			return status;
		names = status == RESOLVE_NONE;
		/* A file after all: what was said of a directory is said again. */
		if (!r->env_dir && r->env.n > known)
			r->env.n = known;
		r->env_fixed = r->env_fixed && r->env_dir;
	}
	status = resolve_look(c, r, r->uri);
	if (status == 404 && !r->target.status)
		return resolve_missing(c, r);
	if (r->target.uri)
		r->uri = r->target.uri;
	if (status || r->proxy || !S_ISDIR(r->target.st.st_mode))
		return status;
	if (!slash)
		return child_resolve_slash(c, r, r->uri);
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
