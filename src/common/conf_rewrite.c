/*
 * Laying one place's rules over another's (mod_rewrite's config_perdir_merge and
 * config_server_merge). Run by the loader, and by the child for what a request's path goes through.
 */
#include "itkd/conf_rewrite.h"

#include "itkd/arena.h"
#include <string.h>

static void *joined(
    struct arena *a, const void *first, uint32_t n, const void *second, uint32_t m, size_t size)
{
	char *v = arena_array(a, (size_t)n + m + 1, size);

	if (n)
		memcpy(v, first, n * size);
	if (m)
		memcpy(v + n * size, second, m * size);
	return v;
}

/* In the order in which they are tried; of maps, the first of a name counts. */
static void join(struct arena *a, struct conf_rewrite *to, const struct conf_rewrite *first,
    const struct conf_rewrite *second)
{
	to->rules = (struct rewrite_rules){first->rules.n + second->rules.n,
	    joined(a, first->rules.v, first->rules.n, second->rules.v, second->rules.n,
	        sizeof(struct rewrite_rule))};
	to->maps = (struct rewrite_maps){
	    first->maps.n + second->maps.n, joined(a, first->maps.v, first->maps.n, second->maps.v,
	                                        second->maps.n, sizeof(struct rewrite_map))};
}

void conf_rewrite_merge(
    struct arena *a, const struct conf_rewrite **base, const struct conf_rewrite *add)
{
	const struct conf_rewrite *old = *base;

	if (!add || !old) {
		*base = add ? add : old;
		return;
	}
	struct conf_rewrite *new = ARENA_NEW(a, struct conf_rewrite);

	*new = *add;
	if (!add->engine)
		new->engine = old->engine;
	if (!add->options_set) {
		new->options = old->options;
		new->options_set = old->options_set;
	}
	if (new->options & REWRITE_MERGE_BASE && !new->base)
		new->base = old->base;
	bool takes = !(new->options &REWRITE_IGNORE_INHERIT);

	if (new->options & REWRITE_INHERIT || (old->options & REWRITE_INHERIT_DOWN && takes))
		join(a, new, add, old);
	else if (new->options & REWRITE_INHERIT_BEFORE ||
	         (old->options & REWRITE_INHERIT_DOWN_BEFORE && takes))
		join(a, new, old, add);
	*base = new;
}
