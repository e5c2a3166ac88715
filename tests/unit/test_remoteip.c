/*
 * Whose request it is by a header field. The expectations are what Apache 2.4's mod_remoteip says,
 * asked with the same fields, but for names and numbers that are no addresses.
 */
#include "itkd/conf_remoteip.h"

#include "itkd/addr.h"
#include "itkd/arena.h"
#include "suite.h"

struct row {
	const char *value;
	const char *client;  /* NULL: nobody else than the peer, 127.0.0.1 */
	const char *rest;    /* NULL: the field is gone */
	const char *proxies; /* NULL: none */
};

/* 127.0.0.0/8 and 10.0.0.1 are internal proxies, 20.0.0.1 and 20.0.0.2 trusted ones. */
static const struct row listed[] = {
    {"203.0.113.9", "203.0.113.9", NULL, NULL},
    {"198.51.100.1, 203.0.113.9", "203.0.113.9", "198.51.100.1", NULL},
    {"10.1.2.3", "10.1.2.3", NULL, NULL},
    {"1.1.1.1, 10.0.0.1", "1.1.1.1", NULL, NULL},
    {"1.1.1.1, 10.0.0.1, 20.0.0.1", "20.0.0.1", "1.1.1.1, 10.0.0.1", NULL},
    {"1.1.1.1, 20.0.0.1", "1.1.1.1", NULL, "20.0.0.1"},
    {"10.5.5.5, 20.0.0.1", "20.0.0.1", "10.5.5.5", NULL},
    {"1.1.1.1, 20.0.0.1, 20.0.0.2", "1.1.1.1", NULL, "20.0.0.2, 20.0.0.1"},
    {"1.1.1.1, 20.0.0.1, 20.0.0.2, 10.0.0.1", "1.1.1.1", NULL, "20.0.0.2, 20.0.0.1"},
    {"bogus", NULL, "bogus", NULL},
    {"1.1.1.1, bogus", NULL, "1.1.1.1, bogus", NULL},
    {"bogus, 1.1.1.1", "1.1.1.1", "bogus", NULL},
    {"", NULL, "", NULL},
    {"1.1.1.1,", NULL, "1.1.1.1,", NULL},
    {"1.1.1.1, ,10.0.0.1", "10.0.0.1", "1.1.1.1, ", NULL},
    {",1.1.1.1", "1.1.1.1", "", NULL},
    {"1.1.1.1, bogus ,10.0.0.1", "10.0.0.1", "1.1.1.1, bogus", NULL},
    {" 1.1.1.1 ", "1.1.1.1", NULL, NULL},
    {"1.1.1.1:80", NULL, "1.1.1.1:80", NULL},
    {"[2001:db8::1]", NULL, "[2001:db8::1]", NULL},
    {"2001:db8::1", "2001:db8::1", NULL, NULL},
    {"fe80::1", "fe80::1", NULL, NULL},
    {"::ffff:9.9.9.9", "9.9.9.9", NULL, NULL},
    {"::ffff:10.9.9.9", "10.9.9.9", NULL, NULL},
    {"::9.9.9.9", "::9.9.9.9", NULL, NULL},
    {"1.1.1.1,2.2.2.2", "2.2.2.2", "1.1.1.1", NULL},
    {"1.1.1.1 2.2.2.2", NULL, "1.1.1.1 2.2.2.2", NULL},
    {"127.0.0.1, 127.0.0.1", "127.0.0.1", NULL, NULL},
    {"9.9.9.9, 127.0.0.1, 10.0.0.1", "9.9.9.9", NULL, NULL},
    {"7.7.7.7,10.0.0.1,20.0.0.1,10.0.0.1", "20.0.0.1", "7.7.7.7,10.0.0.1", NULL},
    {"1.1.1.1/32", NULL, "1.1.1.1/32", NULL},
    {"1.1.1.256", NULL, "1.1.1.256", NULL},
    /* Not as Apache, which takes them. */
    {"1.1", NULL, "1.1", NULL},
    {"localhost", NULL, "localhost", NULL},
};

/* Nobody is listed: everybody is trusted. */
static const struct row unlisted[] = {
    {"203.0.113.9", "203.0.113.9", NULL, "127.0.0.1"},
    {"198.51.100.1, 203.0.113.9", "198.51.100.1", NULL, "127.0.0.1, 203.0.113.9"},
    {"10.1.2.3", NULL, "10.1.2.3", NULL},
    {"1.1.1.1, 10.0.0.1", NULL, "1.1.1.1, 10.0.0.1", NULL},
    {"1.1.1.1, 10.0.0.1, 20.0.0.1", "20.0.0.1", "1.1.1.1, 10.0.0.1", "127.0.0.1"},
    {"bogus, 1.1.1.1", "1.1.1.1", "bogus", "127.0.0.1"},
    {"2001:db8::1", "2001:db8::1", NULL, "127.0.0.1"},
    {"3fff::1", "3fff::1", NULL, "127.0.0.1"},
    {"fe80::1", NULL, "fe80::1", NULL},
    {"::1", NULL, "::1", NULL},
    {"4000::1", NULL, "4000::1", NULL},
    {"fc00::1", NULL, "fc00::1", NULL},
    {"::ffff:10.9.9.9", NULL, "::ffff:10.9.9.9", NULL},
    {"::ffff:9.9.9.9", "9.9.9.9", NULL, "127.0.0.1"},
    {"100.64.0.1", "100.64.0.1", NULL, "127.0.0.1"},
    {"172.15.255.255", "172.15.255.255", NULL, "127.0.0.1"},
    {"172.16.0.1", NULL, "172.16.0.1", NULL},
    {"172.31.255.255", NULL, "172.31.255.255", NULL},
    {"172.32.0.1", "172.32.0.1", NULL, "127.0.0.1"},
    {"192.168.1.1", NULL, "192.168.1.1", NULL},
    {"169.254.1.1", NULL, "169.254.1.1", NULL},
    {"127.0.0.1", NULL, "127.0.0.1", NULL},
};

