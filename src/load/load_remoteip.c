/*
 * The proxies of a virtual host, and which addresses a PROXY header comes to (mod_remoteip). Run by
 * the loader.
 */
#include "load/load_remoteip.h"

#include <string.h>

/* Apache asks the virtual host's proxies first, then the main server's. */
static void copy_proxies(struct loader *l, const struct load_server *s, struct conf_remoteip *to)
{
	const struct conf_vec *own = &s->remoteip.proxies;
	const struct conf_vec *inherited = s->main ? &s->main->remoteip.proxies : NULL;
	const uint32_t n = own->n + (inherited ? inherited->n : 0);
	struct conf_peer *v = arena_array(&l->common, n, sizeof(*v));

	if (own->n)
		memcpy(v, own->v, own->n * sizeof(*v));
	if (n > own->n)
		memcpy(v + own->n, inherited->v, (n - own->n) * sizeof(*v));
	if (own->n && n > own->n)
		conf_report(l->report, CONF_NOTE, s->node,
		    "AH10633: RemoteIP proxy entries are configured in both the main server and "
		    "the virtual host, they are merged");
	to->n = n;
	to->proxies = v;
}

/* A field that everybody's word is taken for. */
static void warn_header(struct loader *l, const struct load_server *s)
{
	const struct load_remoteip *r = &s->remoteip;

	if (r->header_node && s->v.remoteip->n == 0 &&
	    (!s->main || r->header_node != s->main->remoteip.header_node))
		conf_report(l->report, CONF_WARNING, r->header_node,
		    "without RemoteIPInternalProxy or RemoteIPTrustedProxy every client may say "
		    "with %s whose request it is",
		    r->header);
}

void load_remoteip_server(struct loader *l, struct load_server *s)
{
	const struct load_remoteip *own = &s->remoteip, *up = s->main ? &s->main->remoteip : own;
	struct conf_remoteip *to;

	/* Most virtual hosts say nothing of their own: one copy for all of them. */
	if (s->main && own->proxies.n == 0 && own->header == up->header &&
	    own->proxies_header == up->proxies_header && own->keep_alive == up->keep_alive)
		return;
	if (!own->header && own->proxies.n + up->proxies.n == 0 && !own->keep_alive)
		return;
	to = ARENA_NEW(&l->common, struct conf_remoteip);
	to->header = own->header;
	to->proxies_header = own->proxies_header;
	to->keep_alive = own->keep_alive == CONF_ON;
	copy_proxies(l, s, to);
	s->v.remoteip = to;
	warn_header(l, s);
}

/* Whether a line for `line` is one for connections to `addr`. */
static bool covers(const struct host_addr *line, const struct host_addr *addr)
{
	if (line->port && line->port != addr->port)
		return false;
	return line->family == 0 ||
	       (line->family == addr->family && memcmp(line->ip, addr->ip, sizeof(line->ip)) == 0);
}

static void add_peers(struct loader *l, struct conf_vec *peers, const struct load_server *s)
{
	const struct conf_remoteip *r = s->v.remoteip;

	for (uint32_t i = 0; r && i < r->n; i++)
		*(struct subnet *)conf_vec_push(peers, l->tmp, sizeof(struct subnet)) =
		    r->proxies[i].net;
}

static void *keep(struct loader *l, const struct conf_vec *list)
{
	void *v = arena_array(&l->common, list->n, sizeof(struct subnet));

	if (list->n)
		memcpy(v, list->v, list->n * sizeof(struct subnet));
	return v;
}

/* Off for a connection wins over On, as in Apache, where both are said of its address. */
static const struct conf_proxied *address(struct loader *l, const struct host_addr *addr)
{
	const struct load_proxied *v = l->proxied.v, *on = NULL;
	struct conf_vec peers = {0};

	for (uint32_t i = 0; i < l->proxied.n; i++) {
		if (!covers(&v[i].addr, addr))
			continue;
		if (!v[i].on)
			return NULL;
		on = &v[i];
		add_peers(l, &peers, v[i].server);
	}
	if (!on)
		return NULL;
	if (peers.n == 0)
		conf_report(l->report, CONF_WARNING, on->node,
		    "without RemoteIPInternalProxy or RemoteIPTrustedProxy every peer at %s may "
		    "say "
		    "whose connection it is: list the proxies",
		    load_addr_text(l->tmp, addr));
	struct conf_proxied *to = ARENA_NEW(&l->common, struct conf_proxied);

	to->n = peers.n;
	to->peers = keep(l, &peers);
	return to;
}

/* On that has no effect. */
static void warn_off(struct loader *l)
{
	const struct load_proxied *v = l->proxied.v;

	for (uint32_t i = 0; i < l->proxied.n; i++)
		for (uint32_t k = 0; v[i].on && k < l->proxied.n; k++)
			if (!v[k].on && covers(&v[k].addr, &v[i].addr))
				conf_report(l->report, CONF_WARNING, v[i].node,
				    "has no effect: Off at %s:%u holds for %s, too, and wins, as "
				    "in "
				    "Apache",
				    v[k].node->file, v[k].node->line,
				    load_addr_text(l->tmp, &v[i].addr));
}

void load_remoteip_finish(struct loader *l)
{
	static const struct host_addr nowhere; /* what no virtual host names: the main server's */
	const struct host_map *map = &l->conf->host;
	const struct conf_proxied **groups;
	struct conf_proxy_protocol *p;
	bool any = false;

	if (l->proxied.n == 0)
		return;
	warn_off(l);
	groups = arena_array(&l->common, map->ngroups + 1, sizeof(*groups));
	for (uint32_t i = 0; i <= map->ngroups; i++) {
		groups[i] = address(l, i < map->ngroups ? host_map_addr(map, i) : &nowhere);
		any |= groups[i] != NULL;
	}
	if (!any)
		return;
	p = ARENA_NEW(&l->common, struct conf_proxy_protocol);
	p->n = map->ngroups + 1;
	p->groups = groups;
	p->nexceptions = l->exceptions.n;
	p->exceptions = keep(l, &l->exceptions);
	l->conf->proxy_protocol = p;
}
