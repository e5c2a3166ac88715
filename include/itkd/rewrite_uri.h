/* Texts of mod_rewrite: URLs and paths, without any request. */
#ifndef ITKD_REWRITE_URI_H
#define ITKD_REWRITE_URI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct rewrite_rule;

/* Length of "scheme://" where uri has one that is known, or 0. *query: it may have a query. */
size_t rewrite_absolute(const char *uri, bool *query);
/* Percent-encoding of text as ap_escape_uri() does it. */
const char *rewrite_escape(struct arena *a, const char *text);
/* The same for what stands behind the host in a URL; scheme is rewrite_absolute()'s. */
const char *rewrite_escape_url(struct arena *a, const char *url, size_t scheme);
/* A back-reference, by the B flags of rule. */
const char *rewrite_escape_group(
	struct arena *a, const struct rewrite_rule *rule, const char *text, size_t n);
/* %hh as what they stand for; what is none stays (ap_unescape_url). */
const char *rewrite_unescape(struct arena *a, const char *text);
/* Length of prefix (with or without its last slash) where path goes on with a slash, or 0. */
size_t rewrite_prefix(const char *path, const char *prefix);
/* ap_scan_vchar_obstext: no control character and no space. */
bool rewrite_is_visible(const char *text);
/* Longer is more; among equals by bytes (mod_rewrite's compare_lexicography). */
int rewrite_compare(const char *a, const char *b);

#endif
