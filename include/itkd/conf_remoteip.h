/*
 * The client behind a proxy (mod_remoteip): which peers are proxies, and what is believed of what
 * they say.
 */
#ifndef ITKD_CONF_REMOTEIP_H
#define ITKD_CONF_REMOTEIP_H

#include "itkd/span.h"
#include "itkd/subnet.h"
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct conf;
struct host_group;

struct conf_peer {
	struct subnet net;
	bool internal; /* RemoteIPInternalProxy: it may also name private addresses */
};

/* Of a virtual host. */
struct conf_remoteip {
	const char *header;         /* RemoteIPHeader; NULL: none is looked at */
	const char *proxies_header; /* RemoteIPProxiesHeader, or NULL */
	bool keep_alive;            /* RemoteIPKeepAlive */
	uint32_t n;
	const struct conf_peer *proxies; /* none: for header, every peer is a trusted one */
};

/* RemoteIPProxyProtocol On, of one local address. */
struct conf_proxied {
	uint32_t n;
	const struct subnet *peers; /* who may send such a header; none: everybody */
};

/* Of the whole configuration. NULL where no address has it on. */
struct conf_proxy_protocol {
	uint32_t n;                               /* one for each group of host_map, and one more */
	const struct conf_proxied *const *groups; /* by host_group_index(); NULL: off */
	uint32_t nexceptions;
	const struct subnet *exceptions; /* RemoteIPProxyProtocolExceptions */
};

enum proxied {
	PROXIED_NO,       /* HTTP or TLS from the first byte on */
	PROXIED_YES,      /* a PROXY header comes first */
	PROXIED_STRANGER, /* it would have to, but nobody believes this peer */
};
enum proxied conf_proxied(const struct conf_proxy_protocol *p, uint32_t group,
	const struct sockaddr *peer);

/* The proxy that a peer is; NULL: none. */
const struct conf_peer *conf_remoteip_peer(
	const struct conf_remoteip *conf, const struct sockaddr *peer);

/* What a header field says of a request's client. */
struct remoteip {
	bool found;                     /* somebody else than the peer */
	struct sockaddr_storage client; /* port 0 */
	struct span rest; /* what is left of the field, not believed; p NULL: nothing is */
	char *proxies;                  /* who passed it on and is not internal; NULL: nobody */
	char *proxies_end;
	/* Where it stopped: an element that is no address, or none that such a proxy may name. */
	struct span stopped;            /* p NULL: at none */
	bool private;
};

/* Apache's algorithm, from the last element to the first. Memory of a; NULL: no list of proxies. */
void remoteip_find(struct arena *a, const struct conf_remoteip *conf, const struct sockaddr *peer,
	struct span value, struct remoteip *out);

#endif
