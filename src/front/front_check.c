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

/* A certificate with its key, read once for all the vhosts that name the same files. */
struct check_entry {
	const struct conf_tls *tls; /* of the first of them */
	bool good;
	struct front_pem pem;
};

struct check {
	struct arena arena;
	const struct conf *conf;
	const struct conf_vhost *vhost; /* whose files are read now */
	bool failed;
	void *entries; /* tsearch(3) */
	uint32_t ncerts;
	const struct front_pem **certs, **by_vhost;
};

__attribute__((format(printf, 3, 0))) static void check_vsay(
    const struct conf_vhost *v, const char *directive, const char *fmt, va_list ap)
{
	const char *file = v->tls.file ? v->tls.file : v->file;

	fprintf(stderr, "itkd: %s:%u: %s: ", file ? file : "(main server)",
	    v->tls.file ? v->tls.line : v->line, directive);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

__attribute__((format(printf, 3, 4))) static void check_error(
    struct check *k, const char *directive, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	check_vsay(k->vhost, directive, fmt, ap);
	va_end(ap);
	k->failed = true;
}

__attribute__((format(printf, 3, 4))) static void check_warning(
    const struct check *k, const char *directive, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	check_vsay(k->vhost, directive, fmt, ap);
	va_end(ap);
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_entries(const void *x, const void *y)
{
	const struct check_entry *a = x, *b = y;
	int r = compare_text(a->tls->cert, b->tls->cert);

	if (r == 0)
		r = compare_text(a->tls->key, b->tls->key);
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

static bool check_certificate(struct check *k, struct check_entry *e)
{
	BIO *b = check_open(k, "SSLCertificateFile", e->tls->cert);
	bool ok;

	if (!b)
		return false;
	ERR_clear_error();
	e->pem.leaf = PEM_read_bio_X509_AUX(b, NULL, NULL, NULL);
	ok = e->pem.leaf != NULL;
	if (!ok && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
		check_error(
		    k, "SSLCertificateFile", "%s: no certificate in it (PEM)", e->tls->cert);
	else if (!ok)
		check_error(k, "SSLCertificateFile", "%s: %s", e->tls->cert, front_record_error());
	else
		ok = check_chain(k, "SSLCertificateFile", e->tls->cert, b, e->pem.chain);
	BIO_free(b);
	if (ok)
		check_dates(k, e->tls->cert, e->pem.leaf);
	return ok;
}

static bool check_chain_file(struct check *k, struct check_entry *e)
{
	int before = sk_X509_num(e->pem.chain);
	BIO *b;
	bool ok;

	if (!e->tls->chain)
		return true;
	b = check_open(k, "SSLCertificateChainFile", e->tls->chain);
	if (!b)
		return false;
	ok = check_chain(k, "SSLCertificateChainFile", e->tls->chain, b, e->pem.chain);
	BIO_free(b);
	if (!ok || sk_X509_num(e->pem.chain) > before)
		return ok;
	check_error(k, "SSLCertificateChainFile", "%s: no certificate in it (PEM)", e->tls->chain);
	return false;
}

/* Without SSLCertificateKeyFile the key stands beside the certificate. */
static bool check_key(struct check *k, struct check_entry *e)
{
	const char *directive = e->tls->key ? "SSLCertificateKeyFile" : "SSLCertificateFile";
	const char *path = e->tls->key ? e->tls->key : e->tls->cert;
	BIO *b = check_open(k, directive, path);
	enum front_key_result r;

	if (!b)
		return false;
	r = front_key_read(b, &e->pem.key);
	BIO_free(b);
	if (r == FRONT_KEY_ENCRYPTED)
		check_error(k, directive,
		    "%s: the private key is encrypted, and there is nobody to ask for its pass "
		    "phrase; "
		    "take it off with: openssl pkey -in %s",
		    path, path);
	else if (r == FRONT_KEY_NONE)
		check_error(k, directive, "%s: no private key in it (PEM)%s", path,
		    e->tls->key ? "" : ", and there is no SSLCertificateKeyFile");
	return r == FRONT_KEY_OK;
}

static bool check_fit(struct check *k, const struct check_entry *e)
{
	const struct conf_tls *t = e->tls;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const char *bad;

	if (!ctx)
		fatal_oom();
	bad = front_cipher_apply(ctx, &k->vhost->tls);
	if (bad)
		bad = NULL; /* told by check_settings() */
	else
		bad = front_key_fits(ctx, &e->pem);
	if (bad)
		check_error(k, t->key ? "SSLCertificateKeyFile" : "SSLCertificateFile",
		    "%s: %s (%s)", t->key ? t->key : t->cert, bad, t->cert);
	SSL_CTX_free(ctx);
	return !bad;
}

static void check_load(struct check *k, struct check_entry *e)
{
	bool ok;

	e->pem.chain = sk_X509_new_null();
	if (!e->pem.chain)
		fatal_oom();
	ok = check_certificate(k, e);
	ok = check_chain_file(k, e) && ok;
	ok = check_key(k, e) && ok;
	e->good = ok && check_fit(k, e);
	if (!e->good)
		return;
	e->pem.index = k->ncerts;
	k->certs[k->ncerts++] = &e->pem;
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
	if (!k->vhost->tls.cert) {
		check_error(k, "SSLEngine", "%s has no SSLCertificateFile", k->vhost->server_name);
		return;
	}
	e = check_entry_of(k);
	if (e->good)
		k->by_vhost[k->vhost->id] = &e->pem;
}

static void check_free(void *node)
{
	struct check_entry *e = node;

	X509_free(e->pem.leaf);
	sk_X509_pop_free(e->pem.chain, X509_free);
	EVP_PKEY_free(e->pem.key);
	free(e);
}

static void check_table(struct check *k)
{
	k->conf = front_conf(&k->arena);
	k->certs = calloc(k->conf->nvhosts, sizeof(*k->certs));
	k->by_vhost = calloc(k->conf->nvhosts, sizeof(*k->by_vhost));
	if (!k->certs || !k->by_vhost)
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
