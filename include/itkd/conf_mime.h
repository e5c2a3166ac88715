/*
 * What mod_mime keeps of one directory: what each extension of a file's name says, and what holds
 * where none says anything. A layer a section, the innermost on top: merging costs nothing, and a
 * look-up asks from the top until a layer has an answer.
 */
#ifndef ITKD_CONF_MIME_H
#define ITKD_CONF_MIME_H

#include "itkd/conf_map.h"
#include <stdint.h>

struct arena;

enum conf_mime_kind {
	MIME_TYPE,
	MIME_HANDLER,
	MIME_CHARSET,
	MIME_ENCODING,
	MIME_LANGUAGE,
	MIME_INPUT_FILTER,
	MIME_OUTPUT_FILTER,
	MIME_KINDS
};

/* Of one extension in one layer. */
struct conf_mime_ext {
	const char *value[MIME_KINDS]; /* NULL: nothing; a type "" hides that of mime.types, too */
	uint8_t removed;               /* bits of enum conf_mime_kind: hides what is below */
};

struct conf_mime_dir {
	struct conf_map exts; /* struct conf_mime_ext by extension: lower case, without the dot */
	struct conf_mime_dir *below;
	const char *language; /* DefaultLanguage; NULL: none */
	uint8_t path_info;    /* ModMimeUsePathInfo: enum conf_switch */
	uint8_t multimatch;   /* MultiviewsMatch; 0: nothing said */
};

/* Which extensions of a variant need not be in the name that is asked for. */
#define MULTIMATCH_ANY 0x1u
#define MULTIMATCH_NEGOTIATED 0x2u
#define MULTIMATCH_FILTERS 0x4u
#define MULTIMATCH_HANDLERS 0x8u

/* The value of an extension; NULL: nobody says. */
const char *conf_mime_find(
	const struct conf_mime_dir *dir, const char *ext, enum conf_mime_kind kind);
/* Lays add over *base; neither is changed. */
void conf_mime_merge(struct arena *a, struct conf_mime_dir **base, struct conf_mime_dir *add);

#endif
