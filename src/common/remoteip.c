/*
 * Who a request's client is, from a header field that proxies have written (conf_remoteip.h). Run
 * by the child for each request of a virtual host with RemoteIPHeader, by the front for what it
 * answers itself. The value is a proxy's at its end and anybody's before that: only what a listed
 * proxy has added is believed. Other than Apache this takes addresses only, no names, for which a
 * name service would be asked at a client's will, and no numbers that only inet_aton(3) knows.
 */
#include "itkd/conf_remoteip.h"

#include "itkd/addr.h"
#include "itkd/arena.h"

const struct conf_peer *conf_remoteip_peer(
    const struct conf_remoteip *conf, const struct sockaddr *peer)
{
	for (uint32_t i = 0; i < conf->n; i++)
		if (subnet_holds(&conf->proxies[i].net, peer))
			return &conf->proxies[i];
	return NULL;
}

static bool held(const struct subnet *nets, uint32_t n, const struct sockaddr *peer)
{
	for (uint32_t i = 0; i < n; i++)
		if (subnet_holds(&nets[i], peer))
			return true;
	return false;
}

enum proxied conf_proxied(
    const struct conf_proxy_protocol *p, uint32_t group, const struct sockaddr *peer)
{
	const struct conf_proxied *on = p && group < p->n ? p->groups[group] : NULL;

	if (!on || held(p->exceptions, p->nexceptions, peer))
		return PROXIED_NO;
	return on->n == 0 || held(on->peers, on->n, peer) ? PROXIED_YES : PROXIED_STRANGER;
}

/* What no proxy on the open net can have as its client: Apache's list. */
static bool is_private(const struct sockaddr_storage *addr)
{
	static const struct subnet nets[] = {
	    {.size = 4, .net = {10}, .mask = {0xff}},
	    {.size = 4, .net = {127}, .mask = {0xff}},
	    {.size = 4, .net = {169, 254}, .mask = {0xff, 0xff}},
	    {.size = 4, .net = {172, 16}, .mask = {0xff, 0xf0}},
	    {.size = 4, .net = {192, 168}, .mask = {0xff, 0xff}},
	};
	/* Global unicast addresses (RFC 4291 section 2.4). */
	static const struct subnet global = {
	    .ip6 = true, .size = 16, .net = {0x20}, .mask = {0xe0}};
	const struct sockaddr *sa = (const struct sockaddr *)addr;

	if (addr->ss_family == AF_INET6)
		return !subnet_holds(&global, sa);
	return held(nets, sizeof(nets) / sizeof(*nets), sa);
}

/* An IPv4 address in an IPv6 one is taken for what it is. */
static bool parse(struct span item, struct sockaddr_storage *addr)
{
	char text[ADDR_IP_MAX];

	if (*item.p == '[' || !addr_parse(item, 0, addr))
		return false;
	return addr->ss_family == AF_INET ||
	       addr_parse(span_of(addr_ip((const struct sockaddr *)addr, text)), 0, addr);
}

/* The last element, without the blanks around it; *before: what the comma before it ends, or NULL.
 */
static struct span last_item(struct span list, struct span *before)
{
	const char *comma = memrchr(list.p, ',', list.n);
	struct span item = list;

	*before = (struct span){NULL, 0};
	if (comma) {
		*before = (struct span){list.p, (size_t)(comma - list.p)};
		item = (struct span){comma + 1, list.n - before->n - 1};
	}
	while (item.n && *item.p == ' ') {
		item.p++;
		item.n--;
	}
	while (item.n && item.p[item.n - 1] == ' ')
		item.n--;
	return item;
}

/* Where everybody is a proxy, all are on the open net. */
static bool is_trusted(
    const struct conf_remoteip *conf, const struct sockaddr_storage *addr, bool *internal)
{
	const struct conf_peer *proxy;

	if (conf->n == 0)
		return true;
	proxy = conf_remoteip_peer(conf, (const struct sockaddr *)addr);
	/* Behind one that is not internal no other is, whatever its address. */
	if (proxy)
		*internal = *internal && proxy->internal;
	return proxy != NULL;
}

/* Room for as many addresses as the list has elements, and the peer's. */
static char *proxies_room(struct arena *a, struct span list)
{
	size_t n = 2;

	for (size_t i = 0; i < list.n; i++)
		n += list.p[i] == ',';
	return arena_alloc(a, n * (ADDR_IP_MAX + 2));
}

/* A long list is added to at its end: it is anybody's, and copying it each time is quadratic. */
static void add_proxy(
    struct arena *a, struct span list, struct remoteip *out, const struct sockaddr_storage *addr)
{
	char ip[ADDR_IP_MAX];

	if (!a)
		return;
	if (!out->proxies)
		out->proxies = out->proxies_end = proxies_room(a, list);
	else
		out->proxies_end = stpcpy(out->proxies_end, ", ");
	out->proxies_end = stpcpy(out->proxies_end, addr_ip((const struct sockaddr *)addr, ip));
}

void remoteip_find(struct arena *a, const struct conf_remoteip *conf, const struct sockaddr *peer,
    struct span value, struct remoteip *out)
{
	struct sockaddr_storage at = {0}, next;
	struct span before = value;
	bool internal = conf->n > 0;

	*out = (struct remoteip){.rest = value};
	memcpy(&at, peer, addr_len(peer));
	while (before.p && is_trusted(conf, &at, &internal)) {
		const struct span list = before, item = last_item(list, &before);
		const bool address = item.n && parse(item, &next);

		if (!address || (!internal && is_private(&next))) {
			out->stopped = item;
			out->private = address;
			out->rest = item;
			if (before.p)
				out->rest =
				    (struct span){list.p, (size_t)(item.p - list.p) + item.n};
			break;
		}
		if (!internal)
			add_proxy(a, value, out, &at);
		at = next;
		out->found = true;
		out->rest = before;
	}
	out->client = at;
}
