/*
 * TLS contexts, and which certificate a connection gets (SNI). A context is shared by all vhosts
 * of the same protocols and ciphers; certificates, keys and ticket keys are chosen for each
 * connection, before OpenSSL looks at a ticket. Run by `itkd: front`; the ClientHello is the
 * client's. RFC 8446, RFC 6066 section 3, RFC 7301.
 */
#include "front_tls.h"
#include "front.h"

#include "itkd/front_proto.h"
#include "itkd/host.h"
#include "itkd/log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tls_context {
	const struct conf_tls *settings;
	SSL_CTX *ctx;
};

static struct {
	uint32_t n;
	struct tls_context *contexts;
	SSL_CTX **by_vhost;                /* NULL: no TLS */
	const struct conf_vhost *fallback; /* the first one with TLS */
} tls;

/* The host name that the client asks for; n 0 where there is none or no valid one. */
static struct span tls_server_name(SSL *ssl)
{
	const unsigned char *p;
	struct span name, host;
	uint16_t port;
	size_t n;

	/* A list of one: its length, type 0 (host_name), the name's length, the name. */
	if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &n) || n < 5 ||
	    (size_t)(p[0] << 8 | p[1]) != n - 2 || p[2] != TLSEXT_NAMETYPE_host_name ||
	    (size_t)(p[3] << 8 | p[4]) != n - 5 || n - 5 > TLSEXT_MAXLEN_host_name)
		return (struct span){NULL, 0};
	name = (struct span){(const char *)p + 5, n - 5};
	if (!host_parse(name, &host, &port) || host.n != name.n)
		return (struct span){NULL, 0};
	return name;
}

static const struct conf_vhost *tls_vhost(const struct front_conn *c)
{
	const struct conf_vhost *named = c->tls->named;

	if (named && tls.by_vhost[named->id])
		return named;
	return tls.by_vhost[c->base->id] ? c->base : c->listener->tls;
}

/* A session of one identity is none to another: this also holds for tickets of TLS 1.3. */
static bool tls_session_context(SSL *ssl, const struct conf_vhost *vhost)
{
	const struct conf_identity *id = &front.conf->identities[vhost->identities[0]];
	char text[SSL_MAX_SID_CTX_LENGTH];
	int n = snprintf(text, sizeof(text), "%u:%u", id->uid, id->gid);

	return SSL_set_session_id_context(ssl, (const unsigned char *)text, (unsigned)n) == 1;
}

static int tls_client_hello(SSL *ssl, int *alert, void *arg)
{
	struct front_conn *c = SSL_get_app_data(ssl);
	struct front_tls *t = c->tls;
	struct span name = tls_server_name(ssl);
	SSL_CTX *ctx;

	(void)arg;
	*alert = SSL_AD_INTERNAL_ERROR;
	/* After a HelloRetryRequest the client says it again. */
	free(t->sni);
	t->sni = NULL;
	t->named = NULL;
	if (name.n) {
		t->sni = strndup(name.p, name.n);
		if (!t->sni)
			return SSL_CLIENT_HELLO_ERROR;
		t->named =
		    front.conf->vhosts[host_group_resolve(c->group, name, c->listener->port)];
	}
	t->vhost = tls_vhost(c);
	ctx = tls.by_vhost[t->vhost->id];
	if (SSL_set_SSL_CTX(ssl, ctx) != ctx || !front_cipher_copy(ssl, ctx, &t->vhost->tls) ||
	    !tls_session_context(ssl, t->vhost) || !front_store_use(ssl, front_store_of(t->vhost)))
		return SSL_CLIENT_HELLO_ERROR;
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* RFC 7301 section 3.2: no protocol in common ends the handshake with an alert. */
static int tls_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned in_n, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1\x08http/1.0";
	unsigned char *chosen;

	(void)ssl, (void)arg;
	if (SSL_select_next_proto(&chosen, out_n, ours, sizeof(ours) - 1, in, in_n) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *tls_context_new(const struct conf_tls *settings)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const char *bad = ctx ? front_cipher_apply(ctx, settings) : "TLS";

	if (bad)
		fatal("OpenSSL does not take %s", bad);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* OpenSSL would make two, a tenth of the work of a handshake each. */
	if (SSL_CTX_set_num_tickets(ctx, settings->tickets ? 1 : 0) != 1)
		fatal("OpenSSL has no tickets");
	SSL_CTX_set_msg_callback(ctx, front_record_message);
	SSL_CTX_set_client_hello_cb(ctx, tls_client_hello, NULL);
	SSL_CTX_set_alpn_select_cb(ctx, tls_alpn, NULL);
	if (SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, front_ticket_key) != 1)
		fatal("OpenSSL has no tickets");
	return ctx;
}

static SSL_CTX *tls_context(const struct conf_tls *settings)
{
	struct tls_context *grown;

	for (uint32_t i = 0; i < tls.n; i++)
		if (front_cipher_same(tls.contexts[i].settings, settings))
			return tls.contexts[i].ctx;
	grown = reallocarray(tls.contexts, tls.n + 1, sizeof(*grown));
	if (!grown)
		fatal_oom();
	tls.contexts = grown;
	tls.contexts[tls.n] = (struct tls_context){settings, tls_context_new(settings)};
	return tls.contexts[tls.n++].ctx;
}

/* OpenSSL opens files when it is first used (openssl.cnf, providers): that must be over here. */
static void tls_warm(const struct conf_vhost *vhost)
{
	SSL *ssl = SSL_new(tls.by_vhost[vhost->id]);

	if (!ssl || !front_store_use(ssl, front_store_of(vhost)))
		fatal("the certificate of %s cannot be used", vhost->server_name);
	SSL_free(ssl);
}

void front_tls_start(void)
{
	const struct conf_vhost *first = NULL;

	front_store_map(FRONT_FD_TLS);
	tls.by_vhost = calloc(front.conf->nvhosts, sizeof(*tls.by_vhost));
	if (!tls.by_vhost)
		fatal_oom();
	for (uint32_t i = 0; i < front.conf->nvhosts; i++) {
		const struct conf_vhost *v = front.conf->vhosts[i];

		if (!front_store_of(v))
			continue;
		tls.by_vhost[i] = tls_context(&v->tls);
		if (!first)
			first = v;
	}
	if (first) {
		front_ticket_start(FRONT_FD_TICKETS);
		tls_warm(first);
	}
	if (close(FRONT_FD_TLS) != 0)
		fatal_errno("close");
}

static bool tls_on_port(const struct conf_vhost *v, uint16_t port)
{
	for (uint32_t i = 0; i < v->host.naddrs; i++)
		if (v->host.addrs[i].port == 0 || v->host.addrs[i].port == port)
			return true;
	return v->host.naddrs == 0; /* the main server */
}

const struct conf_vhost *front_tls_first(uint16_t port)
{
	for (uint32_t i = 0; i < front.conf->nvhosts; i++)
		if (tls.by_vhost[i] && tls_on_port(front.conf->vhosts[i], port))
			return front.conf->vhosts[i];
	return NULL;
}

SSL *front_tls_new(struct front_conn *c)
{
	SSL *ssl = SSL_new(tls.by_vhost[c->listener->tls->id]);

	if (!ssl)
		return NULL;
	SSL_set_accept_state(ssl);
	if (SSL_set_app_data(ssl, c) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}
