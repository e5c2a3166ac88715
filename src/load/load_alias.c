/*
 * Aliases and redirects of server context: read like those of a directory (conf_dir_alias.c), then
 * moved to the virtual host, its own before the main server's (mod_alias). Run by the loader.
 */
#include "load/load.h"

#include "itkd/conf_alias.h"

#include <string.h>

/* A final slash says something here: what follows the prefix is joined to it as it is. */
static const char *target(struct loader *l, const char *to)
{
	size_t n = strlen(to);
	const char *path = conf_path_clean(&l->common, conf_parse_path(&l->parser, to));

	if (n > 1 && to[n - 1] == '/' && path[1])
		path = arena_printf(&l->common, "%s/", path);
	return path;
}

static struct conf_aliases joined(
    struct loader *l, const struct conf_aliases *own, const struct conf_aliases *base, bool files)
{
	uint32_t n = own->n + base->n;

	if (own->n == 0)
		return *base;
	struct conf_alias *v = arena_array(&l->common, n, sizeof(*v));

	memcpy(v, own->v, own->n * sizeof(*v));
	for (uint32_t i = 0; files && i < own->n; i++)
		if (!v[i].regex)
			v[i].to = target(l, v[i].to);
	if (base->n)
		memcpy(v + own->n, base->v, base->n * sizeof(*v));
	return (struct conf_aliases){n, v};
}

void load_alias_finish(struct loader *l, struct load_server *s)
{
	static const struct conf_alias_dir nothing = {0};
	struct conf_alias_dir *d = s->dir.dir.alias;
	const struct conf_alias_dir *own = d ? d : &nothing;
	struct conf_aliases aliases = {0}, redirects = {0};

	if (s->main) {
		aliases = (struct conf_aliases){s->main->v.naliases, s->main->v.aliases};
		redirects = s->main->v.redirects;
	}
	aliases = joined(l, &own->aliases, &aliases, true);
	s->v.naliases = aliases.n;
	s->v.aliases = aliases.v;
	s->v.redirects = joined(l, &own->redirects, &redirects, false);
	/* They are tried before a file is looked for, and not once more behind it. */
	if (d)
		d->aliases = d->redirects = (struct conf_aliases){0};
}
