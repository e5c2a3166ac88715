/*
 * The loop of the logger: from pipes to files. A pipe keeps lines up to PIPE_BUF whole, and a read
 * may give many of them, so one write appends many lines.
 */
#include "itkd/log.h"
#include "itkd/logger.h"
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AGAIN_SECONDS 30

static void append(int file, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t written = write(file, p, n);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			/* A full disk must not stop the others; Apache loses the line, too. */
			return;
		}
		p += written;
		n -= (size_t)written;
	}
}

static time_t started;

/*
 * Without syslog its lines are lost, as in Apache. Only the master can look for it again; not too
 * often, because nobody writes the other logs meanwhile.
 */
static void look_again(void)
{
	if (time(NULL) - started >= AGAIN_SECONDS)
		_exit(0);
}

/* false: the pipe has ended */
static bool copy(struct logger_log *log)
{
	char buffer[65536];
	ssize_t n = read(log->pipe, buffer, sizeof(buffer));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!log->syslog)
		append(log->file, buffer, (size_t)n);
	else if (n > 0 && !logger_syslog(log, buffer, (size_t)n))
		look_again();
	return n > 0;
}

_Noreturn void logger_run(struct logger_log *logs, uint32_t n, int ready)
{
	struct pollfd *fds = calloc(n, sizeof(*fds));
	uint32_t open = n;
	if (!fds)
		fatal_oom();
	started = time(NULL);
	if (write(ready, "", 1) != 1 || close(ready) != 0)
		fatal_errno("telling the master");
	for (uint32_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = logs[i].pipe, .events = POLLIN};
	while (open > 0) {
		if (poll(fds, n, -1) < 0 && errno != EINTR)
			fatal_errno("poll");
		for (uint32_t i = 0; i < n; i++) {
			if (fds[i].fd < 0 || fds[i].revents == 0 || copy(&logs[i]))
				continue;
			fds[i].fd = -1;
			open--;
		}
	}
	_exit(0);
}
