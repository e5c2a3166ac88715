/*
 * The master: root, and so it reads nothing but its own configuration's mapping, signals, counters
 * and fixed-size words. One loop: signals, spares that took a job, fronts that answer.
 */
#include "itkd/build.h"
#include "itkd/child.h"
#include "itkd/clock.h"
#include "itkd/cred.h"
#include "itkd/fd.h"
#include "itkd/log.h"
#include "itkd/title.h"
#include "master/master.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BEAT_MS 500
#define HURRY_MS 50

/* The parent that the administrator's shell waits for ends with this status. */
void master_tell_parent(struct master *m, int status)
{
	const char byte = (char)status;
	if (m->ready_pipe < 0)
		return;
	if (write(m->ready_pipe, &byte, 1) != 1)
		log_msg(LOG_WARNING, "the starting process has gone");
	fd_close(&m->ready_pipe);
}

static void daemonize(struct master *m)
{
	int fds[2];
	m->ready_pipe = -1;
	if (m->foreground)
		return;
	if (pipe2(fds, O_CLOEXEC) != 0)
		fatal_errno("pipe2");
	pid_t pid = fork();
	if (pid < 0)
		fatal_errno("fork");
	if (pid > 0) {
		char status = 1;
		fd_close(&fds[1]);
		if (read(fds[0], &status, 1) != 1)
			status = 1;
		_exit(status);
	}
	fd_close(&fds[0]);
	if (setsid() < 0)
		fatal_errno("setsid");
	m->ready_pipe = fds[1];
}

/*
 * Whoever waits for the end of our output must not wait for the daemon's end; and no site's program
 * is to find the administrator's terminal at /dev/tty, and type there (TIOCSTI).
 */
static void leave_terminal(struct master *m)
{
	/* For logs at /dev/stdout; only loggers get them. */
	for (int i = 0; i <= 2; i++)
		m->standard[i] = m->foreground && i > 0 ? fcntl(i, F_DUPFD_CLOEXEC, 3) : -1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int tty = getsid(0) == getpid() ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (tty >= 0 && (ioctl(tty, TIOCNOTTY) != 0 || close(tty) != 0))
		fatal_errno("/dev/tty");
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		fatal_errno("/dev/null");
	if (null > 2)
		fd_close(&null);
}

