/* Socket addresses: text, numeric parsing, the wire. */
#include "itkd/addr.h"

#include "suite.h"
#include <sys/un.h>

static const struct {
	const char *in;
	uint16_t port;
	int family; /* 0: no address */
	const char *ip, *text;
} rows[] = {
    {"1.2.3.4", 80, AF_INET, "1.2.3.4", "1.2.3.4:80"},
    {"0.0.0.0", 0, AF_INET, "0.0.0.0", "0.0.0.0:0"},
    {"::1", 443, AF_INET6, "::1", "[::1]:443"},
    {"[::1]", 80, AF_INET6, "::1", "[::1]:80"},
    {"[::]", 65535, AF_INET6, "::", "[::]:65535"},
    {"2001:DB8::A", 80, AF_INET6, "2001:db8::a", "[2001:db8::a]:80"},
    {"::ffff:1.2.3.4", 80, AF_INET6, "1.2.3.4", "1.2.3.4:80"},
    {"[1.2.3.4]", 80, 0, NULL, NULL},
    {"1.2.3", 80, 0, NULL, NULL},
    {"1.2.3.4.", 80, 0, NULL, NULL},
    {"01.2.3.4", 80, 0, NULL, NULL},
    {"1.2.3.256", 80, 0, NULL, NULL},
    {"", 80, 0, NULL, NULL},
    {"[", 80, 0, NULL, NULL},
    {"[]", 80, 0, NULL, NULL},
    {"localhost", 80, 0, NULL, NULL},
    {":::1", 80, 0, NULL, NULL},
    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333", 80, 0, NULL, NULL},
};

START_TEST(text)
{
	struct sockaddr_storage addr;
	const struct sockaddr *sa = (const struct sockaddr *)&addr;
	char ip[ADDR_IP_MAX], full[ADDR_TEXT_MAX];
	bool ok = addr_parse(span_of(rows[_i].in), rows[_i].port, &addr);

	ck_assert_int_eq(ok, rows[_i].family != 0);
	if (!ok)
		return;
	ck_assert_int_eq(addr.ss_family, rows[_i].family);
	ck_assert_str_eq(addr_ip(sa, ip), rows[_i].ip);
	ck_assert_str_eq(addr_text(sa, full), rows[_i].text);
	ck_assert_uint_eq(addr_port(sa), rows[_i].port);
	ck_assert_uint_eq(addr_len(sa),
	    rows[_i].family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
}
END_TEST

START_TEST(wire)
{
	struct sockaddr_storage addr = {0}, back;
	uint8_t buf[64];
	struct wire w;

	addr_parse(span_of(rows[_i].in), rows[_i].port, &addr);
	wire_writer(&w, buf, sizeof(buf));
	addr_put(&w, &addr);
	size_t n = w.n;

	wire_reader(&w, buf, n);
	addr_get(&w, &back);
	ck_assert(wire_end(&w));
	ck_assert_mem_eq(&addr, &back, sizeof(addr));
	while (n-- > 0) {
		wire_reader(&w, buf, n);
		addr_get(&w, &back);
		ck_assert(w.bad);
		ck_assert_int_eq(back.ss_family, 0);
	}
}
END_TEST

START_TEST(no_ip_address)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	const struct sockaddr *sa = (const struct sockaddr *)&un;
	char ip[ADDR_IP_MAX], full[ADDR_TEXT_MAX];

	ck_assert_str_eq(addr_ip(sa, ip), "-");
	ck_assert_str_eq(addr_text(sa, full), "-");
	ck_assert_uint_eq(addr_port(sa), 0);
	ck_assert_uint_eq(addr_len(sa), 0);
}
END_TEST

START_TEST(unknown_family_is_bad)
{
	static const uint8_t five[] = {5, 0, 80, 1, 2, 3, 4};
	struct sockaddr_storage addr;
	struct wire w;

	wire_reader(&w, five, sizeof(five));
	addr_get(&w, &addr);
	ck_assert(w.bad);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("addr");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, text, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(t, wire, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, no_ip_address);
	tcase_add_test(t, unknown_family_is_bad);
	suite_add_tcase(s, t);
	return suite_main(s);
}
