/* The front table: there and back, and every way in which its bytes can be wrong. */
#include "itkd/front_table.h"

#include "itkd/addr.h"
#include "itkd/arena.h"
#include "itkd/assign.h"
#include "itkd/error_format.h"
#include "itkd/log_format.h"
#include "suite.h"

static struct arena arena;

static void setup(void)
{
	arena_init_heap(&arena, 256 << 20);
}

static void teardown(void)
{
	arena_free(&arena);
}

static const struct host_addr addrs[] = {{.port = 80},
    {.family = AF_INET, .port = 443, .ip = {192, 0, 2, 1}}, {.family = AF_INET6, .ip = {[15] = 1}}};
static const char *const aliases[] = {"www.a.example", "*.a.example"};
static const uint32_t first[] = {0}, both[] = {1, 0};
static const struct conf_identity identities[] = {
    {.index = 0, .uid = 1001, .gid = 1002}, {.index = 1, .uid = 4294967294u, .gid = 7}};

static const struct conf_vhost main_server = {.server_name = "main.example",
    .host = {.name = "main.example"},
    .nidentities = 1,
    .identities = first,
    .counter = 1,
    .nlogs = 1,
    .log_level = 4};

static struct conf_vhost site;
static const struct assign_rule rules[] = {
    {.kind = ASSIGN_DIRECTORY, .path = "/srv/a/x", .vhost = 2, .user = "x", .group = "y"},
    {.kind = ASSIGN_LOCATION, .path = "/x", .what = ASSIGN_GROUP, .text = "%{http:X}"},
    {.kind = ASSIGN_LOCATION_MATCH, .path = "^/y[0-9]", .vhost = 1, .user = "u", .group = "g"}};
static const struct assign_alias assign_aliases[] = {{"/i/", "/usr/share/i/"}};
static const struct assign_var assign_vars[] = {{"ITKUID", "$1"}, {"OLD", "!"}};
static const struct assign_set assign_sets[] = {{.field = "Request_URI",
    .pattern = "^/~([a-z]+)",
    .icase = true,
    .nvars = 2,
    .vars = assign_vars}};
static const struct assign_who assign_names[] = {{"anna", "", 1}, {"bert", "staff", 2}};
static const struct assign assign = {.nrules = 3,
    .rules = rules,
    .naliases = 1,
    .aliases = assign_aliases,
    .document_root = "/srv/a",
    .base_user = "anna",
    .base_group = "staff",
    .user_text = "%{reqenv:ITKUID}",
    .nsets = 1,
    .sets = assign_sets,
    .nwho = 2,
    .who = assign_names};
static const struct conf_peer peers[] = {{{.size = 4, .net = {10}, .mask = {0xff}}, true},
    {{.ip6 = true, .size = 16, .net = {0x20, 1}, .mask = {0xff, 0xff}}, false}};
static const struct conf_remoteip remoteip = {
    .header = "X-Forwarded-For", .n = 2, .proxies = peers};
static const struct subnet nets[] = {{.size = 4, .net = {127}, .mask = {0xff}},
    {.size = 4, .net = {192, 0, 2}, .mask = {0xff, 0xff, 0xff}}};
static const struct conf_proxied proxied_by = {2, nets}, proxied_by_all;
/* One for each address of the site, and one for all others. */
static const struct conf_proxied *const proxied[] = {&proxied_by, NULL, &proxied_by_all, NULL};
static const struct conf_proxy_protocol proxy_protocol = {4, proxied, 1, &nets[1]};
static struct conf_access_log access_logs[2];
static struct conf_listener listeners[2];
static const struct conf_vhost *const vhosts[] = {&main_server, &site, &site};

