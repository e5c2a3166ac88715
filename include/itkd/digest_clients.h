/*
 * The clients of AuthType Digest that a site keeps in mind (AuthDigestNcCheck, and
 * AuthDigestNonceLifetime 0), in a file that its processes share: a table of fixed size, of which
 * the oldest entries give way. Run by the child as the vhost's user; whatever the file holds, at
 * worst a request is taken twice.
 */
#ifndef ITKD_DIGEST_CLIENTS_H
#define ITKD_DIGEST_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The size of such a file, of whole buckets, for so many bytes that were asked for. */
size_t digest_clients_size(size_t bytes);

struct digest_clients {
	int fd;
	int64_t patience; /* ms: for another process that holds the file */
};

enum digest_known {
	DIGEST_FAILED,  /* errno; ETIMEDOUT: there was no patience left */
	DIGEST_UNKNOWN, /* no such client, or no more */
	DIGEST_USED,    /* or older than what was */
	DIGEST_TAKEN,
};

/* A new client. False: errno. */
bool digest_clients_add(const struct digest_clients *t, uint64_t key);
/* Whether a nonce of that time would be newer than what the client has used: TAKEN, or not. */
enum digest_known digest_clients_find(
	const struct digest_clients *t, uint64_t key, int64_t time);
/*
 * A nonce, known by its time, with a count: TAKEN for one process alone of several, where the nonce
 * is newer than any that the client has used, or, unless it is for once, the same with a higher
 * count. USED: *count is the one that was taken last.
 */
enum digest_known digest_clients_take(const struct digest_clients *t, uint64_t key, int64_t time,
	bool once, uint64_t *count);

#endif
