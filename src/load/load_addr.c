/*
 * Addresses of <VirtualHost> and Listen. A name among them is looked up here, at load, as Apache
 * does it; one that is not found is passed over with a warning. Run by the loader.
 */
#include "load/load.h"

#include "itkd/addr.h"
#include <netdb.h>
#include <string.h>
#include <strings.h>

/* As apr_parse_addr_port: a port is what follows the last colon, if it is a number or "*". */
bool load_addr_split(
    struct loader *l, const char *text, const char **host, uint16_t *port, bool *any)
{
	const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');
	int64_t n;

	*port = 0;
	*any = false;
	*host = text;
	if (!colon || (bracket && colon < bracket))
		return true;
	*any = strcmp(colon + 1, "*") == 0;
	if (!*any && (!colon[1] || colon[1 + strspn(colon + 1, "0123456789")]))
		return true;
	if (!*any && !conf_number(colon + 1, 1, 65535, &n))
		return false;
	*host = arena_strndup(l->tmp, text, (size_t)(colon - text));
	if (!*any)
		*port = (uint16_t)n;
	return true;
}

void load_addr_from(struct host_addr *to, const struct sockaddr *sa, uint16_t port)
{
	*to = (struct host_addr){.family = sa->sa_family, .port = port};
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		memcpy(to->ip, &in->sin_addr, 4);
	} else {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		memcpy(to->ip, &in6->sin6_addr, 16);
	}
}

static void push_addr(struct loader *l, struct load_server *s, const struct host_addr *addr)
{
	const struct host_addr *v = s->addrs.v;

	for (uint32_t i = 0; i < s->addrs.n; i++)
		if (memcmp(&v[i], addr, sizeof(*addr)) == 0)
			return;
	*(struct host_addr *)conf_vec_push(&s->addrs, l->tmp, sizeof(*addr)) = *addr;
}

static void look_up(struct loader *l, struct load_server *s, const char *host, uint16_t port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	struct host_addr addr;
	int r = getaddrinfo(host, NULL, &hints, &list);

	if (r != 0)
		conf_report(l->report, CONF_WARNING, s->node,
		    "AH00547: Could not resolve host name %s -- ignoring! (%s)", host,
		    gai_strerror(r));
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		load_addr_from(&addr, a->ai_addr, port);
		push_addr(l, s, &addr);
	}
	if (list)
		freeaddrinfo(list);
}

static void add_text(struct loader *l, struct load_server *s, const char *text)
{
	struct sockaddr_storage ss;
	struct host_addr addr = {0};
	const char *host;
	bool any;

	if (!load_addr_split(l, text, &host, &addr.port, &any)) {
		conf_report(
		    l->report, CONF_ERROR, s->node, "'%s': The address or port is invalid", text);
		return;
	}
	if (!*host) {
		conf_report(
		    l->report, CONF_ERROR, s->node, "'%s': The address or port is invalid", text);
		return;
	}
	if (!host[strspn(host, "0123456789")]) {
		conf_report(
		    l->report, CONF_ERROR, s->node, "'%s': Missing address for VirtualHost", text);
		return;
	}
	if (!addr.port && !any)
		addr.port = l->main.v.server_port;
	if (strcmp(host, "*") == 0 || strcasecmp(host, "_default_") == 0) {
		push_addr(l, s, &addr);
		return;
	}
	*(const char **)conf_vec_push(&s->texts, l->tmp, sizeof(host)) =
	    arena_strdup(&l->common, host);
	if (addr_parse(span_of(host), addr.port, &ss)) {
		load_addr_from(&addr, (const struct sockaddr *)&ss, addr.port);
		push_addr(l, s, &addr);
	} else {
		look_up(l, s, host, addr.port);
	}
}

void load_addrs(struct loader *l, struct load_server *s)
{
	for (uint32_t i = 0; i < s->node->nargs; i++)
		add_text(l, s, s->node->args[i]);
	const struct host_addr *first = s->addrs.v;

	/* A ServerName says another, or none. */
	if (s->addrs.n && first->port)
		s->v.server_port = first->port;
	if (s->addrs.n == 0)
		conf_report(
		    l->report, CONF_WARNING, s->node, "has no address and is never reached");
}

const char *load_addr_text(struct arena *a, const struct host_addr *addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	const char *port = addr->port ? arena_printf(a, "%u", addr->port) : "*";
	char ip[ADDR_IP_MAX];

	memcpy(&in.sin_addr, addr->ip, 4);
	memcpy(&in6.sin6_addr, addr->ip, 16);
	if (addr->family == AF_INET)
		return arena_printf(a, "%s:%s", addr_ip((const struct sockaddr *)&in, ip), port);
	if (addr->family == AF_INET6)
		return arena_printf(a, "[%s]:%s", addr_ip((const struct sockaddr *)&in6, ip), port);
	return arena_printf(a, "*:%s", port);
}
