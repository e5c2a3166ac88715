/*
 * Which virtual host a connection and a Host name mean: Apache's rules (vhosts/details.html). The
 * best match of the local address first; among its vhosts by ServerName and ServerAlias in the
 * order of the config, then by what <VirtualHost> itself says; else the first of them; without an
 * address match the main server (id 0).
 * The front and the child ask the same function; each has a map of its own.
 */
#ifndef ITKD_HOST_H
#define ITKD_HOST_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct arena;

/* One address of a <VirtualHost>: family 0 is `*` / `_default_`, port 0 any port. */
struct host_addr {
	uint16_t family; /* 0, AF_INET, AF_INET6 */
	uint16_t port;
	uint8_t ip[16];
};

struct host_vhost {
	uint32_t naddrs; /* 0 for the main server */
	const struct host_addr *addrs;
	const char *name;           /* ServerName, lower case */
	uint32_t naliases;
	const char *const *aliases; /* ServerAlias, lower case, with '*' and '?' */
	const char *path;           /* ServerPath; "" or NULL: none */
	uint32_t ntexts;
	const char *const *texts;   /* addresses as <VirtualHost> has them, without ports */
};

struct host_map; /* built below; plain data, so that it can live in the config's mapping */

struct host_group;
struct host_map {
	uint32_t ngroups;
	const struct host_group *groups; /* one for each distinct address:port, in config order */
	uint32_t nslots;                 /* a power of two: hash table over the groups' addresses */
	const uint32_t *slots;           /* index into groups + 1; 0: empty */
};

/*
 * Builds the map for vhosts[0..n) (id = index; 0 the main server) with memory of arena a. The
 * strings stay the caller's and must live as long as the map.
 */
void host_map_build(
	struct arena *a, struct host_map *map, uint32_t n, const struct host_vhost *const *vhosts);

/* The group of vhosts that a local address selects; NULL: only the main server. */
const struct host_group *host_map_group(const struct host_map *map, const struct sockaddr *local);

/* The first vhost of a group, its default; 0 for NULL. */
uint32_t host_group_default(const struct host_group *g);

/* How many vhosts a connection to its address may ask for. */
uint32_t host_group_size(const struct host_group *g);

/* Which of the map's groups it is; map->ngroups for NULL. The same vhosts give the same indexes. */
uint32_t host_group_index(const struct host_map *map, const struct host_group *g);

/* The address that the group of that index stands for. */
const struct host_addr *host_map_addr(const struct host_map *map, uint32_t index);

/* 0.0.0.0 and [::] are any address, one of IPv4 in IPv6 is the IPv4 one. */
struct host_addr host_addr_normal(const struct host_addr *addr);

/*
 * The vhost id for a host name without port (any case; a trailing dot is ignored; empty: the
 * default). port is the local port. Constant time but for patterns that are not "*.suffix".
 */
uint32_t host_group_resolve(const struct host_group *g, struct span host, uint16_t port);

/*
 * The same for a request. One of HTTP/1.0 may name no host: then the first vhost whose ServerPath
 * its path begins with.
 */
uint32_t host_group_request(
	const struct host_group *g, struct span host, uint16_t port, struct span path);

/*
 * Whether host is a valid uri-host (RFC 3986 section 3.2.2: reg-name of unreserved, pct-encoded
 * refused, or an IP literal in brackets), and its port apart. *port is 0 where there is none.
 * *host is as it stands there, an IP literal with its brackets (names are compared without them).
 * An empty authority is a valid Host (RFC 9112 section 3.2) and gives an empty *host.
 */
bool host_parse(struct span authority, struct span *host, uint16_t *port);

#endif
