/*
 * What is no error and yet hardly meant: a virtual host that nothing reaches, a name that another
 * one has already, limits beyond what can be served. Run by the loader.
 */
#include "load/load.h"

#include "itkd/addr.h"
#include "itkd/http_head.h"

static const char *name_key(struct loader *l, const struct host_addr *addr, const char *name)
{
	return arena_printf(l->tmp, "%s %s", load_addr_text(l->tmp, addr), name);
}

static void check_names(struct loader *l, const struct load_server *s, struct conf_map *seen)
{
	const struct host_addr *addrs = s->addrs.v;

	for (uint32_t i = 0; s->v.named && i < s->addrs.n; i++) {
		void **at = conf_map_at(seen, name_key(l, &addrs[i], s->v.server_name));
		const struct load_server *first = *at;

		if (first && first != s) {
			conf_report(l->report, CONF_WARNING, s->node,
			    "%s on %s is the ServerName of %s:%u already, which gets all of its "
			    "requests",
			    s->v.server_name, load_addr_text(l->tmp, &addrs[i]), first->node->file,
			    first->node->line);
			return;
		}
		*at = (void *)(uintptr_t)s;
	}
}

static void check_ports(struct loader *l, const struct load_server *s, const bool *listens)
{
	const struct host_addr *addrs = s->addrs.v;

	for (uint32_t i = 0; i < s->addrs.n; i++)
		if (addrs[i].port && !listens[addrs[i].port])
			conf_report(l->report, CONF_WARNING, s->node,
			    "%s is never reached: there is no Listen %u",
			    load_addr_text(l->tmp, &addrs[i]), addrs[i].port);
}

static void check_head(struct loader *l, const struct load_server *s)
{
	const struct conf_vhost *v = &s->v;

	if (v->limit_line <= HTTP_HEAD_MAX && v->limit_field_size <= HTTP_HEAD_MAX)
		return;
	conf_report_at(l->report, CONF_NOTE, s->node ? s->node->file : NULL,
	    s->node ? s->node->line : 0, "LimitRequestLine, LimitRequestFieldSize",
	    "a request's head of more than %d bytes in all is refused anyway", HTTP_HEAD_MAX);
}

/* As Apache's prefork: numbers that contradict each other are put right with a warning. */
static void check_workers(struct loader *l)
{
	struct conf *c = l->conf;

	if (c->max_workers > l->server_limit) {
		conf_report_at(l->report, CONF_WARNING, NULL, 0, "MaxRequestWorkers",
		    "%u exceeds ServerLimit value of %u, decreasing to match", c->max_workers,
		    l->server_limit);
		c->max_workers = l->server_limit;
	}
	if (c->max_spare <= c->min_spare)
		c->max_spare = c->min_spare + 1;
	if (c->start_servers > c->max_workers)
		c->start_servers = c->max_workers;
}

void load_check(struct loader *l)
{
	bool *listens = arena_array(l->tmp, 65536, sizeof(*listens));
	const struct conf_listener *v = l->listeners.v;
	struct conf_map seen;

	conf_map_init(&seen, l->tmp, false);
	for (uint32_t i = 0; i < l->listeners.n; i++)
		listens[addr_port((const struct sockaddr *)&v[i].addr)] = true;
	check_workers(l);
	check_head(l, &l->main);
	for (uint32_t i = 0; i < l->nsites; i++) {
		check_names(l, l->servers[i], &seen);
		check_ports(l, l->servers[i], listens);
		check_head(l, l->servers[i]);
	}
}
