/*
 * The settings of a directory: the server's, then those of each <Directory> on the way to it,
 * shortest first, each followed by the .htaccess that it allows (Apache's ap_directory_walk). What
 * was merged last is kept, since the next request mostly is for the same directory. Runs as the
 * vhost's user; paths come from requests, settings from the configuration and the site's files.
 */
#include "child_internal.h"

#include "itkd/conf_table.h"
#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#define DIR_LOOK 16 /* names of a path, until it is looked whether there is such a directory */

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
	enum child_links links = dir_links(&d->walked);

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
			conf_dir_merge(&d->arena, &d->walked, sections->v[next].dir);
	return next;
}

/* The .htaccess of path[0..n), where AllowOverride lets one count. 0, or a status. */
static int dir_merge_htaccess(struct child *c, const char *path, size_t n)
{
	struct child_dir *d = &c->dir;
	const struct child_htaccess *file;

	if (!(d->walked.allow.classes & OVERRIDE_ALL) && d->walked.allow.nlist == 0)
		return 0;
	if (d->nfiles >= CHILD_HTACCESS_FILES) {
		child_log(c, LOG_ALERT, "core", "%.*s: more than %d .htaccess files on the way",
		    (int)n, path, CHILD_HTACCESS_FILES);
		return 500;
	}
	int status = child_htaccess_read(c, path, n, &d->walked.allow, &file);

	if (status || !file)
		return status;
	d->nfiles++;
	conf_dir_merge(&d->arena, &d->walked, &file->dir);
	return 0;
}

static bool dir_is_kept(const struct child *c, const char *path, size_t n)
{
	const struct child_dir *d = &c->dir;

	if (d->vhost != c->vhost || d->path_n != n || memcmp(d->path, path, n) != 0)
		return false;
	/* For the entries of one list they are looked for once. */
	for (const struct child_look *look = c->looking ? NULL : d->looks; look; look = look->next)
		if (!child_htaccess_same(c, look))
			return false;
	return true;
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

static size_t dir_count(const char *path, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += path[i] == '/';
	return count;
}

/* Memory is given back only where nobody can hold settings of this request yet. */
static void dir_begin(struct child *c, const char *path, size_t n)
{
	struct child_dir *d = &c->dir;

	if (d->fresh) {
		arena_reset(&d->arena);
		if (d->kept.total > CHILD_HTACCESS_KEPT) {
			arena_reset(&d->kept);
			d->parsed = NULL;
			d->forgotten++;
		}
	}
	d->path = arena_strndup(&d->arena, path, n);
	d->path_n = n;
	d->vhost = NULL;
	d->looks = NULL;
	d->matched = NULL;
	d->nfiles = 0;
	d->walked = c->vhost->dir;
	d->walked.print += d->forgotten;
	d->nruns = 0;
	d->runs = arena_array(&d->arena, dir_count(path, n) + 2, sizeof(*d->runs));
}

/* Looked at where a path has more names than any directory of a site. */
static bool dir_is_there(const char *path, size_t n)
{
	char part[PATH_MAX];
	struct stat st;

	if (n >= sizeof(part))
		return false;
	memcpy(part, path, n);
	part[n] = '\0';
	return stat(part, &st) == 0;
}

int child_dir_merge(struct child *c, const char *path, size_t n)
{
	struct child_dir *d = &c->dir;
	bool there = true;
	int status;

	while (n && path[n - 1] == '/')
		n--;
	if (dir_is_kept(c, path, n)) {
		d->fresh = false;
		d->merged = d->walked;
		return 0;
	}
	dir_begin(c, path, n);
	d->fresh = false;
	path = d->path;

	uint32_t next = dir_merge_level(c, 0, 0, "/", 1);

	status = dir_merge_htaccess(c, "", 0);
	dir_add_run(d, 0);
	for (size_t end = 0, components = 0; end < n && !status;) {
		end = dir_component_end(path, n, end);
		next = dir_merge_level(c, next, (uint32_t)++components, path, end);
		/* Below what is not there is no .htaccess, however many names a client makes up. */
		if (components % DIR_LOOK == 0)
			there = there && dir_is_there(path, end);
		if (there)
			status = dir_merge_htaccess(c, path, end);
		dir_add_run(d, end + 1);
	}
	d->next = next;
	d->merged = d->walked;
	/* What was not looked for may be there for the next request. */
	if (!status && there)
		d->vhost = c->vhost;
	return status;
}

/*
 * Where links may be followed Apache does not look what a file is that it knows to be there: it
 * takes it for one directory more, and what a wildcard of <Directory> matches may be a file.
 */
static const struct conf_section *dir_file_section(
    struct child *c, const char *file, uint32_t *next)
{
	const struct conf_sections *sections = &c->vhost->sections;
	struct child_dir *d = &c->dir;
	uint32_t components = (uint32_t)dir_count(d->path, d->path_n) + 1;

	if (dir_links(&d->walked) != LINKS_FOLLOW || d->walked.options & OPT_SYM_OWNER)
		return NULL;
	for (; *next < sections->n && sections->v[*next].components == components; ++*next)
		if (dir_section_matches(&c->arena, &sections->v[*next], file, strlen(file)))
			return &sections->v[(*next)++];
	return NULL;
}

bool child_dir_again(struct child *c, const char *file)
{
	uint32_t next = c->dir.next;

	return dir_file_section(c, file, &next) ||
	       (c->vhost->directory_matches.n && c->dir.matched &&
	           strcmp(c->dir.matched, file) != 0);
}

void child_dir_merge_file(struct child *c, const char *file)
{
	const struct conf_section *s;

	for (uint32_t next = c->dir.next; (s = dir_file_section(c, file, &next));)
		conf_dir_merge(&c->arena, &c->dir.merged, s->dir);
}

void child_dir_server(struct child *c)
{
	c->dir.matched = NULL;
	c->dir.merged = c->vhost->dir;
	c->dir.undecided = false;
}

void child_dir_start(struct child *c)
{
	child_dir_server(c);
	c->dir.fresh = true;
}

bool child_option(const struct child *c, uint32_t option)
{
	return (c->dir.merged.options & option) != 0;
}
