/* The error log: Apache's line, escaping, one write a line, a pipe that nobody reads. */
#include "itkd/log.h"

#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static int ends[2];

static void setup(void)
{
	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
}

static void teardown(void)
{
	close(ends[0]);
	close(ends[1]);
}

static char *read_line(void)
{
	static char line[LOG_LINE_MAX * 2];
	ssize_t n = read(ends[0], line, sizeof(line) - 1);

	ck_assert_int_gt(n, 0);
	line[n] = '\0';
	return line;
}

static void matches(const char *line, const char *pattern)
{
	regex_t re;

	ck_assert_int_eq(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(regexec(&re, line, 0, NULL, 0) == 0, "%s", line);
	regfree(&re);
}

#define STAMP                                                                                      \
	"^\\[(Sun|Mon|Tue|Wed|Thu|Fri|Sat) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "     \
	"[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{6} 20[0-9]{2}\\] "

START_TEST(line_format)
{
	errno = ENOENT;
	log_to(ends[1], LOG_ERR, "cgi", "::1:58619", "a %s", "b");
	ck_assert_int_eq(errno, ENOENT);
	matches(
	    read_line(), STAMP "\\[cgi:error\\] \\[pid [0-9]+\\] \\[client ::1:58619\\] a b\n$");
	log_to(ends[1], LOG_TRACE8, NULL, NULL, "x");
	matches(read_line(), STAMP "\\[-:trace8\\] \\[pid [0-9]+\\] x\n$");
}
END_TEST

static void local_minute(char buf[static 32], time_t t)
{
	struct tm tm;

	t += 7 * 3600 + 1800;
	gmtime_r(&t, &tm);
	strftime(buf, 32, "%a %b %d %H:%M", &tm);
}

START_TEST(time_is_local)
{
	char before[32], after[32];

	setenv("TZ", "AAA-07:30", 1);
	local_minute(before, time(NULL));
	log_open(ends[1], LOG_DEBUG);
	log_msg(LOG_NOTICE, "x");
	local_minute(after, time(NULL));
	const char *line = read_line() + 1;

	ck_assert_msg(
	    strncmp(line, before, strlen(before)) == 0 || strncmp(line, after, strlen(after)) == 0,
	    "%s", line);
}
END_TEST

static const struct {
	const char *in, *out;
} escapes[] = {
    {"plain \"quoted\" ~", "plain \"quoted\" ~"},
    {"two\nlines", "two\\nlines"},
    {"\b\r\t\v\\", "\\b\\r\\t\\v\\\\"},
    {"\x1b[31m\x7f", "\\x1b[31m\\x7f"},
    {"\xc3\xa9\xff", "\\xc3\\xa9\\xff"},
    {"", ""},
};

START_TEST(escaping)
{
	char expect[128];

	log_to(ends[1], LOG_INFO, "core", NULL, "%s", escapes[_i].in);
	snprintf(expect, sizeof(expect), "] %s\n", escapes[_i].out);
	const char *line = read_line(), *tail = strstr(line, "[pid ");

	ck_assert_ptr_nonnull(tail);
	ck_assert_str_eq(strchr(tail, ']'), expect);
}
END_TEST

/* A client's address cannot close the bracket with a line of its own. */
START_TEST(client_is_escaped)
{
	log_to(ends[1], LOG_INFO, "core", "a\nb", "x");
	ck_assert_ptr_nonnull(strstr(read_line(), "[client a\\nb] x\n"));
}
END_TEST

START_TEST(long_line_is_cut)
{
	static char text[LOG_LINE_MAX * 2];

	memset(text, '\x01', sizeof(text) - 1);
	log_to(ends[1], LOG_INFO, "core", NULL, "%s", text);
	const char *line = read_line();
	size_t n = strlen(line);

	ck_assert_uint_le(n, LOG_LINE_MAX);
	ck_assert_uint_gt(n, LOG_LINE_MAX - 8);
	ck_assert_str_eq(line + n - 5, "\\x01\n");
}
END_TEST

START_TEST(level_of_own_log)
{
	char c;

	log_open(ends[1], LOG_WARNING);
	ck_assert_int_eq(log_fd(), ends[1]);
	ck_assert_int_eq(log_level(), LOG_WARNING);
	log_msg(LOG_INFO, "not this");
	ck_assert_int_eq(read(ends[0], &c, 1), -1);
	log_msg(LOG_NOTICE, "always");
	ck_assert_ptr_nonnull(strstr(read_line(), "[core:notice] "));
	log_msg(LOG_WARNING, "this");
	ck_assert_ptr_nonnull(strstr(read_line(), "[core:warn] "));
}
END_TEST

static void fill_pipe(void)
{
	static const char block[65536];

	while (write(ends[1], block, sizeof(block)) > 0)
		;
	while (write(ends[1], block, 1) > 0)
		;
	ck_assert_int_eq(errno, EAGAIN);
}

static long write_ms(void)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	log_to(ends[1], LOG_INFO, "core", NULL, "x");
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
}

