/*
 * Merging what mod_autoindex keeps of directories (conf_index.h), as it does. Run by the loader for
 * the server context and by the child for what a request's path goes through.
 */
#include "itkd/conf_index.h"

#include "itkd/arena.h"

/* What is new stands before what was there: the first match counts. */
static struct conf_index_items items_over(
    struct arena *a, const struct conf_index_items *add, const struct conf_index_items *base)
{
	struct conf_index_items result = *add;

	if (add->n == 0)
		return *base;
	if (base->n == 0)
		return result;
	struct conf_index_items *below = ARENA_NEW(a, struct conf_index_items);

	*below = add->below ? items_over(a, add->below, base) : *base;
	result.below = below;
	return result;
}

static struct conf_index_descs descs_over(
    struct arena *a, const struct conf_index_descs *add, const struct conf_index_descs *base)
{
	struct conf_index_descs result = *add;

	if (add->n == 0)
		return *base;
	if (base->n == 0)
		return result;
	struct conf_index_descs *below = ARENA_NEW(a, struct conf_index_descs);

	*below = add->below ? descs_over(a, add->below, base) : *base;
	result.below = below;
	return result;
}

static void merge_options(struct conf_index *base, const struct conf_index *add)
{
	if (add->options == INDEX_NONE_SET) {
		base->options = INDEX_NONE_SET;
		base->options_add = base->options_remove = 0;
		return;
	}
	if (add->options == INDEX_UNSET) {
		base->options_add = (base->options_add | add->options_add) & ~add->options_remove;
		base->options_remove |= add->options_remove;
		base->options &= ~INDEX_NONE_SET;
	} else {
		/* Apache leaves the two lists empty here, even where the line had + or - in it. */
		base->options = add->options;
		base->options_add = base->options_remove = 0;
	}
	base->options |= base->options_add;
	base->options &= ~base->options_remove;
}

static void merge_text(const char **base, const char *add)
{
	if (add)
		*base = add;
}

static void merge_texts(struct conf_index *base, const struct conf_index *add)
{
	merge_text(&base->default_icon, add->default_icon);
	merge_text(&base->style_sheet, add->style_sheet);
	merge_text(&base->head_insert, add->head_insert);
	merge_text(&base->header, add->header);
	merge_text(&base->readme, add->readme);
	merge_text(&base->type, add->type);
	merge_text(&base->charset, add->charset);
}

static struct conf_index *merge_two(
    struct arena *a, const struct conf_index *base, const struct conf_index *add)
{
	struct conf_index *to = ARENA_NEW(a, struct conf_index);

	if (base)
		*to = *base;
	else
		to->options = INDEX_UNSET;
	to->server = NULL;
	to->sections = NULL;
	to->of_server = false;
	merge_options(to, add);
	merge_texts(to, add);
	if (add->name.adjust != INDEX_WIDTH_UNSET)
		to->name = add->name;
	if (add->desc.adjust != INDEX_WIDTH_UNSET)
		to->desc = add->desc;
	if (add->icon_width)
		to->icon_width = add->icon_width;
	if (add->icon_height)
		to->icon_height = add->icon_height;
	if (add->key)
		to->key = add->key;
	if (add->direction)
		to->direction = add->direction;
	to->old_date |= add->old_date;
	to->icons = items_over(a, &add->icons, &to->icons);
	to->alts = items_over(a, &add->alts, &to->alts);
	to->descs = descs_over(a, &add->descs, &to->descs);
	/* The reset holds for the section that it stands in alone. */
	to->ignores = add->ignore_reset ? add->ignores : items_over(a, &add->ignores, &to->ignores);
	to->ignore_reset = false;
	return to;
}

void conf_index_merge(struct arena *a, struct conf_index **base, struct conf_index *add)
{
	struct conf_index *below = *base, *sections = add;
	const struct conf_index *server = below;

	if (!add)
		return;
	if (add->sections)
		sections = add->sections;
	if (below && !below->of_server) {
		server = below->server;
		sections = merge_two(a, below->sections ? below->sections : below, sections);
	}
	*base = merge_two(a, server, sections);
	(*base)->server = server;
	(*base)->sections = sections;
}

void conf_index_settle(struct conf_index *index)
{
	if (!index)
		return;
	index->of_server = true;
	index->server = NULL;
	index->sections = NULL;
}
