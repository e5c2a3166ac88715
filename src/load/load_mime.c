/*
 * TypesConfig: the system's mime.types, sorted by extension. Run by the loader as root; the file is
 * the administrator's.
 */
#include "load/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct conf_mime mime;
	uint32_t order;
};

static int by_ext(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = strcmp(x->mime.ext, y->mime.ext);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

/* "type/subtype ext ext", '#' begins a comment. */
static void read_line(struct loader *l, char *line, struct conf_vec *out)
{
	static const char blanks[] = " \t\r\n";
	char *rest = NULL, *type, *ext;
	const char *copy = NULL;

	if (*line == '#')
		return;
	type = strtok_r(line, blanks, &rest);
	while (type && (ext = strtok_r(NULL, blanks, &rest))) {
		struct entry *e = conf_vec_push(out, l->tmp, sizeof(*e));

		if (!copy)
			copy = arena_strdup(&l->common, type);
		e->mime.ext = arena_lower(&l->common, ext);
		e->mime.type = copy;
		e->order = out->n;
	}
}

/* Of an extension that stands there twice, the last line counts, as in mod_mime. */
static void keep_last(struct loader *l, struct conf_vec *list)
{
	struct entry *v = list->v;
	struct conf_mime *out = arena_array(&l->common, list->n, sizeof(*out));
	uint32_t n = 0;

	if (list->n)
		qsort(v, list->n, sizeof(*v), by_ext);
	for (uint32_t i = 0; i < list->n; i++)
		if (i + 1 == list->n || strcmp(v[i].mime.ext, v[i + 1].mime.ext) != 0)
			out[n++] = v[i].mime;
	l->conf->mime = out;
	l->conf->nmime = n;
}

void load_mime(struct loader *l)
{
	FILE *f = fopen(l->types_config, "re");
	struct conf_vec list = {0};
	char *line = NULL;
	size_t size = 0;
	bool given = l->types_config_node != NULL;

	if (f)
		while (getline(&line, &size, f) >= 0)
			read_line(l, line, &list);
	if (!f || ferror(f))
		conf_report_at(l->report, given ? CONF_ERROR : CONF_WARNING,
		    given ? l->types_config_node->file : NULL,
		    given ? l->types_config_node->line : 0, "TypesConfig",
		    "AH01597: could not open mime types config file %s: %s", l->types_config,
		    strerror(errno));
	free(line);
	if (f)
		fclose(f);
	keep_last(l, &list);
}
