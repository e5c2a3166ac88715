/* The small values of conditional and range requests: Range, entity-tag lists, dates. */
#include "fuzz.h"
#include "itkd/date.h"
#include "itkd/etag.h"
#include "itkd/range.h"

#define RANGES 8

static void fuzz_date(struct span s)
{
	time_t t = date_parse(s, 1718452800);
	char text[DATE_LEN + 1];

	must(t >= -1, "a date is -1 or not negative");
	if (t < 0)
		return;
	date_format(t, text);
	must(date_parse(span_of(text), 0) == t, "a date is read as it was written");
}

static void fuzz_ranges(struct span s, int64_t size, size_t max)
{
	struct range r[RANGES];
	size_t n = RANGES + 1;
	enum range_result result = range_parse(s, size, r, max, &n);

	must(n <= max, "no more ranges than asked for");
	must((result == RANGE_OK) <= (n > 0), "OK means some");
	for (size_t i = 0; i < n; i++)
		must(0 <= r[i].start && r[i].start < r[i].end && r[i].end <= size,
		    "a range lies within the representation");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int64_t sizes[] = {0, 1, 10, 65536, 5368709120, INT64_MAX};
	struct span s = {(const char *)data, n};
	struct span tag = SPAN("\"a\"");

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fuzz_ranges(s, sizes[i], 1);
		fuzz_ranges(s, sizes[i], RANGES);
	}
	must(etag_match(s, tag, ETAG_STRONG) != ETAG_MATCHES ||
	         etag_match(s, tag, ETAG_WEAK) == ETAG_MATCHES,
	    "what matches strongly matches weakly");
	must(!etag_valid(s) || etag_match(s, s, ETAG_WEAK) == ETAG_MATCHES, "a tag matches itself");
	fuzz_date(s);
	return 0;
}
