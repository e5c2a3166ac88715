/* LogFormat: compiled and written, from tests/vectors/log_format/. */
#include "itkd/log_format.h"

#include "itkd/arena.h"
#include "suite.h"
#include "vectors.h"

static struct arena arena;

static void setup(void)
{
	setenv("TZ", "XXX7:30", 1);
	tzset();
	arena_init_heap(&arena, 64 << 20);
}

static void teardown(void)
{
	arena_free(&arena);
}

static const struct http_field fields[] = {
    {SPAN("Host"), SPAN("host.example")},
    {SPAN("Referer"), SPAN("http://r.example/")},
    {SPAN("user-agent"), SPAN("say \"hi\"\\\x1b[0m")},
    {SPAN("X-Two"), SPAN("one")},
    {SPAN("x-two"), SPAN("two")},
    {SPAN("X-Empty"), SPAN("")},
    {SPAN("Cookie"), SPAN("a=1; sid = x=y ;b")},
    {SPAN("Cookie"), SPAN("a=2;e=")},
};

static const struct http_head head = {
    .major = 1, .minor = 1, .nfields = sizeof(fields) / sizeof(fields[0]), .fields = fields};

static const char *lookup(const void *ctx, char what, const char *name)
{
	static char text[64];

	ck_assert_ptr_eq(ctx, &head);
	if (strcmp(name, "missing") == 0)
		return NULL;
	snprintf(text, sizeof(text), "%c:%s", what, name);
	return text;
}

static const struct log_record full = {.client = "192.0.2.7",
    .peer = "203.0.113.9",
    .client_port = 51234,
    .local = "198.51.100.1",
    .local_port = 8443,
    .server_port = 443,
    .head = &head,
    .request_line = SPAN("GET /a?q=1 HTTP/1.1"),
    .method = SPAN("GET"),
    .query = SPAN("q=1"),
    .path = "/a",
    .final_path = "/errors/404",
    .user = "alice",
    .filename = "/srv/www/a",
    .handler = "cgi-script",
    .server_name = "www.example",
    .host_name = "host.example",
    .status = 404,
    .first_status = 301,
    .body_bytes = 1234,
    .bytes_in = 300,
    .bytes_out = 1500,
    .start = {971213136, 754323000},
    .duration_us = 2345678,
    .keepalives = 3,
    .connection = '+',
    .pid = 4242,
    .lookup = lookup,
    .ctx = &head};

static const char *line_of(const char *format, const struct log_record *r, size_t cap)
{
	static char line[8192];
	const char *error = "x";
	const struct log_format *f = log_format_compile(&arena, format, &error);

	ck_assert_msg(f != NULL, "%s: %s", format, error);
	ck_assert_ptr_null(error);
	ck_assert_str_eq(log_format_text(f), format);
	char *exact = malloc(cap);
	size_t n = log_format_line(f, r, exact, cap);

	ck_assert_uint_ge(n, 1);
	ck_assert_uint_le(n, cap);
	ck_assert_int_eq(exact[n - 1], '\n');
	memcpy(line, exact, n - 1);
	line[n - 1] = '\0';
	free(exact);
	return line;
}

START_TEST(lines)
{
	struct vector_table t;
	struct vector_row r;

	vector_open(&t, VECTORS "/log_format/lines.txt");
	while (vector_next(&t, &r)) {
		const char *line = line_of(r.col[0].p, &full, 4096);

		ck_assert_msg(strcmp(line, r.col[1].p) == 0, "line %u: %s", r.line, line);
	}
	ck_assert_uint_gt(r.line, 40);
	vector_close(&t);
}
END_TEST

START_TEST(errors)
{
	struct vector_table t;
	struct vector_row r;

	vector_open(&t, VECTORS "/log_format/errors.txt");
	while (vector_next(&t, &r)) {
		const char *error = NULL;

		ck_assert_ptr_null(log_format_compile(&arena, r.col[0].p, &error));
		ck_assert_msg(
		    error && strcmp(error, r.col[1].p) == 0, "line %u: %s", r.line, error);
	}
	ck_assert_uint_gt(r.line, 15);
	vector_close(&t);
}
END_TEST

