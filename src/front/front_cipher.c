/*
 * What SSLProtocol, SSLCipherSuite and SSLHonorCipherOrder mean to OpenSSL. Run by `itkd: front`
 * and by `itkd-front --check`; the administrator is trusted. RFC 9325.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * RFC 9325 section 4.2: ephemeral key exchange and AEAD only. DHE is left to those who list it: it
 * costs the server so much more than the client that it is a way to stop a front.
 */
#define CIPHERS_DEFAULT                                                                            \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:" \
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
/* Whatever else the administrator lists (mod_ssl does the same). */
#define CIPHERS_NEVER ":!aNULL:!eNULL:!EXP"

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool front_cipher_same(const struct conf_tls *a, const struct conf_tls *b)
{
	return a->protocols == b->protocols && a->honor_order == b->honor_order &&
	       a->tickets == b->tickets && same(a->ciphers, b->ciphers) &&
	       same(a->ciphersuites, b->ciphersuites) && same(a->commands, b->commands);
}

static bool set_ciphers(SSL_CTX *ctx, const char *ciphers)
{
	char *list = NULL;
	bool ok;

	if (!ciphers || strcmp(ciphers, "PROFILE=SYSTEM") == 0)
		return SSL_CTX_set_cipher_list(ctx, ciphers ? ciphers : CIPHERS_DEFAULT) == 1;
	if (asprintf(&list, "%s%s", ciphers, CIPHERS_NEVER) < 0)
		fatal_oom();
	ok = SSL_CTX_set_cipher_list(ctx, list) == 1;
	free(list);
	return ok;
}

/* SSLOpenSSLConfCmd. No command that is taken opens a file. */
static bool run_commands(SSL_CTX *ctx, SSL *ssl, const char *commands)
{
	SSL_CONF_CTX *conf = commands ? SSL_CONF_CTX_new() : NULL;
	char *text = commands ? strdup(commands) : NULL, *rest = text, *line;
	bool ok = true;

	if (!commands)
		return true;
	if (!conf || !text)
		fatal_oom();
	SSL_CONF_CTX_set_flags(conf, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SERVER);
	if (ssl)
		SSL_CONF_CTX_set_ssl(conf, ssl);
	else
		SSL_CONF_CTX_set_ssl_ctx(conf, ctx);
	while (ok && (line = strsep(&rest, "\n"))) {
		const char *name = strsep(&line, " ");

		ok = SSL_CONF_cmd(conf, name, line) > 0;
	}
	ok = SSL_CONF_CTX_finish(conf) == 1 && ok;
	SSL_CONF_CTX_free(conf);
	free(text);
	return ok;
}

const char *front_cipher_apply(SSL_CTX *ctx, const struct conf_tls *tls)
{
	uint32_t protocols = tls->protocols ? tls->protocols : TLS_V1_2 | TLS_V1_3;

	if (!SSL_CTX_set_min_proto_version(
	        ctx, protocols & TLS_V1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) ||
	    !SSL_CTX_set_max_proto_version(
	        ctx, protocols & TLS_V1_3 ? TLS1_3_VERSION : TLS1_2_VERSION))
		return "SSLProtocol";
	if (!set_ciphers(ctx, tls->ciphers))
		return "SSLCipherSuite";
	if (tls->ciphersuites && !SSL_CTX_set_ciphersuites(ctx, tls->ciphersuites))
		return "SSLCipherSuite TLSv1.3";
	if (!SSL_CTX_set_dh_auto(ctx, 1))
		return "SSLCipherSuite";
	if (!tls->tickets)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	if (tls->honor_order)
		SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	return run_commands(ctx, NULL, tls->commands) ? NULL : "SSLOpenSSLConfCmd";
}

/* What SSL_set_SSL_CTX() leaves as it was. */
bool front_cipher_copy(SSL *ssl, SSL_CTX *ctx, const struct conf_tls *tls)
{
	const uint64_t own = SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET;

	SSL_clear_options(ssl, own);
	SSL_set_options(ssl, SSL_CTX_get_options(ctx) & own);
	return run_commands(NULL, ssl, tls->commands) &&
	       SSL_set_num_tickets(ssl, SSL_CTX_get_num_tickets(ctx)) == 1 &&
	       SSL_set_min_proto_version(ssl, (int)SSL_CTX_get_min_proto_version(ctx)) == 1 &&
	       SSL_set_max_proto_version(ssl, (int)SSL_CTX_get_max_proto_version(ctx)) == 1;
}
