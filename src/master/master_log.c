/*
 * Two processes that open log files as root: the logger, which opens what several identities
 * share, drops everything and goes on as `itkd: log`; and the opener, which opens what one
 * identity alone writes, hands the descriptors to a front, and ends. So the master holds none of
 * them, and a fork of it copies none (10,000 sites: 20,000 descriptors).
 */
#include "itkd/clock.h"
#include "itkd/cred.h"
#include "itkd/fd.h"
#include "itkd/front_proto.h"
#include "itkd/log.h"
#include "itkd/logger.h"
#include "itkd/sandbox.h"
#include "itkd/spare.h"
#include "itkd/title.h"
#include "master/master.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void refuse(const struct conf_log *log, const char *why)
{
	fprintf(stderr, "itkd: %s:%u: could not open log file %s: %s\n",
	    log->file ? log->file : "-", log->line, log->path, why);
}

static int by_number(const void *a, const void *b)
{
	const int *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* Closes every descriptor above 2 but these n. */
static void keep_only(int *keep, size_t n)
{
	unsigned from = 3;
	qsort(keep, n, sizeof(*keep), by_number);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned)keep[i] > from && close_range(from, (unsigned)keep[i] - 1, 0) != 0)
			fatal_errno("close_range");
		from = (unsigned)keep[i] + 1;
	}
	if (close_range(from, ~0U, 0) != 0)
		fatal_errno("close_range");
}

/* -1: there is no system log; the logger is started again when there are lines for it. */
static int open_syslog(void)
{
	const struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		fd_close(&fd);
	return fd;
}

static bool open_shared(const struct master_gen *g, struct logger_log *logs)
{
	const struct conf *conf = g->conf;
	bool ok = true;
	for (uint32_t i = 0; i < conf->nlogs; i++) {
		const char *why = NULL;
		if (!conf_log_is_loggers(&conf->logs[i]))
			continue;
		const struct conf_log *log = &conf->logs[i];
		*logs = (struct logger_log){.pipe = g->pipes[i].read, .file = -1};
		if (log->kind == CONF_LOG_SYSLOG) {
			/* The configuration's memory is unmapped before it is used. */
			logs->syslog = true;
			logs->facility = log->facility;
			snprintf(logs->tag, sizeof(logs->tag), "%s", log->tag);
			logs->file = open_syslog();
		} else {
			logs->file = master_open_log(log->path, &why);
			if (logs->file < 0)
				refuse(log, why);
			ok = ok && logs->file >= 0;
		}
		/* 2 is a pipe to the logger, and it must not write to its own pipe. */
		if (logs->file >= 0 && i == conf->main_log && dup2(logs->file, STDERR_FILENO) < 0)
			fatal_errno("dup2");
		logs++;
	}
	return ok;
}

_Noreturn static void run_logger(struct master *m, struct master_gen *g, int ready)
{
	const struct conf *conf = g->conf;
	const uid_t uid = conf->log_uid;
	const gid_t gid = conf->log_gid;
	uint32_t n = 0;
	for (uint32_t i = 0; i < conf->nlogs; i++)
		n += conf_log_is_loggers(&conf->logs[i]);
	struct logger_log *logs = calloc(n, sizeof(*logs));
	int *keep = calloc(2 * (size_t)n + 2, sizeof(*keep));
	size_t kept = 0;
	if (!logs || !keep)
		fatal_oom();
	if (!open_shared(g, logs))
		_exit(1);
	for (uint32_t i = 0; i < n; i++) {
		keep[kept++] = logs[i].pipe;
		if (logs[i].file >= 0)
			keep[kept++] = logs[i].file;
	}
	keep[kept++] = ready;
	keep[kept++] = m->empty_root;
	keep_only(keep, kept);
	master_gen_unmap_all(m);
	spare_forget();
	title_set("itkd: log"); /* prctl(2) is not on its list */
	cred_become_service(uid, gid, m->empty_root);
	sandbox_logger();
	logger_run(logs, n, ready);
}

