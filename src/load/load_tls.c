/*
 * Which virtual hosts and which listening sockets are TLS. As in Apache, the first virtual host of
 * an address and port decides for all connections to it. Where Apache would then serve a virtual
 * host in a way that its own SSLEngine denies, this is an error. Run by the loader.
 */
#include "load/load.h"

#include "itkd/addr.h"
#include <string.h>

/* The virtual hosts of one address and port. */
struct group {
	struct host_addr addr;
	const struct load_server *first;
};

struct groups {
	struct conf_map by_text;
	struct conf_vec list; /* struct group * */
};

/* A server's own certificates stand for all of the main server's, and so do its keys. */
static void pair_files(struct loader *l, struct load_server *s)
{
	const struct conf_vec *own = &s->certificates;
	const struct conf_vec *certs = own->n ? own : &l->main.certificates;
	/* The main server's keys would belong to other certificates. */
	const bool alone = own->n && l->main.certificates.n;
	const struct conf_vec *keys = s->keys.n || alone ? &s->keys : &l->main.keys;
	const struct load_ssl_file *cert = certs->v, *key = keys->v;
	struct conf_tls_pair *pairs =
	    arena_array(&l->common, certs->n, sizeof(struct conf_tls_pair));

	s->v.tls.npairs = certs->n;
	s->v.tls.pairs = pairs;
	for (uint32_t i = 0; i < certs->n; i++) {
		pairs[i].cert = cert[i].path;
		pairs[i].key = i < keys->n ? key[i].path : NULL;
		pairs[i].file = arena_strdup(&l->common, cert[i].node->file);
		pairs[i].line = cert[i].node->line;
	}
}

static const struct conf_node *engine_node(const struct load_server *s)
{
	return s->ssl_engine ? s->ssl_engine : s->node;
}

/* By the protocol of the Listen that has the port of its first address that is listened on. */
static bool default_engine(const struct load_server *s, const struct load_listener *const *by_port)
{
	const struct host_addr *addrs = s->addrs.v;

	for (uint32_t i = 0; i < s->addrs.n; i++)
		if (by_port[addrs[i].port])
			return by_port[addrs[i].port]->https;
	return false;
}

static void decide_engine(
    struct loader *l, struct load_server *s, const struct load_listener *const *by_port)
{
	bool implied = s->engine < 0 && default_engine(s, by_port);

	pair_files(l, s);
	s->v.tls.engine = s->engine == 1 || implied;
	if (!s->v.tls.engine || s->v.tls.npairs)
		return;
	/* As Apache: -t takes it, and then it does not start. */
	const enum conf_severity severity = l->check_only ? CONF_WARNING : CONF_ERROR;

	if (implied)
		conf_report(l->report, severity, s->node,
		    "Listen with protocol https (port 443 has it by default) turns SSLEngine on, "
		    "and there is no SSLCertificateFile");
	else
		conf_report(l->report, severity,
		    engine_node(s) ? engine_node(s) : l->main.ssl_engine,
		    "AH02572: Failed to configure at least one certificate and key for %s: On, "
		    "but there is no SSLCertificateFile; itkd will not start so",
		    s->v.server_name);
}

static struct group *group_of(struct loader *l, struct groups *g, const struct host_addr *addr)
{
	void **at = conf_map_at(&g->by_text, load_addr_text(l->tmp, addr));
	struct group *group = *at;

	if (!group) {
		*at = group = ARENA_NEW(l->tmp, struct group);
		group->addr = *addr;
		*(struct group **)conf_vec_push(&g->list, l->tmp, sizeof(group)) = group;
	}
	return group;
}

