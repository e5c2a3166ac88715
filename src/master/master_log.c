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

/*
 * A description of its own where there can be one: O_NONBLOCK is the description's, and whoever
 * else holds the administrator's pipe or terminal must not meet it. A daemon has none.
 */
static int open_standard(const struct master *m, int number, bool main)
{
	char path[64] = "/dev/null";
	int fd;
	/* As in Apache, the main error log is what is standard error while the server runs. */
	if (number == STDERR_FILENO && !main)
		return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (m->standard[number] >= 0)
		snprintf(path, sizeof(path), "/proc/self/fd/%d", m->standard[number]);
	fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	/* A socket, which the journal gives, cannot be opened again. */
	return fd >= 0 ? fd : fcntl(m->standard[number], F_DUPFD_CLOEXEC, 3);
}

static void set_syslog(struct logger_log *to, int facility, const char *tag)
{
	to->syslog = true;
	to->facility = facility;
	snprintf(to->tag, sizeof(to->tag), "%s", tag);
	to->file = open_syslog();
}

/* The configuration's memory is unmapped before it is used. */
static bool open_one(
    const struct master *m, const struct conf_log *log, bool main, struct logger_log *to)
{
	const char *why = NULL;
	to->file = -1;
	to->path = strdup(log->path);
	if (!to->path)
		fatal_oom();
	if (log->kind == CONF_LOG_SYSLOG) {
		set_syslog(to, log->facility, log->tag);
		return true;
	}
	if (log->kind == CONF_LOG_STANDARD) {
		to->file = open_standard(m, log->standard, main);
		why = to->file < 0 ? strerror(errno) : NULL;
	} else {
		to->file = master_open_log(log->path, &why);
	}
	if (to->file < 0)
		refuse(log, why);
	return to->file >= 0;
}

/* 2 is a pipe to a logger, and it must not write to its own pipe. */
static void take_stderr(int fd)
{
	if (fd >= 0 && dup2(fd, STDERR_FILENO) < 0)
		fatal_errno("dup2");
}

static bool open_shared(const struct master *m, const struct master_gen *g, struct logger *l)
{
	const struct conf *conf = g->conf;
	bool ok = true;
	uint32_t n = 0;
	/* The main error log is the first of all. */
	if (conf->logs[conf->main_log].kind == CONF_LOG_PROGRAM)
		take_stderr(g->pipes[conf->main_log].write);
	for (uint32_t i = 0; i < conf->nlogs; i++) {
		struct logger_log *to = &l->logs[n];
		if (!conf_log_is_loggers(&conf->logs[i]))
			continue;
		to->pipe = g->pipes[i].read;
		ok = open_one(m, &conf->logs[i], i == conf->main_log, to) && ok;
		n++;
		if (i != conf->main_log)
			continue;
		l->main = to;
		take_stderr(to->file);
	}
	return ok;
}

/* What says that the main error log takes no lines. */
static void open_last(const struct master *m, struct logger_log *last)
{
	last->file = m->standard[STDERR_FILENO];
	if (last->file < 0)
		set_syslog(last, LOG_DAEMON, "itkd");
}

static void close_others(struct logger *l, int ready, int empty_root)
{
	int *keep = calloc(2 * (size_t)l->n + 3, sizeof(*keep));
	size_t kept = 0;
	if (!keep)
		fatal_oom();
	for (uint32_t i = 0; i < l->n; i++) {
		keep[kept++] = l->logs[i].pipe;
		if (l->logs[i].file >= 0)
			keep[kept++] = l->logs[i].file;
	}
	if (l->last.file >= 0)
		keep[kept++] = l->last.file;
	keep[kept++] = ready;
	keep[kept++] = empty_root;
	keep_only(keep, kept);
	free(keep);
}

_Noreturn static void run_logger(struct master *m, struct master_gen *g, int ready)
{
	const struct conf *conf = g->conf;
	const uid_t uid = conf->log_uid;
	const gid_t gid = conf->log_gid;
	struct logger l = {0};
	for (uint32_t i = 0; i < conf->nlogs; i++)
		l.n += conf_log_is_loggers(&conf->logs[i]);
	l.logs = calloc((size_t)l.n + 1, sizeof(*l.logs));
	if (!l.logs)
		fatal_oom();
	open_last(m, &l.last);
	if (!open_shared(m, g, &l))
		_exit(1);
	close_others(&l, ready, m->empty_root);
	master_gen_unmap_all(m);
	spare_forget();
	title_set("itkd: log"); /* prctl(2) is not on its list */
	cred_become_service(uid, gid, m->empty_root);
	sandbox_logger();
	logger_run(&l, ready);
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
