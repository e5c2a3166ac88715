/*
 * The small values of conditional, range and negotiated requests: Range, entity-tag lists, dates,
 * Accept and its like.
 */
#include "fuzz.h"
#include "itkd/arena.h"
#include "itkd/date.h"
#include "itkd/etag.h"
#include "itkd/negotiate.h"
#include "itkd/range.h"

#define RANGES 9001

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

static void fuzz_ranges(struct span s, int64_t size, struct range_limits limits)
{
	static struct range r[RANGES];
	size_t n = RANGES + 1, room = range_room(s);
	int64_t sum = 0;

	if (room > RANGES)
		return;
	enum range_result result = range_parse(s, size, &limits, r, &n);

	must(n <= room && n <= limits.ranges, "no more ranges than allowed");
	must((result == RANGE_OK) == (n > 0), "OK means some");
	for (size_t i = 0; i < n; i++) {
		must(0 <= r[i].start && r[i].start < r[i].end && r[i].end <= size,
		    "a range lies within the representation");
		must(sum <= size - (r[i].end - r[i].start), "no more than the whole is sent");
		sum += r[i].end - r[i].start;
	}
}

/* The bytes as each field of the client's, and as a variant's own type. */
static void fuzz_negotiate(struct span s)
{
	static const char *const languages[] = {"en", "de-at"};
	struct arena a;
	struct negotiate g = {.a = &a, .n = 3, .transparent = true};
	bool list;

	if (s.n > 2000)
		return;
	arena_init_heap(&a, 64 << 20);
	const char *text = arena_span(&a, s);
	struct variant v[3] = {{.file = "a",
	                           .encoding = "",
	                           .description = "",
	                           .nlanguages = 1,
	                           .languages = languages},
	    {.file = "b",
	        .encoding = "x-gzip",
	        .description = "",
	        .nlanguages = 2,
	        .languages = languages},
	    {.file = text, .encoding = "", .description = "", .length = -1}};

	g.v = v;
	variant_type(&a, &v[0], "text/html; charset=utf-8");
	variant_type(&a, &v[1], "text/plain; qs=0.5");
	variant_type(&a, &v[2], text);
	accept_parse(&a, text, &g.types);
	accept_parse(&a, text, &g.languages);
	accept_parse(&a, text, &g.encodings);
	accept_parse(&a, text, &g.charsets);
	for (size_t i = 0; i < g.types.n; i++)
		must(g.types.v[i].q >= 0 && g.types.v[i].q <= 1, "a weight is between 0 and 1");
	negotiate_header(&g, s.n % 2 ? text : NULL, s.n % 3 == 0);
	negotiate_defaults(&g, s.n % 4 == 0);
	struct variant *best = negotiate_choose(&g, &list);

	must(list || best, "it is chosen, or the client must");
	must(!best || (best->type_q > 0 && best->encoding_q > 0), "the best one suits");
	must(negotiate_vary(&g) && negotiate_alternates(&g), "it can be told");
	must(!strstr(negotiate_list(&g), "<script"), "the list is escaped");
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const int64_t sizes[] = {0, 1, 10, 65536, 5368709120, INT64_MAX};
	struct span s = {(const char *)data, n};
	struct span tag = SPAN("\"a\"");

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fuzz_ranges(s, sizes[i], (struct range_limits){200, 20, 20});
		fuzz_ranges(s, sizes[i], (struct range_limits){1, 0, 0});
		fuzz_ranges(s, sizes[i],
		    (struct range_limits){RANGE_UNLIMITED, RANGE_UNLIMITED, RANGE_UNLIMITED});
	}
	must(etag_match(s, tag, ETAG_STRONG) != ETAG_MATCHES ||
	         etag_match(s, tag, ETAG_WEAK) == ETAG_MATCHES,
	    "what matches strongly matches weakly");
	must(!etag_valid(s) || etag_match(s, s, ETAG_WEAK) == ETAG_MATCHES, "a tag matches itself");
	fuzz_date(s);
	fuzz_negotiate(s);
	return 0;
}
