/* From the path of a request target to a path below a document root. */
#ifndef ITKD_PATH_H
#define ITKD_PATH_H

#include "itkd/span.h"

struct arena;

enum path_result {
	PATH_OK,
	PATH_BAD,       /* 400: malformed percent-encoding, encoded NUL, not absolute, above "/" */
	PATH_NOT_FOUND, /* 404: an encoded slash (AllowEncodedSlashes Off) */
};

/*
 * Percent-decodes raw once, collapses "//", takes away dot segments (RFC 3986 section 5.2.4).
 * *path starts with '/' and holds no "." or ".." segment and no NUL.
 */
enum path_result path_decode(struct arena *a, struct span raw, char **path);
#define PATH_KEEP_SLASHES 0x1u   /* "//" stays (MergeSlashes Off) */
#define PATH_DECODE_SLASHES 0x2u /* %2F is a slash (AllowEncodedSlashes On) */
#define PATH_LEAVE_SLASHES 0x4u  /* %2F stays as it is (NoDecode) */
enum path_result path_decode_as(
	struct arena *a, struct span raw, unsigned flags, char **path);
/*
 * What there is to tell of one that was refused: without dot segments, but with what need not be
 * encoded as the only thing decoded. NULL: it is none at all.
 */
char *path_refused(struct arena *a, struct span raw);

/* For a Location or an index page: percent-encodes what a path may not hold. */
char *path_encode(struct arena *a, const char *path);
/*
 * How much of uri stands before what it has in common with the end of a PATH_INFO, slashes for
 * slashes, however many (Apache's ap_find_path_info). What leads to a file may be a pattern's: then
 * that is not all of the PATH_INFO.
 */
size_t path_without_info(const char *uri, const char *info);
/* For HTML text and attribute values. */
char *html_escape(struct arena *a, const char *text);

/* What a hexadecimal digit is worth; -1: it is none. */
int path_hex(char c);

#endif