static void make_site(void)
{
	static const struct conf_tls_pair pairs[] = {
	    {.cert = "/c.pem", .key = "/k.pem", .file = "f", .line = 2},
	    {.cert = "/both.pem", .file = "f", .line = 3}};
	const char *error;

	access_logs[0] = (struct conf_access_log){.log = 2,
	    .fd_index = 1,
	    .format = log_format_compile(&arena, LOG_FORMAT_COMMON, &error)};
	access_logs[1] = (struct conf_access_log){.log = 1,
	    .format = log_format_compile(&arena, "%h \"%{Referer}i\"", &error),
	    .env = "!quiet"};
	site = (struct conf_vhost){.id = 1,
	    .file = "/etc/itkd/itkd.conf",
	    .line = 17,
	    .host = {.naddrs = 3,
	        .addrs = addrs,
	        .name = "a.example",
	        .naliases = 2,
	        .aliases = aliases},
	    .server_name = "a.example",
	    .server_port = 443,
	    .site = 1,
	    .assign = &assign,
	    .server_admin = "root@a.example",
	    .nidentities = 2,
	    .identities = both,
	    .counter = UINT64_MAX,
	    .max_clients = 3,
	    .nlogs = 2,
	    .logs = {1, 2},
	    .naccess = 2,
	    .access = access_logs,
	    .log_level = 15,
	    .error_format = error_format_compile(&arena, "[%t] %M", &error),
	    .timeout = 60,
	    .keep_alive_timeout = 5000,
	    .read_timeout = {20, 40, 500, 21, 22, 501, 1, 2, 3},
	    .limit_line = 8190,
	    .limit_fields = 100,
	    .limit_field_size = 8191,
	    .remoteip = &remoteip,
	    .dir.answer.signature = SIGNATURE_ON,
	    .tls = {.engine = true,
	        .protocols = TLS_V1_2 | TLS_V1_3,
	        .honor_order = true,
	        .npairs = 2,
	        .pairs = pairs,
	        .chain = NULL,
	        .ciphers = "HIGH",
	        .ciphersuites = ""}};
}

static struct conf make_conf(void)
{
	make_site();
	addr_parse(SPAN("0.0.0.0"), 80, &listeners[0].addr);
	addr_parse(SPAN("::"), 443, &listeners[1].addr);
	listeners[0].text = "80";
	listeners[1].text = "[::]:443";
	listeners[1].tls = true;
	return (struct conf){.generation = 5,
	    .listen_backlog = 511,
	    .graceful_timeout = 300,
	    .server_token = "itkd/1",
	    .front_uid = 990,
	    .front_gid = 991,
	    .nlogs = 3,
	    .main_log = 0,
	    .nlisteners = 2,
	    .listeners = listeners,
	    .nidentities = 2,
	    .identities = identities,
	    .nvhosts = 3,
	    .nsites = 2,
	    .vhosts = vhosts,
	    .proxy_protocol = &proxy_protocol};
}

static void check_listeners(const struct conf *back)
{
	ck_assert_uint_eq(back->nlisteners, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_mem_eq(
		    &back->listeners[i].addr, &listeners[i].addr, sizeof(listeners[i].addr));
		ck_assert_int_eq(back->listeners[i].tls, listeners[i].tls);
		ck_assert_str_eq(back->listeners[i].text, listeners[i].text);
	}
	ck_assert_uint_eq(back->listeners[0].addr_len, sizeof(struct sockaddr_in));
	ck_assert_uint_eq(back->listeners[1].addr_len, sizeof(struct sockaddr_in6));
}

static void check_site(const struct conf_vhost *v)
{
	ck_assert_uint_eq(v->id, 1);
	ck_assert_str_eq(v->file, "/etc/itkd/itkd.conf");
	ck_assert_uint_eq(v->line, 17);
	ck_assert_str_eq(v->server_name, "a.example");
	ck_assert_uint_eq(v->site, 1);
	ck_assert_uint_eq(v->assign->nrules, 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(v->assign->rules[i].kind, rules[i].kind);
		ck_assert_str_eq(v->assign->rules[i].path, rules[i].path);
		ck_assert_uint_eq(v->assign->rules[i].vhost, rules[i].vhost);
		ck_assert_int_eq(v->assign->rules[i].what, rules[i].what);
	}
	ck_assert(regex_find(v->assign->rules[2].regex, SPAN("/y7"), NULL));
	ck_assert_str_eq(v->assign->aliases[0].to, "/usr/share/i/");
	ck_assert_str_eq(v->assign->document_root, "/srv/a");
	ck_assert_ptr_nonnull(v->assign->rules[1].expr);
	ck_assert_str_eq(v->assign->rules[0].group, "y");
	ck_assert_str_eq(v->assign->base_group, "staff");
	ck_assert_ptr_nonnull(v->assign->user);
	ck_assert_ptr_null(v->assign->group);
	ck_assert(regex_find(v->assign->sets[0].regex, SPAN("/~ANNA"), NULL));
	ck_assert_str_eq(v->assign->sets[0].vars[1].value, "!");
	ck_assert_str_eq(v->assign->who[1].group, "staff");
	ck_assert_uint_eq(v->assign->who[1].vhost, 2);
	ck_assert_uint_eq(v->server_port, 443);
	ck_assert_str_eq(v->server_admin, "root@a.example");
	ck_assert_uint_eq(v->nidentities, 2);
	ck_assert_uint_eq(v->identities[0], 1);
	ck_assert(v->counter == UINT64_MAX);
	ck_assert_uint_eq(v->max_clients, 3);
	ck_assert_uint_eq(v->nlogs, 2);
	ck_assert_uint_eq(v->logs[1], 2);
	ck_assert_uint_eq(v->naccess, 2);
	ck_assert_uint_eq(v->access[0].log, 2);
	ck_assert_uint_eq(v->access[0].fd_index, 1);
	ck_assert_str_eq(log_format_text(v->access[0].format), LOG_FORMAT_COMMON);
	ck_assert_ptr_null(v->access[0].env);
	ck_assert_str_eq(v->access[1].env, "!quiet");
	ck_assert_uint_eq(v->log_level, 15);
	ck_assert_str_eq(error_format_text(v->error_format), "[%t] %M");
	ck_assert_uint_eq(v->timeout, 60);
	ck_assert_uint_eq(v->keep_alive_timeout, 5000);
	ck_assert_mem_eq(&v->read_timeout, &site.read_timeout, sizeof(site.read_timeout));
	ck_assert_uint_eq(v->limit_line, 8190);
	ck_assert_uint_eq(v->limit_fields, 100);
	ck_assert_uint_eq(v->limit_field_size, 8191);
	ck_assert_int_eq(v->dir.answer.signature, SIGNATURE_ON);
}

