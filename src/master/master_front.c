/*
 * Fronts: started, asked whether they live, replaced. What a front sends on its control socket is
 * the word of a process that reads network bytes: a type and a number, nothing is decided by it but
 * whether it is ready and alive.
 */
#include "itkd/clock.h"
#include "itkd/fd.h"
#include "itkd/front_proto.h"
#include "itkd/log.h"
#include "master/master.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 60000
#define PINGS_MISSED 8 /* beats of 500 ms without an answer: it hangs */

/* It is tried again later; a (re)load that cannot start its fronts has failed. */
static void cannot_start(struct master *m, struct master_gen *g, struct master_front *f)
{
	log_msg(LOG_ALERT, "a front could not be started: %s", strerror(errno));
	master_throttle_ended(&f->throttle, clock_ms());
	if (g->state == GEN_STARTING)
		master_load_fail(m, g, "a front could not be started");
}

static bool start_with(struct master *m, struct master_gen *g, struct master_front *f, int logs[2])
{
	int control[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0)
		return false;
	f->pid = master_exec_front(m, g, control[1], logs[1]);
	fd_close(&control[1]);
	if (f->pid < 0) {
		f->pid = 0;
		fd_close(&control[0]);
		return false;
	}
	f->control = control[0];
	f->opener = master_log_send(g, logs[0]);
	if (f->opener < 0) {
		f->opener = 0;
		master_kill(f->pid, SIGKILL); /* without its logs it is none */
	}
	return true;
}

void master_front_start(struct master *m, struct master_gen *g, uint32_t index)
{
	struct master_front *f = &g->fronts[index];
	int logs[2];
	master_throttle_started(&f->throttle, clock_ms());
	f->ready = f->draining = f->drained = false;
	f->pings = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, logs) != 0) {
		cannot_start(m, g, f);
		return;
	}
	const bool started = start_with(m, g, f, logs);
	fd_close(&logs[0]);
	fd_close(&logs[1]);
	if (!started)
		cannot_start(m, g, f);
}

static bool send_to(const struct master_front *f, uint32_t type, uint32_t value)
{
	const struct front_msg msg = {.type = type, .value = value};
	return send(f->control, &msg, sizeof(msg), MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(msg);
}

/* One that replaces another accepts at once; those of a new generation wait for the hand-over. */
static void now_ready(const struct master_gen *g, struct master_front *f)
{
	f->ready = true;
	if (g->state == GEN_ACTIVE && !send_to(f, FRONT_ACCEPT, 0))
		master_kill(f->pid, SIGKILL);
}

void master_front_message(struct master *m, struct master_gen *g, struct master_front *f)
{
	struct front_msg msg;
	ssize_t n = recv(f->control, &msg, sizeof(msg), MSG_DONTWAIT);
	(void)m;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 || (n < 0 && errno == ECONNRESET)) {
		/* It has ended or closed it; a process that only closed it is no front any more. */
		fd_close(&f->control);
		if (f->pid > 0 && !f->draining)
			master_kill(f->pid, SIGKILL);
		return;
	}
	if (n != sizeof(msg)) {
		log_msg(LOG_CRIT, "front %d sent a message of %zd bytes", (int)f->pid, n);
		master_kill(f->pid, SIGKILL);
		return;
	}
	if (msg.type == FRONT_READY)
		now_ready(g, f);
	else if (msg.type == FRONT_DRAINED)
		f->drained = true;
	else if (msg.type == FRONT_PONG)
		f->pings = 0;
	else if (msg.type == FRONT_STARVED && g == m->active)
		log_msg(LOG_INFO, "front %d: %u connections wait for a process", (int)f->pid,
		    msg.value);
}

static void beat_one(struct master_gen *g, struct master_front *f)
{
	if (f->pings++ >= PINGS_MISSED) {
		log_msg(LOG_ERR, "front %d of generation %u does not answer: ending it",
		    (int)f->pid, g->number);
		master_kill(f->pid, SIGKILL);
		return;
	}
	if (!send_to(f, FRONT_PING, f->pings) && errno != EAGAIN && errno != EPIPE)
		log_msg(LOG_ERR, "front %d: %s", (int)f->pid, strerror(errno));
}

/* One that replaces another and does not become ready: hung, or its logs cannot be opened. */
static void give_up(struct master_front *f)
{
	log_msg(LOG_ERR, "front %d does not become ready: ending it", (int)f->pid);
	master_kill(f->pid, SIGKILL);
	if (f->opener > 0)
		master_kill(f->opener, SIGKILL);
}

void master_front_beat(struct master *m, struct master_gen *g)
{
	const int64_t now = clock_ms();
	for (uint32_t i = 0; i < g->nfronts; i++) {
		struct master_front *f = &g->fronts[i];
		if (f->pid > 0 && f->ready && f->control >= 0)
			beat_one(g, f);
		else if (f->pid > 0 && !f->ready && now - f->throttle.started > START_MS)
			give_up(f);
		else if (f->pid == 0 && f->opener == 0 && g->state == GEN_ACTIVE && !m->stopping &&
		         master_throttle_ready(&f->throttle, now))
			master_front_start(m, g, i);
	}
}

void master_front_accept(struct master_gen *g)
{
	for (uint32_t i = 0; i < g->nfronts; i++)
		if (g->fronts[i].pid > 0 && !send_to(&g->fronts[i], FRONT_ACCEPT, 0))
			master_kill(g->fronts[i].pid, SIGKILL);
}

bool master_front_drained(const struct master_gen *g)
{
	for (uint32_t i = 0; i < g->nfronts; i++)
		if (g->fronts[i].pid > 0 && !g->fronts[i].drained)
			return false;
	return true;
}

void master_front_drain(struct master_gen *g)
{
	for (uint32_t i = 0; i < g->nfronts; i++) {
		struct master_front *f = &g->fronts[i];
		f->draining = true;
		if (f->pid > 0 && (f->control < 0 || !send_to(f, FRONT_DRAIN, 0)))
			master_kill(f->pid, SIGKILL);
	}
}

void master_front_ended(struct master *m, struct master_gen *g, struct master_front *f, int status)
{
	const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	const pid_t pid = f->pid;
	f->pid = 0;
	fd_close(&f->control);
	if (m->stopping)
		return;
	if (!f->draining)
		master_throttle_ended(&f->throttle, clock_ms());
	if (g->state == GEN_STARTING) {
		master_load_fail(m, g, "a front could not start");
		return;
	}
	if (WIFSIGNALED(status))
		log_msg(LOG_ERR, "front pid %d exit signal %s (%d)", (int)pid,
		    strsignal(WTERMSIG(status)), WTERMSIG(status));
	else if (!f->draining || !clean)
		log_msg(LOG_ERR, "front pid %d exit status %d", (int)pid, WEXITSTATUS(status));
	if (g->state == GEN_ACTIVE && master_throttle_ready(&f->throttle, clock_ms()) &&
	    f->opener == 0)
		master_front_start(m, g, (uint32_t)(f - g->fronts));
}

void master_front_opener_ended(
    struct master *m, struct master_gen *g, struct master_front *f, int status)
{
	f->opener = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (g->state == GEN_STARTING)
		master_load_fail(m, g, "Unable to open logs");
	else if (f->pid > 0)
		master_kill(f->pid, SIGKILL);
}