/* Nothing is known but that somebody connected: each directive still writes something. */
static const struct {
	const char *format, *line;
} empty_rows[] = {
    {LOG_FORMAT_COMMON, "- - - [31/Dec/1969:16:30:00 -0730] \"-\" - -"},
    {"%a %A %{c}a %f %R %U %v %V", "- - - - - - - -"},
    {"%m %H [%q] %X %{x}i %{x}C %{x}o %{x}e", "- - [] - - - - -"},
    {"%B %D %T %p %k %s", "0 0 0 0 0 -"},
};

START_TEST(empty_record)
{
	static const struct log_record empty;

	ck_assert_str_eq(line_of(empty_rows[_i].format, &empty, 4096), empty_rows[_i].line);
}
END_TEST

START_TEST(empty_user)
{
	struct log_record r = full;

	r.user = "";
	ck_assert_str_eq(line_of("%u", &r, 100), "\"\"");
}
END_TEST

static const struct {
	struct span in;
	const char *out;
} escapes[] = {
    {SPAN("a b~"), "a b~"},
    {SPAN("\" \\"), "\\\" \\\\"},
    {SPAN("\b\n\r\t\v"), "\\b\\n\\r\\t\\v"},
    {SPAN("\x01\x1f\x7f"), "\\x01\\x1f\\x7f"},
    {SPAN("\xc3\xa9\xff"), "\\xc3\\xa9\\xff"},
    {SPAN("nul\0x"), "nul\\x00x"},
};

START_TEST(escaping)
{
	struct log_record r = full;

	r.request_line = escapes[_i].in;
	ck_assert_str_eq(line_of("%r", &r, 100), escapes[_i].out);
}
END_TEST

/* Every room from one byte on: never overrun, the newline always there, whole where it fits. */
START_TEST(cut)
{
	const char *whole = "192.0.2.7 - alice";
	const char *line = line_of("%h %l %u", &full, (size_t)_i);
	size_t n = strlen(line);

	if ((size_t)_i > strlen(whole))
		ck_assert_str_eq(line, whole);
	else
		ck_assert_uint_lt(n, (size_t)_i);
}
END_TEST

/* What stands behind an item that is too long is still in the line. */
START_TEST(long_item)
{
	static char target[6000];
	struct log_record r = full;

	memset(target, 'a', sizeof(target));
	r.request_line = (struct span){target, sizeof(target)};
	const char *line = line_of("%h \"%r\" %>s %b", &r, 4096);

	ck_assert_ptr_nonnull(strstr(line, "aaa...\" 404 "));
	ck_assert_uint_lt(strlen(line), 4096);
}
END_TEST

START_TEST(no_room)
{
	const char *error;
	char c = 'x';
	const struct log_format *f = log_format_compile(&arena, "%h", &error);

	ck_assert_uint_eq(log_format_line(f, &full, &c, 0), 0);
	ck_assert_int_eq(c, 'x');
}
END_TEST

/* The text of %t is kept for a second, not for longer. */
START_TEST(time_moves)
{
	struct log_record r = full;

	ck_assert_str_eq(line_of("%t", &r, 100), "[10/Oct/2000:13:55:36 -0730]");
	r.start.tv_sec++;
	ck_assert_str_eq(line_of("%t", &r, 100), "[10/Oct/2000:13:55:37 -0730]");
	r.start.tv_sec -= 2;
	ck_assert_str_eq(line_of("%t", &r, 100), "[10/Oct/2000:13:55:35 -0730]");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("log_format");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 600);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, lines);
	tcase_add_test(t, errors);
	tcase_add_loop_test(t, empty_record, 0, sizeof(empty_rows) / sizeof(empty_rows[0]));
	tcase_add_test(t, empty_user);
	tcase_add_loop_test(t, escaping, 0, sizeof(escapes) / sizeof(escapes[0]));
	tcase_add_loop_test(t, cut, 1, 30);
	tcase_add_test(t, long_item);
	tcase_add_test(t, no_room);
	tcase_add_test(t, time_moves);
	suite_add_tcase(s, t);
	return suite_main(s);
}
