/*
 * Merging the settings of PHP (conf_php.h), as mod_php does. Run by the loader for the server
 * context and by the child for what a request's path goes through.
 */
#include "itkd/conf_php.h"

#include "itkd/arena.h"

static void php_lay(struct conf_php_value *v, uint32_t *n, const struct conf_php_value *value)
{
	uint32_t i = 0;

	while (i < *n && strcmp(v[i].name, value->name) != 0)
		i++;
	if (i < *n && v[i].admin && !value->admin)
		return;
	v[i] = *value;
	*n += i == *n;
}

void conf_php_merge(struct arena *a, struct conf_php **base, struct conf_php *add)
{
	const struct conf_php *below = *base;

	if (!add)
		return;
	if (!below) {
		*base = add;
		return;
	}
	struct conf_php *to = ARENA_NEW(a, struct conf_php);
	struct conf_php_value *v = arena_array(a, (size_t)below->n + add->n, sizeof(*v));

	*to = *below;
	if (add->ini_dir)
		to->ini_dir = add->ini_dir;
	for (uint32_t i = 0; i < below->n; i++)
		v[i] = below->v[i];
	for (uint32_t i = 0; i < add->n; i++)
		php_lay(v, &to->n, &add->v[i]);
	to->v = v;
	*base = to;
}
