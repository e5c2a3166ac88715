/* Entity-tags: vectors/etag.tsv (field value, current entity-tag, weak result, strong result). */
#include "itkd/etag.h"
#include "vectors.h"

static const char *result_text(enum etag_result r)
{
	return r == ETAG_ANY ? "any" : r == ETAG_MATCHES ? "yes" : "no";
}

START_TEST(lists)
{
	struct vector_table t;
	struct vector_row row;
	unsigned n = 0;

	vector_open(&t, VECTORS "/etag.tsv");
	while (vector_next(&t, &row)) {
		ck_assert_uint_eq(row.n, 4);
		const char *weak = result_text(etag_match(row.col[0], row.col[1], ETAG_WEAK));
		const char *strong = result_text(etag_match(row.col[0], row.col[1], ETAG_STRONG));

		ck_assert_msg(span_eq(span_of(weak), row.col[2]), "line %u: weak", row.line);
		ck_assert_msg(span_eq(span_of(strong), row.col[3]), "line %u: strong", row.line);
		n++;
	}
	ck_assert_uint_ge(n, 30);
	vector_close(&t);
}
END_TEST

START_TEST(single)
{
	ck_assert(etag_valid(SPAN("\"a\"")));
	ck_assert(etag_valid(SPAN("\"\"")));
	ck_assert(etag_valid(SPAN("W/\"a\\\"")));
	ck_assert(!etag_valid(SPAN("")));
	ck_assert(!etag_valid(SPAN("*")));
	ck_assert(!etag_valid(SPAN("\"")));
	ck_assert(!etag_valid(SPAN("a")));
	ck_assert(!etag_valid(SPAN("w/\"a\"")));
	ck_assert(!etag_valid(SPAN("W/")));
	ck_assert(!etag_valid(SPAN("\"a\" ")));
	ck_assert(!etag_valid(SPAN("\"a b\"")));
	ck_assert(!etag_valid(SPAN("\"a\x7f\"")));
	ck_assert(!etag_valid(SPAN("Sun, 06 Nov 1994 08:49:37 GMT")));
	ck_assert(etag_equal(SPAN("\"a\""), SPAN("\"a\""), ETAG_STRONG));
	ck_assert(!etag_equal(SPAN("W/\"a\""), SPAN("W/\"a\""), ETAG_STRONG));
	ck_assert(etag_equal(SPAN("W/\"a\""), SPAN("\"a\""), ETAG_WEAK));
	ck_assert(!etag_equal(SPAN("W/\"a\""), SPAN("\"b\""), ETAG_WEAK));
	ck_assert(!etag_equal(SPAN("a"), SPAN("a"), ETAG_WEAK));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {lists, single};

	return vector_run("etag", tests, sizeof(tests) / sizeof(tests[0]));
}
