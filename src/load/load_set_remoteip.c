/*
 * Setters of mod_remoteip's directives. A proxy's name is looked up here, at load, as Apache does
 * it. Run by the loader on the administrator's words and files.
 */
#include "load/load.h"
#include "load/load_remoteip.h"

#include "itkd/addr.h"
#include "itkd/conf_lex.h"
#include "itkd/http_head.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_LINE_MAX (1024 * 1024)

static const char *field_name(struct loader *l, const struct conf_value *v, const char **out)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (!*v->text || v->text[strspn(v->text, token)])
		return load_fail(l, "'%s' is not the name of a header field", v->text);
	*out = arena_strdup(&l->common, v->text);
	return NULL;
}

const char *load_set_remoteip_header(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	s->remoteip.header_node = v->node;
	return field_name(l, v, &s->remoteip.header);
}

const char *load_set_remoteip_proxies_header(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return field_name(l, v, &s->remoteip.proxies_header);
}

const char *load_set_remoteip_keep_alive(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)l;
	s->remoteip.keep_alive = v->flag ? CONF_ON : CONF_OFF;
	return NULL;
}

static void add_proxy(
    struct loader *l, struct load_server *s, const struct subnet *net, bool internal)
{
	struct conf_peer *proxy = conf_vec_push(&s->remoteip.proxies, l->tmp, sizeof(*proxy));

	*proxy = (struct conf_peer){*net, internal};
}

/* All addresses of a name. */
static const char *add_name(
    struct loader *l, struct load_server *s, const char *name, const char *directive, bool internal)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	char ip[ADDR_IP_MAX];
	struct addrinfo *list;
	struct subnet net;
	int r;

	if (strchr(name, '/'))
		return load_fail(l, "RemoteIP: Error parsing IP %s the subnet %s is invalid for %s",
		    name, strchr(name, '/'), directive);
	r = getaddrinfo(name, NULL, &hints, &list);
	if (r != 0)
		return load_fail(l, "RemoteIP: Error parsing IP %s (%s error) for %s", name,
		    gai_strerror(r), directive);
	for (const struct addrinfo *a = list; a; a = a->ai_next)
		if (subnet_parse(addr_ip(a->ai_addr, ip), &net) == SUBNET_OK)
			add_proxy(l, s, &net, internal);
	freeaddrinfo(list);
	return NULL;
}

static const char *add_text(
    struct loader *l, struct load_server *s, const char *text, const char *directive, bool internal)
{
	struct subnet net;

	switch (subnet_parse(text, &net)) {
	case SUBNET_OK:
		add_proxy(l, s, &net, internal);
		return NULL;
	case SUBNET_NONE:
		return add_name(l, s, text, directive, internal);
	case SUBNET_BAD_MASK:
		return load_fail(l,
		    "RemoteIP: Error parsing IP %s (The specified network mask is invalid. error) "
		    "for %s",
		    text, directive);
	default:
		return load_fail(l,
		    "RemoteIP: Error parsing IP %s (The specified IP address is invalid. error) "
		    "for %s",
		    text, directive);
	}
}

static bool is_internal(const struct conf_value *v)
{
	return v->node->directive->id == CONF_ID_RemoteIPInternalProxy ||
	       v->node->directive->id == CONF_ID_RemoteIPInternalProxyList;
}

const char *load_set_remoteip_proxy(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	const char *error = NULL;

	for (uint32_t i = 0; i < v->n && !error; i++)
		error = add_text(l, s, v->words[i], v->node->directive->name, is_internal(v));
	return error;
}

/* One line of a list: words, until one begins with '#'. */
static const char *add_line(
    struct loader *l, struct load_server *s, const struct conf_value *v, const char *line)
{
	const char *word, *error = NULL;

	while (!error && *(word = conf_lex_word(l->tmp, &line)) && *word != '#')
		error = add_text(l, s, word, v->node->directive->name, is_internal(v));
	return error;
}

const char *load_set_remoteip_list(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	FILE *f = fopen(v->text, "re");
	const char *error = NULL;
	unsigned number = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!f)
		return load_fail(l, "%s: Could not open file %s: %s", v->node->directive->name,
		    v->text, strerror(errno));
	while (!error && (n = getline(&line, &size, f)) >= 0) {
		number++;
		line[strcspn(line, "\r\n")] = '\0';
		if (n > LIST_LINE_MAX)
			error = "the line is too long";
		else
			error = add_line(l, s, v, line + strspn(line, " \t"));
	}
	if (error)
		error = load_fail(l, "%s at line %u of %s", error, number, v->text);
	else if (ferror(f))
		error = load_fail(l, "%s: %s", v->text, strerror(errno));
	free(line);
	fclose(f);
	return error;
}

const char *load_set_remoteip_exceptions(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)s;
	for (uint32_t i = 0; i < v->n; i++) {
		struct subnet net;
		enum subnet_result r = subnet_parse(v->words[i], &net);

		if (r != SUBNET_OK)
			return load_fail(l, "ip address '%s' appears to be invalid%s", v->words[i],
			    r == SUBNET_BAD_MASK ? ": The specified network mask is invalid." : "");
		*(struct subnet *)conf_vec_push(&l->exceptions, l->tmp, sizeof(net)) = net;
	}
	return NULL;
}

/* The line that said it of the same address before is no more. */
static void forget(struct loader *l, const struct load_proxied *new)
{
	struct load_proxied *v = l->proxied.v;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->proxied.n; i++) {
		const bool same = memcmp(&v[i].addr, &new->addr, sizeof(new->addr)) == 0;

		if (same && v[i].on != new->on)
			conf_report(l->report, CONF_WARNING, new->node,
			    "AH03491: RemoteIPProxyProtocol: previous setting for %s from %s:%u is "
			    "being overridden; new setting is '%s'",
			    load_addr_text(l->tmp, &new->addr), v[i].node->file, v[i].node->line,
			    new->on ? "On" : "Off");
		if (!same || v[i].on == new->on)
			v[kept++] = v[i];
	}
	l->proxied.n = kept;
}

static void set_protocol(struct loader *l, struct load_server *s, const struct conf_value *v,
    const struct host_addr *addr)
{
	const struct load_proxied new = {
	    .addr = host_addr_normal(addr), .on = v->flag, .server = s, .node = v->node};

	forget(l, &new);
	*(struct load_proxied *)conf_vec_push(&l->proxied, l->tmp, sizeof(new)) = new;
}

/* It is a setting of the addresses of the virtual host, and of all of them where it has none. */
const char *load_set_remoteip_protocol(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	static const struct host_addr any;
	const struct host_addr *addrs = s->addrs.v;

	if (s->site)
		return NULL;
	if (!s->node)
		set_protocol(l, s, v, &any);
	for (uint32_t i = 0; i < s->addrs.n; i++)
		set_protocol(l, s, v, &addrs[i]);
	return NULL;
}
