/*
 * Looking up and merging Action and Script (conf_action.h), as mod_actions does. Run by the loader
 * for the server context and by the child for what a request's path goes through.
 */
#include "itkd/conf_action.h"

#include "itkd/arena.h"

const struct conf_action *conf_action_find(const struct conf_actions *actions, const char *type)
{
	for (; actions; actions = actions->below)
		for (uint32_t i = actions->n; i > 0; i--)
			if (strcasecmp(actions->v[i - 1].type, type) == 0)
				return &actions->v[i - 1];
	return NULL;
}

const struct conf_action *conf_action_script(const struct conf_actions *actions, struct span method)
{
	for (; actions; actions = actions->below)
		for (uint32_t i = actions->nscripts; i > 0; i--)
			if (span_eq(span_of(actions->scripts[i - 1].type), method))
				return &actions->scripts[i - 1];
	return NULL;
}

/* What add may itself be the merge of: its layers are copied, what they hold is not. */
void conf_action_merge(struct arena *a, struct conf_actions **base, struct conf_actions *add)
{
	struct conf_actions *below = *base, *last = NULL;

	if (!add)
		return;
	if (!below) {
		*base = add;
		return;
	}
	for (const struct conf_actions *from = add; from; from = from->below) {
		struct conf_actions *copy = ARENA_NEW(a, struct conf_actions);

		*copy = *from;
		if (last)
			last->below = copy;
		else
			*base = copy;
		last = copy;
	}
	last->below = below;
}
