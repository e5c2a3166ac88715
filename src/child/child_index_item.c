/*
 * Icons, texts, descriptions of a name, and whether a list leaves it out: mod_autoindex's look-ups.
 * Runs as the vhost's user; patterns are the configuration's, names are the site owner's.
 */
#include "child_index.h"

#include "itkd/listing.h"
#include <fnmatch.h>
#include <string.h>

static bool item_applies(const struct conf_index_item *item, const char *path)
{
	return !item->path || listing_match(path, item->path, false);
}

static bool item_matches(const struct conf_index_item *item, const char *path, const char *type,
    const char *encoding, bool path_only)
{
	if (!*item->pattern)
		return true;
	if (item->by == INDEX_BY_NAME || *path == '^')
		return listing_match(path, item->pattern, false);
	if (path_only)
		return false;
	/* Of an encoded file the encoding counts, not what it is an encoding of. */
	if (encoding)
		return item->by == INDEX_BY_ENCODING &&
		       listing_match(encoding, item->pattern, true);
	return item->by == INDEX_BY_TYPE && type && listing_match(type, item->pattern, true);
}

const char *child_index_item(const struct conf_index_items *list, const char *path,
    const char *type, const char *encoding, bool path_only)
{
	for (; list; list = list->below)
		for (uint32_t i = 0; i < list->n; i++)
			if ((*path == '^' || item_applies(&list->v[i], path)) &&
			    item_matches(&list->v[i], path, type, encoding, path_only))
				return list->v[i].text;
	return NULL;
}

const char *child_index_desc(const struct conf_index *conf, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (const struct conf_index_descs *list = &conf->descs; list; list = list->below)
		for (uint32_t i = 0; i < list->n; i++) {
			const struct conf_index_desc *d = &list->v[i];
			const char *text = d->whole ? path : name;

			if (d->glob ? fnmatch(d->pattern, text, 0) == 0
			            : strstr(text, d->pattern) != NULL)
				return d->text;
		}
	return NULL;
}

bool child_index_ignored(const struct conf_index *conf, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (const struct conf_index_items *list = &conf->ignores; list; list = list->below)
		for (uint32_t i = 0; i < list->n; i++)
			if (item_applies(&list->v[i], path) &&
			    listing_match(name, list->v[i].pattern, false))
				return true;
	return false;
}
