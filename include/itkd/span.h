/* A run of bytes that somebody else owns: not NUL-terminated, valid as long as its owner says. */
#ifndef ITKD_SPAN_H
#define ITKD_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct span {
	const char *p;
	size_t n;
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

static inline struct span span_of(const char *s)
{
	return (struct span){s, s ? strlen(s) : 0};
}

static inline bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII case-insensitive: field names, host names, tokens (RFC 9110 section 5.1). */
static inline bool span_ieq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

/* Without leading and trailing SP and HTAB (OWS, RFC 9110 section 5.6.3). */
struct span span_trim(struct span s);

/* A decimal number of digits only, up to max. Returns -1 where it is anything else. */
long long span_number(struct span s, long long max);

/* value in decimal digits, which lie in buf. Faster than snprintf, and on one page of the stack. */
#define SPAN_DECIMAL_MAX 20
struct span span_decimal(char buf[static SPAN_DECIMAL_MAX], uint64_t value);

/*
 * The next element of a comma-separated list (RFC 9110 section 5.6.1), trimmed; empty elements are
 * passed over, quoted strings are kept whole. *rest moves on. Returns false at the end.
 */
bool span_list_next(struct span *rest, struct span *element);

#endif