static void check_remoteip(const struct conf *back)
{
	const struct conf_remoteip *r = back->vhosts[1]->remoteip;
	const struct conf_proxy_protocol *p = back->proxy_protocol;

	ck_assert_ptr_null(back->vhosts[0]->remoteip);
	ck_assert_str_eq(r->header, "X-Forwarded-For");
	ck_assert_uint_eq(r->n, 2);
	ck_assert(r->proxies[0].internal && !r->proxies[1].internal);
	ck_assert_mem_eq(&r->proxies[1].net, &peers[1].net, sizeof(peers[1].net));
	ck_assert_uint_eq(p->n, 4);
	ck_assert_uint_eq(p->groups[0]->n, 2);
	ck_assert_mem_eq(&p->groups[0]->peers[1], &nets[1], sizeof(nets[1]));
	ck_assert_ptr_null(p->groups[1]);
	ck_assert_uint_eq(p->groups[2]->n, 0);
	ck_assert_uint_eq(p->nexceptions, 1);
}

static void check_tls(const struct conf_tls *t)
{
	ck_assert(t->engine && t->honor_order);
	ck_assert_uint_eq(t->protocols, TLS_V1_2 | TLS_V1_3);
	ck_assert_uint_eq(t->npairs, 2);
	ck_assert_str_eq(t->pairs[0].cert, "/c.pem");
	ck_assert_str_eq(t->pairs[0].key, "/k.pem");
	ck_assert_ptr_null(t->pairs[1].key);
	ck_assert_uint_eq(t->pairs[1].line, 3);
	ck_assert_ptr_null(t->chain);
	ck_assert_str_eq(t->ciphers, "HIGH");
	ck_assert_ptr_null(t->ciphersuites);
}

START_TEST(roundtrip)
{
	struct conf conf = make_conf();
	uint8_t *bytes, *again;
	size_t n = front_table_encode(&conf, &bytes);
	const struct conf *back = front_table_decode(&arena, bytes, n);

	ck_assert_ptr_nonnull(back);
	ck_assert_uint_eq(back->generation, 5);
	ck_assert_uint_eq(back->listen_backlog, 511);
	ck_assert_uint_eq(back->graceful_timeout, 300);
	ck_assert_uint_eq(back->front_uid, 990);
	ck_assert_uint_eq(back->front_gid, 991);
	ck_assert_uint_eq(back->nlogs, 3);
	ck_assert_uint_eq(back->nidentities, 2);
	ck_assert_uint_eq(back->identities[1].uid, 4294967294u);
	ck_assert_uint_eq(back->identities[1].gid, 7);
	ck_assert_uint_eq(back->nvhosts, 3);
	ck_assert_ptr_null(back->vhosts[0]->file);
	ck_assert_ptr_null(back->vhosts[0]->server_admin);
	check_listeners(back);
	check_site(back->vhosts[1]);
	check_tls(&back->vhosts[1]->tls);
	check_remoteip(back);
	/* Vhosts of one LogFormat share its compiled form. */
	ck_assert_ptr_eq(back->vhosts[1]->access[0].format, back->vhosts[2]->access[0].format);
	/* Whatever the checks above forgot. */
	ck_assert_uint_eq(front_table_encode(back, &again), n);
	ck_assert_mem_eq(bytes, again, n);
	free(bytes);
	free(again);
}
END_TEST

