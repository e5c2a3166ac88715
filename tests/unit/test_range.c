/* Ranges: vectors/range.tsv (field value, size, limits, result as "start-end ..."). */
#include "itkd/range.h"
#include "vectors.h"

#include <inttypes.h>

#define RANGES 16

/* "ranges[/overlaps[/reversals]]" */
static struct range_limits limits_of(const char *text)
{
	struct range_limits limits = {RANGE_UNLIMITED, 20, 20};
	char *end;

	limits.ranges = (uint32_t)strtoul(text, &end, 10);
	if (*end == '/')
		limits.overlaps = (uint32_t)strtoul(end + 1, &end, 10);
	if (*end == '/')
		limits.reversals = (uint32_t)strtoul(end + 1, &end, 10);
	return limits;
}

START_TEST(parse)
{
	struct vector_table t;
	struct vector_row row;
	unsigned cases = 0;

	vector_open(&t, VECTORS "/range.tsv");
	while (vector_next(&t, &row)) {
		struct range r[RANGES];
		struct range_limits limits = limits_of(row.col[2].p);
		size_t n = 99, len = 0;
		char got[512] = "";

		ck_assert_uint_eq(row.n, 4);
		ck_assert_uint_le(range_room(row.col[0]), RANGES);
		enum range_result result =
		    range_parse(row.col[0], strtoll(row.col[1].p, NULL, 10), &limits, r, &n);

		ck_assert_uint_le(n, limits.ranges);
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
