/*
 * PROXY headers before the first byte of a connection (RemoteIPProxyProtocol): whether one must be
 * there, and whom it names. On plain TCP the child reads it again. Run by `itkd: front`; the bytes
 * are a proxy's, or anybody's who reaches the port.
 */
#include "front.h"

#include "itkd/addr.h"
#include "itkd/arena.h"
#include "itkd/host.h"
#include "itkd/log.h"
#include <stdlib.h>

#define PROXY_ARENA ((size_t)4 << 20) /* far above what a field of a head can need */
#define PROXY_SHOWN 107               /* bytes of a bad header in the log */

const struct sockaddr *front_proxy_client(const struct front_conn *c, struct sockaddr_storage *room)
{
	if (!c->named)
		return front_conn_peer(c, room);
	*room = *c->named;
	return (const struct sockaddr *)room;
}

const struct sockaddr *front_proxy_request(const struct front_conn *c,
    const struct conf_vhost *vhost, const struct http_head *head, struct sockaddr_storage *room)
{
	const struct sockaddr *client = front_proxy_client(c, room);
	const struct conf_remoteip *conf = vhost->remoteip;
	static struct arena a;
	struct remoteip found;

	if (!head || !conf || c->proxied || client->sa_family == AF_UNSPEC)
		return client;
	if (!a.limit)
		arena_init_heap(&a, PROXY_ARENA);
	struct span value = http_head_joined(&a, head, span_of(conf->header));

	if (value.p) {
		remoteip_find(NULL, conf, client, value, &found);
		*room = found.client;
	}
	arena_reset(&a);
	return client;
}

bool front_proxy_expect(struct front_conn *c)
{
	const uint32_t group = host_group_index(&front.conf->host, c->group);
	struct sockaddr_storage room;

	switch (conf_proxied(front.conf->proxy_protocol, group, front_conn_peer(c, &room))) {
	case PROXIED_NO:
		return true;
	case PROXIED_YES:
		c->proxied = true;
		return true;
	case PROXIED_STRANGER:
		break;
	}
	front_answer_log(c, c->base, LOG_ERR, "remoteip",
	    "RemoteIPProxyProtocol: the peer is none of the proxies that RemoteIPInternalProxy and "
	    "RemoteIPTrustedProxy list, closing the connection");
	front_linger(c);
	return false;
}

static enum front_proxy proxy_bad(struct front_conn *c, const char *why, const char *p, size_t n)
{
	size_t shown = 0;

	while (shown < n && shown < PROXY_SHOWN && p[shown] != '\r' && p[shown] != '\n' &&
	       p[shown] != '\0')
		shown++;
	front_answer_log(c, c->base, LOG_ERR, "remoteip", "%s '%.*s'", why, (int)shown, p);
	front_linger(c);
	return FRONT_PROXY_BAD;
}

enum front_proxy front_proxy_look(struct front_conn *c, const char *p, size_t n)
{
	struct proxy_header h;
	const char *why;

	if (c->proxy_size)
		return FRONT_PROXY_READ;
	switch (proxy_protocol_parse(p, n, &h, &why)) {
	case PROXY_MORE:
		return FRONT_PROXY_MORE;
	case PROXY_BAD:
		return proxy_bad(c, why, p, n);
	case PROXY_DONE:
		break;
	}
	c->proxy_size = h.size;
	if (!h.named)
		return FRONT_PROXY_READ;
	c->named = malloc(sizeof(*c->named));
	if (!c->named) {
		front_conn_free(c);
		return FRONT_PROXY_BAD;
	}
	*c->named = h.client;
	return FRONT_PROXY_READ;
}

void front_proxy_closed(struct front_conn *c)
{
	front_answer_log(c, c->base, LOG_INFO, "remoteip",
	    "AH10634: RemoteIPProxyProtocol: connection closed before a complete header was "
	    "received");
	front_linger(c);
}
