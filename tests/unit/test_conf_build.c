/*
 * From files to a struct conf: vectors/conf/build/NAME.conf gives NAME.out, the built configuration
 * as text, or every message when it is refused.
 */
#include "conf_vectors.h"
#include "itkd/addr.h"
#include "itkd/log_format.h"
#include "load/load.h"
#include <stdlib.h>
#include <unistd.h>

#define DIR_BUILD VECTORS "/conf/build"

static void print_authz(FILE *out, const struct conf_authz *node)
{
	if (node->kind != AUTHZ_SECTION) {
		fprintf(out, "%s%s", node->negate ? "not " : "", node->text);
		return;
	}
	fprintf(out, node->negate ? "none(" : node->all ? "all(" : "any(");
	for (const struct conf_authz *n = node->first; n; n = n->next) {
		print_authz(out, n);
		fprintf(out, n->next ? ", " : ")");
	}
}

static void print_dir(FILE *out, const struct conf_dir *d)
{
	static const char *const exts[] = {"main", "own", "own2", "cgi"};
	if (d->set & DIR_OPTIONS)
		fprintf(
		    out, " options=%02x+%02x-%02x", d->options, d->options_add, d->options_remove);
	if (d->access.authz) {
		fprintf(out, " access=");
		print_authz(out, d->access.authz);
	}
	if (d->access.compat)
		fprintf(
		    out, " allow=%u deny=%u", d->access.compat->nallow, d->access.compat->ndeny);
	if (d->set & DIR_SLASH)
		fprintf(out, " slash=%d", d->slash);
	if (d->set & DIR_LIMIT_BODY)
		fprintf(out, " body=%lld", (long long)d->limit_body);
	if (d->set & DIR_HANDLER)
		fprintf(out, " handler=%s", *d->handler ? d->handler : "none");
	if (d->set & DIR_TYPE)
		fprintf(out, " type=%s", *d->type ? d->type : "none");
	for (uint32_t i = 0; i < d->index.n; i++)
		fprintf(out, "%s%s", i ? "," : " index=", d->index.v[i]);
	if (d->set & DIR_INDEX && d->index.n == 0)
		fprintf(out, " index=disabled");
	for (size_t i = 0; i < sizeof(exts) / sizeof(*exts); i++) {
		const char *type = conf_mime_find(d->mime, exts[i], MIME_TYPE);
		const char *handler = conf_mime_find(d->mime, exts[i], MIME_HANDLER);

		if (type)
			fprintf(out, " .%s=%s", exts[i], type);
		if (handler)
			fprintf(out, " .%s->%s", exts[i], handler);
	}
	for (uint32_t i = 0; i < d->env.n; i++)
		fprintf(out, " %s=%s", d->env.v[i].name,
		    d->env.v[i].value ? d->env.v[i].value : "(unset)");
	fprintf(out, "\n");
}

static void print_logs(FILE *out, const struct conf *c, const struct conf_vhost *v)
{
	fprintf(out, "  error log %s level %u\n", c->logs[v->logs[0]].path, v->log_level);
	for (uint32_t i = 0; i < v->naccess; i++) {
		const struct conf_access_log *a = &v->access[i];

		ck_assert_uint_lt(a->fd_index, v->nlogs);
		ck_assert_uint_eq(v->logs[a->fd_index], a->log);
		fprintf(out, "  access log %s '%s' env %s\n", c->logs[a->log].path,
		    log_format_text(a->format), a->env ? a->env : "-");
	}
}

static void print_times(FILE *out, const struct conf_vhost *v)
{
	const struct conf_read_timeout *t = &v->read_timeout;

	fprintf(out, "  timeout %u keep-alive %d %ums %u requests; line %u fields %u of %u\n",
	    v->timeout, v->keep_alive, v->keep_alive_timeout, v->max_keep_alive_requests,
	    v->limit_line, v->limit_fields, v->limit_field_size);
	fprintf(out, "  read header %u-%u %u body %u-%u %u handshake %u-%u %u\n", t->header_initial,
	    t->header_max, t->header_rate, t->body_initial, t->body_max, t->body_rate,
	    t->handshake_initial, t->handshake_max, t->handshake_rate);
}

static void print_tls(FILE *out, const struct conf_tls *tls)
{
	if (!tls->engine)
		return;
	fprintf(out, "  tls %x order %d", tls->protocols, tls->honor_order);
	for (uint32_t i = 0; i < tls->npairs; i++)
		fprintf(out, " cert %s key %s", tls->pairs[i].cert,
		    tls->pairs[i].key ? tls->pairs[i].key : "-");
	fprintf(out, " chain %s ciphers %s suites %s\n", tls->chain ? tls->chain : "-",
	    tls->ciphers ? tls->ciphers : "-", tls->ciphersuites ? tls->ciphersuites : "-");
}

