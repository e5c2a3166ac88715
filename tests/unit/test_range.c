/* Ranges: vectors/range.tsv (field value, size, most ranges, result as "start-end ..."). */
#include "itkd/range.h"
#include "vectors.h"

#include <inttypes.h>

#define RANGES 8

START_TEST(parse)
{
	struct vector_table t;
	struct vector_row row;
	unsigned cases = 0;

	vector_open(&t, VECTORS "/range.tsv");
	while (vector_next(&t, &row)) {
		struct range r[RANGES];
		size_t n = 99, max = strtoul(row.col[2].p, NULL, 10), len = 0;
		char got[512] = "";

		ck_assert_uint_eq(row.n, 4);
		ck_assert_uint_le(max, RANGES);
		enum range_result result =
		    range_parse(row.col[0], strtoll(row.col[1].p, NULL, 10), r, max, &n);

		ck_assert_uint_le(n, max);
		if (result == RANGE_IGNORE)
			len += (size_t)snprintf(got, sizeof(got), "ignore");
		if (result == RANGE_UNSATISFIABLE)
			len += (size_t)snprintf(got, sizeof(got), "416");
		for (size_t i = 0; result == RANGE_OK && i < n; i++)
			len += (size_t)snprintf(got + len, sizeof(got) - len,
			    "%s%" PRId64 "-%" PRId64, i ? " " : "", r[i].start, r[i].end);
		ck_assert_msg(span_eq(span_of(got), row.col[3]), "line %u: %s", row.line, got);
		cases++;
	}
	ck_assert_uint_ge(cases, 40);
	vector_close(&t);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {parse};

	return vector_run("range", tests, 1);
}
