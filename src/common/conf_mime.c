/*
 * Looking up and merging what extensions say (conf_mime.h), as mod_mime does. Run by the loader for
 * the server context and by the child for what a request's path goes through.
 */
#include "itkd/conf_mime.h"

#include "itkd/arena.h"

const char *conf_mime_find(
    const struct conf_mime_dir *dir, const char *ext, enum conf_mime_kind kind)
{
	for (; dir; dir = dir->below) {
		const struct conf_mime_ext *e = conf_map_get(&dir->exts, ext);

		if (!e)
			continue;
		/* Removed wins over a value of the same section, wherever that one stands in it. */
		if (e->removed & (1u << kind))
			return NULL;
		if (e->value[kind])
			return e->value[kind];
	}
	return NULL;
}

/* What add may itself be the merge of: its layers are copied, what they hold is not. */
void conf_mime_merge(struct arena *a, struct conf_mime_dir **base, struct conf_mime_dir *add)
{
	struct conf_mime_dir *below = *base, *top = NULL, *last = NULL;

	if (!add)
		return;
	if (!below) {
		*base = add;
		return;
	}
	for (const struct conf_mime_dir *from = add; from; from = from->below) {
		struct conf_mime_dir *copy = ARENA_NEW(a, struct conf_mime_dir);

		*copy = *from;
		if (last)
			last->below = copy;
		else
			top = copy;
		last = copy;
	}
	last->below = below;
	if (!top->language)
		top->language = below->language;
	if (!top->path_info)
		top->path_info = below->path_info;
	*base = top;
}
