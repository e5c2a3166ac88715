/* Comparing, matching and sizes as lists of directories have them. */
#include "itkd/listing.h"
#include "vectors.h"

static const struct {
	const char *a, *b;
	int result;
} natural[] = {
    {"file9", "file10", -1},
    {"file10", "file9", 1},
    {"a", "a", 0},
    {"", "", 0},
    {"", "a", -1},
    {"a", "", 1},
    {"a1b2", "a1b10", -1},
    {"1.01", "1.1", -1},
    {"1.010", "1.01", 1},
    {"a 1", "a1", 0},
    {"a01", "a1", -1},
    {"v1.9", "v1.10", -1},
    {"abc", "abd", -1},
    {"a", "B", 1},
    {"99999999999999999999998", "99999999999999999999999", -1},
    {"1a", "1b", -1},
    {"1 ", "1", 0},
    {" a", "a", 0},
};

START_TEST(natural_order)
{
	for (size_t i = 0; i < sizeof(natural) / sizeof(*natural); i++)
		ck_assert_msg(
		    listing_natural(natural[i].a, natural[i].b, false) == natural[i].result,
		    "'%s' and '%s': %d", natural[i].a, natural[i].b,
		    listing_natural(natural[i].a, natural[i].b, false));
	ck_assert_int_eq(listing_natural("a2", "B1", true), -1);
	ck_assert_int_eq(listing_natural("A", "a", true), 0);
}
END_TEST

static const struct {
	const char *text, *pattern;
	bool matches;
} patterns[] = {
    {"", "", true},
    {"", "*", true},
    {"", "?", false},
    {"abc", "abc", true},
    {"abc", "a?c", true},
    {"abc", "a*", true},
    {"abc", "*c", true},
    {"abc", "*b*", true},
    {"abc", "b*", false},
    {"abc", "*bd*", false},
    {"a/b/c", "*c", true},
    {"a/b/c", "a*c", true},
    {"abc", "ABC", false},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "*a*a*a*a*a*a*a*a*a*c", false},
    {".htaccess", ".??*", true},
    {"..", ".??*", false},
    {"abc", "abcd", false},
    {"abc", "[a]bc", false},
};

START_TEST(match)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		ck_assert_msg(listing_match(patterns[i].text, patterns[i].pattern, false) ==
		                  patterns[i].matches,
		    "'%s' and '%s'", patterns[i].text, patterns[i].pattern);
	ck_assert(listing_match("Text/HTML", "text/*", true));
	ck_assert(listing_match("text/html", "TEXT/*L", true));
}
END_TEST

static const struct {
	int64_t size;
	const char *text;
} sizes[] = {
    {-1, "  - "},
    {0, "  0 "},
    {9, "  9 "},
    {972, "972 "},
    {973, "1.0K"},
    {1023, "1.0K"},
    {1024, "1.0K"},
    {1536, "1.5K"},
    {10239, " 10K"},
    {9 * 1024 + 972, "9.9K"},
    {9 * 1024 + 973, " 10K"},
    {12345, " 12K"},
    {12345 + 512, " 13K"},
    {972 * 1024, "972K"},
    {973 * 1024, "1.0M"},
    {1234567, "1.2M"},
    {1ll << 40, "1.0T"},
    {INT64_MAX, "8.0E"},
};

START_TEST(size)
{
	char buf[LISTING_SIZE_LEN + 1];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		listing_size(sizes[i].size, buf);
		ck_assert_str_eq(buf, sizes[i].text);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {natural_order, match, size};

	return vector_run("listing", tests, sizeof(tests) / sizeof(tests[0]));
}
