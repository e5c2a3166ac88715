/*
 * The front table, read (front_table.h). Run by a front at its start, before it reads the network.
 * The bytes are the loader's, in a sealed memfd; a number out of its range still makes the whole
 * table bad, since the ids in it become indexes.
 */
#include "itkd/front_table.h"

#include "itkd/addr.h"
#include "itkd/arena.h"
#include "itkd/assign.h"
#include "itkd/error_format.h"
#include "itkd/expr.h"
#include "itkd/log.h"
#include "itkd/log_format.h"
#include "itkd/wire.h"

#define TABLE_FORMATS 16 /* compiled LogFormats kept at hand: most vhosts share a few */

struct table {
	struct wire w;
	struct arena *a;
	struct conf *conf;
	const struct log_format *formats[TABLE_FORMATS];
	uint32_t next_format;
	const struct error_format *error_format; /* the last one: mostly the next one, too */
};

static void bad_unless(struct table *t, bool ok)
{
	if (!ok)
		t->w.bad = true;
}

/* Always a string. */
static const char *get_str(struct table *t)
{
	struct span s = wire_get_bytes(&t->w, UINT32_MAX);

	bad_unless(t, s.n == 0 || !memchr(s.p, '\0', s.n));
	return arena_span(t->a, s);
}

/* NULL is written as "". */
static const char *get_optional(struct table *t)
{
	struct span s = wire_get_bytes(&t->w, UINT32_MAX);

	bad_unless(t, s.n == 0 || !memchr(s.p, '\0', s.n));
	return s.n ? arena_span(t->a, s) : NULL;
}

static bool get_bool(struct table *t)
{
	uint8_t v = wire_get_u8(&t->w);

	bad_unless(t, v <= 1);
	return v == 1;
}

static uint32_t get_below(struct table *t, uint32_t bound)
{
	uint32_t v = wire_get_u32(&t->w);

	bad_unless(t, v < bound);
	return t->w.bad ? 0 : v;
}

/* How many elements follow, each of least bytes or more: so no count allocates beyond reason. */
static uint32_t get_count(struct table *t, size_t least)
{
	uint32_t n = wire_get_u32(&t->w);

	bad_unless(t, n <= (t->w.n - t->w.at) / least);
	return t->w.bad ? 0 : n;
}

static void get_listeners(struct table *t)
{
	uint32_t n = get_count(t, 6);
	struct conf_listener *v = arena_array(t->a, n, sizeof(*v));

	for (uint32_t i = 0; i < n; i++) {
		addr_get(&t->w, &v[i].addr);
		v[i].addr_len = addr_len((const struct sockaddr *)&v[i].addr);
		bad_unless(t, v[i].addr_len > 0);
		v[i].tls = get_bool(t);
		v[i].text = get_str(t);
	}
	t->conf->nlisteners = n;
	t->conf->listeners = v;
}

static void get_identities(struct table *t)
{
	uint32_t n = get_count(t, 8);
	struct conf_identity *v = arena_array(t->a, n, sizeof(*v));

	for (uint32_t i = 0; i < n; i++) {
		v[i].index = i;
		v[i].uid = wire_get_u32(&t->w);
		v[i].gid = wire_get_u32(&t->w);
	}
	t->conf->nidentities = n;
	t->conf->identities = v;
}

static const char *const *get_strings(struct table *t, uint32_t *n)
{
	*n = get_count(t, 4);
	const char **v = arena_array(t->a, *n, sizeof(*v));

	for (uint32_t i = 0; i < *n; i++)
		v[i] = get_str(t);
	return v;
}

static void get_host(struct table *t, struct host_vhost *h)
{
	uint32_t naddrs = get_count(t, 24);
	struct host_addr *addrs = arena_array(t->a, naddrs, sizeof(*addrs));

	for (uint32_t i = 0; i < naddrs; i++) {
		addrs[i].family = wire_get_u16(&t->w);
		addrs[i].port = wire_get_u16(&t->w);
		struct span ip = wire_get_bytes(&t->w, sizeof(addrs[i].ip));

		bad_unless(t, ip.n == sizeof(addrs[i].ip));
		bad_unless(t, addrs[i].family == 0 || addrs[i].family == AF_INET ||
		                  addrs[i].family == AF_INET6);
		memcpy(addrs[i].ip, ip.p, ip.n);
	}
	h->naddrs = naddrs;
	h->addrs = addrs;
	h->name = get_str(t);
	h->aliases = get_strings(t, &h->naliases);
	h->path = get_str(t);
	h->texts = get_strings(t, &h->ntexts);
}