/* The shortest of some writes: this process may be held up in any of them, but not in all. */
static long shortest_ms(void)
{
	long shortest = write_ms();

	for (int i = 0; i < 20; i++) {
		long ms = write_ms();

		shortest = ms < shortest ? ms : shortest;
	}
	return shortest;
}

START_TEST(full_pipe_is_not_waited_for)
{
	fill_pipe();
	ck_assert_int_le(shortest_ms(), 100);
}
END_TEST

START_TEST(patience_is_bounded)
{
	log_patience(300);
	fill_pipe();
	ck_assert_int_ge(write_ms(), 270);
	/* One that was late is waited for no more. */
	ck_assert_int_le(shortest_ms(), 100);
	log_patience(0);
}
END_TEST

START_TEST(lost_lines_are_told)
{
	static char all[1 << 20];

	log_open(ends[1], LOG_INFO);
	fill_pipe();
	for (int i = 0; i < 5; i++)
		log_msg(LOG_ERR, "lost");
	while (read(ends[0], all, sizeof(all)) > 0)
		;
	log_msg(LOG_ERR, "not lost");
	const char *lines = read_line();

	ck_assert_ptr_nonnull(strstr(lines, "not lost\n"));
	ck_assert_ptr_nonnull(strstr(lines, "5 log lines are lost"));
	log_msg(LOG_ERR, "nothing more to tell");
	ck_assert_ptr_null(strstr(read_line(), "are lost"));
}
END_TEST

START_TEST(bad_descriptor_is_survived)
{
	signal(SIGPIPE, SIG_IGN);
	log_to(-1, LOG_INFO, "core", NULL, "x");
	close(ends[0]);
	log_to(ends[1], LOG_INFO, "core", NULL, "x");
	ends[0] = dup(ends[1]);
}
END_TEST

static const struct {
	const char *name;
	int level;
} levels[] = {
    {"emerg", LOG_EMERG},
    {"alert", LOG_ALERT},
    {"crit", LOG_CRIT},
    {"error", LOG_ERR},
    {"Warn", LOG_WARNING},
    {"notice", LOG_NOTICE},
    {"INFO", LOG_INFO},
    {"debug", LOG_DEBUG},
    {"trace1", LOG_TRACE1},
    {"trace8", LOG_TRACE8},
    {"trace9", -1},
    {"trace0", -1},
    {"warning", -1},
    {"", -1},
};

START_TEST(level_names)
{
	int level = log_level_parse(levels[_i].name);

	ck_assert_int_eq(level, levels[_i].level);
	if (level >= 0)
		ck_assert_int_eq(strcasecmp(log_level_name(level), levels[_i].name), 0);
}
END_TEST

START_TEST(fatal_exits)
{
	errno = ENOSPC;
	fatal_errno("cannot");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 600);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, line_format);
	tcase_add_test(t, time_is_local);
	tcase_add_loop_test(t, escaping, 0, sizeof(escapes) / sizeof(escapes[0]));
	tcase_add_test(t, client_is_escaped);
	tcase_add_test(t, long_line_is_cut);
	tcase_add_test(t, level_of_own_log);
	tcase_add_test(t, full_pipe_is_not_waited_for);
	tcase_add_test(t, patience_is_bounded);
	tcase_add_test(t, lost_lines_are_told);
	tcase_add_test(t, bad_descriptor_is_survived);
	tcase_add_loop_test(t, level_names, 0, sizeof(levels) / sizeof(levels[0]));
	tcase_add_exit_test(t, fatal_exits, 1);
	suite_add_tcase(s, t);
	return suite_main(s);
}
