/* What the extensions of a file's name say about it, by mod_mime's rules. */
#ifndef ITKD_MIME_H
#define ITKD_MIME_H

#include "itkd/conf.h"

struct mime_info {
	const char *type;     /* Content-Type; NULL: no extension says */
	const char *handler;  /* AddHandler; NULL: none */
	const char *encoding; /* Content-Encoding; NULL: none */
	const char *language; /* Content-Language; NULL: none */
	const char *input_filters, *output_filters; /* "NAME;NAME", as the extensions stand */
};

/*
 * Looks at every extension of the last segment of path, in any case and order: of two that name a
 * type, a character set or a handler the later wins; encodings and languages add up. dir is the
 * merged one of that file; its AddType wins over conf->mime. ForceType and SetHandler are not about
 * names: the caller lays them over. What is put together lies in a, the rest in the configuration.
 */
void mime_lookup(struct arena *a, const struct conf *conf, const struct conf_dir *dir,
	const char *path, struct mime_info *info);

/*
 * For MultiViews: the parts of path's name that nothing is known of, the first one, which is no
 * extension, included; *n of them. False: nothing is known of any. What MultiviewsMatch adds
 * counts as known.
 */
bool mime_unknown(struct arena *a, const struct conf *conf, const struct conf_dir *dir,
	const char *path, const char *const **parts, size_t *n);

#endif
