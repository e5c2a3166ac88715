/*
 * What the logs did not take: a full disk, an error of it, a reader that does not read. Run by the
 * logger.
 */
#include "itkd/clock.h"
#include "itkd/log.h"
#include "itkd/logger.h"
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define MINUTE_MS 60000

static bool put(struct logger_log *log, const char *line, size_t n)
{
	if (log->syslog)
		return logger_syslog(log, line, n);
	return log->file >= 0 && write(log->file, line, n) == (ssize_t)n;
}

/* The line's newline is what ends a torn one, were it of the main error log's. */
__attribute__((format(printf, 2, 3))) static void tell(struct logger *l, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	bool done;
	va_list ap;

	va_start(ap, fmt);
	size_t n = log_line(line, LOG_ERR, "core", NULL, fmt, ap);
	va_end(ap);
	if (l->main)
		done = !l->main->torn && put(l->main, line, n);
	else
		done = write(STDERR_FILENO, line, n) == (ssize_t)n;
	if (!done)
		(void)put(&l->last, line, n);
}

void logger_tell_lost(struct logger *l, struct logger_log *log, bool end)
{
	const int64_t now = clock_ms();
	const unsigned long lost = log->lost;

	if (lost == 0 || (log->told && now - log->told < MINUTE_MS && !end))
		return;
	log->lost = 0;
	log->told = now;
	tell(l, "%lu lines of the log %s are lost: %s", lost, log->path,
	    log->error == EAGAIN ? "nobody reads it" : strerror(log->error));
}

int logger_next_tell(const struct logger *l)
{
	int64_t least = -1, now = clock_ms();

	for (uint32_t i = 0; i < l->n; i++) {
		const struct logger_log *log = &l->logs[i];
		int64_t left = log->told + MINUTE_MS - now;

		if (log->lost && (least < 0 || left < least))
			least = left > 0 ? left : 0;
	}
	return (int)least;
}