static const struct log_format *get_format(struct table *t)
{
	const char *text = get_str(t), *error;

	for (uint32_t i = 0; i < TABLE_FORMATS; i++)
		if (t->formats[i] && strcmp(log_format_text(t->formats[i]), text) == 0)
			return t->formats[i];
	const struct log_format *f = log_format_compile(t->a, text, &error);

	bad_unless(t, f != NULL);
	t->formats[t->next_format++ % TABLE_FORMATS] = f;
	return f;
}

static const struct error_format *get_error_format(struct table *t)
{
	const char *text = get_optional(t), *error;

	if (!text)
		return NULL;
	if (!t->error_format || strcmp(error_format_text(t->error_format), text) != 0)
		t->error_format = error_format_compile(t->a, text, &error);
	bad_unless(t, t->error_format != NULL);
	return t->error_format;
}

static void get_logs(struct table *t, struct conf_vhost *v)
{
	v->nlogs = get_below(t, CONF_VHOST_LOGS + 1);
	for (uint32_t i = 0; i < v->nlogs; i++)
		v->logs[i] = get_below(t, t->conf->nlogs);
	uint32_t n = get_count(t, 13);
	struct conf_access_log *access = arena_array(t->a, n, sizeof(*access));

	for (uint32_t i = 0; i < n; i++) {
		access[i].log = get_below(t, t->conf->nlogs);
		access[i].fd_index = wire_get_u8(&t->w);
		bad_unless(t, access[i].fd_index < v->nlogs);
		access[i].format = get_format(t);
		access[i].env = get_optional(t);
	}
	v->naccess = n;
	v->access = access;
}

static void get_read_timeout(struct table *t, struct conf_read_timeout *r)
{
	r->header_initial = wire_get_u32(&t->w);
	r->header_max = wire_get_u32(&t->w);
	r->header_rate = wire_get_u32(&t->w);
	r->body_initial = wire_get_u32(&t->w);
	r->body_max = wire_get_u32(&t->w);
	r->body_rate = wire_get_u32(&t->w);
	r->handshake_initial = wire_get_u32(&t->w);
	r->handshake_max = wire_get_u32(&t->w);
	r->handshake_rate = wire_get_u32(&t->w);
}

static const struct conf_tls_pair *get_tls_pairs(struct table *t, uint32_t *n)
{
	*n = get_count(t, 16);
	struct conf_tls_pair *pairs = arena_array(t->a, *n, sizeof(*pairs));

	for (uint32_t i = 0; i < *n; i++) {
		pairs[i].cert = get_str(t);
		pairs[i].key = get_optional(t);
		pairs[i].file = get_optional(t);
		pairs[i].line = wire_get_u32(&t->w);
	}
	return pairs;
}

static void get_tls(struct table *t, struct conf_tls *tls)
{
	tls->engine = get_bool(t);
	tls->protocols = get_below(t, (TLS_V1_2 | TLS_V1_3) + 1);
	tls->honor_order = get_bool(t);
	tls->tickets = get_bool(t);
	tls->strict_sni = get_bool(t);
	tls->pairs = get_tls_pairs(t, &tls->npairs);
	tls->chain = get_optional(t);
	tls->ciphers = get_optional(t);
	tls->ciphersuites = get_optional(t);
	tls->commands = get_optional(t);
}

static const struct subnet *get_subnets(struct table *t, uint32_t *n)
{
	*n = get_count(t, SUBNET_WIRE);
	struct subnet *v = arena_array(t->a, *n, sizeof(*v));

	for (uint32_t i = 0; i < *n; i++)
		subnet_get(&t->w, &v[i]);
	return v;
}

static const struct conf_remoteip *get_remoteip(struct table *t)
{
	if (!get_bool(t))
		return NULL;
	struct conf_remoteip *r = ARENA_NEW(t->a, struct conf_remoteip);

	r->header = get_str(t);
	r->n = get_count(t, SUBNET_WIRE + 1);
	struct conf_peer *v = arena_array(t->a, r->n, sizeof(*v));

	for (uint32_t i = 0; i < r->n; i++) {
		subnet_get(&t->w, &v[i].net);
		v[i].internal = get_bool(t);
	}
	r->proxies = v;
	return r;
}

