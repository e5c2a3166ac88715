/*
 * <Directory>: its path, its settings, and the order in which a server's sections apply
 * (ap_core_reorder_directories): shortest path first, among equals as written, the main server's
 * before the virtual host's. Run by the loader.
 */
#include "load/load.h"

#include <stdlib.h>
#include <string.h>

static uint32_t count_components(const char *path)
{
	uint32_t n = 0;

	if (strcmp(path, "/") == 0)
		return 0;
	for (; *path; path++)
		n += *path == '/';
	return n;
}

static void read_settings(
    struct loader *l, struct conf_dir_build *dir, const struct conf_node *node)
{
	struct conf_value value;

	for (const struct conf_node *n = node->children; n; n = n->next) {
		if (!load_allowed(l, n, CTX_DIRECTORY))
			continue;
		const char *error = conf_table_value(l->tmp, l->parser.server_root, n, &value);

		if (!error)
			error = conf_dir_set(dir, &value);
		if (error)
			conf_report(l->report, CONF_ERROR, n, "%s", error);
	}
}

void load_section_add(struct loader *l, struct load_server *s, const struct conf_node *node)
{
	struct load_section *section;
	const char *path = node->args[0];
	struct arena *secret = s->node ? &l->private[s->v.identities[0]] : &l->common;

	if (node->nargs == 2 || strcmp(path, "~") == 0) {
		conf_report(l->report, CONF_ERROR, node,
		    "regular expressions are not implemented yet; use wildcards");
		return;
	}
	if (*path != '/') {
		conf_report(l->report, CONF_ERROR, node, "path '%s' is not absolute", path);
		return;
	}
	section = conf_vec_push(&s->sections, l->tmp, sizeof(*section));
	section->node = node;
	section->path = conf_path_clean(&l->common, path);
	section->components = count_components(section->path);
	conf_dir_begin(&section->dir, l->tmp, &l->common, secret, l->report);
	read_settings(l, &section->dir, node);
	conf_dir_finish(&section->dir);
}

static struct conf_section *copy_sections(
    struct loader *l, struct conf_section *out, const struct conf_vec *sections)
{
	const struct load_section *v = sections->v;

	for (uint32_t i = 0; i < sections->n; i++, out++) {
		bool glob = strpbrk(v[i].path, "*?[") != NULL;

		out->kind = glob ? SECTION_DIRECTORY_GLOB : SECTION_DIRECTORY;
		out->path = v[i].path;
		out->components = v[i].components;
		out->dir = v[i].dir.dir;
		out->file = arena_strdup(&l->common, v[i].node->file);
		out->line = v[i].node->line;
	}
	return out;
}

/* Stable: equal lengths keep the order in which they stand in the array. */
static void sort_sections(struct loader *l, struct conf_section *v, uint32_t n)
{
	struct conf_section *from = arena_array(l->tmp, n ? n : 1, sizeof(*from));
	uint32_t most = 0, out = 0;

	for (uint32_t i = 0; i < n; i++) {
		from[i] = v[i];
		most = v[i].components > most ? v[i].components : most;
	}
	uint32_t *start = arena_array(l->tmp, (size_t)most + 2, sizeof(*start));

	for (uint32_t i = 0; i < n; i++)
		start[from[i].components + 1]++;
	for (uint32_t i = 1; i <= most; i++)
		start[i] += start[i - 1];
	for (; out < n; out++)
		v[start[from[out].components]++] = from[out];
}

void load_section_finish(struct loader *l, struct load_server *s)
{
	const struct conf_vec *base = s->main ? &s->main->sections : NULL;
	uint32_t n = s->sections.n + (base ? base->n : 0);
	struct conf_section *v, *next;

	/* Most virtual hosts of a large server have none of their own. */
	if (s->main && s->sections.n == 0) {
		s->v.sections = s->main->v.sections;
		return;
	}
	v = arena_array(&l->common, n, sizeof(*v));
	next = base ? copy_sections(l, v, base) : v;
	copy_sections(l, next, &s->sections);
	sort_sections(l, v, n);
	s->v.sections = (struct conf_sections){n, v};
}
