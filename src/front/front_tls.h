/* The TLS half of a front: what its files share. */
#ifndef ITKD_FRONT_TLS_H
#define ITKD_FRONT_TLS_H

#include "front.h"
#include <openssl/ssl.h>

/* A TLS connection, from its first byte. */
struct front_tls {
	SSL *ssl;         /* NULL until the first byte came */
	bool readable;    /* the socket may hold bytes */
	size_t turn;      /* bytes taken from it in this turn of the loop */
	bool eof;         /* a FIN came */
	bool notified;    /* the client's close_notify came */
	bool failed;      /* the socket is dead, or its client means harm */
	unsigned key_updates; /* of the client's */
	bool established; /* the handshake is done */
	const struct conf_vhost *vhost; /* whose certificate and tickets */
	const struct conf_vhost *named; /* whom the SNI name selects; NULL: none was sent */
	char *sni;                      /* malloc'ed; a valid host name */

	char *in; /* decrypted, not passed on: the head so far, or what the relay did not take */
	size_t in_len;
	char *out; /* encrypted, not sent: what the client's socket did not take */
	size_t out_len, out_at;
	struct event writable; /* the client's socket, while out is not empty */
	char *later; /* encrypted: goes out together with what is sent next */
	size_t later_len;

	int relay;         /* our end; -1: none */
	struct event ev;   /* relay, to read: edge-triggered, set up once */
	struct event room; /* relay, to write, while `in` is not empty */
	bool relay_data;   /* the relay may hold bytes */
	bool relay_clean;  /* the child ended its stream with SHUT_WR */
	bool relay_cut;    /* it hung up without */
	bool relay_shut;   /* the child was told that the client sends no more */
	bool relay_deaf;   /* the child takes no more bytes */
};

/* front_handshake.c: a TLS connection until its head is complete */
void front_handshake_start(struct front_conn *c);
/* What the loop calls for the client's socket, in every state but FRONT_WAIT and FRONT_LINGER. */
void front_handshake_event(evutil_socket_t fd, short what, void *arg);
/* The head that is held gets a second look. */
void front_handshake_again(struct front_conn *c);
/* Its socket took all that was kept in `out`. */
void front_handshake_sent(struct front_conn *c);
void front_tls_free(struct front_conn *c);
#define FRONT_TLS_EVENTS (EV_READ | EV_CLOSED | EV_ET | EV_PERSIST)

/* front_record.c: bytes in and out of a TLS connection */
enum front_read { FRONT_READ_OK, FRONT_READ_MORE, FRONT_READ_END, FRONT_READ_DEAD };
bool front_record_attach(struct front_conn *c);
/* FRONT_READ_MORE may be for others' sake: front_record_again(), once c is watched. */
enum front_read front_record_read(struct front_conn *c, char *buf, size_t cap, size_t *got);
void front_record_again(struct front_conn *c);
/* What OpenSSL tells of each message of a handshake, and after it. */
void front_record_message(
	int write, int version, int type, const void *p, size_t n, SSL *ssl, void *arg);
/* Encrypts n bytes, at most a FRONT_BUFFER; sends nothing. */
bool front_record_write(struct front_conn *c, const char *p, size_t n);
/* Sends what was encrypted; what the socket does not take is kept in out. false: it is dead. */
bool front_record_flush(struct front_conn *c);
/* Lets what was encrypted wait for a flush that has more to send. false: no memory. */
bool front_record_defer(struct front_conn *c);
/* It need not wait any more. false: no room for all of it. */
bool front_record_undefer(struct front_tls *t);
void front_record_forget(void);
/* Makes bytes the decrypted ones that wait in `in`. */
bool front_record_hold(struct front_conn *c, struct span bytes);
/* The reason of the last failure, for the log. */
const char *front_record_error(void);

/* front_relay.c: the client on one side, the child on the other */
enum front_sent front_relay_pass(struct front_conn *c);
void front_relay_client(struct front_conn *c); /* the client's socket has something to tell */
void front_relay_sent(struct front_conn *c);   /* and took all that was kept */
/* The end of a TLS connection: close_notify where asked, then a lingering close. */
void front_relay_finish(struct front_conn *c, bool notify);

/* front_tls.c: contexts, SNI, ALPN */
void front_tls_start(void);
/* The first vhost of that port with a certificate; NULL: none. */
const struct conf_vhost *front_tls_first(uint16_t port);
SSL *front_tls_new(struct front_conn *c);

/* front_store.c: certificates and keys in the memfd that --check wrote */
struct front_cert;
void front_store_map(int fd);
/* Its first certificate; NULL where the vhost has none. */
struct front_cert *front_store_of(const struct conf_vhost *vhost);
/* The certificates, their chains and their keys for one connection. */
bool front_store_use(SSL *ssl, struct front_cert *cert);

struct wire;
struct front_pem {
	X509 *leaf;
	STACK_OF(X509) *chain; /* without the leaf */
	EVP_PKEY *key;
	bool more;      /* the next one is the same virtual host's, with another kind of key */
	uint32_t index; /* in the memfd */
};
/* by_vhost: the first one of each; NULL: none. */
void front_store_put(struct wire *w, const struct front_pem *const *certs, uint32_t n,
	const struct front_pem *const *by_vhost, uint32_t nvhosts);

/* front_library.c: warns where the machine's OpenSSL is not the one that is linked in */
void front_library_look(void);

/* front_key.c: the only code that touches a private key */
enum front_key_result { FRONT_KEY_OK, FRONT_KEY_NONE, FRONT_KEY_ENCRYPTED };
enum front_key_result front_key_read(BIO *in, EVP_PKEY **key);
bool front_key_matches(const struct front_pem *pem);
/* NULL, or why a server cannot use them. */
const char *front_key_fits(SSL_CTX *ctx, const struct front_pem *pem);
void front_key_put(struct wire *w, EVP_PKEY *key);
EVP_PKEY *front_key_decode(struct span der);
bool front_key_use(SSL *ssl, X509 *leaf, EVP_PKEY *key, STACK_OF(X509) *chain);

/* front_ticket.c */
void front_ticket_start(int fd);
int front_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, int encrypt);

/* front_cipher.c: what SSLProtocol, SSLCipherSuite and SSLHonorCipherOrder mean to OpenSSL */
bool front_cipher_same(const struct conf_tls *a, const struct conf_tls *b);
/* NULL, or the directive that OpenSSL does not take. */
const char *front_cipher_apply(SSL_CTX *ctx, const struct conf_tls *tls);
bool front_cipher_copy(SSL *ssl, SSL_CTX *ctx, const struct conf_tls *tls);

#endif