/* One for each group of the map that was built from the same virtual hosts. */
static void get_proxy_protocol(struct table *t)
{
	uint32_t n = get_count(t, 1);

	if (n == 0)
		return;
	bad_unless(t, n == t->conf->host.ngroups + 1);
	struct conf_proxy_protocol *p = ARENA_NEW(t->a, struct conf_proxy_protocol);
	const struct conf_proxied **groups = arena_array(t->a, n, sizeof(*groups));

	for (uint32_t i = 0; i < n && !t->w.bad; i++) {
		if (!get_bool(t))
			continue;
		struct conf_proxied *on = ARENA_NEW(t->a, struct conf_proxied);

		on->peers = get_subnets(t, &on->n);
		groups[i] = on;
	}
	p->n = n;
	p->groups = groups;
	p->exceptions = get_subnets(t, &p->nexceptions);
	t->conf->proxy_protocol = p;
}

static void get_vhost_identities(struct table *t, struct conf_vhost *v)
{
	uint32_t n = get_count(t, 4);
	uint32_t *identities = arena_array(t->a, n, sizeof(*identities));

	bad_unless(t, n > 0);
	for (uint32_t i = 0; i < n; i++)
		identities[i] = get_below(t, t->conf->nidentities);
	v->nidentities = n;
	v->identities = identities;
}

static const struct expr *get_expr(struct table *t, const char **text)
{
	const char *error;

	*text = get_optional(t);
	if (!*text)
		return NULL;
	const struct expr *e = expr_parse(t->a, *text, EXPR_STRING, &error);

	bad_unless(t, e != NULL);
	return e;
}

static const struct assign_rule *get_rules(struct table *t, uint32_t *n)
{
	*n = get_count(t, 28);
	struct assign_rule *v = arena_array(t->a, *n, sizeof(*v));

	for (uint32_t i = 0; i < *n; i++) {
		const char *error;

		v[i].kind = get_below(t, ASSIGN_LOCATION_MATCH + 1);
		v[i].path = get_str(t);
		v[i].what = get_below(t, ASSIGN_GROUP + 1);
		v[i].vhost = wire_get_u32(&t->w);
		v[i].user = get_optional(t);
		v[i].group = get_optional(t);
		v[i].expr = get_expr(t, &v[i].text);
		bad_unless(t, v[i].what == ASSIGN_ID ? v[i].user && v[i].group : v[i].expr != NULL);
		if (v[i].kind != ASSIGN_LOCATION_MATCH)
			continue;
		v[i].regex = regex_compile(t->a, v[i].path, 0, &error);
		bad_unless(t, v[i].regex != NULL);
	}
	return v;
}

static void get_assign_sets(struct table *t, struct assign *s)
{
	s->nsets = get_count(t, 14);
	struct assign_set *v = arena_array(t->a, s->nsets, sizeof(*v));

	for (uint32_t i = 0; i < s->nsets; i++) {
		const char *error;

		v[i].field = get_str(t);
		v[i].pattern = get_str(t);
		v[i].icase = get_bool(t);
		if (get_bool(t))
			v[i].expr = expr_parse(t->a, v[i].pattern, EXPR_CONDITION, &error);
		else
			v[i].regex =
			    regex_compile(t->a, v[i].pattern, v[i].icase ? REGEX_ICASE : 0, &error);
		bad_unless(t, v[i].expr || v[i].regex);
		v[i].nvars = get_count(t, 8);
		struct assign_var *vars = arena_array(t->a, v[i].nvars, sizeof(*vars));

		for (uint32_t k = 0; k < v[i].nvars; k++) {
			vars[k].name = get_str(t);
			vars[k].value = get_str(t);
		}
		v[i].vars = vars;
	}
	s->sets = v;
}

static void get_assign_expr(struct table *t, struct assign *s)
{
	s->base_user = get_str(t);
	s->base_group = get_str(t);
	s->user = get_expr(t, &s->user_text);
	s->group = get_expr(t, &s->group_text);
	get_assign_sets(t, s);
	s->nwho = get_count(t, 12);
	struct assign_who *who = arena_array(t->a, s->nwho, sizeof(*who));

	for (uint32_t i = 0; i < s->nwho; i++) {
		who[i].user = get_str(t);
		who[i].group = get_str(t);
		who[i].vhost = wire_get_u32(&t->w);
	}
	s->who = who;
}

static const struct assign *get_assign(struct table *t)
{
	if (!get_bool(t))
		return NULL;
	struct assign *s = ARENA_NEW(t->a, struct assign);

	s->rules = get_rules(t, &s->nrules);
	s->naliases = get_count(t, 8);
	struct assign_alias *v = arena_array(t->a, s->naliases, sizeof(*v));

	for (uint32_t i = 0; i < s->naliases; i++) {
		v[i].from = get_str(t);
		v[i].to = get_str(t);
	}
	s->aliases = v;
	s->document_root = get_optional(t);
	get_assign_expr(t, s);
	return s;
}

