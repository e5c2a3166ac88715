/*
 * Two processes that open log files as root: the logger, which opens what several identities
 * share, drops everything and goes on as `itkd: log`; and the opener, which opens what one
 * identity alone writes, hands the descriptors to a front, and ends. So the master holds none of
 * them, and a fork of it copies none (10,000 sites: 20,000 descriptors).
 */
#include "itkd/cred.h"
#include "itkd/front_proto.h"
#include "itkd/log.h"
#include "itkd/logger.h"
#include "itkd/sandbox.h"
#include "itkd/title.h"
#include "master/master.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void refuse(const struct conf_log *log, const char *why)
{
	fprintf(stderr, "itkd: %s:%u: could not open log file %s: %s\n",
	    log->file ? log->file : "-", log->line, log->path, why);
}

/* The master's signals are for the master. */
static void reset_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		fatal_errno("sigprocmask");
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

static bool open_shared(const struct master_gen *g, struct logger_log *logs)
{
	const struct conf *conf = g->conf;
	bool ok = true;
	for (uint32_t i = 0; i < conf->nlogs; i++) {
		const char *why = NULL;
		if (!conf->logs[i].shared)
			continue;
		int file = master_open_log(conf->logs[i].path, &why);
		if (file < 0)
			refuse(&conf->logs[i], why);
		ok = ok && file >= 0;
		/* 2 is a pipe to the logger, and it must not write to its own pipe. */
		if (file >= 0 && i == conf->main_log && dup2(file, STDERR_FILENO) < 0)
			fatal_errno("dup2");
		*logs++ = (struct logger_log){.pipe = g->pipes[i].read, .file = file};
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
		n += conf->logs[i].shared;
	struct logger_log *logs = calloc(n, sizeof(*logs));
	int *keep = calloc(2 * (size_t)n + 1, sizeof(*keep));
	if (!logs || !keep)
		fatal_oom();
	if (!open_shared(g, logs))
		_exit(1);
	for (uint32_t i = 0; i < n; i++) {
		keep[2 * i] = logs[i].pipe;
		keep[2 * i + 1] = logs[i].file;
	}
	keep[2 * (size_t)n] = ready;
	keep_only(keep, 2 * (size_t)n + 1);
	master_gen_unmap_all(m);
	title_set("itkd: log"); /* prctl(2) is not on its list */
	cred_become_service(uid, gid);
	sandbox_logger();
	logger_run(logs, n, ready);
}

void master_log_start(struct master *m, struct master_gen *g)
{
	int fds[2] = {-1, -1};
	master_throttle_started(&g->logger_throttle, master_now());
	g->logger = pipe2(fds, O_CLOEXEC) == 0 ? fork() : -1;
	if (g->logger == 0) {
		reset_signals();
		run_logger(m, g, fds[1]);
	}
	if (fds[1] >= 0)
		close(fds[1]);
	if (g->logger_ready >= 0)
		close(g->logger_ready);
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
	close(g->logger_ready);
	g->logger_ready = -1;
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
	master_throttle_ended(&g->logger_throttle, master_now());
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

/*
 * At a (re)load a log that cannot be opened is an error. For a front that replaces another, the
 * main error log takes the lines: losing the site for a lost log would be worse.
 */
_Noreturn static void run_opener(const struct master_gen *g, int to)
{
	const struct conf *conf = g->conf;
	uint32_t ids[FRONT_LOGS_BATCH];
	int fds[FRONT_LOGS_BATCH];
	size_t n = 0;
	bool ok = true;
	for (uint32_t i = 0; i < conf->nlogs; i++) {
		const char *why = NULL;
		const bool shared = conf->logs[i].shared;
		int fd = shared ? g->pipes[i].write : master_open_log(conf->logs[i].path, &why);
		if (fd < 0) {
			refuse(&conf->logs[i], why);
			ok = ok && g->state != GEN_STARTING;
			fd = dup(g->pipes[conf->main_log].write);
		}
		ids[n] = i;
		fds[n++] = fd;
		if (n < FRONT_LOGS_BATCH && i + 1 < conf->nlogs)
			continue;
		if (!send_batch(to, ids, fds, n))
			_exit(1);
		for (; n > 0; n--)
			if (!conf->logs[ids[n - 1]].shared)
				close(fds[n - 1]);
	}
	_exit(ok ? 0 : 1);
}

pid_t master_log_send(struct master_gen *g, int to)
{
	pid_t pid = fork();
	if (pid == 0) {
		reset_signals();
		title_set("itkd: opener");
		run_opener(g, to);
	}
	return pid;
}
