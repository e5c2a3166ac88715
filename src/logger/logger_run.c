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
#include <time.h>
#include <unistd.h>

#define AGAIN_SECONDS 30
/* Between two looks: a busy server's lines come in batches, and not with a wake-up for each. */
#define BATCH_MS 5

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
	if (n > 0 && !log->syslog)
		logger_append(log, buffer, (size_t)n);
	else if (n > 0 && !logger_syslog(log, buffer, (size_t)n))
		look_again();
	return n > 0;
}

_Noreturn void logger_run(struct logger *l, int ready)
{
	struct pollfd *fds = calloc(l->n, sizeof(*fds));
	uint32_t open = l->n;
	if (!fds)
		fatal_oom();
	started = time(NULL);
	if (write(ready, "", 1) != 1 || close(ready) != 0)
		fatal_errno("telling the master");
	for (uint32_t i = 0; i < l->n; i++)
		fds[i] = (struct pollfd){.fd = l->logs[i].pipe, .events = POLLIN};
	while (open > 0) {
		if (poll(NULL, 0, BATCH_MS) < 0 && errno != EINTR)
			fatal_errno("poll");
		if (poll(fds, l->n, logger_next_tell(l)) < 0 && errno != EINTR)
			fatal_errno("poll");
		for (uint32_t i = 0; i < l->n; i++) {
			if (fds[i].fd >= 0 && fds[i].revents != 0 && !copy(&l->logs[i])) {
				fds[i].fd = -1;
				open--;
			}
			logger_tell_lost(l, &l->logs[i], false);
		}
	}
	for (uint32_t i = 0; i < l->n; i++)
		logger_tell_lost(l, &l->logs[i], true);
	_exit(0);
}
