/*
 * Whose request it is: the peer of the connection, whom a PROXY header before the first request
 * names, or whom a field of the request names (mod_remoteip). Runs as the vhost's user. Header and
 * field are a proxy's where the peer is one, else anybody's. Over TLS the front took the PROXY
 * header before the handshake and says what it found.
 */
#include "child_internal.h"

#include "itkd/host.h"
#include "itkd/proxy_protocol.h"
#include <string.h>
#include <sys/socket.h>

static void client_set(struct child *c, const struct sockaddr_storage *client)
{
	const struct sockaddr *sa = (const struct sockaddr *)client;

	addr_ip(sa, c->peer);
	addr_text(sa, c->client);
	c->peer_port = addr_port(sa);
	c->host_known = false;
	c->host[0] = '\0';
	memcpy(c->status.client, c->client, sizeof(c->client));
}

static bool socket_addresses(int fd, struct sockaddr_storage *peer, struct sockaddr_storage *local)
{
	socklen_t peer_n = sizeof(*peer), local_n = sizeof(*local);

	return getpeername(fd, (struct sockaddr *)peer, &peer_n) == 0 &&
	       getsockname(fd, (struct sockaddr *)local, &local_n) == 0;
}

bool child_remoteip_connection(struct child *c)
{
	const struct job *job = c->start->job;
	struct sockaddr_storage client = job->peer, local = job->local, peer = job->peer;

	/* Over TLS the front is the peer, and says whom it speaks for. */
	if (!c->relay) {
		/* It was reset: what it sent before would be nobody's, whom no rule refuses. */
		if (!socket_addresses(c->fd, &peer, &local))
			return false;
		client = peer;
	} else if (job->flags & JOB_PROXY) {
		peer = job->proxy;
		c->proxied = true;
	}
	addr_ip((struct sockaddr *)&local, c->local);
	c->local_port = addr_port((struct sockaddr *)&local);
	c->group = host_map_group(&c->start->conf->host, (struct sockaddr *)&local);
	c->connection = peer;
	addr_ip((struct sockaddr *)&peer, c->connection_peer);
	client_set(c, &client);
	return true;
}

static bool header_read(struct child *c)
{
	const struct conf_read_timeout *t = &c->vhost->read_timeout;
	struct proxy_header h;
	struct child_rate rate;
	const char *why;

	child_rate_start(&rate, t->header_initial, t->header_max, t->header_rate);
	for (;;) {
		switch (proxy_protocol_parse(c->in, c->in_end, &h, &why)) {
		case PROXY_DONE:
			c->in_at = h.size;
			c->proxied = true;
			if (h.named)
				client_set(c, &h.client);
			return true;
		case PROXY_BAD:
			child_log(c, LOG_ERR, "remoteip", "%s", why);
			return false;
		case PROXY_MORE:
			if (child_fill_wait(c, &rate) != IO_OK)
				return false;
		}
	}
}

/* The front has decided the same, but it may have been taken over. */
bool child_remoteip_header(struct child *c)
{
	const struct conf *conf = c->start->conf;

	if (c->relay || !conf->proxy_protocol)
		return true;
	switch (conf_proxied(conf->proxy_protocol, host_group_index(&conf->host, c->group),
	    (const struct sockaddr *)&c->connection)) {
	case PROXIED_YES:
		return header_read(c);
	case PROXIED_STRANGER:
		child_log(c, LOG_ERR, "remoteip",
		    "RemoteIPProxyProtocol: the peer is none of the proxies that are listed");
		return false;
	default:
		return true;
	}
}

void child_remoteip_reset(struct child *c)
{
	if (c->named)
		client_set(c, &c->connection);
	c->named = false;
}

static void tell_stopped(struct child *c, const char *header, const struct remoteip *found)
{
	const int n = (int)found->stopped.n;

	if (found->stopped.p && found->private)
		child_log(c, LOG_DEBUG, "remoteip",
		    "AH01569: RemoteIP: Header %s value of %.*s appears to be a private IP or "
		    "nonsensical.  Ignored",
		    header, n, found->stopped.p);
	else if (found->stopped.p && n)
		child_log(c, LOG_DEBUG, "remoteip",
		    "AH01568: RemoteIP: Header %s value of %.*s cannot be parsed as a client IP",
		    header, n, found->stopped.p);
}

/* What is believed is no part of the field any more. */
static void change_fields(struct child *c, struct child_request *r, const struct remoteip *found)
{
	const struct conf_remoteip *conf = c->vhost->remoteip;
	struct child_table t = {.a = &c->arena};

	for (size_t i = 0; i < r->head.nfields; i++)
		child_table_add(&t, r->head.fields[i].name, r->head.fields[i].value);
	if (found->rest.p)
		child_table_set(&t, span_of(conf->header), found->rest);
	else
		child_table_unset(&t, span_of(conf->header));
	if (found->proxies) {
		child_note_set(c, r, SPAN("remoteip-proxy-ip-list"), span_of(found->proxies));
		if (conf->proxies_header)
			child_table_set(&t, span_of(conf->proxies_header), span_of(found->proxies));
	}
	r->head.fields = t.v;
	r->head.nfields = t.n;
}

void child_remoteip_request(struct child *c, struct child_request *r)
{
	const struct conf_remoteip *conf = c->vhost->remoteip;
	struct remoteip found;
	struct span value;

	if (!conf || !conf->header || c->proxied)
		return;
	value = http_head_joined(&c->arena, &r->head, span_of(conf->header));
	if (!value.p)
		return;
	remoteip_find(&c->arena, conf, (const struct sockaddr *)&c->connection, value, &found);
	tell_stopped(c, conf->header, &found);
	if (!found.found)
		return;
	change_fields(c, r, &found);
	client_set(c, &found.client);
	c->named = true;
	child_log(c, LOG_TRACE1, "remoteip", "Using %s as client's IP by %s%s", c->peer,
	    found.proxies ? "proxies " : "internal proxies", found.proxies ? found.proxies : "");
}

/* RFC 9110 section 7.6.3, RFC 7239, and the custom that is older than it. */
static bool is_forwarded(const struct child_request *r)
{
	return http_head_field(&r->head, SPAN("Via")) ||
	       http_head_field(&r->head, SPAN("X-Forwarded-For")) ||
	       http_head_field(&r->head, SPAN("Forwarded"));
}

bool child_remoteip_gateway(const struct child *c)
{
	const struct conf_remoteip *conf = c->vhost->remoteip;

	return c->proxied ||
	       (conf && conf_remoteip_peer(conf, (const struct sockaddr *)&c->connection));
}

bool child_remoteip_shared(const struct child *c, const struct child_request *r)
{
	const struct conf_remoteip *conf = c->vhost->remoteip;

	if (host_group_size(c->group) == 1 && !c->vhost->assign)
		return false;
	if (conf && conf->keep_alive)
		return false;
	if (c->named || child_remoteip_gateway(c))
		return true;
	/* A proxy that asks for one name by SNI has this connection for that name. */
	return !c->start->job->tls_sni[0] && is_forwarded(r);
}
