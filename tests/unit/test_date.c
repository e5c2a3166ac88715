/* Dates: vectors/date.tsv (text, seconds or -1), and every day against libc's calendar. */
#include "itkd/date.h"
#include "vectors.h"

#include <time.h>

/* 2024-06-15 12:00:00 GMT: two-digit years reach to 2074. */
#define NOW ((time_t)1718452800)

START_TEST(parse)
{
	struct vector_table t;
	struct vector_row row;
	unsigned n = 0;

	vector_open(&t, VECTORS "/date.tsv");
	while (vector_next(&t, &row)) {
		ck_assert_uint_eq(row.n, 2);
		ck_assert_msg(date_parse(row.col[0], NOW) == strtoll(row.col[1].p, NULL, 10),
		    "line %u: %lld", row.line, (long long)date_parse(row.col[0], NOW));
		n++;
	}
	ck_assert_uint_ge(n, 50);
	vector_close(&t);
}
END_TEST

/* The time t as libc writes it must be what we write, and be read as t. */
static void check_time(time_t t)
{
	char ours[DATE_LEN + 1], imf[64], asctime[64];
	struct tm tm;
	time_t want = t < 0 ? 0 : t;

	gmtime_r(&t, &tm);
	strftime(imf, sizeof(imf), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	strftime(asctime, sizeof(asctime), "%a %b %e %H:%M:%S %Y", &tm);
	date_format(t, ours);
	/* check notes each assertion in a file: that is too slow for so many. */
	if (strcmp(ours, imf) != 0 || date_parse(span_of(imf), NOW) != want ||
	    date_parse(span_of(asctime), NOW) != want)
		ck_abort_msg("%lld: %s, not %s", (long long)t, ours, imf);
}

/* From 1900 to 9999, in steps that meet every weekday, month and hour. */
START_TEST(against_libc)
{
	unsigned n = 0;

	for (time_t t = -2208988800; t <= 253402300799; t += 86400 * 10 + 3607, n++)
		check_time(t);
	ck_assert_uint_gt(n, 50000);
}
END_TEST

START_TEST(format_bounds)
{
	char buf[DATE_LEN + 1];

	date_format(784111777, buf);
	ck_assert_str_eq(buf, "Sun, 06 Nov 1994 08:49:37 GMT");
	/* A file's time may be anything; the text still has its length. */
	date_format((time_t)INT64_MAX, buf);
	ck_assert_str_eq(buf, "Fri, 31 Dec 9999 23:59:59 GMT");
	date_format((time_t)INT64_MIN, buf);
	ck_assert_uint_eq(strlen(buf), DATE_LEN);
}
END_TEST

/* RFC 9110 section 5.6.7: more than 50 years ahead is the past. */
START_TEST(two_digit_years)
{
	static const struct {
		time_t now;
		const char *text;
		time_t want;
	} rows[] = {
	    {NOW, "Friday, 15-Jun-74 00:00:00 GMT", 3296246400},  /* 2074 */
	    {NOW, "Sunday, 15-Jun-75 00:00:00 GMT", 172022400},   /* 1975 */
	    {NOW, "Sunday, 06-Nov-94 08:49:37 GMT", 784111777},   /* 1994 */
	    {NOW, "Saturday, 01-Jan-00 00:00:00 GMT", 946684800}, /* 2000 */
	    {946684799, "Saturday, 01-Jan-00 00:00:00 GMT", 946684800},
	    {946684799, "Friday, 01-Jan-49 00:00:00 GMT", 2493072000}, /* 2049, from 1999 */
	    {946684799, "Sunday, 01-Jan-50 00:00:00 GMT", 0},          /* 1950, from 1999 */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(date_parse(span_of(rows[i].text), rows[i].now) == rows[i].want,
		    "row %zu: %lld", i, (long long)date_parse(span_of(rows[i].text), rows[i].now));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {parse, against_libc, format_bounds, two_digit_years};

	return vector_run("date", tests, sizeof(tests) / sizeof(tests[0]));
}
