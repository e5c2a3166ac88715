/*
 * How settings of content negotiation merge (conf_negotiate.h), as Apache's mod_negotiation does
 * it. Run by the loader and by the child.
 */
#include "itkd/conf_negotiate.h"

#include "itkd/arena.h"

void conf_negotiate_merge(struct arena *a, struct conf_negotiate **base, struct conf_negotiate *add)
{
	if (!add || !*base) {
		*base = add ? add : *base;
		return;
	}
	struct conf_negotiate *n = ARENA_NEW(a, struct conf_negotiate);

	*n = **base;
	n->cache |= add->cache;
	if (add->force)
		n->force = add->force;
	if (add->nlanguages) {
		n->nlanguages = add->nlanguages;
		n->languages = add->languages;
	}
	*base = n;
}
