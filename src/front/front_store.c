/*
 * Certificates and keys on their way from `itkd-front --check` to the fronts: fields in a sealed
 * memfd (wire.h). A front only maps them at its start; a certificate is decoded when the first
 * connection asks for it, which is a millisecond of work for each and would be seconds for a
 * thousand of them at each reload. Run by both; the bytes are --check's.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/log.h"
#include "itkd/wire.h"
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define STORE_MAGIC 0x69746c73u
#define STORE_VERSION 2
#define STORE_CHAIN_MAX 64
#define STORE_NONE UINT32_MAX

struct front_cert {
	struct span leaf, key;
	uint32_t nchain;
	struct span *chain;
	bool more; /* the next one is the same virtual host's, too */
	bool decoded, bad;
	X509 *x509;
	STACK_OF(X509) * stack;
	EVP_PKEY *pkey;
};

static struct {
	uint32_t ncerts, nvhosts;
	struct front_cert *certs;
	uint32_t *by_vhost; /* index into certs */
} store;

static void store_put_x509(struct wire *w, X509 *x)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);

	if (n <= 0)
		fatal("OpenSSL: a certificate cannot be encoded");
	wire_put_bytes(w, der, (size_t)n);
	OPENSSL_free(der);
}

static void store_put_cert(struct wire *w, const struct front_pem *pem)
{
	struct wire key;
	uint32_t n = (uint32_t)sk_X509_num(pem->chain);

	wire_put_u32(w, pem->more);
	store_put_x509(w, pem->leaf);
	wire_put_u32(w, n);
	for (uint32_t i = 0; i < n; i++)
		store_put_x509(w, sk_X509_value(pem->chain, (int)i));
	wire_writer_grow(&key);
	front_key_put(&key, pem->key);
	wire_put_bytes(w, key.p, key.n);
	OPENSSL_cleanse(key.p, key.n);
	free(key.p);
}

void front_store_put(struct wire *w, const struct front_pem *const *certs, uint32_t n,
    const struct front_pem *const *by_vhost, uint32_t nvhosts)
{
	wire_put_u32(w, STORE_MAGIC);
	wire_put_u32(w, STORE_VERSION);
	wire_put_u32(w, n);
	for (uint32_t i = 0; i < n; i++)
		store_put_cert(w, certs[i]);
	wire_put_u32(w, nvhosts);
	for (uint32_t i = 0; i < nvhosts; i++)
		wire_put_u32(w, by_vhost[i] ? by_vhost[i]->index : STORE_NONE);
}

static void *store_array(uint32_t n, size_t size)
{
	void *p = calloc((size_t)n + 1, size);

	if (!p)
		fatal_oom();
	return p;
}

static void store_get_cert(struct wire *w, struct front_cert *cert)
{
	cert->more = wire_get_u32(w) != 0;
	cert->leaf = wire_get_bytes(w, UINT32_MAX);
	cert->nchain = wire_get_u32(w);
	if (cert->nchain > STORE_CHAIN_MAX)
		fatal("the certificates are not as --check wrote them");
	cert->chain = store_array(cert->nchain, sizeof(*cert->chain));
	for (uint32_t i = 0; i < cert->nchain; i++)
		cert->chain[i] = wire_get_bytes(w, UINT32_MAX);
	cert->key = wire_get_bytes(w, UINT32_MAX);
}

static void store_get(struct wire *w, size_t size)
{
	bool ours = wire_get_u32(w) == STORE_MAGIC && wire_get_u32(w) == STORE_VERSION;

	store.ncerts = wire_get_u32(w);
	if (!ours || store.ncerts > size)
		fatal("the certificates are not of this version");
	store.certs = store_array(store.ncerts, sizeof(*store.certs));
	for (uint32_t i = 0; i < store.ncerts; i++)
		store_get_cert(w, &store.certs[i]);
	if (store.ncerts && store.certs[store.ncerts - 1].more)
		fatal("the certificates are not as --check wrote them");
	store.nvhosts = wire_get_u32(w);
	if (store.nvhosts != front.conf->nvhosts)
		fatal("the certificates are not those of this front table");
	store.by_vhost = store_array(store.nvhosts, sizeof(*store.by_vhost));
	for (uint32_t i = 0; i < store.nvhosts; i++)
		store.by_vhost[i] = wire_get_u32(w);
	if (!wire_end(w))
		fatal("the certificates are not as --check wrote them");
}

/* The mapping stays: what is not decoded yet is there. Its file cannot shrink (sealed). */
void front_store_map(int fd)
{
	struct stat st;
	struct wire w;
	void *p;

	if (fstat(fd, &st) != 0)
		fatal_errno("certificates");
	if (st.st_size == 0)
		return; /* no virtual host has TLS */
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		fatal_errno("certificates");
	/* A core file, were there one, would not have the keys. */
	if (madvise(p, (size_t)st.st_size, MADV_DONTDUMP) != 0)
		fatal_errno("madvise");
	wire_reader(&w, p, (size_t)st.st_size);
	store_get(&w, (size_t)st.st_size);
}

struct front_cert *front_store_of(const struct conf_vhost *vhost)
{
	uint32_t i = store.by_vhost && vhost->tls.engine ? store.by_vhost[vhost->id] : STORE_NONE;

	return i < store.ncerts ? &store.certs[i] : NULL;
}

static X509 *store_x509(struct span der)
{
	const unsigned char *p = (const unsigned char *)der.p;

	return d2i_X509(NULL, &p, (long)der.n);
}

static bool store_decode(struct front_cert *cert)
{
	cert->x509 = store_x509(cert->leaf);
	cert->pkey = front_key_decode(cert->key);
	cert->stack = sk_X509_new_null();
	if (!cert->x509 || !cert->pkey || !cert->stack)
		return false;
	for (uint32_t i = 0; i < cert->nchain; i++) {
		X509 *x = store_x509(cert->chain[i]);

		if (!x || !sk_X509_push(cert->stack, x))
			return false;
	}
	return true;
}

static bool store_use_one(SSL *ssl, struct front_cert *cert)
{
	if (!cert->decoded) {
		cert->decoded = true;
		cert->bad = !store_decode(cert);
		if (cert->bad)
			log_msg(LOG_CRIT, "a certificate that --check took cannot be decoded");
	}
	return !cert->bad && front_key_use(ssl, cert->x509, cert->pkey, cert->stack);
}

bool front_store_use(SSL *ssl, struct front_cert *cert)
{
	while (store_use_one(ssl, cert)) {
		if (!cert->more)
			return true;
		cert++;
	}
	return false;
}
