/* Spans: trimming, numbers, comma-separated lists. */
#include "itkd/span.h"

#include "suite.h"
#include <limits.h>

static const struct {
	const char *in, *out;
} trims[] = {
    {"", ""},
    {" ", ""},
    {"\t \t", ""},
    {"a", "a"},
    {"  a b\t", "a b"},
    {"\va", "\va"},
    {"a\r", "a\r"},
};

START_TEST(trim)
{
	struct span s = span_trim(span_of(trims[_i].in));

	ck_assert(span_eq(s, span_of(trims[_i].out)));
}
END_TEST

static const struct {
	const char *in;
	long long max, out;
} numbers[] = {
    {"", 10, -1},
    {"0", 10, 0},
    {"0", 0, 0},
    {"1", 0, -1},
    {"10", 10, 10},
    {"11", 10, -1},
    {"00010", 10, 10},
    {"-1", 10, -1},
    {"+1", 10, -1},
    {" 1", 10, -1},
    {"1 ", 10, -1},
    {"0x1", 10, -1},
    {"1a", 100, -1},
    {"9223372036854775807", LLONG_MAX, LLONG_MAX},
    {"9223372036854775808", LLONG_MAX, -1},
    {"99999999999999999999999", LLONG_MAX, -1},
};

START_TEST(number)
{
	ck_assert_int_eq(span_number(span_of(numbers[_i].in), numbers[_i].max), numbers[_i].out);
}
END_TEST

static const struct {
	const char *in, *out; /* the elements, each behind a '|' */
} lists[] = {
    {"", ""},
    {",", ""},
    {" , ,", ""},
    {"a", "|a"},
    {"a,b", "|a|b"},
    {" a , b ", "|a|b"},
    {"a,,b,", "|a|b"},
    {",a", "|a"},
    {"\"x,y\", z", "|\"x,y\"|z"},
    {"\"x\\\",y\", z", "|\"x\\\",y\"|z"},
    {"\"open, z", "|\"open, z"},
    {"\"open\\", "|\"open\\"},
    {"p=\"a,b\";q, r", "|p=\"a,b\";q|r"},
};

START_TEST(list)
{
	struct span rest = span_of(lists[_i].in), element;
	char out[128] = "";

	while (span_list_next(&rest, &element)) {
		strcat(out, "|");
		strncat(out, element.p, element.n);
	}
	ck_assert_str_eq(out, lists[_i].out);
}
END_TEST

START_TEST(equality)
{
	ck_assert(span_eq((struct span){NULL, 0}, SPAN("")));
	ck_assert(!span_eq(SPAN("a"), SPAN("A")));
	ck_assert(span_ieq(SPAN("Host"), SPAN("hOST")));
	ck_assert(!span_ieq(SPAN("Host"), SPAN("Hos")));
	ck_assert_uint_eq(span_of(NULL).n, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("span");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, trim, 0, sizeof(trims) / sizeof(trims[0]));
	tcase_add_loop_test(t, number, 0, sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_loop_test(t, list, 0, sizeof(lists) / sizeof(lists[0]));
	tcase_add_test(t, equality);
	suite_add_tcase(s, t);
	return suite_main(s);
}