static void open_signals(struct master *m)
{
	sigset_t set;
	/* SIGINT is last: it is for who sits at the terminal. */
	const int wanted[] = {SIGCHLD, SIGTERM, SIGHUP, SIGUSR1, SIGWINCH, SIGUSR2, SIGINT};
	const size_t n = sizeof(wanted) / sizeof(*wanted) - !m->foreground;
	bool ok = sigemptyset(&set) == 0;
	for (size_t i = 0; i < n; i++)
		ok = ok && sigaddset(&set, wanted[i]) == 0;
	if (!ok || sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		fatal_errno("sigprocmask");
	/* A write beyond RLIMIT_FSIZE is an error of that file. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		fatal_errno("SIGPIPE, SIGXFSZ");
	m->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	m->taken = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (m->signals < 0 || m->taken < 0)
		fatal_errno("signalfd, eventfd");
}

/* All seals, and a descriptor that can only read: a front that grew or shrank it would kill all. */
static void open_scoreboard(struct master *m)
{
	int fd = memfd_create("itkd-scoreboard", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, sizeof(*m->scoreboard)) != 0)
		fatal_errno("scoreboard");
	void *p = mmap(NULL, sizeof(*m->scoreboard), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		fatal_errno("scoreboard");
	if (fcntl(fd, F_ADD_SEALS,
	        F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0)
		fatal_errno("F_ADD_SEALS");
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	m->scoreboard_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (m->scoreboard_fd < 0)
		fatal_errno("%s: is /proc mounted?", path);
	fd_close(&fd);
	m->scoreboard = p;
	m->scoreboard->magic = SCOREBOARD_MAGIC;
	atomic_store(&m->scoreboard->started, (int64_t)time(NULL));
	/* Fronts write it: none may seal it for the others. */
	m->tickets_fd = memfd_create("itkd-tickets", MFD_CLOEXEC);
	if (m->tickets_fd < 0)
		fatal_errno("memfd_create");
}

static void start(struct master *m)
{
	char missing[256];
	for (size_t i = 0; i < MASTER_LISTENERS; i++)
		m->sockets[i].fd = -1;
	m->pid_fd = -1;
	m->status.sums = m->status.asked = -1;
	m->status.fds = (struct status_fds){-1, -1, -1, -1};
	if (!cred_master_caps(missing, sizeof(missing)))
		fatal(
		    "this process lacks the capability %s (a container?): itkd cannot run without",
		    missing);
	if (getrlimit(RLIMIT_NOFILE, &m->nofile) != 0)
		fatal_errno("RLIMIT_NOFILE");
	const struct rlimit most = {m->nofile.rlim_max, m->nofile.rlim_max};
	if (setrlimit(RLIMIT_NOFILE, &most) != 0)
		fatal_errno("RLIMIT_NOFILE");
	if (getrandom(&m->seed, sizeof(m->seed), 0) != sizeof(m->seed))
		fatal_errno("getrandom");
	daemonize(m);
	title_set("itkd: master");
	if (chdir("/") != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		fatal_errno("start");
	umask(022);
	master_env_hide(m);
	tzset();
	leave_terminal(m);
	m->group = getpgrp();
	master_code_gather();
	open_signals(m);
	child_prepare();
	spare_prepare();
	open_scoreboard(m);
	m->empty_root = cred_empty_root();
	master_load_start(m);
}

/* false: the end */
static bool take_signal(struct master *m, uint32_t signal)
{
	switch (signal) {
	case SIGTERM:
	case SIGINT:
		master_exec_notify(m, "STOPPING=1", NULL);
		return false;
	case SIGHUP:
	case SIGUSR1:
		if (m->active && !m->ending) {
			master_exec_notify(m, "RELOADING=1", NULL);
			master_load_start(m);
		}
		return true;
	case SIGWINCH:
		master_graceful_stop(m);
		return true;
	default:
		return true;
	}
}

static bool take_signals(struct master *m)
{
	struct signalfd_siginfo info;
	while (read(m->signals, &info, sizeof(info)) == sizeof(info))
		if (!take_signal(m, info.ssi_signo))
			return false;
	master_reap(m);
	return true;
}

struct watched {
	struct master_gen *gen;
	struct master_front *front; /* NULL: its logger */
};

#define WATCHED_FIRST 4
#define WATCHED_MAX (WATCHED_FIRST + MASTER_GENERATIONS * (MASTER_FRONTS + 1))

static nfds_t gather(struct master *m, struct pollfd *fds, struct watched *who)
{
	nfds_t n = WATCHED_FIRST;
	fds[0] = (struct pollfd){.fd = m->signals, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = m->taken, .events = POLLIN};
	fds[2] = (struct pollfd){.fd = m->status.sums, .events = POLLIN};
	fds[3] = (struct pollfd){.fd = m->status.asked, .events = POLLIN};
	for (size_t i = 0; i < MASTER_GENERATIONS; i++) {
		struct master_gen *g = &m->gens[i];
		if (g->state == GEN_FREE)
			continue;
		if (g->logger_ready >= 0) {
			who[n] = (struct watched){g, NULL};
			fds[n++] = (struct pollfd){.fd = g->logger_ready, .events = POLLIN};
		}
		for (uint32_t k = 0; k < g->nfronts; k++) {
			if (g->fronts[k].control < 0)
				continue;
			who[n] = (struct watched){g, &g->fronts[k]};
			fds[n++] = (struct pollfd){.fd = g->fronts[k].control, .events = POLLIN};
		}
	}
	return n;
}

/* true: signals wait */
static bool wait_for_events(struct master *m, int timeout)
{
	/* Not on the stack: what is forked below them would copy one page of it more. */
	static struct pollfd fds[WATCHED_MAX];
	static struct watched who[WATCHED_MAX];
	uint64_t taken;
	const nfds_t n = gather(m, fds, who);
	if (poll(fds, n, timeout) < 0) {
		if (errno != EINTR)
			fatal_errno("poll");
		return false;
	}
	if ((fds[1].revents & POLLIN) && read(m->taken, &taken, sizeof(taken)) < 0 &&
	    errno != EAGAIN)
		fatal_errno("eventfd");
	if (fds[2].revents || fds[3].revents)
		master_status_take(m);
	for (nfds_t i = WATCHED_FIRST; i < n; i++) {
		/* An earlier one may have ended the generation of a later one. */
		if (!fds[i].revents || who[i].gen->state == GEN_FREE)
			continue;
		if (who[i].front && who[i].front->control == fds[i].fd)
			master_front_message(m, who[i].gen, who[i].front);
		else if (!who[i].front && who[i].gen->logger_ready == fds[i].fd)
			master_log_ready(m, who[i].gen);
	}
	return fds[0].revents != 0;
}

static void advance(struct master *m)
{
	for (size_t i = 0; i < MASTER_GENERATIONS; i++) {
		struct master_gen *g = &m->gens[i];
		if (g->state == GEN_STARTING || g->state == GEN_READY)
			master_load_advance(m, g);
		else if (g->state == GEN_DRAINING)
			master_drain_advance(m, g);
	}
}

static void beat(struct master *m)
{
	const int64_t now = clock_ms();
	if (now < m->next_beat)
		return;
	m->next_beat = now + BEAT_MS;
	for (size_t i = 0; i < MASTER_GENERATIONS; i++) {
		struct master_gen *g = &m->gens[i];
		if (g->state != GEN_ACTIVE && g->state != GEN_DRAINING)
			continue;
		master_front_beat(m, g);
		master_program_beat(m, g);
		if (g->logger == 0 && g->queue_out >= 0 &&
		    master_throttle_ready(&g->logger_throttle, now))
			master_log_start(m, g);
		if (g->state == GEN_DRAINING)
			master_pool_signal(m, g, SIGUSR1);
	}
	master_pool_trim(m);
	master_lost_tell(m, false);
	if (m->reload_wanted)
		master_load_start(m);
}

/* A graceful stop has ended when the last generation is gone. */
static bool anything_left(const struct master *m)
{
	for (size_t i = 0; i < MASTER_GENERATIONS; i++)
		if (m->gens[i].state != GEN_FREE)
			return true;
	return false;
}

static bool draining(const struct master *m)
{
	for (size_t i = 0; i < MASTER_GENERATIONS; i++)
		if (m->gens[i].state == GEN_DRAINING && m->gens[i].queue_in >= 0)
			return true;
	return false;
}

int master_run(struct master *m)
{
	start(m);
	while (!m->stopping && anything_left(m)) {
		/* Spares of a draining generation are forked when its queue is seen to hold a job.
		 */
		const bool hurry = master_pool_hurry(m) || draining(m);
		const int64_t now = clock_ms();
		const int until_beat = m->next_beat > now ? (int)(m->next_beat - now) : 0;
		if (wait_for_events(m, hurry && until_beat > HURRY_MS ? HURRY_MS : until_beat) &&
		    !take_signals(m))
			break;
		master_pool_fill(m);
		advance(m);
		beat(m);
	}
	const bool failed = m->active == NULL;
	if (failed)
		master_tell_parent(m, 1);
	master_stop(m);
	return failed ? 1 : 0;
}