static void print_vhost(FILE *out, const struct conf *c, const struct conf_vhost *v)
{
	const struct conf_identity *id = &c->identities[v->identities[0]];

	fprintf(out, "vhost %u line %u: %s%s%s:%u", v->id, v->line, v->scheme ? v->scheme : "",
	    v->scheme ? "://" : "", v->named ? v->server_name : "(unnamed)", v->server_port);
	for (uint32_t i = 0; i < v->host.naliases; i++)
		fprintf(out, " %s", v->host.aliases[i]);
	fprintf(out, "\n  runs as %s:%s %u:%u groups", id->user, id->group, id->uid, id->gid);
	for (uint32_t i = 0; i < id->ngroups; i++)
		fprintf(out, " %u", id->groups[i]);
	fprintf(out, " cap %u nice %d\n", v->max_clients, v->nice);
	fprintf(out, "  admin '%s' root %s canonical %u\n", v->server_admin, v->document_root,
	    v->dir.answer.canonical == ANSWER_ON);
	print_logs(out, c, v);
	print_times(out, v);
	print_tls(out, &v->tls);
	for (uint32_t i = 0; i < v->naliases; i++)
		fprintf(out, "  %s %s -> %s\n", v->aliases[i].script ? "script alias" : "alias",
		    v->aliases[i].from, v->aliases[i].to);
	fprintf(out, "  dir");
	print_dir(out, &v->dir);
	for (uint32_t i = 0; i < v->sections.n; i++) {
		const struct conf_section *s = &v->sections.v[i];

		fprintf(out, "  %s %s (%u, line %u)",
		    s->kind == SECTION_DIRECTORY_GLOB ? "glob" : "directory", s->path,
		    s->components, s->line);
		print_dir(out, s->dir);
	}
}

static void print_conf(FILE *out, const struct conf *c)
{
	fprintf(out, "pid %s backlog %u start %u spare %u-%u workers %u graceful %u stop %u\n",
	    c->pid_file, c->listen_backlog, c->start_servers, c->min_spare, c->max_spare,
	    c->max_workers, c->graceful_timeout, c->graceful_stop_timeout);
	for (uint32_t i = 0; i < c->nlisteners; i++) {
		char text[ADDR_TEXT_MAX];

		fprintf(out, "listen %s (%s)%s%s\n",
		    addr_text((const struct sockaddr *)&c->listeners[i].addr, text),
		    c->listeners[i].text, c->listeners[i].tls ? " tls" : "",
		    c->listeners[i].v6only ? " v6only" : "");
	}
	for (uint32_t i = 0; i < c->nlogs; i++)
		fprintf(out, "log %s%s\n", c->logs[i].path, c->logs[i].shared ? " shared" : "");
	for (uint32_t i = 0; i < c->nvhosts; i++)
		print_vhost(out, c, c->vhosts[i]);
}

/* Nothing in the configuration may lead out of its mappings: the master has no other memory of it.
 */
static bool inside(const struct conf *c, const void *p)
{
	const char *s = p, *base = c->base, *private = c->private_base;

	return !p || (s >= base && s < base + c->size) ||
	       (s >= private && s < private + c->private_size);
}

static void check_authz(const struct conf *c, const struct conf_authz *node)
{
	for (; node; node = node->next) {
		ck_assert(inside(c, node) && inside(c, node->text));
		if (node->kind == AUTHZ_SECTION)
			check_authz(c, node->first);
		else if (node->kind == AUTHZ_IP || node->kind == AUTHZ_EXPR)
			ck_assert(inside(c, node->nets) && inside(c, node->expr));
	}
}

static void check_access(const struct conf *c, const struct conf_access *access)
{
	const struct conf_compat *compat = access->compat;

	check_authz(c, access->authz);
	if (!compat)
		return;
	ck_assert(inside(c, compat) && inside(c, compat->allow) && inside(c, compat->deny));
	for (uint32_t i = 0; i < compat->nallow; i++)
		ck_assert(inside(c, compat->allow[i].name));
}

static void check_pointers(const struct conf *c)
{
	ck_assert(inside(c, c->config_file) && inside(c, c->server_root));
	ck_assert(inside(c, c->pid_file) && inside(c, c->runtime_dir));
	ck_assert(inside(c, c->listeners) && inside(c, c->identities) && inside(c, c->vhosts));
	ck_assert(inside(c, c->logs) && inside(c, c->mime) && inside(c, c->filter));
	for (uint32_t i = 0; i < c->nidentities; i++) {
		const struct conf_identity *id = &c->identities[i];

		ck_assert(inside(c, id->user) && inside(c, id->group) && inside(c, id->home));
		ck_assert(inside(c, id->groups));
	}
	for (uint32_t i = 0; i < c->nlogs; i++)
		ck_assert(inside(c, c->logs[i].path) && inside(c, c->logs[i].file));
	for (uint32_t i = 0; i < c->nvhosts; i++) {
		const struct conf_vhost *v = c->vhosts[i];

		ck_assert(inside(c, v) && inside(c, v->file) && inside(c, v->server_name));
		ck_assert(inside(c, v->host.name) && inside(c, v->host.addrs));
		ck_assert(inside(c, v->host.aliases) && inside(c, v->scheme));
		ck_assert(inside(c, v->server_admin) && inside(c, v->document_root));
		ck_assert(inside(c, v->identities) && inside(c, v->access));
		ck_assert(inside(c, v->aliases) && inside(c, v->sections.v));
		for (uint32_t k = 0; k < v->tls.npairs; k++)
			ck_assert(inside(c, &v->tls.pairs[k]) && inside(c, v->tls.pairs[k].cert) &&
			          inside(c, v->tls.pairs[k].key) &&
			          inside(c, v->tls.pairs[k].file));
		ck_assert(inside(c, v->tls.chain) && inside(c, v->tls.ciphers));
		ck_assert(inside(c, v->tls.ciphersuites));
		ck_assert(inside(c, v->dir.index.v) && inside(c, v->dir.env.v));
		for (const struct conf_mime_dir *m = v->dir.mime; m; m = m->below)
			ck_assert(inside(c, m) && inside(c, m->exts.v) && !m->exts.a);
		for (uint32_t j = 0; j < v->naccess; j++)
			ck_assert(inside(c, v->access[j].format) && inside(c, v->access[j].env));
		for (uint32_t j = 0; j < v->dir.index.n; j++)
			ck_assert(inside(c, v->dir.index.v[j]));
		for (uint32_t j = 0; j < v->sections.n; j++) {
			ck_assert(inside(c, v->sections.v[j].path));
			ck_assert(inside(c, v->sections.v[j].file));
			check_access(c, &v->sections.v[j].dir->access);
			ck_assert(inside(c, v->sections.v[j].dir->handler));
			ck_assert(inside(c, v->sections.v[j].dir->type));
		}
	}
}

