/*
 * The entries of a list: what the directory has, what the configuration hides, what the client may
 * not have, in the order asked for. Runs as the vhost's user; names are the site owner's, or those
 * of whoever can upload.
 */
#include "child_index.h"

#include "itkd/fd.h"
#include "itkd/listing.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INDEX_FORGET 1024 /* entries */

int child_index_look(struct index *x, const char *uri, struct child_request *sub)
{
	*sub = *x->r;
	sub->uri = uri;
	sub->method = SPAN("GET");
	sub->method_id = HTTP_METHOD_GET;
	sub->query = (struct span){"", 0};
	sub->has_query = false;
	sub->location = NULL;
	sub->target = (struct child_target){.fd = -1};
	sub->sub = true;
	/* Its variables are its own. */
	sub->env.room = sub->env.n;
	sub->env.v = arena_array(&x->c->arena, sub->env.n, sizeof(*sub->env.v));
	if (sub->env.n)
		memcpy(sub->env.v, x->r->env.v, sub->env.n * sizeof(*sub->env.v));
	child_dir_start(x->c);
	x->c->request = sub;
	int status = child_resolve(x->c, sub);

	x->c->request = x->r;
	if (status)
		child_target_close(&sub->target);
	return status;
}

void child_index_look_end(struct child_request *sub)
{
	child_target_close(&sub->target);
}

static struct index_entry *list_push(struct index *x)
{
	if (x->n == x->room) {
		size_t room = x->room ? x->room * 2 : 64;
		struct index_entry *v = arena_array(x->keep, room, sizeof(*v));

		if (x->n)
			memcpy(v, x->v, x->n * sizeof(*v));
		x->v = v;
		x->room = room;
	}
	return &x->v[x->n++];
}

/* The path of the directory above; NULL at the root. */
static const char *list_parent_uri(struct index *x)
{
	size_t n = strlen(x->uri);

	if (n <= 1)
		return NULL;
	for (n--; n > 0 && x->uri[n - 1] != '/';)
		n--;
	return arena_strndup(x->keep, x->uri, n);
}

/* A directory has no type: only its name counts, then that it is one. */
static const char *list_directory_item(const struct conf_index_items *items, const char *path)
{
	const char *item = child_index_item(items, path, NULL, NULL, true);

	return item ? item : child_index_item(items, "^^DIRECTORY^^", NULL, NULL, true);
}

/* IndexIgnore and icons know it as "/directory/..". */
static void list_parent(struct index *x)
{
	const char *uri = list_parent_uri(x);
	const char *path = arena_printf(&x->c->arena, "%s..", x->path);
	const struct conf_index *conf = x->conf;

	if (!uri || child_index_ignored(conf, path))
		return;
	struct index_entry *e = list_push(x);

	*e = (struct index_entry){.name = uri, .size = -1, .modified = -1};
	if (!(x->options & INDEX_FANCY))
		return;
	e->icon = list_directory_item(&conf->icons, path);
	e->alt = list_directory_item(&conf->alts, path);
	if (!e->alt)
		e->alt = "PARENTDIR";
	e->desc = child_index_desc(conf, path);
}

static void list_directory_look(struct index *x, struct index_entry *e, const char *path)
{
	e->directory = x->options & INDEX_FOLDERS_FIRST;
	e->icon = list_directory_item(&x->conf->icons, path);
	e->alt = list_directory_item(&x->conf->alts, path);
	if (!e->alt)
		e->alt = "DIR";
}

static void list_file_look(struct index *x, struct index_entry *e, const char *path,
    const struct child_target *t, int64_t size)
{
	const char *type = t->type;

	/* Without parameters. */
	if (type)
		type = arena_strndup(&x->c->arena, type, strcspn(type, "; \t"));
	e->icon = child_index_item(&x->conf->icons, path, type, t->encoding, false);
	e->alt = child_index_item(&x->conf->alts, path, type, t->encoding, false);
	e->size = size;
}

