/* Virtual host resolution and the Host field, from tests/vectors/host/. */
#include "itkd/host.h"

#include "itkd/addr.h"
#include "itkd/arena.h"
#include "suite.h"
#include "vectors.h"
#include <time.h>

#define MAX_VHOSTS 16

START_TEST(parse)
{
	struct vector_table t;
	struct vector_row r;

	vector_open(&t, VECTORS "/host/parse.txt");
	while (vector_next(&t, &r)) {
		struct span host, authority = r.col[0];
		uint16_t port;
		/* Exactly as long as it is, so that a read behind it is seen. */
		char *copy = memcpy(malloc(authority.n), authority.p, authority.n);
		bool ok = host_parse((struct span){copy, authority.n}, &host, &port);

		ck_assert_msg(ok == !span_eq(r.col[1], SPAN("!")), "line %u", r.line);
		if (ok) {
			ck_assert_msg(span_eq(host, r.col[1]), "line %u", r.line);
			ck_assert_msg(port == atoi(r.col[2].p), "line %u", r.line);
		}
		free(copy);
	}
	ck_assert_uint_gt(r.line, 40);
	vector_close(&t);
}
END_TEST

START_TEST(parse_empty)
{
	struct span host = SPAN("x");
	uint16_t port = 1;

	ck_assert(host_parse(SPAN(""), &host, &port));
	ck_assert_uint_eq(host.n, 0);
	ck_assert_uint_eq(port, 0);
}
END_TEST

/* "*:80", "10.0.0.1:80", "[::1]:80" */
static struct host_addr addr_from(const char *text)
{
	struct host_addr a = {0};
	struct sockaddr_storage ss;
	const char *colon = strrchr(text, ':');

	a.port = (uint16_t)atoi(colon + 1);
	if (text[0] == '*')
		return a;
	ck_assert(addr_parse((struct span){text, (size_t)(colon - text)}, a.port, &ss));
	a.family = ss.ss_family;
	if (a.family == AF_INET)
		memcpy(a.ip, &((struct sockaddr_in *)&ss)->sin_addr, 4);
	else
		memcpy(a.ip, &((struct sockaddr_in6 *)&ss)->sin6_addr, 16);
	return a;
}

static struct host_vhost *vhost_from(struct arena *a, const struct vector_row *r)
{
	struct host_vhost *v = ARENA_NEW(a, struct host_vhost);
	struct host_addr *addrs = arena_array(a, MAX_VHOSTS, sizeof(*addrs));
	const char **aliases = arena_array(a, MAX_VHOSTS, sizeof(*aliases));
	char *list = arena_span(a, r->col[1]), *word;

	while ((word = strsep(&list, " ")))
		addrs[v->naddrs++] = addr_from(word);
	v->name = strcmp(r->col[2].p, "-") ? arena_span(a, r->col[2]) : "";
	list = strcmp(r->col[3].p, "-") ? arena_span(a, r->col[3]) : NULL;
	while ((word = strsep(&list, " ")))
		aliases[v->naliases++] = word;
	if (r->n > 4) {
		const char **texts = arena_array(a, 1, sizeof(*texts));

		texts[v->ntexts++] = arena_span(a, r->col[4]);
		v->texts = texts;
	}
	v->addrs = addrs;
	v->aliases = aliases;
	return v;
}

static uint32_t ask(const struct host_map *map, const char *local, struct span host)
{
	struct host_addr a = addr_from(local);
	struct sockaddr_storage ss;
	const char *colon = strrchr(local, ':');

	ck_assert(addr_parse((struct span){local, (size_t)(colon - local)}, a.port, &ss));
	return host_group_resolve(host_map_group(map, (const struct sockaddr *)&ss), host, a.port);
}

START_TEST(resolve)
{
	static const struct host_vhost main_server = {.name = "main.example"};
	const struct host_vhost *vhosts[MAX_VHOSTS] = {&main_server};
	uint32_t n = 1, asked = 0;
	struct host_map map;
	struct arena a;
	struct vector_table t;
	struct vector_row r;

	arena_init_heap(&a, 1 << 20);
	vector_open(&t, VECTORS "/host/resolve.txt");
	while (vector_next(&t, &r)) {
		if (span_eq(r.col[0], SPAN("map"))) {
			n = 1;
		} else if (span_eq(r.col[0], SPAN("vhost"))) {
			vhosts[n++] = vhost_from(&a, &r);
		} else {
			host_map_build(&a, &map, n, vhosts);
			uint32_t id = ask(&map, r.col[1].p, r.col[2]);

			ck_assert_msg(id == (uint32_t)atoi(r.col[3].p), "line %u: %u", r.line, id);
			asked++;
		}
	}
	ck_assert_uint_gt(asked, 60);
	vector_close(&t);
	arena_free(&a);
}
END_TEST

/* The port that is asked for has to be the group's. */
START_TEST(other_port)
{
	static const struct host_addr addr = {.port = 80};
	static const struct host_vhost v[] = {{.name = "m"},
	    {.naddrs = 1, .addrs = &addr, .name = "a"}, {.naddrs = 1, .addrs = &addr, .name = "b"}};
	const struct host_vhost *const vhosts[] = {&v[0], &v[1], &v[2]};
	struct host_map map;
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	host_map_build(&a, &map, 3, vhosts);
	const struct host_group *g = map.groups;

	ck_assert_uint_eq(host_group_resolve(g, SPAN("b"), 80), 2);
	ck_assert_uint_eq(host_group_resolve(g, SPAN("b"), 81), 1);
	ck_assert_uint_eq(host_group_resolve(NULL, SPAN("b"), 80), 0);
	arena_free(&a);
}
END_TEST