static struct arena arena;
static struct sockaddr_storage peer;

static void same(const char *value, const char *what, const char *is, const char *want)
{
	ck_assert_msg(is == want || (is && want && strcmp(is, want) == 0), "%s: %s is %s, not %s",
	    value, what, is ? is : "none", want ? want : "none");
}

static void check_row(const struct conf_remoteip *conf, const struct row *row)
{
	char *value = strdup(row->value), ip[ADDR_IP_MAX];
	struct remoteip r;

	remoteip_find(&arena, conf, (struct sockaddr *)&peer, span_of(value), &r);
	ck_assert_msg(r.found == (row->client != NULL), "%s", row->value);
	if (row->client)
		same(row->value, "client", addr_ip((struct sockaddr *)&r.client, ip), row->client);
	if (row->client)
		ck_assert_uint_eq(addr_port((struct sockaddr *)&r.client), 0);
	/* Where nobody was found the field stays as it is. */
	if (row->client)
		same(row->value, "rest", r.rest.p ? arena_span(&arena, r.rest) : NULL, row->rest);
	same(row->value, "proxies", r.proxies, row->proxies);
	free(value);
}

static void setup(void)
{
	arena_init_heap(&arena, 1 << 20);
	ck_assert(addr_parse(SPAN("127.0.0.1"), 4711, &peer));
}

static void teardown(void)
{
	arena_free(&arena);
}

START_TEST(with_list)
{
	static const char *const nets[] = {"127.0.0.0/8", "10.0.0.1", "20.0.0.1", "20.0.0.2"};
	struct conf_peer peers[4];
	struct conf_remoteip conf = {.header = "X-Forwarded-For", .n = 4, .proxies = peers};

	for (int i = 0; i < 4; i++) {
		ck_assert(subnet_parse(nets[i], &peers[i].net) == SUBNET_OK);
		peers[i].internal = i < 2;
	}
	check_row(&conf, &listed[_i]);
}
END_TEST

START_TEST(without_list)
{
	struct conf_remoteip conf = {.header = "X-Forwarded-For"};

	check_row(&conf, &unlisted[_i]);
}
END_TEST

START_TEST(stranger)
{
	struct conf_peer other = {.internal = true};
	struct conf_remoteip conf = {.header = "X-Forwarded-For", .n = 1, .proxies = &other};
	struct remoteip r;

	ck_assert(subnet_parse("10.0.0.0/8", &other.net) == SUBNET_OK);
	remoteip_find(&arena, &conf, (struct sockaddr *)&peer, SPAN("1.1.1.1"), &r);
	ck_assert(!r.found);
}
END_TEST

START_TEST(expected)
{
	struct subnet nets[2];
	const struct conf_proxied all = {0}, one = {1, &nets[0]};
	const struct conf_proxied *const groups[] = {&all, NULL, &one};
	const struct conf_proxy_protocol p = {3, groups, 1, &nets[1]};
	struct sockaddr_storage other, excepted;

	ck_assert(subnet_parse("127.0.0.1", &nets[0]) == SUBNET_OK);
	ck_assert(subnet_parse("10.0.0.1", &nets[1]) == SUBNET_OK);
	ck_assert(addr_parse(SPAN("192.0.2.1"), 1, &other));
	ck_assert(addr_parse(SPAN("10.0.0.1"), 1, &excepted));
	const struct sockaddr *proxy = (struct sockaddr *)&peer, *o = (struct sockaddr *)&other,
	                      *e = (struct sockaddr *)&excepted;

	ck_assert(conf_proxied(NULL, 0, proxy) == PROXIED_NO);
	ck_assert(conf_proxied(&p, 0, proxy) == PROXIED_YES);
	ck_assert(conf_proxied(&p, 0, o) == PROXIED_YES);
	ck_assert(conf_proxied(&p, 1, proxy) == PROXIED_NO);
	ck_assert(conf_proxied(&p, 2, proxy) == PROXIED_YES);
	ck_assert(conf_proxied(&p, 2, o) == PROXIED_STRANGER);
	ck_assert(conf_proxied(&p, 2, e) == PROXIED_NO);
	ck_assert(conf_proxied(&p, 3, proxy) == PROXIED_NO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("remoteip");
	TCase *t = tcase_create("remoteip");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, with_list, 0, sizeof(listed) / sizeof(*listed));
	tcase_add_loop_test(t, without_list, 0, sizeof(unlisted) / sizeof(*unlisted));
	tcase_add_test(t, stranger);
	tcase_add_test(t, expected);
	suite_add_tcase(suite, t);
	return suite_main(suite);
}
