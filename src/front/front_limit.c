/*
 * Out of descriptors: a front stops accepting before it is, so that each connection that it holds
 * can still be served (a relay takes two, an answer's log none). Run by `itkd: front`.
 */
#include "front.h"

#include "itkd/clock.h"
#include "itkd/log.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LIMIT_RESERVE 64 /* descriptors that connections never get */
#define LIMIT_RETRY_MS 200
#define LIMIT_QUIET_MS 60000 /* the log is told once in that time */

static struct {
	unsigned used, max;
	bool paused;
	int64_t told; /* when the log was; 0: never */
	struct event retry;
} limit;

/* Descriptors are given out from below: the lowest free one is the number of those in use. */
void front_limit_start(void)
{
	struct rlimit r;
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd < 0 || close(fd) != 0 || getrlimit(RLIMIT_NOFILE, &r) != 0)
		fatal_errno("counting descriptors");
	if (r.rlim_cur > INT32_MAX)
		r.rlim_cur = INT32_MAX;
	if (r.rlim_cur <= (rlim_t)fd + 2 * LIMIT_RESERVE)
		fatal("RLIMIT_NOFILE of %ju is too low: %d descriptors are in use",
		    (uintmax_t)r.rlim_cur, fd);
	limit.max = (unsigned)r.rlim_cur - (unsigned)fd - LIMIT_RESERVE;
}

static void limit_resume(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	if (!limit.paused || limit.used >= limit.max)
		return;
	limit.paused = false;
	front_accept_resume();
}

static void limit_pause(const char *why)
{
	struct timeval tv = {0, LIMIT_RETRY_MS * 1000};
	int64_t now = clock_ms();

	if (!limit.paused) {
		limit.paused = true;
		front_accept_pause();
	}
	/* Where the shortage is not this process's own, no close of ours tells of its end. */
	if (!event_initialized(&limit.retry))
		event_assign(&limit.retry, front.base, -1, 0, limit_resume, NULL);
	if (event_add(&limit.retry, &tv) != 0)
		log_msg(LOG_ERR, "event_add failed");
	if (limit.told && now - limit.told < LIMIT_QUIET_MS)
		return;
	limit.told = now;
	log_msg(
	    LOG_ERR, "out of descriptors (%s): no connection is accepted until some are free", why);
}

bool front_limit_room(void)
{
	if (limit.used < limit.max)
		return true;
	limit_pause("RLIMIT_NOFILE");
	return false;
}

void front_limit_short(int error)
{
	limit_pause(strerror(error));
}

void front_limit_took(unsigned n)
{
	limit.used += n;
}

/* Resuming waits for a few free places, or each close would cost two calls of epoll_ctl. */
void front_limit_gave(unsigned n)
{
	limit.used -= n;
	if (limit.paused && limit.used + LIMIT_RESERVE / 4 <= limit.max)
		limit_resume(-1, 0, NULL);
}
