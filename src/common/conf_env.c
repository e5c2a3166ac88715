/*
 * Merging variables (conf_env.h) as mod_env and mod_setenvif do: a later line comes later. Run by
 * the loader and by the child.
 */
#include "itkd/conf_env.h"

#include "itkd/arena.h"

/* base and add behind each other; where one is empty, the other as it is. */
static const void *append(
    struct arena *a, const void *base, uint32_t nbase, const void *add, uint32_t nadd, size_t size)
{
	if (nbase == 0)
		return add;
	char *v = arena_array(a, (size_t)nbase + nadd, size);

	memcpy(v, base, nbase * size);
	memcpy(v + nbase * size, add, nadd * size);
	return v;
}

void conf_envs_merge(struct arena *a, struct conf_envs *base, const struct conf_envs *add)
{
	if (add->n == 0)
		return;
	base->v = append(a, base->v, base->n, add->v, add->n, sizeof(*base->v));
	base->n += add->n;
}

void conf_setenvifs_merge(
    struct arena *a, struct conf_setenvifs *base, const struct conf_setenvifs *add)
{
	if (add->n == 0)
		return;
	base->v = append(a, base->v, base->n, add->v, add->n, sizeof(*base->v));
	base->n += add->n;
}
