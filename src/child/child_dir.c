/*
 * The settings of a directory: the server's, then those of each <Directory> on the way to it,
 * shortest first. What was merged last is kept, since the next request mostly is for the same
 * directory. Runs as the vhost's user; paths come from requests, settings from the configuration.
 */
#include "child_internal.h"

#include <fnmatch.h>
#include <string.h>

#define DIR_ARENA_MAX ((size_t)16 << 20)

static enum child_links dir_links(const struct conf_dir *dir)
{
	if (dir->options & OPT_SYM_LINKS)
		return LINKS_FOLLOW;
	return dir->options & OPT_SYM_OWNER ? LINKS_OWNER : LINKS_NONE;
}

/* path[0..n) is a prefix with as many components as the section has. */
static bool dir_section_matches(
    struct arena *a, const struct conf_section *s, const char *path, size_t n)
{
	if (s->components == 0)
		return true;
	if (s->kind == SECTION_DIRECTORY_GLOB)
		return fnmatch(s->path, arena_strndup(a, path, n), FNM_PATHNAME) == 0;
	return strncmp(s->path, path, n) == 0 && s->path[n] == '\0';
}

/* From byte `at` on the links are looked at as the settings merged so far say. */
static void dir_add_run(struct child_dir *d, size_t at)
{
	enum child_links links = dir_links(&d->merged);

	if (d->nruns && d->runs[d->nruns - 1].links == links)
		return;
	if (d->nruns && d->runs[d->nruns - 1].at == at)
		d->nruns--;
	d->runs[d->nruns++] = (struct child_run){at, links};
}

/* Merges the sections of `components`, whose prefix is path[0..n). */
static uint32_t dir_merge_level(
    struct child *c, uint32_t next, uint32_t components, const char *path, size_t n)
{
	const struct conf_sections *sections = &c->vhost->sections;
	struct child_dir *d = &c->dir;

	for (; next < sections->n && sections->v[next].components <= components; next++)
		if (sections->v[next].components == components &&
		    dir_section_matches(&d->arena, &sections->v[next], path, n))
			conf_dir_merge(&d->arena, &d->merged, &sections->v[next].dir);
	return next;
}

static bool dir_is_kept(const struct child *c, const char *path, size_t n)
{
	const struct child_dir *d = &c->dir;

	return d->vhost == c->vhost && d->path_n == n && memcmp(d->path, path, n) == 0;
}

/* Where the component that starts behind `at` (a slash) ends. */
static size_t dir_component_end(const char *path, size_t n, size_t at)
{
	while (at < n && path[at] == '/')
		at++;
	while (at < n && path[at] != '/')
		at++;
	return at;
}

void child_dir_merge(struct child *c, const char *path, size_t n)
{
	struct child_dir *d = &c->dir;

	while (n && path[n - 1] == '/')
		n--;
	if (dir_is_kept(c, path, n))
		return;
	arena_reset(&d->arena);
	d->path = path = arena_strndup(&d->arena, path, n);
	d->path_n = n;
	d->vhost = c->vhost;
	d->merged = c->vhost->dir;
	/* Apache's default of Options. */
	if (!(d->merged.set & DIR_OPTIONS)) {
		d->merged.options = OPT_SYM_LINKS;
		d->merged.set |= DIR_OPTIONS;
	}
	d->nruns = 0;
	d->runs = arena_array(&d->arena, c->vhost->sections.n + 2, sizeof(*d->runs));

	uint32_t next = dir_merge_level(c, 0, 0, "/", 1);

	dir_add_run(d, 0);
	for (size_t end = 0, components = 0; end < n;) {
		end = dir_component_end(path, n, end);
		next = dir_merge_level(c, next, (uint32_t)++components, path, end);
		dir_add_run(d, end + 1);
	}
}

bool child_dir_denied(const struct child *c)
{
	return c->dir.merged.access == ACCESS_DENIED;
}

bool child_option(const struct child *c, uint32_t option)
{
	return (c->dir.merged.options & option) != 0;
}

/* SetEnv and UnsetEnv: what comes later wins. */
const char *child_dir_env(const struct child *c, const char *name)
{
	const struct conf_envs *env =
	    c->dir.vhost == c->vhost ? &c->dir.merged.env : &c->vhost->dir.env;

	for (uint32_t i = env->n; i > 0; i--)
		if (strcmp(env->v[i - 1].name, name) == 0)
			return env->v[i - 1].value;
	return NULL;
}