/* ServerPath: only where a request names no host, whole segments, the first that fits. */
START_TEST(server_path)
{
	static const struct host_addr addr = {.port = 80};
	static const struct host_vhost v[] = {{.name = "m"},
	    {.naddrs = 1, .addrs = &addr, .name = "a"},
	    {.naddrs = 1, .addrs = &addr, .name = "b", .path = "/b"},
	    {.naddrs = 1, .addrs = &addr, .name = "c", .path = "/b/c"},
	    {.naddrs = 1, .addrs = &addr, .name = "d", .path = "/d/"}};
	const struct host_vhost *const vhosts[] = {&v[0], &v[1], &v[2], &v[3], &v[4]};
	static const struct {
		const char *host, *path;
		uint16_t port;
		uint32_t want;
	} rows[] = {
	    {"", "/", 80, 1},
	    {"", "/b", 80, 2},
	    {"", "/b/x", 80, 2},
	    {"", "/b/c", 80, 2},
	    {"", "/bc", 80, 1},
	    {"", "/B", 80, 1},
	    {"", "/d", 80, 1},
	    {"", "/d/x", 80, 4},
	    {"", "/d/x", 81, 1},
	    {"", "", 80, 1},
	    {"a", "/b", 80, 1},
	    {"c", "/b", 80, 3},
	    {"x", "/b", 80, 1},
	};
	struct host_map map;
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	host_map_build(&a, &map, 5, vhosts);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(host_group_request(map.groups, span_of(rows[i].host), rows[i].port,
		                  span_of(rows[i].path)) == rows[i].want,
		    "%s %s", rows[i].host, rows[i].path);
	ck_assert_uint_eq(host_group_request(NULL, SPAN(""), 80, SPAN("/b")), 0);
	arena_free(&a);
}
END_TEST

/* A client's name of many labels, and a pattern of many stars, cost no more than their product. */
START_TEST(no_blow_up)
{
	static const struct host_addr addr = {.port = 80};
	static const char *const aliases[] = {"*.suffix.example", "*a*a*a*a*a*a*a*a*a*a*a*a*b"};
	static const struct host_vhost v[] = {{.name = "m"},
	    {.naddrs = 1, .addrs = &addr, .name = "a", .naliases = 2, .aliases = aliases}};
	const struct host_vhost *const vhosts[] = {&v[0], &v[1]};
	struct host_map map;
	struct arena a;
	size_t n = 1000000;
	char *name = malloc(n);

	for (size_t i = 0; i < n; i++)
		name[i] = i % 2 ? '.' : 'a';
	arena_init_heap(&a, 1 << 20);
	host_map_build(&a, &map, 2, vhosts);
	clock_t from = clock();

	ck_assert_uint_eq(host_group_resolve(map.groups, (struct span){name, n}, 80), 1);
	ck_assert_int_lt(clock() - from, CLOCKS_PER_SEC * 2);
	arena_free(&a);
	free(name);
}
END_TEST

#define MANY 10000

/* 10,000 sites, each of its own name, wildcard and address: built and asked in linear time. */
START_TEST(many)
{
	static struct host_vhost v[MANY];
	static const struct host_vhost *vhosts[MANY];
	static struct host_addr addrs[MANY][3];
	static const char *aliases[MANY][2];
	struct host_map map;
	struct arena a;

	arena_init_heap(&a, 256 << 20);
	for (uint32_t i = 0; i < MANY; i++) {
		addrs[i][0] = (struct host_addr){.port = 80};
		addrs[i][1] = (struct host_addr){.port = 443};
		addrs[i][2] = (struct host_addr){
		    .family = AF_INET, .port = 80, .ip = {10, 1, (uint8_t)(i >> 8), (uint8_t)i}};
		aliases[i][0] = arena_printf(&a, "*.site%u.example", i);
		aliases[i][1] = arena_printf(&a, "www%u.example", i);
		v[i] = (struct host_vhost){.naddrs = i ? 3 : 0,
		    .addrs = addrs[i],
		    .name = arena_printf(&a, "site%u.example", i),
		    .naliases = 2,
		    .aliases = aliases[i]};
		vhosts[i] = &v[i];
	}
	clock_t from = clock();

	host_map_build(&a, &map, MANY, vhosts);
	ck_assert_uint_eq(map.ngroups, 2 + MANY - 1);
	for (uint32_t i = 1; i < MANY; i++) {
		char name[64], local[64];

		snprintf(name, sizeof(name), "x.y.site%u.example", i);
		ck_assert_uint_eq(ask(&map, "192.0.2.1:443", span_of(name)), i);
		snprintf(name, sizeof(name), "WWW%u.example", i);
		ck_assert_uint_eq(ask(&map, "192.0.2.1:80", span_of(name)), i);
		snprintf(local, sizeof(local), "10.1.%u.%u:80", i >> 8, i & 255);
		ck_assert_uint_eq(ask(&map, local, SPAN("site7.example")), i);
	}
	ck_assert_int_lt(clock() - from, CLOCKS_PER_SEC * 2);
	arena_free(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("host");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 600);
	tcase_add_test(t, parse);
	tcase_add_test(t, parse_empty);
	tcase_add_test(t, resolve);
	tcase_add_test(t, other_port);
	tcase_add_test(t, server_path);
	tcase_add_test(t, no_blow_up);
	tcase_add_test(t, many);
	suite_add_tcase(s, t);
	return suite_main(s);
}
