/* ErrorLogFormat: compiled, and the lines that come of it. */
#include "itkd/error_format.h"

#include "itkd/arena.h"
#include "itkd/log.h"
#include "suite.h"
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static void setup(void)
{
	setenv("TZ", "XXX7:30", 1);
	tzset();
	arena_init_heap(&arena, 1 << 20);
}

static void teardown(void)
{
	arena_free(&arena);
}

static const char *lookup(const void *ctx, char what, const char *name)
{
	(void)ctx;
	if (what == 'i' && strcmp(name, "Referer") == 0)
		return "http://r/\n";
	return what == 'e' && strcmp(name, "E") == 0 ? "e" : NULL;
}

static const struct error_record record = {.message = "a\x1b message",
    .module = "core",
    .level = LOG_ERR,
    .pid = 42,
    .now = {971213136, 754323000},
    .client = "192.0.2.7:51234",
    .local = "198.51.100.1:80",
    .server_name = "www.example",
    .host_name = "host.example",
    .lookup = lookup};

static const struct {
	const char *format, *line;
} rows[] = {
    {"%M", "a\\x1b message\n"},
    {"[%t] %M", "[Tue Oct 10 13:55:36 2000] a\\x1b message\n"},
    {"[%{u}t] [%m:%l] [pid %P:tid %T] %M",
        "[Tue Oct 10 13:55:36.754323 2000] [core:error] [pid 42:tid 42] a\\x1b message\n"},
    {"%{c}t %{cu}t %M", "2000-10-10 13:55:36 2000-10-10 13:55:36.754323 a\\x1b message\n"},
    {"[client\\ %a] [%A] %v %V %M",
        "[client 192.0.2.7:51234] [198.51.100.1:80] www.example host.example a\\x1b message\n"},
    /* What there is nothing of goes with its field and the space before it. */
    {"a [%{X}i] %M b", "a a\\x1b message b\n"},
    {"%k %M", "0 a\\x1b message\n"},
    {"a %{X}i% b %M", "ab a\\x1b message\n"},
    {"x%{X}iy %M", " a\\x1b message\n"},
    {"%M %{X}i z", "a\\x1b message z\n"},
    {"%-{X}i %M", "- a\\x1b message\n"},
    {"%M% ,\\ referer\\ %{Referer}i", "a\\x1b message, referer http://r/\\n\n"},
    {"%M% ,\\ x\\ %{X}i", "a\\x1b message\n"},
    {"%{E}e %{N}n %M", "e a\\x1b message\n"},
    {"%7m %3m %M", " core a\\x1b message\n"},
    {"100%% %M", "100% a\\x1b message\n"},
    /* A line that must have what it has not. */
    {"%+{X}i %M", ""},
};

START_TEST(lines)
{
	const char *error = "x";
	char line[512];
	const struct error_format *f = error_format_compile(&arena, rows[_i].format, &error);

	ck_assert_msg(f != NULL, "%s", error);
	size_t n = error_format_line(f, &record, line, sizeof(line) - 1);

	line[n] = '\0';
	ck_assert_str_eq(line, rows[_i].line);
}
END_TEST

START_TEST(line_is_bounded)
{
	const char *error;
	const struct error_format *f = error_format_compile(&arena, "%v %M %M %M", &error);

	for (size_t cap = 4; cap < 64; cap++) {
		char *exact = malloc(cap);
		size_t n = error_format_line(f, &record, exact, cap);

		ck_assert_uint_ge(n, 1);
		ck_assert_uint_le(n, cap);
		ck_assert_int_eq(exact[n - 1], '\n');
		free(exact);
	}
}
END_TEST

static const struct {
	const char *format, *error;
} wrong[] = {
    {"%t", "main ErrorLogFormat must contain message format string '%M'"},
    {"%Q %M", "Unrecognized error log format directive %Q"},
    {"%M %", "Ran off end of error log format parsing args to some directive"},
    {"%M %{x", "Ran off end of error log format parsing args to some directive"},
};

START_TEST(errors)
{
	const char *error = NULL;

	ck_assert_ptr_null(error_format_compile(&arena, wrong[_i].format, &error));
	ck_assert_str_eq(error, wrong[_i].error);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("error_format");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, lines, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, line_is_bounded);
	tcase_add_loop_test(t, errors, 0, sizeof(wrong) / sizeof(wrong[0]));
	suite_add_tcase(s, t);
	return suite_main(s);
}
