/*
 * Media type and handler from a file's name. Run by the child after the drop. The name is a user's;
 * the tables are the config's. mod_mime's rules.
 */
#include "itkd/mime.h"

#include <limits.h>
#include <stdlib.h>

static int compare_ext(const void *key, const void *entry)
{
	const struct conf_mime *m = entry;

	return strcmp(key, m->ext);
}

static const char *type_of(const struct conf *conf, const char *ext)
{
	const struct conf_mime *m = NULL;

	if (conf->nmime)
		m = bsearch(ext, conf->mime, conf->nmime, sizeof(*m), compare_ext);
	return m ? m->type : NULL;
}

/* What the last line about ext says; "" where that is a Remove*; NULL: no line. */
static const char *last_line(const struct conf_exts *exts, const char *ext)
{
	for (uint32_t i = exts->n; i > 0; i--)
		if (strcmp(exts->v[i - 1].ext, ext) == 0)
			return exts->v[i - 1].value;
	return NULL;
}

static void lookup_ext(
    const struct conf *conf, const struct conf_dir *dir, const char *ext, struct mime_info *info)
{
	const char *type = last_line(&dir->types, ext);
	const char *handler = last_line(&dir->handlers, ext);

	if (!type)
		type = type_of(conf, ext);
	if (type && *type)
		info->type = type;
	if (handler && *handler)
		info->handler = handler;
}

void mime_lookup(
    const struct conf *conf, const struct conf_dir *dir, const char *path, struct mime_info *info)
{
	const char *slash = strrchr(path, '/');
	const char *p = slash ? slash + 1 : path;

	*info = (struct mime_info){NULL, NULL};
	/* Leading dots belong to the base name: ".png" is a hidden file named png. */
	p += strspn(p, ".");
	p += strcspn(p, ".");
	while (*p) {
		char ext[NAME_MAX + 1];
		size_t n = strcspn(++p, ".");

		/* No file system takes a longer name, and so no table needs to have it. */
		if (n > 0 && n < sizeof(ext)) {
			for (size_t i = 0; i < n; i++)
				ext[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 0x20) : p[i];
			ext[n] = '\0';
			lookup_ext(conf, dir, ext, info);
		}
		p += n;
	}
}
