/*
 * The only code that touches a private key, so that a process of its own can do it some day. Run by
 * `itkd: front` and, as root before it is anything else, by `itkd-front --check`.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/log.h"
#include "itkd/wire.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static int key_ask(char *buf, int size, int write, void *asked)
{
	(void)buf, (void)size, (void)write;
	*(bool *)asked = true;
	return -1;
}

enum front_key_result front_key_read(BIO *in, EVP_PKEY **key)
{
	bool asked = false;

	ERR_clear_error();
	*key = PEM_read_bio_PrivateKey(in, NULL, key_ask, &asked);
	if (*key)
		return FRONT_KEY_OK;
	return asked ? FRONT_KEY_ENCRYPTED : FRONT_KEY_NONE;
}

bool front_key_matches(const struct front_pem *pem)
{
	return X509_check_private_key(pem->leaf, pem->key) == 1;
}

const char *front_key_fits(SSL_CTX *ctx, const struct front_pem *pem)
{
	const char *reason;

	ERR_clear_error();
	if (SSL_CTX_use_cert_and_key(ctx, pem->leaf, pem->key, pem->chain, 1) == 1)
		return NULL;
	reason = ERR_reason_error_string(ERR_peek_last_error());
	return reason ? reason : "OpenSSL does not take it";
}

void front_key_put(struct wire *w, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PrivateKey(key, &der);

	if (n <= 0)
		fatal("OpenSSL: a private key cannot be encoded");
	wire_put_u32(w, (uint32_t)EVP_PKEY_get_base_id(key));
	wire_put_bytes(w, der, (size_t)n);
	OPENSSL_clear_free(der, (size_t)n);
}

/* With its type before it: to let OpenSSL guess takes four times as long. */
EVP_PKEY *front_key_decode(struct span stored)
{
	struct wire w;
	struct span der;
	const unsigned char *p;
	int type;

	wire_reader(&w, stored.p, stored.n);
	type = (int)wire_get_u32(&w);
	der = wire_get_bytes(&w, UINT32_MAX);
	p = (const unsigned char *)der.p;
	if (!wire_end(&w))
		return NULL;
	return d2i_PrivateKey(type, NULL, &p, (long)der.n);
}

bool front_key_use(SSL *ssl, X509 *leaf, EVP_PKEY *key, STACK_OF(X509) * chain)
{
	return SSL_use_cert_and_key(ssl, leaf, key, chain, 1) == 1;
}
