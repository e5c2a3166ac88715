/*
 * The logs' descriptors, from the master at start-up. Run by `itkd: front` before it drops.
 */
#include "front.h"

#include "itkd/clock.h"
#include "itkd/front_proto.h"
#include "itkd/log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOGS_MINUTE_MS 60000

static void logs_take(const uint32_t *ids, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint32_t id = ids[i] & ~FRONT_LOG_OWN;
		const bool own = (ids[i] & FRONT_LOG_OWN) != 0;

		if (id >= front.conf->nlogs || (!own && front.logs[id] >= 0))
			fatal("a log that nobody needs: %u", id);
		if (!own)
			front.logs[id] = fds[i];
		front.own_logs[id] = fds[i];
	}
}

/* One message; false at the end. */
static bool logs_receive(void)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FRONT_LOGS_BATCH)];
	} control;
	uint32_t ids[FRONT_LOGS_BATCH];
	int fds[FRONT_LOGS_BATCH];
	struct iovec iov = {ids, sizeof(ids)};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(FRONT_FD_LOGS, &m, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	if (n == 0)
		return false;
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0)
		fatal_errno("logs");
	if ((m.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) || !h || h->cmsg_type != SCM_RIGHTS ||
	    h->cmsg_len != CMSG_LEN(sizeof(int) * ((size_t)n / sizeof(uint32_t))))
		fatal("logs: descriptors are missing");
	memcpy(fds, CMSG_DATA(h), h->cmsg_len - CMSG_LEN(0));
	logs_take(ids, fds, (size_t)n / sizeof(uint32_t));
	return true;
}

/* A missing one would only show when its vhost is asked for: better now, to the master. */
static void logs_complete(void)
{
	for (uint32_t i = 0; i < front.conf->nvhosts; i++) {
		const struct conf_vhost *v = front.conf->vhosts[i];

		if (v->nlogs == 0)
			fatal("virtual host %s has no log", v->server_name);
		for (uint32_t k = 0; k < v->nlogs; k++)
			if (front.logs[v->logs[k]] < 0)
				fatal("log %u of %s did not come", v->logs[k], v->server_name);
		for (uint32_t k = 0; k < v->naccess; k++)
			if (front.logs[v->access[k].log] < 0)
				fatal(
				    "log %u of %s did not come", v->access[k].log, v->server_name);
	}
}

static const char *logs_whose(int fd)
{
	for (uint32_t i = 0; i < front.conf->nvhosts; i++) {
		const struct conf_vhost *v = front.conf->vhosts[i];

		for (uint32_t k = 0; k < v->nlogs; k++)
			if (front.own_logs[v->logs[k]] == fd)
				return v->server_name;
	}
	return "?";
}

/* What this process lost, since the sites' logs take no lines: once a minute at most. */
void front_logs_tell_lost(void)
{
	static unsigned long lost;
	static int64_t told;
	const int64_t now = clock_ms();
	int fd, error;

	lost += log_take_failed(&fd, &error);
	if (lost == 0 || (told && now - told < LOGS_MINUTE_MS))
		return;
	log_msg(LOG_ERR, "%lu lines of sites' logs are lost, the last of %s: %s", lost,
	    logs_whose(fd), strerror(error));
	lost = 0;
	told = now;
}

void front_logs_receive(void)
{
	front.logs = calloc(front.conf->nlogs + 1, sizeof(int));
	front.own_logs = calloc(front.conf->nlogs + 1, sizeof(int));
	if (!front.logs || !front.own_logs)
		fatal_oom();
	for (uint32_t i = 0; i < front.conf->nlogs; i++)
		front.logs[i] = front.own_logs[i] = -1;
	while (logs_receive())
		;
	logs_complete();
	log_open(front.own_logs[front.conf->main_log], (int)front.conf->vhosts[0]->log_level);
	if (close(FRONT_FD_LOGS) != 0)
		fatal_errno("close");
}