void master_log_start(struct master *m, struct master_gen *g)
{
	int fds[2] = {-1, -1};
	master_throttle_started(&g->logger_throttle, clock_ms());
	g->logger = pipe2(fds, O_CLOEXEC) == 0 ? fork() : -1;
	if (g->logger == 0) {
		master_signals_unblock();
		run_logger(m, g, fds[1]);
	}
	fd_close(&fds[1]);
	fd_close(&g->logger_ready);
	g->logger_ready = fds[0];
	if (g->logger > 0)
		return;
	log_msg(LOG_ALERT, "the log process could not be started: %s", strerror(errno));
	g->logger = 0;
	master_log_ended(m, g);
}

/* A byte: it has opened its files. The end without one: it could not. */
void master_log_ready(struct master *m, struct master_gen *g)
{
	char byte;
	ssize_t n = read(g->logger_ready, &byte, 1);
	fd_close(&g->logger_ready);
	if (n == 1)
		g->logs_open = true;
	else if (g->state == GEN_STARTING)
		master_load_fail(m, g, "Unable to open logs");
}

void master_log_ended(struct master *m, struct master_gen *g)
{
	g->logger = 0;
	if (m->stopping)
		return;
	master_throttle_ended(&g->logger_throttle, clock_ms());
	if (g->state == GEN_STARTING)
		master_load_fail(m, g, "Unable to open logs");
	else if (g->queue_out >= 0)
		log_msg(LOG_ERR, "the log process of generation %u ended and is started again",
		    g->number);
}

static bool send_batch(int to, const uint32_t *ids, const int *fds, size_t n)
{
	char control[CMSG_SPACE(sizeof(int) * FRONT_LOGS_BATCH)] = {0};
	union {
		const uint32_t *in;
		void *out;
	} data = {.in = ids};
	struct iovec iov = {data.out, n * sizeof(*ids)};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = CMSG_SPACE(sizeof(int) * n)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	return sendmsg(to, &msg, MSG_NOSIGNAL) == (ssize_t)(n * sizeof(*ids));
}

int master_log_reopen(int pipe, int flags)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipe);
	return open(path, O_WRONLY | O_CLOEXEC | flags);
}

/* What is on its way to the front. */
struct batch {
	int to;
	size_t n;
	uint32_t ids[FRONT_LOGS_BATCH];
	int fds[FRONT_LOGS_BATCH];
	bool close[FRONT_LOGS_BATCH];
};

static void batch_send(struct batch *b)
{
	if (b->n > 0 && !send_batch(b->to, b->ids, b->fds, b->n))
		_exit(1);
	for (size_t i = 0; i < b->n; i++)
		if (b->close[i])
			fd_close(&b->fds[i]);
	b->n = 0;
}

static void batch_add(struct batch *b, uint32_t id, int fd, bool close_it)
{
	b->ids[b->n] = id;
	b->close[b->n] = close_it;
	b->fds[b->n++] = fd;
	if (b->n == FRONT_LOGS_BATCH)
		batch_send(b);
}

/*
 * At a (re)load a log that cannot be opened is an error. For a front that replaces another, the
 * main error log takes the lines: losing the site for a lost log would be worse. Of a pipe the
 * front gets one description to pass on and one of its own: a child could make the other one
 * block (O_NONBLOCK is the description's), and the front must never wait.
 */
_Noreturn static void run_opener(const struct master_gen *g, int to)
{
	const struct conf *conf = g->conf;
	struct batch batch = {.to = to};
	bool ok = true;
	for (uint32_t i = 0; i < conf->nlogs; i++) {
		const char *why = NULL;
		if (conf_log_is_pipe(&conf->logs[i])) {
			int own = master_log_reopen(g->pipes[i].write, O_NONBLOCK);
			if (own < 0)
				_exit(1);
			batch_add(&batch, i, g->pipes[i].write, false);
			batch_add(&batch, i | FRONT_LOG_OWN, own, true);
			continue;
		}
		int fd = master_open_log(conf->logs[i].path, &why);
		if (fd < 0) {
			refuse(&conf->logs[i], why);
			ok = ok && g->state != GEN_STARTING;
			fd = dup(g->pipes[conf->main_log].write);
		}
		batch_add(&batch, i, fd, true);
	}
	batch_send(&batch);
	_exit(ok ? 0 : 1);
}

pid_t master_log_send(struct master_gen *g, int to)
{
	pid_t pid = fork();
	if (pid == 0) {
		master_signals_unblock();
		title_set("itkd: opener");
		run_opener(g, to);
	}
	return pid;
}
