/*
 * Laying one directory's settings over another's (conf.h), as Apache's modules merge theirs. Run by
 * the loader for the server context and by the child for what a request's path goes through.
 */
#include "itkd/arena.h"
#include "itkd/conf.h"

/* core_merge_dir: an absolute list wins, + and - work on what was there. */
static void merge_options(struct conf_dir *base, const struct conf_dir *add)
{
	uint32_t includes = OPT_INCLUDES | OPT_INC_WITH_EXEC, before = base->options;

	if (!(add->options & OPT_UNSET)) {
		base->options = add->options;
		base->options_add = add->options_add;
		base->options_remove = add->options_remove;
		return;
	}
	base->options_add = (base->options_add & ~add->options_remove) | add->options_add;
	base->options_remove = (base->options_remove & ~add->options_add) | add->options_remove;
	base->options = (base->options & ~base->options_remove) | base->options_add;
	/* +IncludesNOEXEC below Includes takes exec away. */
	if ((before & includes) == includes && (add->options & includes) == OPT_INCLUDES)
		base->options &= ~OPT_INC_WITH_EXEC;
}

static void append_exts(struct arena *a, struct conf_exts *base, const struct conf_exts *add)
{
	if (add->n == 0)
		return;
	if (base->n == 0) {
		*base = *add;
		return;
	}
	struct conf_ext *v = arena_array(a, (size_t)base->n + add->n, sizeof(*v));

	for (uint32_t i = 0; i < base->n; i++)
		v[i] = base->v[i];
	for (uint32_t i = 0; i < add->n; i++)
		v[base->n + i] = add->v[i];
	base->v = v;
	base->n += add->n;
}

static void append_envs(struct arena *a, struct conf_envs *base, const struct conf_envs *add)
{
	if (add->n == 0)
		return;
	if (base->n == 0) {
		*base = *add;
		return;
	}
	struct conf_env *v = arena_array(a, (size_t)base->n + add->n, sizeof(*v));

	for (uint32_t i = 0; i < base->n; i++)
		v[i] = base->v[i];
	for (uint32_t i = 0; i < add->n; i++)
		v[base->n + i] = add->v[i];
	base->v = v;
	base->n += add->n;
}

void conf_dir_merge(struct arena *a, struct conf_dir *base, const struct conf_dir *add)
{
	if (add->set & DIR_OPTIONS)
		merge_options(base, add);
	if (add->set & DIR_ACCESS)
		base->access = add->access;
	if (add->set & DIR_INDEX)
		base->index = add->index;
	if (add->set & DIR_LIMIT_BODY)
		base->limit_body = add->limit_body;
	if (add->set & DIR_HANDLER)
		base->handler = add->handler;
	if (add->set & DIR_TYPE)
		base->type = add->type;
	if (add->set & DIR_SLASH)
		base->slash = add->slash;
	base->set |= add->set;
	append_exts(a, &base->types, &add->types);
	append_exts(a, &base->handlers, &add->handlers);
	append_envs(a, &base->env, &add->env);
}
