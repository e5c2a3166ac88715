/*
 * The front table, written (front_table.h). Run by the loader on the configuration that it built;
 * front_table_decode.c is the other half and has the fields in the same order.
 */
#include "itkd/front_table.h"

#include "itkd/addr.h"
#include "itkd/assign.h"
#include "itkd/error_format.h"
#include "itkd/log_format.h"
#include "itkd/wire.h"

static void put_bool(struct wire *w, bool v)
{
	wire_put_u8(w, v ? 1 : 0);
}

static void put_listener(struct wire *w, const struct conf_listener *l)
{
	addr_put(w, &l->addr);
	put_bool(w, l->tls);
	wire_put_str(w, l->text);
}

static void put_host(struct wire *w, const struct host_vhost *h)
{
	wire_put_u32(w, h->naddrs);
	for (uint32_t i = 0; i < h->naddrs; i++) {
		wire_put_u16(w, h->addrs[i].family);
		wire_put_u16(w, h->addrs[i].port);
		wire_put_bytes(w, h->addrs[i].ip, sizeof(h->addrs[i].ip));
	}
	wire_put_str(w, h->name);
	wire_put_u32(w, h->naliases);
	for (uint32_t i = 0; i < h->naliases; i++)
		wire_put_str(w, h->aliases[i]);
	wire_put_str(w, h->path ? h->path : "");
	wire_put_u32(w, h->ntexts);
	for (uint32_t i = 0; i < h->ntexts; i++)
		wire_put_str(w, h->texts[i]);
}

static void put_logs(struct wire *w, const struct conf_vhost *v)
{
	wire_put_u32(w, v->nlogs);
	for (uint32_t i = 0; i < v->nlogs; i++)
		wire_put_u32(w, v->logs[i]);
	wire_put_u32(w, v->naccess);
	for (uint32_t i = 0; i < v->naccess; i++) {
		wire_put_u32(w, v->access[i].log);
		wire_put_u8(w, v->access[i].fd_index);
		wire_put_str(w, log_format_text(v->access[i].format));
		wire_put_str(w, v->access[i].env);
	}
}

static void put_read_timeout(struct wire *w, const struct conf_read_timeout *t)
{
	wire_put_u32(w, t->header_initial);
	wire_put_u32(w, t->header_max);
	wire_put_u32(w, t->header_rate);
	wire_put_u32(w, t->body_initial);
	wire_put_u32(w, t->body_max);
	wire_put_u32(w, t->body_rate);
	wire_put_u32(w, t->handshake_initial);
	wire_put_u32(w, t->handshake_max);
	wire_put_u32(w, t->handshake_rate);
}

static void put_tls(struct wire *w, const struct conf_tls *t)
{
	put_bool(w, t->engine);
	wire_put_u32(w, t->protocols);
	put_bool(w, t->honor_order);
	put_bool(w, t->tickets);
	put_bool(w, t->strict_sni);
	wire_put_u32(w, t->npairs);
	for (uint32_t i = 0; i < t->npairs; i++) {
		wire_put_str(w, t->pairs[i].cert);
		wire_put_str(w, t->pairs[i].key);
		wire_put_str(w, t->pairs[i].file);
		wire_put_u32(w, t->pairs[i].line);
	}
	wire_put_str(w, t->chain);
	wire_put_str(w, t->ciphers);
	wire_put_str(w, t->ciphersuites);
	wire_put_str(w, t->commands);
}

static void put_subnets(struct wire *w, const struct subnet *nets, uint32_t n)
{
	wire_put_u32(w, n);
	for (uint32_t i = 0; i < n; i++)
		subnet_put(w, &nets[i]);
}

static void put_remoteip(struct wire *w, const struct conf_remoteip *r)
{
	put_bool(w, r && r->header);
	if (!r || !r->header)
		return;
	wire_put_str(w, r->header);
	wire_put_u32(w, r->n);
	for (uint32_t i = 0; i < r->n; i++) {
		subnet_put(w, &r->proxies[i].net);
		put_bool(w, r->proxies[i].internal);
	}
}

static void put_proxy_protocol(struct wire *w, const struct conf_proxy_protocol *p)
{
	wire_put_u32(w, p ? p->n : 0);
	if (!p)
		return;
	for (uint32_t i = 0; i < p->n; i++) {
		put_bool(w, p->groups[i] != NULL);
		if (p->groups[i])
			put_subnets(w, p->groups[i]->peers, p->groups[i]->n);
	}
	put_subnets(w, p->exceptions, p->nexceptions);
}

static void put_assign_expr(struct wire *w, const struct assign *s)
{
	wire_put_str(w, s->base_user);
	wire_put_str(w, s->base_group);
	wire_put_str(w, s->user_text);
	wire_put_str(w, s->group_text);
	wire_put_u32(w, s->nsets);
	for (uint32_t i = 0; i < s->nsets; i++) {
		const struct assign_set *set = &s->sets[i];

		wire_put_str(w, set->field);
		wire_put_str(w, set->pattern);
		put_bool(w, set->icase);
		put_bool(w, set->expr != NULL);
		wire_put_u32(w, set->nvars);
		for (uint32_t k = 0; k < set->nvars; k++) {
			wire_put_str(w, set->vars[k].name);
			wire_put_str(w, set->vars[k].value);
		}
	}
	wire_put_u32(w, s->nwho);
	for (uint32_t i = 0; i < s->nwho; i++) {
		wire_put_str(w, s->who[i].user);
		wire_put_str(w, s->who[i].group);
		wire_put_u32(w, s->who[i].vhost);
	}
}

