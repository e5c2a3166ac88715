/*
 * `itkd-front --check`: reads every certificate and key that the configuration names, checks that
 * they fit, and writes them into the memfd that the fronts will get. Run as root at each (re)load
 * and by `itkd -t`; reads files of the administrator, nothing of the network. All errors are told.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/arena.h"
#include "itkd/front_proto.h"
#include "itkd/log.h"
#include "itkd/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK_CHAIN_MAX 64

/* Certificates with their keys, read once for all the vhosts that name the same files. */
struct check_entry {
	const struct conf_tls *tls; /* of the first of them */
	bool good;
	STACK_OF(X509) * chain; /* SSLCertificateChainFile; NULL: not given */
	struct front_pem *pems; /* one for each of tls->pairs */
};

struct check {
	struct arena arena;
	const struct conf *conf;
	const struct conf_vhost *vhost; /* whose files are read now */
	uint32_t pair;                  /* which of its certificates */
	bool failed;
	void *entries; /* tsearch(3) */
	uint32_t ncerts;
	const struct front_pem **certs, **by_vhost;
};

__attribute__((format(printf, 3, 0))) static void check_vsay(
    const struct check *k, const char *directive, const char *fmt, va_list ap)
{
	const struct conf_vhost *v = k->vhost;
	const struct conf_tls_pair *pair = v->tls.npairs ? &v->tls.pairs[k->pair] : NULL;
	const char *file = pair ? pair->file : v->file;

	fprintf(stderr, "itkd: %s:%u: %s: ", file ? file : "(main server)",
	    pair ? pair->line : v->line, directive);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

__attribute__((format(printf, 3, 4))) static void check_error(
    struct check *k, const char *directive, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	check_vsay(k, directive, fmt, ap);
	va_end(ap);
	k->failed = true;
}

__attribute__((format(printf, 3, 4))) static void check_warning(
    const struct check *k, const char *directive, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	check_vsay(k, directive, fmt, ap);
	va_end(ap);
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_entries(const void *x, const void *y)
{
	const struct check_entry *a = x, *b = y;
	uint32_t n = a->tls->npairs;
	int r = (n > b->tls->npairs) - (n < b->tls->npairs);

	for (uint32_t i = 0; r == 0 && i < n; i++) {
		r = strcmp(a->tls->pairs[i].cert, b->tls->pairs[i].cert);
		if (r == 0)
			r = compare_text(a->tls->pairs[i].key, b->tls->pairs[i].key);
	}
	return r ? r : compare_text(a->tls->chain, b->tls->chain);
}

/* NULL: told. */
static BIO *check_open(struct check *k, const char *directive, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	BIO *b = NULL;

	if (fd < 0)
		check_error(k, directive, "%s: %s", path, strerror(errno));
	else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		check_error(k, directive, "%s: not a file", path);
	else if (!(b = BIO_new_fd(fd, BIO_CLOSE)))
		fatal_oom();
	if (!b && fd >= 0 && close(fd) != 0)
		fatal_errno("close");
	return b;
}

/* Appends the certificates that are left in b to the chain; false: told. */
static bool check_chain(
    struct check *k, const char *directive, const char *path, BIO *b, STACK_OF(X509) * chain)
{
	X509 *x;

	ERR_clear_error();
	while ((x = PEM_read_bio_X509(b, NULL, NULL, NULL)) != NULL)
		if (sk_X509_num(chain) >= CHECK_CHAIN_MAX || !sk_X509_push(chain, x)) {
			check_error(
			    k, directive, "%s: more than %d certificates", path, CHECK_CHAIN_MAX);
			return false;
		}
	if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		return true; /* the end */
	check_error(k, directive, "%s: %s", path, front_record_error());
	return false;
}

static void check_dates(const struct check *k, const char *path, X509 *x)
{
	if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
		check_warning(
		    k, "SSLCertificateFile", "warning: %s: the certificate has expired", path);
	if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
		check_warning(
		    k, "SSLCertificateFile", "warning: %s: the certificate is not valid yet", path);
}

/* Its chain is what follows in the file, unless SSLCertificateChainFile has one (as mod_ssl). */
static bool check_certificate(
    struct check *k, const struct check_entry *e, const char *path, struct front_pem *pem)
{
	BIO *b = check_open(k, "SSLCertificateFile", path);
	bool ok;

	if (!b)
		return false;
	ERR_clear_error();
	pem->leaf = PEM_read_bio_X509_AUX(b, NULL, NULL, NULL);
	ok = pem->leaf != NULL;
	if (!ok && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		check_error(k, "SSLCertificateFile", "%s: no certificate in it (PEM)", path);
	else if (!ok)
		check_error(k, "SSLCertificateFile", "%s: %s", path, front_record_error());
	else if (e->chain)
		pem->chain = X509_chain_up_ref(e->chain);
	else if ((pem->chain = sk_X509_new_null()))
		ok = check_chain(k, "SSLCertificateFile", path, b, pem->chain);
	BIO_free(b);
	if (ok && !pem->chain)
		fatal_oom();
	if (ok)
		check_dates(k, path, pem->leaf);
	return ok;
}

static bool check_is_certificate(const struct conf_tls *tls, const char *path)
{
	for (uint32_t i = 0; i < tls->npairs; i++)
		if (strcmp(tls->pairs[i].cert, path) == 0)
			return true;
	return false;
}

static bool check_chain_file(struct check *k, struct check_entry *e)
{
	const char *path = e->tls->chain;
	BIO *b;
	bool ok;

	if (!path)
		return true;
	b = check_open(k, "SSLCertificateChainFile", path);
	if (!b)
		return false;
	e->chain = sk_X509_new_null();
	if (!e->chain)
		fatal_oom();
	ok = check_chain(k, "SSLCertificateChainFile", path, b, e->chain);
	BIO_free(b);
	if (ok && sk_X509_num(e->chain) == 0) {
		check_error(k, "SSLCertificateChainFile", "%s: no certificate in it (PEM)", path);
		return false;
	}
	/* The certificate's own file: what is behind it is the chain. */
	if (ok && check_is_certificate(e->tls, path))
		X509_free(sk_X509_shift(e->chain));
	return ok;
}

/* Without SSLCertificateKeyFile the key stands beside the certificate. */
static bool check_key(struct check *k, const struct conf_tls_pair *pair, struct front_pem *pem)
{
	const char *directive = pair->key ? "SSLCertificateKeyFile" : "SSLCertificateFile";
	const char *path = pair->key ? pair->key : pair->cert;
	BIO *b = check_open(k, directive, path);
	enum front_key_result r;

	if (!b)
		return false;
	r = front_key_read(b, &pem->key);
	BIO_free(b);
	if (r == FRONT_KEY_ENCRYPTED)
		check_error(k, directive,
		    "%s: the private key is encrypted, and there is nobody to ask for its pass "
		    "phrase; "
		    "take it off with: openssl pkey -in %s",
		    path, path);
	else if (r == FRONT_KEY_NONE)
		check_error(k, directive, "%s: no private key in it (PEM)%s", path,
		    pair->key ? "" : ", and there is no SSLCertificateKeyFile");
	return r == FRONT_KEY_OK;
}

static bool check_fit(
    struct check *k, const struct conf_tls_pair *pair, const struct front_pem *pem)
{
	const struct conf_vhost *v = k->vhost;
	const char *directive = pair->key ? "SSLCertificateKeyFile" : "SSLCertificateFile";
	const char *key = pair->key ? pair->key : pair->cert;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const char *bad = NULL;

	if (!ctx)
		fatal_oom();
	if (!front_key_matches(pem)) {
		bad = "";
		check_error(k, directive,
		    "AH02565: Certificate and private key %s:%u:%u from %s and %s do not match",
		    v->server_name, v->server_port ? v->server_port : 443, k->pair, pair->cert,
		    key);
	} else if (!front_cipher_apply(ctx, &v->tls)) { /* else told by check_settings() */
		bad = front_key_fits(ctx, pem);
		if (bad)
			check_error(k, directive, "%s: %s (%s)", key, bad, pair->cert);
	}
	SSL_CTX_free(ctx);
	return !bad;
}

static bool check_pair(struct check *k, const struct check_entry *e)
{
	const struct conf_tls_pair *pair = &e->tls->pairs[k->pair];
	struct front_pem *pem = &e->pems[k->pair];
	bool ok = check_certificate(k, e, pair->cert, pem);

	ok = check_key(k, pair, pem) && ok;
	return ok && check_fit(k, pair, pem);
}

static void check_load(struct check *k, struct check_entry *e)
{
	const uint32_t n = e->tls->npairs;

	e->pems = calloc(n, sizeof(*e->pems));
	k->certs = reallocarray(k->certs, k->ncerts + n, sizeof(*k->certs));
	if (!e->pems || !k->certs)
		fatal_oom();
	e->good = check_chain_file(k, e);
	for (k->pair = 0; k->pair < n; k->pair++)
		e->good = check_pair(k, e) && e->good;
	k->pair = 0;
	for (uint32_t i = 0; e->good && i < n; i++) {
		e->pems[i].more = i + 1 < n;
		e->pems[i].index = k->ncerts;
		k->certs[k->ncerts++] = &e->pems[i];
	}
}

static struct check_entry *check_entry_of(struct check *k)
{
	struct check_entry *e = calloc(1, sizeof(*e)), **found;

	if (!e)
		fatal_oom();
	e->tls = &k->vhost->tls;
	found = tsearch(e, &k->entries, compare_entries);
	if (!found)
		fatal_oom();
	if (*found == e)
		check_load(k, e);
	else
		free(e);
	return *found;
}

/* Most vhosts share their settings: each kind is asked once. */
static void check_settings(struct check *k)
{
	static const struct conf_tls *last;
	const struct conf_tls *t = &k->vhost->tls;
	SSL_CTX *ctx;
	const char *bad;

	if (last && front_cipher_same(last, t))
		return;
	ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		fatal_oom();
	bad = front_cipher_apply(ctx, t);
	if (bad)
		check_error(k, bad, "OpenSSL does not take it: \"%s\"",
		    strcmp(bad, "SSLOpenSSLConfCmd") == 0                   ? t->commands
		    : t->ciphersuites && strcmp(bad, "SSLCipherSuite") != 0 ? t->ciphersuites
		    : t->ciphers                                            ? t->ciphers
		                                                            : "");
	else
		last = t;
	SSL_CTX_free(ctx);
}

static void check_vhost(struct check *k)
{
	const struct check_entry *e;

	if (!k->vhost->tls.engine)
		return;
	check_settings(k);
	if (!k->vhost->tls.npairs) {
		check_error(k, "SSLEngine", "%s has no SSLCertificateFile", k->vhost->server_name);
		return;
	}
	e = check_entry_of(k);
	if (e->good)
		k->by_vhost[k->vhost->id] = e->pems;
}

static void check_free(void *node)
{
	struct check_entry *e = node;

	for (uint32_t i = 0; i < e->tls->npairs; i++) {
		X509_free(e->pems[i].leaf);
		sk_X509_pop_free(e->pems[i].chain, X509_free);
		EVP_PKEY_free(e->pems[i].key);
	}
	sk_X509_pop_free(e->chain, X509_free);
	free(e->pems);
	free(e);
}

static void check_table(struct check *k)
{
	k->conf = front_conf(&k->arena);
	k->by_vhost = calloc(k->conf->nvhosts, sizeof(*k->by_vhost));
	if (!k->by_vhost)
		fatal_oom();
}

static void check_write(const struct check *k)
{
	struct wire w;
	size_t at = 0;

	wire_writer_grow(&w);
	front_store_put(&w, k->certs, k->ncerts, k->by_vhost, k->conf->nvhosts);
	while (at < w.n) {
		ssize_t n = write(FRONT_FD_TLS, w.p + at, w.n - at);

		if (n < 0 && errno != EINTR)
			fatal_errno("certificates: write");
		if (n > 0)
			at += (size_t)n;
	}
	OPENSSL_cleanse(w.p, w.n);
	free(w.p);
	if (fcntl(FRONT_FD_TLS, F_ADD_SEALS,
	        F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
		fatal_errno("certificates: seal");
}

int front_check(void)
{
	struct check k = {0};

	front_library_look();
	check_table(&k);
	for (uint32_t i = 0; i < k.conf->nvhosts; i++) {
		k.vhost = k.conf->vhosts[i];
		check_vhost(&k);
	}
	if (!k.failed)
		check_write(&k);
	tdestroy(k.entries, check_free);
	free(k.certs);
	free(k.by_vhost);
	arena_free(&k.arena);
	return k.failed ? 1 : 0;
}
