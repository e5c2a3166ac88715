/* Base64 (RFC 4648 section 4), as lenient in reading as Apache's. */
#ifndef ITKD_BASE64_H
#define ITKD_BASE64_H

#include <stddef.h>

struct arena;

/* With padding. */
char *base64_encode(struct arena *a, const void *p, size_t n);
/*
 * Up to the first character that is none of the alphabet; what does not make a whole byte is
 * dropped. *n bytes with a NUL behind them, which may hold others.
 */
char *base64_decode(struct arena *a, const char *text, size_t *n);

#endif