/* The names in it are found. */
START_TEST(host_is_built)
{
	struct conf conf = make_conf();
	struct sockaddr_storage local;
	uint8_t *bytes;
	size_t n = front_table_encode(&conf, &bytes);
	const struct conf *back = front_table_decode(&arena, bytes, n);

	free(bytes);
	ck_assert_ptr_nonnull(back);
	addr_parse(SPAN("198.51.100.1"), 80, &local);
	const struct host_group *g = host_map_group(&back->host, (const struct sockaddr *)&local);

	ck_assert_uint_eq(host_group_resolve(g, SPAN("x.a.example"), 80), 1);
	addr_parse(SPAN("198.51.100.1"), 81, &local);
	ck_assert_ptr_null(host_map_group(&back->host, (const struct sockaddr *)&local));
}
END_TEST

START_TEST(truncated_and_extended)
{
	struct conf conf = make_conf();
	uint8_t *bytes;
	size_t n = front_table_encode(&conf, &bytes);

	for (size_t i = 0; i < n; i++) {
		uint8_t *part = memcpy(malloc(i ? i : 1), bytes, i);

		ck_assert_ptr_null(front_table_decode(&arena, part, i));
		free(part);
		arena_reset(&arena);
	}
	bytes = realloc(bytes, n + 1);
	bytes[n] = 0;
	ck_assert_ptr_null(front_table_decode(&arena, bytes, n + 1));
	free(bytes);
}
END_TEST

/* A flipped bit: refused, or a table whose ids are all within their arrays. */
static void check_ids(const struct conf *c)
{
	ck_assert_uint_lt(c->main_log, c->nlogs);
	ck_assert_uint_ge(c->nvhosts, 1);
	for (uint32_t i = 0; i < c->nvhosts; i++) {
		const struct conf_vhost *v = c->vhosts[i];

		ck_assert_uint_ge(v->nidentities, 1);
		ck_assert(v->counter != 0);
		ck_assert_uint_le(v->nlogs, CONF_VHOST_LOGS);
		for (uint32_t k = 0; k < v->nidentities; k++)
			ck_assert_uint_lt(v->identities[k], c->nidentities);
		for (uint32_t k = 0; k < v->nlogs; k++)
			ck_assert_uint_lt(v->logs[k], c->nlogs);
		for (uint32_t k = 0; k < v->naccess; k++) {
			ck_assert_uint_lt(v->access[k].log, c->nlogs);
			ck_assert_uint_lt(v->access[k].fd_index, v->nlogs);
			ck_assert_ptr_nonnull(v->access[k].format);
		}
	}
}

START_TEST(bit_flips)
{
	struct conf conf = make_conf();
	uint8_t *bytes, *again;
	size_t n = front_table_encode(&conf, &bytes), accepted = 0, refused = 0;

	for (size_t i = 0; i < n * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		const struct conf *back = front_table_decode(&arena, bytes, n);

		accepted += back != NULL;
		refused += back == NULL;
		if (back) {
			check_ids(back);
			ck_assert_uint_eq(front_table_encode(back, &again), n);
			ck_assert_mem_eq(bytes, again, n);
			free(again);
		}
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		arena_reset(&arena);
	}
	ck_assert_uint_gt(accepted, 100);
	ck_assert_uint_gt(refused, 100);
	free(bytes);
}
END_TEST

/* A table that another version wrote is none. */
START_TEST(other_version)
{
	struct conf conf = make_conf();
	uint8_t *bytes;
	size_t n = front_table_encode(&conf, &bytes);

	bytes[7]++;
	ck_assert_ptr_null(front_table_decode(&arena, bytes, n));
	bytes[7]--;
	bytes[0]++;
	ck_assert_ptr_null(front_table_decode(&arena, bytes, n));
	free(bytes);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("front_table");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 600);
	tcase_add_test(t, roundtrip);
	tcase_add_test(t, host_is_built);
	tcase_add_test(t, truncated_and_extended);
	tcase_add_test(t, bit_flips);
	tcase_add_test(t, other_version);
	suite_add_tcase(s, t);
	return suite_main(s);
}
