/*
 * What a child needs to read a .htaccess as the loader read the server's files: the directive
 * table's index, what Define and -D defined, ${VAR}. Built once, so that no request pays for it.
 * Run by the loader.
 */
#include "load/load.h"

void load_htaccess_names(struct loader *l)
{
	const char **names = ARENA_NEW(&l->common, const char *);

	*names = arena_strdup(&l->common, ".htaccess");
	l->main.v.access_names = (struct conf_strings){1, names};
}

/* text: the values are strings; else only whether there is one counts, or a number. */
static void copy_map(struct loader *l, struct conf_map *to, const struct conf_map *from, bool text)
{
	conf_map_init(to, &l->common, from->nocase);
	for (uint32_t i = 0; i < from->cap; i++) {
		const struct conf_map_entry *e = &from->v[i];

		if (!e->key || !e->value)
			continue;
		*conf_map_at(to, arena_strdup(&l->common, e->key)) =
		    text ? arena_strdup(&l->common, e->value) : e->value;
	}
	to->a = NULL;
}

static void mark_defines(struct conf_map *defines)
{
	for (uint32_t i = 0; i < defines->cap; i++)
		if (defines->v[i].key)
			defines->v[i].value = (void *)1;
}

void load_htaccess_finish(struct loader *l)
{
	const struct conf_parser *p = &l->parser;

	copy_map(l, &l->conf->names, &p->names, false);
	copy_map(l, &l->conf->vars, &p->vars, true);
	copy_map(l, &l->conf->defines, &p->defines, false);
	mark_defines(&l->conf->defines);
}
