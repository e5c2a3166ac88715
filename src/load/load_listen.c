/*
 * Listen: where connections are accepted. Two that the kernel would refuse to bind together are an
 * error here, before anything is stopped or started. Run by the loader.
 */
#include "load/load.h"

#include "itkd/addr.h"
#include "itkd/fd.h"
#include <netdb.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The address of "*" and of a bare port: both families by one socket, where the kernel has IPv6. */
static void any_address(struct sockaddr_storage *ss, uint16_t port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(ss, 0, sizeof(*ss));
	if (fd >= 0) {
		fd_close(&fd);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
	} else {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
	}
}

static bool is_port(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* One more place to accept connections at. NULL, or what is wrong. */
static const char *add_listener(struct loader *l, const struct conf_value *v,
    const struct sockaddr_storage *ss, bool given, bool https)
{
	if (l->listeners.n == CONF_LISTENERS_MAX)
		return load_fail(l, "more than %d Listen", CONF_LISTENERS_MAX);
	struct conf_listener *c = conf_vec_push(&l->listeners, l->tmp, sizeof(*c));
	struct load_listener *listen = conf_vec_push(&l->listens, l->tmp, sizeof(*listen));

	c->addr = *ss;
	c->addr_len = addr_len((const struct sockaddr *)ss);
	c->text = arena_strdup(&l->common, v->words[0]);
	c->file = arena_strdup(&l->common, v->node->file);
	c->line = v->node->line;
	listen->node = v->node;
	listen->given = given;
	listen->https = https;
	return NULL;
}

/* A name, or an address with a scope: all that it stands for. */
static const char *add_names(
    struct loader *l, const struct conf_value *v, const char *host, uint16_t port, bool https)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	const char *error = NULL;
	struct addrinfo *list;
	size_t n = strlen(host);

	if (*host == '[' && host[n - 1] == ']')
		host = arena_strndup(l->tmp, host + 1, n - 2);
	int r = getaddrinfo(host, arena_printf(l->tmp, "%u", port), &hints, &list);

	if (r != 0)
		return load_fail(l, "AH00077: alloc_listener: failed to set up sockaddr for %s: %s",
		    host, gai_strerror(r));
	for (const struct addrinfo *a = list; a && !error; a = a->ai_next) {
		struct sockaddr_storage ss = {0};

		memcpy(&ss, a->ai_addr, a->ai_addrlen);
		error = add_listener(l, v, &ss, v->n == 2, https);
	}
	freeaddrinfo(list);
	return error;
}

const char *load_set_listen(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	struct sockaddr_storage ss;
	const char *text = v->words[0], *host = "*";
	const char *protocol = v->n == 2 ? v->words[1] : NULL;
	uint16_t port = 0;
	int64_t number;
	bool any = false;

	(void)s;
	if (is_port(text) && conf_number(text, 1, 65535, &number))
		port = (uint16_t)number;
	else if (is_port(text) || !load_addr_split(l, text, &host, &port, &any))
		return load_fail(l, "'%s': Invalid address or port", text);
	if (!port)
		return "Port must be specified";
	bool https = protocol ? strcasecmp(protocol, "https") == 0 : port == 443;

	if (protocol && !https && strcasecmp(protocol, "http") != 0)
		conf_report(l->report, CONF_WARNING, v->node,
		    "'%s' has no effect: http is spoken there", protocol);
	if (strcmp(host, "*") == 0)
		any_address(&ss, port);
	else if (!addr_parse(span_of(host), port, &ss))
		return add_names(l, v, host, port, https);
	return add_listener(l, v, &ss, protocol != NULL, https);
}

static bool is_any(const struct conf_listener *c)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&c->addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&c->addr;

	if (c->addr.ss_family == AF_INET)
		return in->sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

static uint16_t port_of(const struct conf_listener *c)
{
	return addr_port((const struct sockaddr *)&c->addr);
}

/* Whether the kernel refuses to bind both. */
static bool overlap(const struct conf_listener *a, const struct conf_listener *b)
{
	bool same_family = a->addr.ss_family == b->addr.ss_family;

	if (port_of(a) != port_of(b))
		return false;
	if (same_family && a->addr_len == b->addr_len &&
	    memcmp(&a->addr, &b->addr, a->addr_len) == 0)
		return true;
	if (same_family)
		return is_any(a) || is_any(b);
	/* [::] takes IPv4 as well, unless it is told not to. */
	return (a->addr.ss_family == AF_INET6 && is_any(a) && !a->v6only) ||
	       (b->addr.ss_family == AF_INET6 && is_any(b) && !b->v6only);
}

/* [::]:80 beside 0.0.0.0:80, as many configurations have it: one for each family. */
static void separate_families(struct conf_listener *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < n; j++)
			if (v[i].addr.ss_family == AF_INET6 && is_any(&v[i]) && *v[i].text == '[' &&
			    v[j].addr.ss_family == AF_INET && port_of(&v[i]) == port_of(&v[j]))
				v[i].v6only = true;
}

void load_listen_finish(struct loader *l)
{
	struct conf_listener *v = l->listeners.v;
	const struct load_listener *listens = l->listens.v;
	uint32_t n = l->listeners.n;

	if (n == 0)
		conf_report_at(l->report, CONF_ERROR, NULL, 0, NULL,
		    "AH00451: no listening sockets available: no Listen is given");
	separate_families(v, n);
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t j = 0; j < i; j++)
			if (overlap(&v[i], &v[j])) {
				conf_report(l->report, CONF_ERROR, listens[i].node,
				    "Cannot define multiple Listeners on the same IP:port: "
				    "%s overlaps Listen %s (%s:%u)",
				    v[i].text, v[j].text, v[j].file, v[j].line);
				break;
			}
}
