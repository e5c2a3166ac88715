/*
 * Just enough of a TLS 1.3 client (RFC 8446) to load a server with full handshakes: one suite
 * (TLS_AES_128_GCM_SHA256), one group (x25519), never a resumption, and the certificate is not
 * looked at. To the server it is a client like any other. Why not OpenSSL's: version 3.0 spends
 * 0.8 to 1.6 ms of the client's time on one handshake, most of it on decoding the certificate's
 * key, so that on two cores the client is what would be measured.
 */
#ifndef BENCH_TLS13_H
#define BENCH_TLS13_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS13_RECORD_MAX (16384 + 256 + 5)
#define TLS13_HASH 32
#define TLS13_IV 12

/* One direction of a connection. */
struct tls13_keys {
	EVP_CIPHER_CTX *cipher;
	uint8_t iv[TLS13_IV];
	uint64_t seq;
};

struct tls13 {
	EVP_MD_CTX *transcript;
	struct tls13_keys in, out;
	uint8_t handshake_secret[TLS13_HASH];
	uint8_t client_secret[TLS13_HASH], server_secret[TLS13_HASH];
	bool hello_seen, established, closed;
	uint8_t messages[8192]; /* handshake messages not yet whole */
	size_t nmessages;
	uint8_t pending[TLS13_RECORD_MAX]; /* records not yet whole */
	size_t npending;
};

/* Once: keys and constants that all connections share. Exits on a failure. */
void tls13_setup(void);
/* Makes t ready for a new connection; keeps what can be used again. */
void tls13_reset(struct tls13 *t);
/* The ClientHello as a record; its length. buf holds 512 bytes. */
size_t tls13_hello(struct tls13 *t, const char *host, uint8_t *buf);
/* After t->established: the client's Finished and the request, to be sent as they are. */
size_t tls13_finish(struct tls13 *t, const char *request, size_t n, uint8_t *buf, size_t cap);
/*
 * Takes n received bytes (at most what t->pending has room for). Application data goes to sink.
 * false: the peer broke the protocol or sent an alert other than close_notify (t->closed).
 */
bool tls13_feed(struct tls13 *t, const uint8_t *p, size_t n,
    void (*sink)(void *ctx, const uint8_t *p, size_t n), void *ctx);

#endif