/* Indexes that lead to a virtual host which was not read yet. */
static void check_sites(struct table *t)
{
	const struct conf *c = t->conf;

	bad_unless(t, c->nsites > 0 && c->nsites <= c->nvhosts);
	for (uint32_t i = 0; i < c->nvhosts && !t->w.bad; i++) {
		const struct conf_vhost *v = c->vhosts[i];

		bad_unless(t, v->site < c->nsites);
		for (uint32_t k = 0; v->assign && k < v->assign->nrules; k++)
			bad_unless(t, v->assign->rules[k].vhost < c->nvhosts);
		for (uint32_t k = 0; v->assign && k < v->assign->nwho; k++)
			bad_unless(t, v->assign->who[k].vhost < c->nvhosts);
	}
}

static void get_documents(struct table *t, struct conf_answer *answer)
{
	uint32_t n = get_count(t, 12);
	struct error_document *v = arena_array(t->a, n, sizeof(*v));

	for (uint32_t i = 0; i < n; i++) {
		v[i].status = (int)get_below(t, 600);
		v[i].kind = get_below(t, DOCUMENT_TEXT + 1);
		v[i].text = get_str(t);
	}
	answer->ndocuments = n;
	answer->documents = v;
}

static struct conf_vhost *get_vhost(struct table *t, uint32_t id)
{
	struct conf_vhost *v = ARENA_NEW(t->a, struct conf_vhost);

	v->id = id;
	v->file = get_optional(t);
	v->line = wire_get_u32(&t->w);
	get_host(t, &v->host);
	v->server_name = get_str(t);
	v->server_port = wire_get_u16(&t->w);
	v->site = wire_get_u32(&t->w);
	v->assign = get_assign(t);
	v->server_admin = get_optional(t);
	get_vhost_identities(t, v);
	v->counter = wire_get_u64(&t->w);
	bad_unless(t, v->counter != 0);
	v->max_clients = wire_get_u32(&t->w);
	get_logs(t, v);
	v->log_level = get_below(t, LOG_TRACE8 + 1);
	v->error_format = get_error_format(t);
	v->timeout = wire_get_u32(&t->w);
	v->keep_alive_timeout = wire_get_u32(&t->w);
	get_read_timeout(t, &v->read_timeout);
	v->limit_line = wire_get_u32(&t->w);
	v->limit_fields = wire_get_u32(&t->w);
	v->limit_field_size = wire_get_u32(&t->w);
	v->dir.answer.signature = get_below(t, SIGNATURE_EMAIL + 1);
	get_documents(t, &v->dir.answer);
	get_tls(t, &v->tls);
	v->remoteip = get_remoteip(t);
	return v;
}

static void get_vhosts(struct table *t)
{
	uint32_t n = get_count(t, 128);
	t->conf->nsites = wire_get_u32(&t->w);
	const struct conf_vhost **vhosts = arena_array(t->a, n, sizeof(*vhosts));
	const struct host_vhost **hosts = arena_array(t->a, n, sizeof(*hosts));

	bad_unless(t, n > 0);
	for (uint32_t i = 0; i < n && !t->w.bad; i++) {
		vhosts[i] = get_vhost(t, i);
		hosts[i] = &vhosts[i]->host;
	}
	if (t->w.bad)
		return;
	t->conf->nvhosts = n;
	t->conf->vhosts = vhosts;
	check_sites(t);
	if (!t->w.bad)
		host_map_build(t->a, &t->conf->host, t->conf->nsites, hosts);
}

const struct conf *front_table_decode(struct arena *a, const void *p, size_t n)
{
	struct table t = {.a = a, .conf = ARENA_NEW(a, struct conf)};

	wire_reader(&t.w, p, n);
	if (wire_get_u32(&t.w) != CONF_MAGIC || wire_get_u32(&t.w) != FRONT_TABLE_VERSION)
		return NULL;
	t.conf->generation = wire_get_u32(&t.w);
	t.conf->listen_backlog = wire_get_u32(&t.w);
	t.conf->graceful_timeout = wire_get_u32(&t.w);
	t.conf->server_token = get_str(&t);
	t.conf->front_uid = wire_get_u32(&t.w);
	t.conf->front_gid = wire_get_u32(&t.w);
	t.conf->nlogs = wire_get_u32(&t.w);
	t.conf->main_log = get_below(&t, t.conf->nlogs);
	get_listeners(&t);
	get_identities(&t);
	get_vhosts(&t);
	get_proxy_protocol(&t);
	return wire_end(&t.w) ? t.conf : NULL;
}