static void put_assign(struct wire *w, const struct assign *s)
{
	put_bool(w, s != NULL);
	if (!s)
		return;
	wire_put_u32(w, s->nrules);
	for (uint32_t i = 0; i < s->nrules; i++) {
		wire_put_u32(w, s->rules[i].kind);
		wire_put_str(w, s->rules[i].path);
		wire_put_u32(w, s->rules[i].what);
		wire_put_u32(w, s->rules[i].vhost);
		wire_put_str(w, s->rules[i].user);
		wire_put_str(w, s->rules[i].group);
		wire_put_str(w, s->rules[i].text);
	}
	wire_put_u32(w, s->naliases);
	for (uint32_t i = 0; i < s->naliases; i++) {
		wire_put_str(w, s->aliases[i].from);
		wire_put_str(w, s->aliases[i].to);
	}
	wire_put_str(w, s->document_root);
	put_assign_expr(w, s);
}

#define FRONT_TEXT_MAX 8192 /* a fresh connection takes it at once */

/* What a front can send: of the statuses that it answers with itself, and no expression. */
static bool is_fronts(const struct error_document *d)
{
	static const int statuses[] = {400, 403, 408, 413, 414, 421, 431, 500, 501, 503, 505};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		if (d->status == statuses[i])
			return true;
	return false;
}

static void put_documents(struct wire *w, const struct conf_answer *answer)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < answer->ndocuments; i++)
		n += is_fronts(&answer->documents[i]);
	wire_put_u32(w, n);
	for (uint32_t i = 0; i < answer->ndocuments; i++) {
		const struct error_document *d = &answer->documents[i];
		const bool text =
		    d->kind == DOCUMENT_TEXT && !d->expr && strlen(d->text) <= FRONT_TEXT_MAX;

		if (!is_fronts(d))
			continue;
		wire_put_u32(w, (uint32_t)d->status);
		wire_put_u32(w, text ? DOCUMENT_TEXT : DOCUMENT_DEFAULT);
		wire_put_str(w, text ? d->text : "");
	}
}

static void put_vhost(struct wire *w, const struct conf_vhost *v)
{
	wire_put_str(w, v->file);
	wire_put_u32(w, v->line);
	put_host(w, &v->host);
	wire_put_str(w, v->server_name);
	wire_put_u16(w, v->server_port);
	wire_put_u32(w, v->site);
	put_assign(w, v->assign);
	wire_put_str(w, v->server_admin);
	wire_put_u32(w, v->nidentities);
	for (uint32_t i = 0; i < v->nidentities; i++)
		wire_put_u32(w, v->identities[i]);
	wire_put_u64(w, v->counter);
	wire_put_u32(w, v->max_clients);
	put_logs(w, v);
	wire_put_u32(w, v->log_level);
	wire_put_str(w, v->error_format ? error_format_text(v->error_format) : "");
	wire_put_u32(w, v->timeout);
	wire_put_u32(w, v->keep_alive_timeout);
	put_read_timeout(w, &v->read_timeout);
	wire_put_u32(w, v->limit_line);
	wire_put_u32(w, v->limit_fields);
	wire_put_u32(w, v->limit_field_size);
	wire_put_u32(w, v->dir.answer.signature);
	put_documents(w, &v->dir.answer);
	put_tls(w, &v->tls);
	put_remoteip(w, v->remoteip);
}

size_t front_table_encode(const struct conf *conf, uint8_t **out)
{
	struct wire w;

	wire_writer_grow(&w);
	wire_put_u32(&w, CONF_MAGIC);
	wire_put_u32(&w, FRONT_TABLE_VERSION);
	wire_put_u32(&w, conf->generation);
	wire_put_u32(&w, conf->listen_backlog);
	wire_put_u32(&w, conf->graceful_timeout);
	wire_put_str(&w, conf->server_token);
	wire_put_u32(&w, conf->front_uid);
	wire_put_u32(&w, conf->front_gid);
	wire_put_u32(&w, conf->nlogs);
	wire_put_u32(&w, conf->main_log);
	wire_put_u32(&w, conf->nlisteners);
	for (uint32_t i = 0; i < conf->nlisteners; i++)
		put_listener(&w, &conf->listeners[i]);
	wire_put_u32(&w, conf->nidentities);
	for (uint32_t i = 0; i < conf->nidentities; i++) {
		wire_put_u32(&w, conf->identities[i].uid);
		wire_put_u32(&w, conf->identities[i].gid);
	}
	wire_put_u32(&w, conf->nvhosts);
	wire_put_u32(&w, conf->nsites);
	for (uint32_t i = 0; i < conf->nvhosts; i++)
		put_vhost(&w, conf->vhosts[i]);
	put_proxy_protocol(&w, conf->proxy_protocol);
	*out = w.p;
	return w.n;
}
