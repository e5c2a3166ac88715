/*
 * Digest authentication (RFC 7616 with algorithm MD5 and qop auth, as Apache has it): what a client
 * sends, what it should have sent, and nonces. Pure; run by the child as the vhost's user.
 */
#ifndef ITKD_DIGEST_H
#define ITKD_DIGEST_H

#include "itkd/hash.h"
#include <stdbool.h>

struct arena;

/* The Authorization field's parameters; NULL: not there. */
struct digest {
	const char *user, *realm, *nonce, *uri, *response, *algorithm, *cnonce, *opaque, *qop, *nc;
};

/*
 * Reads text, what follows "Digest". False: something is missing without which nothing is known, or
 * the nonce can be none of ours, or the response none at all.
 */
bool digest_read(struct arena *a, const char *text, struct digest *d);

/*
 * The response for a method, with ha1 the digits that htdigest wrote; with method "" what the
 * server says of itself (rspauth).
 */
void digest_response(
	const struct digest *d, const char *ha1, const char *method, char hex[static HASH_HEX_MAX]);

/* A nonce is a time in Base64 and SHA-1 of a secret, the realm, that time and the opaque. */
#define DIGEST_NONCE_TIME 12
#define DIGEST_NONCE_SIZE (DIGEST_NONCE_TIME + 2 * HASH_SHA1_SIZE)
#define DIGEST_SECRET_SIZE HASH_SHA1_SIZE

/* us: microseconds since 1970. */
const char *digest_nonce(struct arena *a, const uint8_t secret[static DIGEST_SECRET_SIZE],
	const char *realm, const char *opaque, int64_t us);
/* Whether nonce, which was read by digest_read(), is one of ours; *us is its time then. */
bool digest_nonce_is_ours(struct arena *a, const uint8_t secret[static DIGEST_SECRET_SIZE],
	const char *realm, const char *opaque, const char *nonce, int64_t *us);

#endif
