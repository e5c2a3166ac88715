/*
 * The variants that a directory has of a name: each file that is called so with extensions that say
 * a type, language, character set or encoding (mod_negotiation's MultiViews). Runs as the vhost's
 * user; names are the site owner's, or those of whoever can upload.
 */
#include "child_negotiate.h"

#include "itkd/fd.h"
#include "itkd/mime.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TYPE_PROGRAM "application/x-httpd-cgi"

/* Extensions of which nothing is known must be in the name that was asked for, in this order. */
static bool find_is_named(struct child *c, const char *file, const char *name)
{
	const char *const *parts;
	size_t n, at = 0;

	if (!mime_unknown(&c->arena, c->start->conf, &c->dir.merged, file, &parts, &n))
		return false;
	for (const char *p = name; *p && at < n; p += *p == '.') {
		size_t len = strcspn(p, ".");

		at += strlen(parts[at]) == len && strncmp(parts[at], p, len) == 0;
		p += len;
	}
	return at == n;
}

static void find_languages(struct child *c, struct variant *v, const char *list)
{
	const char **languages = arena_array(&c->arena, strlen(list) + 1, sizeof(*languages));
	struct span rest = span_of(list), one;

	while (span_list_next(&rest, &one))
		languages[v->nlanguages++] = arena_span(&c->arena, one);
	v->languages = languages;
}

static void find_add(
    struct child *c, struct negotiate *g, size_t *room, const char *name, struct child_target *t)
{
	struct variant v = {.file = arena_strdup(&c->arena, name),
	    .encoding = t->encoding ? t->encoding : "",
	    .description = "",
	    .handled = t->handler,
	    .length = t->st.st_size};

	variant_type(&c->arena, &v, t->type);
	if (t->language)
		find_languages(c, &v, t->language);
	if (g->n == *room) {
		*room = *room ? *room * 2 : 8;
		struct variant *more = arena_array(&c->arena, *room, sizeof(*more));

		if (g->n)
			memcpy(more, g->v, g->n * sizeof(*more));
		g->v = more;
	}
	g->v[g->n++] = v;
}

/* Opens what a name in the directory leads to. False: nobody may have it, or it is no variant. */
static bool find_look(struct child *c, struct child_request *r, const struct negotiate_place *place,
    const char *name, struct child_target *t)
{
	const char *uri = arena_printf(&c->arena, "%s%s", place->uri, name);
	const char *file = arena_printf(&c->arena, "%s%s", place->dir, name);

	if (child_map_file(c, uri, file, &r->target, t) || t->error || !S_ISREG(t->st.st_mode))
		return false;
	child_negotiate_encoding(c, r, t);
	/* What runs it tells what it is. */
	if (t->handler && !t->type)
		t->type = TYPE_PROGRAM;
	if (!find_is_named(c, file, place->name) || !t->type)
		return false;
	struct span asked = child_auth_asked(r);
	bool had = child_access(c, r, file) == 0;

	/* Who might have it as somebody else is not told: it is passed over. */
	child_auth_ask(c, r, asked);
	return had;
}

/* Without an order of their own, a copy of the directory could choose otherwise. */
static int find_compare(const void *one, const void *two)
{
	const struct variant *a = one, *b = two;

	if (a->quality != b->quality)
		return a->quality < b->quality ? 1 : -1;
	return strcmp(a->file, b->file);
}

/* The map alone counts; its bytes must be readable, which they were not opened for. */
static int find_map(struct child *c, struct child_request *r, struct child_target *t,
    struct negotiate *g, struct child_target *map)
{
	struct child_target again = {.fd = -1};
	int status = child_map_file(c, r->uri, t->file, &r->target, &again);

	if (!status)
		status = child_map_status(c, &again);
	g->n = 0;
	if (!status)
		status = child_negotiate_map(c, &again, g);
	*map = again;
	if (!status)
		child_negotiate_validator(c, r, map, NULL);
	child_target_close(map);
	return status;
}

static int find_in(struct child *c, struct child_request *r, const struct negotiate_place *place,
    DIR *dir, struct negotiate *g, struct child_target *map)
{
	size_t n = strlen(place->name), room = 0;
	bool any = false, looking = c->looking, is_map = false;
	struct child_target t = {.fd = -1};
	struct dirent *e;

	c->looking = true;
	while (!is_map && (e = readdir(dir))) {
		if (strncmp(e->d_name, place->name, n) != 0 || e->d_name[n] != '.' ||
		    e->d_type == DT_DIR)
			continue;
		any = true;
		if (find_look(c, r, place, e->d_name, &t)) {
			is_map = child_is_type_map(&t);
			if (!is_map)
				find_add(c, g, &room, e->d_name, &t);
		}
		child_target_close(&t);
	}
	c->looking = looking;
	if (is_map)
		return find_map(c, r, &t, g, map);
	if (any && g->n == 0) {
		child_log(c, LOG_ERR, "negotiation",
		    "AH00687: Negotiation: discovered file(s) matching request: %s%s (None could "
		    "be negotiated).",
		    place->dir, place->name);
		return 404;
	}
	if (g->n)
		qsort(g->v, g->n, sizeof(*g->v), find_compare);
	return 0;
}

int child_negotiate_find(struct child *c, struct child_request *r,
    const struct negotiate_place *place, struct negotiate *g, struct child_target *map)
{
	int fd = child_open(&c->dir, place->dir, true);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct stat st;

	if (!dir || fstat(fd, &st) < 0) {
		int error = fd < 0 ? -fd : errno;

		if (dir)
			closedir(dir);
		else if (fd >= 0)
			fd_close(&fd);
		child_log(c, LOG_ERR, "negotiation",
		    "(%d)%s: AH00686: cannot read directory for multi: %s", error, strerror(error),
		    place->dir);
		return 403;
	}
	int status = find_in(c, r, place, dir, g, map);

	if (!status && !map->file)
		child_negotiate_validator(c, r, NULL, &st);
	closedir(dir);
	return status;
}
