/*
 * The error log (log.h). Any process writes through this, before and after it dropped, so nothing
 * here allocates, opens a file or asks for a name. The text may hold a client's bytes: whatever is
 * not printable is escaped, so that nobody forges a line or steers the administrator's terminal.
 */
#include "itkd/log.h"

#include "itkd/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {"emerg", "alert", "crit", "error", "warn", "notice",
    "info", "debug", "trace1", "trace2", "trace3", "trace4", "trace5", "trace6", "trace7",
    "trace8"};

/* Zero, not initialized data: a child that sets it touches no page more than it does anyway. */
static struct {
	bool open;
	int fd, level;
	int patience; /* ms to wait for a reader that does not read; of one that was late, none */
	bool late;
	unsigned long lost;   /* lines that nobody took, and of which nothing was said yet */
	unsigned long failed; /* the same, of a file */
	int failed_fd, failed_error;
} own;

struct log_line {
	char text[LOG_LINE_MAX];
	size_t n;
};

const char *log_level_name(int level)
{
	if (level < LOG_EMERG)
		level = LOG_EMERG;
	if (level > LOG_TRACE8)
		level = LOG_TRACE8;
	return level_names[level];
}

int log_level_parse(const char *name)
{
	for (int i = LOG_EMERG; i <= LOG_TRACE8; i++)
		if (strcasecmp(name, level_names[i]) == 0)
			return i;
	return -1;
}

/* The last byte is kept for the '\n'. */
static void line_put(struct log_line *l, const char *p, size_t n)
{
	size_t room = LOG_LINE_MAX - 1 - l->n;

	if (n > room)
		n = room;
	memcpy(l->text + l->n, p, n);
	l->n += n;
}

static void line_printf(struct log_line *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void line_printf(struct log_line *l, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	va_end(ap);
	if (n > 0)
		line_put(l, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

/* One character as ap_escape_errorlog_item writes it; its length. */
static size_t escape(char out[static 5], unsigned char c)
{
	static const char from[] = "\b\n\r\t\v\\", to[] = "bnrtv\\";
	static const char hex[] = "0123456789abcdef";
	const char *found = c ? strchr(from, c) : NULL;

	if (found) {
		out[0] = '\\';
		out[1] = to[found - from];
		return 2;
	}
	if (c >= 0x20 && c < 0x7f) {
		out[0] = (char)c;
		return 1;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = hex[c >> 4];
	out[3] = hex[c & 15];
	return 4;
}

size_t log_escape(char *out, size_t cap, const char *text)
{
	char c[5];
	size_t n = 0;

	for (; *text; text++) {
		size_t more = escape(c, (unsigned char)*text);

		if (more > cap - n)
			break;
		memcpy(out + n, c, more);
		n += more;
	}
	return n;
}

static void line_put_escaped(struct log_line *l, const char *s)
{
	l->n += log_escape(l->text + l->n, LOG_LINE_MAX - 1 - l->n, s);
}

static void line_put_time(struct log_line *l)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct timespec now = clock_real();
	struct tm tm = {0};

	/* localtime_r reads the zone once and then never again: master and front see to that in
	 * time. */
	localtime_r(&now.tv_sec, &tm);
	line_printf(l, "[%s %s %02d %02d:%02d:%02d.%06ld %d] ", days[tm.tm_wday % 7],
	    months[tm.tm_mon % 12], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    now.tv_nsec / 1000, tm.tm_year + 1900);
}

/* Until a full pipe has room again; false when it is time to give up. */
static bool wait_writable(int fd, int64_t since)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int64_t left = own.late ? 0 : since + own.patience - clock_ms();

	if (left <= 0)
		return false;
	return poll(&p, 1, (int)left) >= 0 || errno == EINTR;
}

static bool write_line(int fd, const char *line, size_t n)
{
	int64_t since = 0;
	ssize_t written;

	while ((written = write(fd, line, n)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return false;
		if (since == 0)
			since = clock_ms();
		if (!wait_writable(fd, since)) {
			own.late = true;
			errno = EAGAIN;
			return false;
		}
	}
	/* A part stays a part: a second write could land in another's line. */
	errno = ENOSPC;
	return (size_t)written == n;
}

void log_tell_lost(void)
{
	unsigned long lost = own.lost;

	if (lost == 0)
		return;
	own.lost = 0;
	log_msg(LOG_ERR, "%lu log lines are lost: the logs were not read in time", lost);
	/* That one was not taken either. */
	if (own.lost)
		own.lost = lost;
}

unsigned long log_take_failed(int *fd, int *error)
{
	unsigned long n = own.failed;

	own.failed = 0;
	*fd = own.failed_fd;
	*error = own.failed_error;
	return n;
}

static void write_failed(int fd)
{
	if (errno == EAGAIN) {
		own.lost++;
		return;
	}
	own.failed++;
	own.failed_fd = fd;
	own.failed_error = errno;
}

void log_write(int fd, const char *line, size_t n)
{
	int saved = errno;

	if (fd < 0)
		return;
	if (!write_line(fd, line, n)) {
		write_failed(fd);
	} else if (own.lost)
		log_tell_lost();
	else
		own.late = false;
	errno = saved;
}

void log_patience(int ms)
{
	own.patience = ms;
}

static void line_make(struct log_line *l, int level, const char *module, const char *client,
    const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

static void line_make(struct log_line *l, int level, const char *module, const char *client,
    const char *fmt, va_list ap)
{
	char message[LOG_LINE_MAX];

	l->n = 0;

	vsnprintf(message, sizeof(message), fmt, ap);
	line_put_time(l);
	line_printf(
	    l, "[%s:%s] [pid %d] ", module ? module : "-", log_level_name(level), (int)getpid());
	if (client) {
		line_printf(l, "[client ");
		line_put_escaped(l, client);
		line_printf(l, "] ");
	}
	line_put_escaped(l, message);
	l->text[l->n++] = '\n';
}

size_t log_line(char line[static LOG_LINE_MAX], int level, const char *module, const char *client,
    const char *fmt, va_list ap)
{
	struct log_line l;

	line_make(&l, level, module, client, fmt, ap);
	memcpy(line, l.text, l.n);
	return l.n;
}

void log_vto(int fd, int level, const char *module, const char *client, const char *fmt, va_list ap)
{
	struct log_line l;
	int saved = errno;

	line_make(&l, level, module, client, fmt, ap);
	log_write(fd, l.text, l.n);
	errno = saved;
}

void log_to(int fd, int level, const char *module, const char *client, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vto(fd, level, module, client, fmt, ap);
	va_end(ap);
}

void log_open(int fd, int level)
{
	own.open = true;
	own.fd = fd;
	own.level = level;
}

int log_fd(void)
{
	return own.open ? own.fd : STDERR_FILENO;
}

int log_level(void)
{
	return own.open ? own.level : LOG_NOTICE;
}

void log_msg(int level, const char *fmt, ...)
{
	va_list ap;

	/* As in Apache no LogLevel hides a notice: that the server started, reloaded, stopped. */
	if (level > log_level() && level != LOG_NOTICE)
		return;
	va_start(ap, fmt);
	log_vto(log_fd(), level, "core", NULL, fmt, ap);
	va_end(ap);
}

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vto(log_fd(), LOG_CRIT, "core", NULL, fmt, ap);
	va_end(ap);
	/* A forked process must not run what its parent registered for its own exit. */
	_exit(1);
}

void fatal_errno(const char *fmt, ...)
{
	char text[LOG_LINE_MAX / 2];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fatal("%s: %s", text, strerror(saved));
}

void fatal_oom(void)
{
	fatal("out of memory");
}
