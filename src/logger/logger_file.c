/*
 * Lines to a file, or to what itkd was started with as standard output. Run by the logger; the
 * lines are sites'.
 */
#include "itkd/clock.h"
#include "itkd/logger.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 1000

/* A pipe's reader that does not read holds up all logs: for a second, and once. */
static bool wait_for_reader(struct logger_log *log)
{
	struct pollfd p = {.fd = log->file, .events = POLLOUT};

	if (!log->late && poll(&p, 1, PATIENCE_MS) > 0)
		return true;
	log->late = true;
	return false;
}

/* How much of it was taken. */
static size_t append(struct logger_log *log, const char *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		ssize_t written = write(log->file, p + at, n - at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN && wait_for_reader(log))
			continue;
		if (written <= 0) {
			log->error = written < 0 ? errno : EIO;
			break;
		}
		at += (size_t)written;
		log->late = false;
	}
	return at;
}

static unsigned long lines(const char *p, size_t n)
{
	unsigned long count = 0;
	const char *end = p + n;

	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		count++;
		p++;
	}
	return count;
}

/* A full disk must not stop the others. When it has room again, a line that was cut has its end. */
void logger_append(struct logger_log *log, const char *p, size_t n)
{
	size_t done = 0;

	if (log->torn)
		log->torn = append(log, "\n", 1) != 1;
	if (!log->torn)
		done = append(log, p, n);
	if (done == n)
		return;
	log->torn |= done > 0 && p[done - 1] != '\n';
	log->lost += lines(p + done, n - done);
}
