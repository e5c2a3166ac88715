/* Networks of addresses (subnet.h), by table: what apr_ipsubnet_create takes and refuses. */
#include "itkd/addr.h"
#include "itkd/subnet.h"
#include "vectors.h"

static const struct {
	const char *text;
	enum subnet_result result;
} parse_rows[] = {
    {"10", SUBNET_OK},
    {"10.", SUBNET_OK},
    {"10.1.", SUBNET_OK},
    {"10.1.2.3", SUBNET_OK},
    {"10.1.2.3.", SUBNET_OK},
    {"10.0.0.0/8", SUBNET_OK},
    {"10.1.2.3/32", SUBNET_OK},
    {"10.0.0.0/255.0.0.0", SUBNET_OK},
    {"10.0.0.0/255.0.255.0", SUBNET_OK},
    {"::1", SUBNET_OK},
    {"::", SUBNET_OK},
    {"2001:db8::/32", SUBNET_OK},
    {"fe80::1/128", SUBNET_OK},
    {"", SUBNET_BAD},
    {".", SUBNET_BAD},
    {".1", SUBNET_BAD},
    {"1..2", SUBNET_BAD},
    {"300", SUBNET_BAD},
    {"10.1.2.256", SUBNET_BAD},
    {"10.1.2.3.4", SUBNET_BAD},
    {"00000000010", SUBNET_BAD},
    {"10/8", SUBNET_BAD},
    {"10.1/16", SUBNET_BAD},
    {"0/0", SUBNET_BAD},
    {"2001:db8", SUBNET_BAD},
    {"[::1]", SUBNET_BAD},
    {"::ffff:1.2.3.4", SUBNET_BAD},
    {"1:2:3:4:5:6:7:8:9", SUBNET_BAD},
    {"10.0.0.0/0", SUBNET_BAD_MASK},
    {"10.0.0.0/33", SUBNET_BAD_MASK},
    {"10.0.0.0/", SUBNET_BAD_MASK},
    {"10.0.0.0/-1", SUBNET_BAD_MASK},
    {"10.0.0.0/8/8", SUBNET_BAD_MASK},
    {"10.0.0.0/255.0", SUBNET_BAD_MASK},
    {"10.0.0.0/foo", SUBNET_BAD_MASK},
    {"::1/129", SUBNET_BAD_MASK},
    {"::1/255.0.0.0", SUBNET_BAD_MASK},
    {"example.com", SUBNET_NONE},
    {"foo/8", SUBNET_NONE},
    {".com", SUBNET_NONE},
    {"10.1.2.3x", SUBNET_NONE},
};

START_TEST(parses)
{
	for (size_t i = 0; i < sizeof(parse_rows) / sizeof(parse_rows[0]); i++) {
		struct subnet net;

		ck_assert_msg(subnet_parse(parse_rows[i].text, &net) == parse_rows[i].result, "%s",
		    parse_rows[i].text);
	}
}
END_TEST

/* A text of any length is refused, or not taken for an address, and nothing is overrun. */
START_TEST(long_text)
{
	char text[300];
	struct subnet net;

	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(subnet_parse(text, &net), SUBNET_BAD);
	text[100] = ':';
	ck_assert_int_eq(subnet_parse(text, &net), SUBNET_BAD);
	text[100] = 'x';
	ck_assert_int_eq(subnet_parse(text, &net), SUBNET_NONE);
}
END_TEST

static const struct {
	const char *net, *address;
	bool held;
} hold_rows[] = {
    {"127", "127.0.0.1", true},
    {"127.", "127.255.0.1", true},
    {"127", "128.0.0.1", false},
    {"10.1", "10.1.2.3", true},
    {"10.1", "10.2.0.1", false},
    {"10.1", "10.10.0.1", false},
    {"1", "10.0.0.1", false},
    {"10.1.2.3", "10.1.2.3", true},
    {"10.1.2.3", "10.1.2.4", false},
    {"10.1.2.3/8", "10.9.9.9", true},
    {"10.1.2.3/255.255.0.0", "10.1.9.9", true},
    {"10.1.2.3/255.255.0.0", "10.2.2.3", false},
    {"10.0.3.0/255.0.255.0", "10.7.3.7", true},
    {"10.0.0.0/9", "10.127.255.255", true},
    {"10.0.0.0/9", "10.128.0.0", false},
    {"10.0.0.0/31", "10.0.0.1", true},
    {"10.0.0.0/31", "10.0.0.2", false},
    {"::1", "::1", true},
    {"::1", "::2", false},
    {"2001:db8::/33", "2001:db8:7fff::1", true},
    {"2001:db8::/33", "2001:db8:8000::1", false},
    {"2001:db8::/128", "2001:db8::", true},
    {"::/1", "127.0.0.1", false},
    {"127", "::1", false},
    {"127", "::ffff:127.0.0.1", true},
    {"10", "::ffff:127.0.0.1", false},
    {"::/1", "::ffff:127.0.0.1", false},
};

START_TEST(holds)
{
	for (size_t i = 0; i < sizeof(hold_rows) / sizeof(hold_rows[0]); i++) {
		struct sockaddr_storage addr;
		struct subnet net;

		ck_assert_int_eq(subnet_parse(hold_rows[i].net, &net), SUBNET_OK);
		ck_assert(addr_parse(span_of(hold_rows[i].address), 0, &addr));
		ck_assert_msg(
		    subnet_holds(&net, (const struct sockaddr *)&addr) == hold_rows[i].held,
		    "%s %s", hold_rows[i].net, hold_rows[i].address);
	}
}
END_TEST

START_TEST(no_address)
{
	const struct sockaddr local = {.sa_family = AF_UNIX};
	struct subnet net;

	ck_assert_int_eq(subnet_parse("10", &net), SUBNET_OK);
	ck_assert(!subnet_holds(&net, &local));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {parses, long_text, holds, no_address};

	return vector_run("subnet", tests, sizeof(tests) / sizeof(tests[0]));
}