/* What a vhost set is in its own identity's part and nowhere else. */
static void check_secrets(const struct conf *c)
{
	for (uint32_t i = 1; i < c->nvhosts; i++) {
		const struct conf_vhost *v = c->vhosts[i];
		const struct conf_identity *id = &c->identities[v->identities[0]];
		const char *from = id->private_base;

		for (uint32_t j = 0; j < v->dir.env.n; j++) {
			const char *value = v->dir.env.v[j].value;

			if (value && strstr(value, "secret"))
				ck_assert(value >= from && value < from + id->private_size);
		}
	}
	ck_assert_ptr_null(memmem(c->base, c->size, "secret", 6));
}

struct built {
	struct arena tmp;
	struct conf_report report;
	struct loader l;
	struct load_region region;
	const struct conf *conf;
};

static void build(struct built *b, const char *path)
{
	static const char *defines[] = {"GIVEN"};
	struct load_options o = {.config_file = path, .server_root = DIR_BUILD};

	o.defines = defines;
	o.ndefines = 1;
	*b = (struct built){0};
	arena_init_heap(&b->tmp, (size_t)256 << 20);
	conf_report_init(&b->report, &b->tmp);
	load_init(&b->l, &b->tmp, &b->report);
	ck_assert(load_region_own(&b->region, &b->report));
	b->l.seed = 42;
	b->conf = load_build(&b->l, &o, &b->region, 1);
}

static void build_end(struct built *b)
{
	ck_assert(load_region_end(&b->region, 0, 0));
	close(b->region.common_fd);
	close(b->region.private_fd);
	arena_free(&b->tmp);
}

static void read_build(const char *path, FILE *out)
{
	struct built b;

	build(&b, path);
	conf_report_print(&b.report, out, CONF_NOTE);
	if (b.conf) {
		check_pointers(b.conf);
		check_secrets(b.conf);
		print_conf(out, b.conf);
	}
	build_end(&b);
}

START_TEST(builds)
{
	ck_assert_int_eq(setenv("ITKD_TEST_ENV", "secret env", 1), 0);
	conf_vectors_run(DIR_BUILD, read_build);
}
END_TEST

/* One site, one counter: over vhosts and over loads; another name or user, another counter. */
START_TEST(counters)
{
	struct built first, second;

	build(&first, DIR_BUILD "/identities.conf");
	build(&second, DIR_BUILD "/identities.conf");
	ck_assert_ptr_nonnull(first.conf);
	ck_assert_ptr_nonnull(second.conf);
	for (uint32_t i = 0; i < first.conf->nvhosts; i++) {
		const struct conf_vhost *a = first.conf->vhosts[i];

		ck_assert(a->counter != 0);
		ck_assert(a->counter == second.conf->vhosts[i]->counter);
		for (uint32_t j = 0; j < i; j++) {
			const struct conf_vhost *b = first.conf->vhosts[j];
			bool same = a->identities[0] == b->identities[0] &&
			            strcmp(a->server_name, b->server_name) == 0;

			ck_assert_msg((a->counter == b->counter) == same, "%u and %u", i, j);
		}
	}
	build_end(&second);
	build_end(&first);
}
END_TEST

/* The vectors of SipHash's reference: key 00..0f, input 00, 01, 02 and so on. */
START_TEST(siphash)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} rows[] = {{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {7, 0xab0200f58b01d137},
	    {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}};
	char input[16];

	for (int i = 0; i < 16; i++)
		input[i] = (char)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_uint_eq(
		    load_siphash(0x0706050403020100, 0x0f0e0d0c0b0a0908, input, rows[i].n),
		    rows[i].hash);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {builds, counters, siphash};

	return vector_run("conf_build", tests, sizeof(tests) / sizeof(tests[0]));
}
