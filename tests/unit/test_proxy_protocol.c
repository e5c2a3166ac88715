/* The PROXY protocol: what is taken, what is refused, and that every prefix is MORE. */
#include "itkd/proxy_protocol.h"

#include "itkd/addr.h"
#include "suite.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define ADDR4 "\xcb\x00\x71\x09\x7f\x00\x00\x01\x16\x2e\x00\x50"
#define ADDR6                                                                                      \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x04\x57\x00" \
	"\x50"
#define B(literal) (literal), sizeof(literal) - 1
#define X91                                                                                        \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xx"                                                                                       \
	"x"

struct good {
	const char *bytes;
	size_t n;
	const char *client; /* "ip:port"; NULL: nobody is named */
};

static const struct good goods[] = {
    {B("PROXY TCP4 203.0.113.9 127.0.0.1 1234 80\r\n"), "203.0.113.9:1234"},
    {B("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), "0.0.0.0:0"},
    {B("PROXY TCP6 2001:db8::9 ::1 65535 80\r\n"), "[2001:db8::9]:65535"},
    {B("PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n"), "203.0.113.9:1"},
    {B("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    {B("PROXY UNKNOWN\r\n"), NULL},
    {B("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
        NULL},
    {B("PROXY UNKNOWN " X91 "\r\n"), NULL}, /* 107 bytes */
    {B(SIGNATURE "\x21\x11\x00\x0c" ADDR4), "203.0.113.9:5678"},
    {B(SIGNATURE "\x21\x21\x00\x24" ADDR6), "[2001:db8::9]:1111"},
    {B(SIGNATURE "\x21\x11\x00\x11" ADDR4 "\x01\x00\x02h2"), "203.0.113.9:5678"},
    {B(SIGNATURE "\x21\x11\x00\x0d" ADDR4 "\x01"), "203.0.113.9:5678"},
    {B(SIGNATURE "\x20\x00\x00\x00"), NULL},
    {B(SIGNATURE "\x20\x11\x00\x0c" ADDR4), NULL},
    {B(SIGNATURE "\x20\x31\x00\x03xyz"), NULL},
};

static const struct {
	const char *bytes;
	size_t n;
	const char *why;
} bads[] = {
    {B("GET / HTTP/1.1\r\n"), "does not begin"},
    {B("P\r"), "does not begin"},
    {B("proxy TCP4"), "does not begin"},
    {B("PROXY\t"), "does not begin"},
    {B("\r\n\r\n\0\r\nQUIT\r"), "does not begin"},
    {B("\x16\x03\x01"), "does not begin"},
    {B("PROXY \r\n"), "AH03497"},
    {B("PROXY  TCP4 1.1.1.1 1.1.1.2 1 2\r\n"), "AH03497"},
    {B("PROXY TCP5 1.1.1.1 1.1.1.2 1 2\r\n"), "AH03499"},
    {B("PROXY tcp4 1.1.1.1 1.1.1.2 1 2\r\n"), "AH03499"},
    {B("PROXY UNKNOWNX\r\n"), "AH03499"},
    {B("PROXY TCP4\r\n"), "AH03501"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2\r\n"), "AH03501"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2 1\r\n"), "AH03501"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2 x 2\r\n"), "AH03501"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2 65536 2\r\n"), "AH03501"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2 1 65536\r\n"), "AH03501"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2 01 2\r\n"), "AH03501"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2 +1 2\r\n"), "AH03501"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2 1 2 3\r\n"), "AH03501"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2 1 2 \r\n"), "AH03501"},
    {B("PROXY TCP4  1.1.1.1 1.1.1.2 1 2\r\n"), "AH03501"},
    {B("PROXY TCP4 1.1 1.1.1.2 1 2\r\n"), "AH03500"},
    {B("PROXY TCP4 1.1.1.256 1.1.1.2 1 2\r\n"), "AH03500"},
    {B("PROXY TCP4 1.1.1.1 x 1 2\r\n"), "AH03500"},
    {B("PROXY TCP4 ::1 ::1 1 2\r\n"), "AH03500"},
    {B("PROXY TCP6 1.1.1.1 ::1 1 2\r\n"), "AH03500"},
    {B("PROXY TCP6 [::1] ::1 1 2\r\n"), "AH03500"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2 1 2\n"), "CRLF"},
    {B("PROXY TCP4 1.1.1.1 1.1.1.2 1 2\rX"), "CRLF"},
    {B("PROXY TCP4 \0"), "CRLF"},
    {B("PROXY UNKNOWN x" X91 "\r\n"), "AH10185"}, /* 108 bytes */
    {B("PROXY UNKNOWN x" X91), "AH10185"},
    {B(SIGNATURE "\x11"), "version"},
    {B(SIGNATURE "\x31\x11\x00\x0c" ADDR4), "version"},
    {B(SIGNATURE "\x22"), "AH03507"},
    {B(SIGNATURE "\x21\x00\x00\x00"), "AH10183"},
    {B(SIGNATURE "\x21\x12\x00\x0c" ADDR4), "AH10183"},
    {B(SIGNATURE "\x21\x31\x00\xd8"), "AH10183"},
    {B(SIGNATURE "\x21\x22\x00\x24"), "AH10183"},
    {B(SIGNATURE "\x21\x11\x00\x0b"), "AH10597"},
    {B(SIGNATURE "\x21\x21\x00\x23"), "AH10598"},
    {B(SIGNATURE "\x21\x11\x0f\xf1"), "AH10186"},
    {B(SIGNATURE "\x20\x00\xff\xff"), "AH10186"},
};

/* From memory of its own size: a byte too far is seen. */
static enum proxy_result parse(const char *p, size_t n, struct proxy_header *h, const char **why)
{
	char *copy = memcpy(malloc(n + !n), p, n);
	enum proxy_result r = proxy_protocol_parse(copy, n, h, why);

	free(copy);
	return r;
}

START_TEST(good)
{
	const struct good *g = &goods[_i];
	struct proxy_header h;
	char text[ADDR_TEXT_MAX], more[512];
	const char *why;

	for (size_t n = 0; n < g->n; n++)
		ck_assert_msg(parse(g->bytes, n, &h, &why) == PROXY_MORE, "%d at %zu", _i, n);
	memcpy(more, g->bytes, g->n);
	memset(more + g->n, 'G', sizeof(more) - g->n);
	for (size_t n = g->n; n < sizeof(more); n += 37) {
		ck_assert(parse(more, n, &h, &why) == PROXY_DONE);
		ck_assert_uint_eq(h.size, g->n);
		ck_assert_int_eq(h.named, g->client != NULL);
		if (g->client)
			ck_assert_str_eq(addr_text((struct sockaddr *)&h.client, text), g->client);
	}
}
END_TEST

START_TEST(bad)
{
	struct proxy_header h;
	const char *why = "";

	ck_assert_msg(parse(bads[_i].bytes, bads[_i].n, &h, &why) == PROXY_BAD, "%d", _i);
	ck_assert_msg(strstr(why, bads[_i].why) != NULL, "%d: %s", _i, why);
}
END_TEST

START_TEST(largest)
{
	static char bytes[PROXY_PROTOCOL_MAX] = SIGNATURE "\x21\x11\x0f\xf0" ADDR4;
	struct proxy_header h;
	const char *why;

	ck_assert(parse(bytes, sizeof(bytes) - 1, &h, &why) == PROXY_MORE);
	ck_assert(parse(bytes, sizeof(bytes), &h, &why) == PROXY_DONE);
	ck_assert_uint_eq(h.size, PROXY_PROTOCOL_MAX);
	ck_assert(h.named);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proxy_protocol");
	TCase *t = tcase_create("proxy_protocol");

	tcase_add_loop_test(t, good, 0, sizeof(goods) / sizeof(*goods));
	tcase_add_loop_test(t, bad, 0, sizeof(bads) / sizeof(*bads));
	tcase_add_test(t, largest);
	suite_add_tcase(suite, t);
	return suite_main(suite);
}
