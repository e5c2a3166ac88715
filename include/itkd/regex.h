/*
 * Regular expressions (PCRE2), compiled once into an arena: by the loader into the configuration,
 * where every process that maps it matches with them, or by a child for its own .htaccess. Pointers
 * in what is compiled lead into the same arena only.
 */
#ifndef ITKD_REGEX_H
#define ITKD_REGEX_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct regex;

#define REGEX_ICASE 0x1u
#define REGEX_GROUPS 10 /* $0 to $9 */

/* p NULL: the group took no part in the match. */
struct regex_match {
	size_t n; /* groups of the pattern, the whole match included; at most REGEX_GROUPS */
	struct span group[REGEX_GROUPS];
};

/* NULL, and *error (in a), for a pattern that is none. */
const struct regex *regex_compile(
	struct arena *a, const char *pattern, unsigned flags, const char **error);
/*
 * Whether it is found in subject; m may be NULL. Work is bounded (match limits): a pattern that
 * exceeds them is not found.
 */
bool regex_find(const struct regex *re, struct span subject, struct regex_match *m);
/* The same; exceeding the limits is an outcome of its own. */
enum regex_result { REGEX_NOT_FOUND, REGEX_FOUND, REGEX_LIMIT };
enum regex_result regex_try(const struct regex *re, struct span subject, struct regex_match *m);
/* How many groups it has; 0 where only $0 has a meaning. */
size_t regex_groups(const struct regex *re);
/* The i-th of its named groups: (?<name>...). False behind the last. */
bool regex_named(const struct regex *re, size_t i, const char **name, size_t *group);
/*
 * Apache's ap_pregsub: $0..$9 replaced, a backslash is taken away before any character. m NULL, or
 * one without groups: the text as it is. More than 64 KiB: empty.
 */
char *regex_expand(struct arena *a, const char *text, const struct regex_match *m);

#endif