static void list_add(struct index *x, const char *name, const struct stat *st,
    const struct child_request *sub, int status)
{
	struct index_entry *e = list_push(x);
	const char *path = arena_printf(&x->c->arena, "%s%s", x->path, name);
	bool directory = S_ISDIR(st->st_mode);

	*e = (struct index_entry){.size = -1, .modified = -1};
	e->name = arena_printf(x->keep, "%s%s", name, directory ? "/" : "");
	if (!(x->options & (INDEX_FANCY | INDEX_TABLE)))
		return;
	/* Of a directory with an index file the time is that one's, as in Apache. */
	e->modified = status ? st->st_mtim.tv_sec : sub->target.st.st_mtim.tv_sec;
	if (directory)
		list_directory_look(x, e, path);
	else
		list_file_look(x, e, path, &sub->target, st->st_size);
	e->desc = child_index_desc(x->conf, path);
	if (!e->desc && !directory && !status && (x->options & INDEX_TITLES))
		e->desc = child_index_title(x, sub, path);
}

/* Whether a request for it would have an answer that a reader may know of. */
static bool list_may_show(const struct index *x, int status)
{
	if (status == 401 || status == 403)
		return x->options & INDEX_FORBIDDEN;
	return status == 0 || (status >= 200 && status < 400);
}

static void list_entry(struct index *x, int at, const char *name)
{
	struct arena *a = &x->c->arena;
	struct child_request sub;
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return;
	if (x->pattern && fnmatch(x->pattern, name, FNM_NOESCAPE | FNM_PERIOD) != 0)
		return;
	if (child_index_ignored(x->conf, arena_printf(a, "%s%s", x->path, name)))
		return;
	/* A link that leads nowhere is no entry. */
	if (fstatat(at, name, &st, 0) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return;
	const char *slash = S_ISDIR(st.st_mode) ? "/" : "";
	int status = child_index_look(x, arena_printf(a, "%s%s%s", x->uri, name, slash), &sub);

	if (list_may_show(x, status))
		list_add(x, name, &st, &sub, status);
	child_index_look_end(&sub);
}

static int list_compare_key(
    const struct index *x, const struct index_entry *a, const struct index_entry *b)
{
	const char *s = a->desc ? a->desc : "", *t = b->desc ? b->desc : "";

	switch (x->key) {
	case 'M':
		return (a->modified > b->modified) - (a->modified < b->modified);
	case 'S':
		return (a->size > b->size) - (a->size < b->size);
	case 'D':
		return x->options & INDEX_VERSIONS ? listing_natural(s, t, false) : strcmp(s, t);
	default:
		return 0;
	}
}

static int list_compare_name(const struct index *x, const char *a, const char *b)
{
	bool nocase = x->options & INDEX_IGNORE_CASE;
	int result = 0;

	if (x->options & INDEX_VERSIONS) {
		if (nocase)
			result = listing_natural(a, b, true);
		if (result == 0)
			result = listing_natural(a, b, false);
	}
	if (result == 0 && nocase)
		result = strcasecmp(a, b);
	return result ? result : strcmp(a, b);
}

static int list_compare(const void *first, const void *second, void *ctx)
{
	const struct index *x = ctx;
	const struct index_entry *a = first, *b = second;

	/* The parent is above all, directories above the rest, in either direction. */
	if (*a->name == '/' || *b->name == '/')
		return *a->name == '/' ? -1 : 1;
	if (a->directory != b->directory)
		return a->directory ? -1 : 1;
	if (x->direction != 'A') {
		const struct index_entry *c = a;

		a = b;
		b = c;
	}
	int result = list_compare_key(x, a, b);

	return result ? result : list_compare_name(x, a->name, b->name);
}

bool child_index_list(struct index *x, int fd)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	unsigned seen = 0;

	if (!dir) {
		fd_close(&fd);
		return false;
	}
	list_parent(x);
	x->c->looking = true;
	while (x->n < INDEX_NAMES && (entry = readdir(dir))) {
		list_entry(x, dirfd(dir), entry->d_name);
		arena_reset(&x->c->arena);
		/* Settings that were merged for single files pile up beside the kept ones. */
		if (++seen % INDEX_FORGET == 0)
			x->c->dir.vhost = NULL;
	}
	x->c->looking = false;
	closedir(dir);
	if (x->n == INDEX_NAMES)
		child_log(x->c, LOG_WARNING, "autoindex", "the list of %s ends after %d names",
		    x->path, INDEX_NAMES);
	if (x->n)
		qsort_r(x->v, x->n, sizeof(*x->v), list_compare, x);
	return true;
}
