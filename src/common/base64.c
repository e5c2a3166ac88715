/*
 * Base64 (base64.h). Any process; pure. What is read is mostly the client's.
 */
#include "itkd/base64.h"

#include "itkd/arena.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(struct arena *a, const void *p, size_t n)
{
	const unsigned char *in = p;
	char *out = arena_alloc(a, (n + 2) / 3 * 4 + 1), *to = out;

	for (size_t i = 0; i < n; i += 3) {
		unsigned bits = (unsigned)in[i] << 16;

		if (i + 1 < n)
			bits |= (unsigned)in[i + 1] << 8;
		if (i + 2 < n)
			bits |= in[i + 2];
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = i + 1 < n ? digits[bits >> 6 & 63] : '=';
		*to++ = i + 2 < n ? digits[bits & 63] : '=';
	}
	return out;
}

char *base64_decode(struct arena *a, const char *text, size_t *n)
{
	char *out = arena_alloc(a, strlen(text) / 4 * 3 + 4), *to = out;
	unsigned bits = 0, have = 0;

	for (const char *p = text, *at; *p && (at = strchr(digits, *p)) != NULL; p++) {
		bits = bits << 6 | (unsigned)(at - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			*to++ = (char)(bits >> have);
		}
	}
	*n = (size_t)(to - out);
	return out;
}
