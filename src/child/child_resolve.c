/*
 * Directories (Apache's mod_dir): the first index file that there is, and the redirect to the name
 * with a slash. Runs as the vhost's user; the path is the client's.
 */
#include "child_internal.h"

#include <errno.h>
#include <string.h>

/* What a search for an index file came to. */
enum resolve_index { INDEX_FOUND, INDEX_NONE, INDEX_STOP /* ask for the directory itself */ };

/* One candidate: INDEX_FOUND leaves it open as r->target. */
static enum resolve_index resolve_try(
    struct child *c, struct child_request *r, const char *uri, int *status)
{
	struct child_target *t = &r->target;

	child_target_close(t);
	child_map_quiet(c, uri, t);
	if (t->error == ENOENT && !child_dir_denied(c))
		return INDEX_NONE;
	/* What should be a directory is a file, or below one. */
	if (!child_dir_denied(c) && (t->path_info[0] || t->error == ENOTDIR))
		return INDEX_STOP;
	*status = child_map_status(c, t);
	if (*status)
		return INDEX_STOP;
	if (!S_ISREG(t->st.st_mode))
		return INDEX_NONE;
	r->uri = uri;
	return INDEX_FOUND;
}

static bool resolve_is_directory(struct child *c, struct child_request *r, const char *uri)
{
	child_target_close(&r->target);
	child_map_quiet(c, uri, &r->target);
	return !r->target.error && S_ISDIR(r->target.st.st_mode);
}

/*
 * The index files of the directory uri, which ends in a slash. The name is tried at once: that the
 * directory exists follows from it, but for a name that leads elsewhere.
 */
static enum resolve_index resolve_index(
    struct child *c, struct child_request *r, const char *uri, int *status)
{
	static const char *const standard[] = {"index.html"};
	struct conf_strings names = {1, standard};

	child_translate(c, uri, &r->target);
	child_dir_merge(c, r->target.file, strlen(r->target.file));
	if (c->dir.merged.set & DIR_INDEX)
		names = c->dir.merged.index;
	for (uint32_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];

		if (strchr(name, '/') && !resolve_is_directory(c, r, uri))
			return INDEX_STOP;
		if (*name != '/')
			name = arena_printf(&c->arena, "%s%s", uri, name);
		enum resolve_index result = resolve_try(c, r, name, status);

		if (result != INDEX_NONE)
			return result;
	}
	return INDEX_NONE;
}

/* A directory without its slash: relative links on its pages would lead astray. */
static int resolve_slash(struct child *c, struct child_request *r)
{
	const struct conf_dir *dir = &c->dir.merged;

	if ((dir->set & DIR_SLASH) && !dir->slash)
		return 0;
	const char *path = path_encode(&c->arena, arena_printf(&c->arena, "%s/", r->uri));

	r->location = child_url(c, r, path);
	if (r->has_query)
		r->location =
		    arena_printf(&c->arena, "%s?%.*s", r->location, (int)r->query.n, r->query.p);
	return 301;
}

int child_resolve(struct child *c, struct child_request *r)
{
	struct child_target *t = &r->target;
	size_t n = strlen(r->uri);
	int status = 0;

	*t = (struct child_target){.fd = -1};
	if (r->uri[n - 1] == '/' && resolve_index(c, r, r->uri, &status) == INDEX_FOUND)
		return 0;
	/* An index file that may not be read is not passed over for a list of its neighbours. */
	if (status)
		return status;
	child_target_close(t);
	status = child_map(c, r->uri, t);
	if (status == 0 && S_ISDIR(t->st.st_mode) && r->uri[n - 1] != '/')
		return resolve_slash(c, r);
	return status;
}
