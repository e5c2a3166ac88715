/* The TLS half of a front: what its files share. */
#ifndef ITKD_FRONT_TLS_H
#define ITKD_FRONT_TLS_H

#include "front.h"
#include <openssl/ssl.h>

/* A TLS connection, from its first byte. */
struct front_tls {
	SSL *ssl;
	bool readable;  /* the socket may hold bytes: one recv(2) a wake-up */
	bool eof;       /* recv(2) gave 0: a FIN */
	bool notified;  /* the client's close_notify came */
	bool failed;    /* the socket is dead */
	bool established;
	const struct conf_vhost *vhost; /* whose certificate and tickets */
	const struct conf_vhost *named; /* whom the SNI name selects; NULL: none was sent */
	char *sni;                      /* malloc'ed */

	char *in; /* decrypted, not passed on: the head so far, or what the relay did not take */
	size_t in_len;
	char *out; /* encrypted, what the client's socket did not take */
	size_t out_len;
	struct event writable; /* the client's socket, while out is not empty */

	int relay;         /* our end; -1: none */
	struct event ev;   /* relay, to read: edge-triggered, never changed */
	struct event room; /* relay, to write, while `in` is not empty */
	bool relay_data;   /* the relay may hold bytes */
	bool relay_clean;  /* the child ended its stream with SHUT_WR */
	bool relay_cut;    /* it hung up without */
	bool relay_shut;   /* we told the child that the client sends no more */
};

/* front_handshake.c: a TLS connection until its head is complete */
void front_handshake_start(struct front_conn *c);
void front_tls_free(struct front_conn *c);

/* front_record.c: bytes in and out of a TLS connection, over OpenSSL's BIO */
#define FRONT_RELAY_BUFFER 65536
void front_record_init(void);
bool front_record_attach(struct front_conn *c);
enum front_read { FRONT_READ_OK, FRONT_READ_MORE, FRONT_READ_END, FRONT_READ_DEAD };
enum front_read front_record_read(struct front_conn *c, char *buf, size_t cap, size_t *got);
bool front_record_write(struct front_conn *c, const char *p, size_t n);
/* Sends what was collected; what the socket does not take is kept in out. false: it is dead. */
bool front_record_flush(struct front_conn *c);
/* The reason of the last failure, for the log; clears OpenSSL's list. */
const char *front_record_error(void);
/* Makes bytes the decrypted ones that wait in `in`. */
bool front_record_hold(struct front_conn *c, struct span bytes);

/* front_relay.c: TLS on one side, the child on the other */
enum front_sent front_relay_pass(struct front_conn *c);
/* The last words of a TLS connection: close_notify where asked, then a lingering close. */
void front_relay_finish(struct front_conn *c, bool notify);

/* front_tls.c: contexts, SNI, ALPN */
void front_tls_start(void);
SSL *front_tls_new(struct front_conn *c);

/* front_store.c: certificates and keys in the memfd that --check wrote */
struct front_cert;
struct front_store_writer;
void front_store_map(int fd);
/* NULL where the vhost has none. */
struct front_cert *front_store_of(const struct conf_vhost *vhost);
/* This certificate, its chain and its key for one connection. */
bool front_store_use(SSL *ssl, struct front_cert *cert);

/* front_key.c: the only code that touches a private key */
EVP_PKEY *front_key_decode(struct span der);
bool front_key_use(SSL *ssl, X509 *leaf, EVP_PKEY *key, STACK_OF(X509) *chain);
enum front_key_result { FRONT_KEY_OK, FRONT_KEY_UNREADABLE, FRONT_KEY_ENCRYPTED, FRONT_KEY_NONE };
enum front_key_result front_key_read(BIO *in, EVP_PKEY **key);
bool front_key_matches(X509 *leaf, EVP_PKEY *key);
/* PKCS#8 DER; free it with OPENSSL_clear_free. */
unsigned char *front_key_encode(EVP_PKEY *key, size_t *n);

/* front_ticket.c */
void front_ticket_start(int fd);
int front_ticket_key(SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
	EVP_MAC_CTX *mac, int encrypt);

/* front_cipher.c: what the administrator's SSLCipherSuite and SSLProtocol mean to OpenSSL */
bool front_cipher_apply(SSL_CTX *ctx, const struct conf_tls *tls);

#endif
