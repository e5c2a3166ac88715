/* What the extensions of a file's name say about it, by mod_mime's rules. */
#ifndef ITKD_MIME_H
#define ITKD_MIME_H

#include "itkd/conf.h"

struct mime_info {
	const char *type;    /* media type, from AddType or mime.types; NULL: no extension says */
	const char *handler; /* AddHandler; NULL: none */
};

/*
 * Looks at every extension of the last segment of path, in any case and order: of two that name a
 * type the later wins, and so for handlers. dir is the merged one of that file; its AddType wins
 * over conf->mime, the last line of an extension wins, Remove* (an empty value) takes away, types
 * of conf->mime too. ForceType and SetHandler are not about names: the caller lays them over.
 */
void mime_lookup(const struct conf *conf, const struct conf_dir *dir, const char *path,
	struct mime_info *info);

#endif