static void check_member(struct loader *l, struct groups *g, const struct load_server *s)
{
	const struct host_addr *addrs = s->addrs.v;
	const struct group *plain = NULL;
	bool tls_somewhere = false;

	for (uint32_t i = 0; i < s->addrs.n; i++) {
		const struct group *group = group_of(l, g, &addrs[i]);
		bool tls = group->first->v.tls.engine;

		tls_somewhere |= tls;
		if (!tls)
			plain = group;
		if (tls && !s->v.tls.engine)
			conf_report(l->report, CONF_ERROR, engine_node(s),
			    "SSLEngine is not On here, but it is for the first <VirtualHost> of %s "
			    "(%s:%u), which decides for all of that address",
			    load_addr_text(l->tmp, &addrs[i]), group->first->node->file,
			    group->first->node->line);
	}
	if (s->v.tls.engine && !tls_somewhere && plain)
		conf_report(l->report, CONF_ERROR, engine_node(s),
		    "SSLEngine is On here, but not for the first <VirtualHost> of %s (%s:%u), "
		    "which "
		    "decides for all of that address",
		    load_addr_text(l->tmp, &plain->addr), plain->first->node->file,
		    plain->first->node->line);
}

static bool is_any(const struct host_addr *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr->ip, zero, sizeof(zero)) == 0;
}

/* Whether a connection to the listener can be one of the group's. */
static bool reaches(const struct host_addr *listener, const struct host_addr *group)
{
	if (group->port && group->port != listener->port)
		return false;
	if (group->family == 0 || is_any(listener))
		return true;
	return group->family == listener->family &&
	       memcmp(group->ip, listener->ip, sizeof(group->ip)) == 0;
}

static void decide_listener(struct loader *l, const struct groups *g, struct conf_listener *c,
    const struct load_listener *listen)
{
	struct group *const *list = g->list.v;
	const struct sockaddr *sa = (const struct sockaddr *)&c->addr;
	const struct group *tls = NULL, *plain = NULL;
	struct host_addr at;

	load_addr_from(&at, sa, addr_port(sa));
	for (uint32_t i = 0; i < g->list.n; i++) {
		if (!reaches(&at, &list[i]->addr))
			continue;
		/* Of several, a specific address hears only its best match. */
		if (!is_any(&at) &&
		    host_group_default(host_map_group(&l->conf->host, sa)) != list[i]->first->v.id)
			continue;
		if (list[i]->first->v.tls.engine)
			tls = list[i];
		else
			plain = list[i];
	}
	c->tls = tls || (!plain && l->main.v.tls.engine);
	if (tls && plain)
		conf_report(l->report, CONF_ERROR, listen->node,
		    "%s is TLS by <VirtualHost> (%s:%u) and plain by <VirtualHost> (%s:%u): write "
		    "a "
		    "Listen for each address",
		    c->text, tls->first->node->file, tls->first->node->line,
		    plain->first->node->file, plain->first->node->line);
	else if (listen->given && listen->https && !c->tls)
		conf_report(l->report, CONF_WARNING, listen->node,
		    "protocol https, but no <VirtualHost> with SSLEngine On answers there: http is "
		    "spoken");
}

void load_tls_finish(struct loader *l)
{
	const struct load_listener **by_port = arena_array(l->tmp, 65536, sizeof(*by_port));
	const struct load_listener *listens = l->listens.v;
	struct conf_listener *listeners = l->listeners.v;
	struct groups g = {0};

	conf_map_init(&g.by_text, l->tmp, false);
	for (uint32_t i = 0; i < l->listeners.n; i++)
		by_port[addr_port((const struct sockaddr *)&listeners[i].addr)] = &listens[i];
	decide_engine(l, &l->main, by_port);
	for (uint32_t i = 0; i < l->nservers; i++) {
		struct load_server *s = l->servers[i];
		const struct host_addr *addrs = s->addrs.v;

		decide_engine(l, s, by_port);
		for (uint32_t j = 0; j < s->addrs.n; j++) {
			struct group *group = group_of(l, &g, &addrs[j]);

			if (!group->first)
				group->first = s;
		}
	}
	for (uint32_t i = 0; i < l->nservers; i++)
		check_member(l, &g, l->servers[i]);
	for (uint32_t i = 0; i < l->listeners.n; i++)
		decide_listener(l, &g, &listeners[i], &listens[i]);
	/* Only with -t: there is no certificate to look at. */
	for (uint32_t i = 0; i <= l->nservers; i++) {
		struct load_server *s = i ? l->servers[i - 1] : &l->main;

		s->v.tls.engine = s->v.tls.engine && s->v.tls.npairs;
	}
}
