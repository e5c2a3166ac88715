/* Fields on the wire: network byte order, bounds, nothing left over. */
#include "itkd/wire.h"

#include "suite.h"

static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
    0x0c, 0x0d, 0x0e, 0x0f,    /**/
    0, 0, 0, 3, 'a', 'b', 'c', /**/
    0, 0, 0, 0};

static void put_all(struct wire *w)
{
	wire_put_u8(w, 0x01);
	wire_put_u16(w, 0x0203);
	wire_put_u32(w, 0x04050607);
	wire_put_u64(w, 0x08090a0b0c0d0e0f);
	wire_put_str(w, "abc");
	wire_put_str(w, NULL);
}

START_TEST(layout)
{
	uint8_t buf[64];
	struct wire w;

	wire_writer(&w, buf, sizeof(buf));
	put_all(&w);
	ck_assert(!w.bad);
	ck_assert_uint_eq(w.n, sizeof(bytes));
	ck_assert_mem_eq(buf, bytes, sizeof(bytes));
}
END_TEST

START_TEST(read_back)
{
	struct wire w;

	wire_reader(&w, bytes, sizeof(bytes));
	ck_assert_uint_eq(wire_get_u8(&w), 0x01);
	ck_assert_uint_eq(wire_get_u16(&w), 0x0203);
	ck_assert_uint_eq(wire_get_u32(&w), 0x04050607);
	ck_assert_uint_eq(wire_get_u64(&w), 0x08090a0b0c0d0e0f);
	ck_assert(span_eq(wire_get_bytes(&w, 3), SPAN("abc")));
	ck_assert(!wire_end(&w));
	ck_assert_uint_eq(wire_get_bytes(&w, 0).n, 0);
	ck_assert(wire_end(&w));
}
END_TEST

/* Every length that is too short: bad, and nothing but zeroes from then on. */
START_TEST(truncated)
{
	uint8_t *copy = malloc(_i ? (size_t)_i : 1);
	struct wire w;

	memcpy(copy, bytes, (size_t)_i);
	wire_reader(&w, copy, (size_t)_i);
	wire_get_u8(&w);
	wire_get_u16(&w);
	wire_get_u32(&w);
	wire_get_u64(&w);
	wire_get_bytes(&w, 100);
	wire_get_bytes(&w, 100);
	ck_assert(w.bad);
	ck_assert(!wire_end(&w));
	ck_assert_uint_eq(wire_get_u64(&w), 0);
	ck_assert_uint_eq(wire_get_bytes(&w, 100).n, 0);
	ck_assert_ptr_nonnull(wire_get_bytes(&w, 100).p);
	free(copy);
}
END_TEST

START_TEST(string_too_long)
{
	static const uint8_t four[] = {0, 0, 0, 4, 'a', 'b', 'c', 'd'};
	static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 'a'};
	struct wire w;

	wire_reader(&w, four, sizeof(four));
	ck_assert_uint_eq(wire_get_bytes(&w, 3).n, 0);
	ck_assert(w.bad);
	wire_reader(&w, huge, sizeof(huge));
	ck_assert_uint_eq(wire_get_bytes(&w, SIZE_MAX).n, 0);
	ck_assert(w.bad);
}
END_TEST

/* Each buffer that is too small: bad, and not a byte behind it. */
START_TEST(full)
{
	uint8_t *buf = malloc(_i ? (size_t)_i : 1);
	struct wire w;

	wire_writer(&w, buf, (size_t)_i);
	put_all(&w);
	ck_assert(w.bad);
	ck_assert_uint_le(w.n, (size_t)_i);
	free(buf);
}
END_TEST

START_TEST(grows)
{
	static char text[5000];
	struct wire w, r;

	memset(text, 'x', sizeof(text));
	wire_writer_grow(&w);
	for (int i = 0; i < 100; i++)
		wire_put_bytes(&w, text, sizeof(text));
	ck_assert(!w.bad);
	ck_assert_uint_eq(w.n, 100 * (4 + sizeof(text)));
	wire_reader(&r, w.p, w.n);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(wire_get_bytes(&r, sizeof(text)).n, sizeof(text));
	ck_assert(wire_end(&r));
	free(w.p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("wire");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, layout);
	tcase_add_test(t, read_back);
	tcase_add_loop_test(t, truncated, 0, sizeof(bytes));
	tcase_add_test(t, string_too_long);
	tcase_add_loop_test(t, full, 0, sizeof(bytes));
	tcase_add_test(t, grows);
	suite_add_tcase(s, t);
	return suite_main(s);
}
