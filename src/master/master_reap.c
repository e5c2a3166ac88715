/*
 * Ended processes: whose they were, what they held. A child that a signal ended takes what it
 * started along: its process group is killed while its pid cannot be anyone else's yet.
 */
#include "itkd/log.h"
#include "master/master.h"

#include "itkd/clock.h"
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define QUICK_MS 1000   /* ended that soon after its start: a failure */
#define FREE_FAILURES 3 /* in a row without a delay */
#define LONGEST_DELAY 10000

bool master_throttle_ready(const struct throttle *t, int64_t now)
{
	return now >= t->not_before;
}

void master_throttle_started(struct throttle *t, int64_t now)
{
	t->started = now;
}

void master_throttle_ended(struct throttle *t, int64_t now)
{
	if (now - t->started >= QUICK_MS) {
		t->failures = 0;
		return;
	}
	if (++t->failures <= FREE_FAILURES)
		return;
	unsigned shift = t->failures - FREE_FAILURES;
	int64_t delay = shift > 6 ? LONGEST_DELAY : (int64_t)100 << shift;
	t->not_before = now + (delay < LONGEST_DELAY ? delay : LONGEST_DELAY);
	log_msg(LOG_ERR, "processes end as soon as they start: the next start waits %lu ms",
	    (unsigned long)(t->not_before - now));
}

static bool of_generation(struct master *m, struct master_gen *g, pid_t pid, int status)
{
	if (g->helper == pid) {
		master_load_helper_ended(m, g, status);
		return true;
	}
	if (master_program_ended(m, g, pid))
		return true;
	if (g->logger == pid) {
		master_log_ended(m, g);
		return true;
	}
	for (uint32_t i = 0; i < g->nfronts; i++) {
		if (g->fronts[i].pid == pid) {
			master_front_ended(m, g, &g->fronts[i], status);
			return true;
		}
		if (g->fronts[i].opener == pid) {
			master_front_opener_ended(m, g, &g->fronts[i], status);
			return true;
		}
	}
	return false;
}

void master_kill(pid_t pid, int number)
{
	assert(pid > 1 || pid < -1);
	/* ESRCH: it has no group of its own yet, or the group ended before its leader was reaped.
	 */
	if (kill(pid, number) < 0 && errno != ESRCH)
		log_msg(LOG_ERR, "cannot signal process %d: %s", (int)pid, strerror(errno));
}

void master_reap(struct master *m)
{
	for (;;) {
		siginfo_t info = {0};
		int status;
		struct rusage used = {0};
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
			return;
		if (info.si_code != CLD_EXITED ||
		    (info.si_status != 0 && !master_lost_status(info.si_status)))
			master_kill(-info.si_pid, SIGKILL);
		if (wait4(info.si_pid, &status, 0, &used) != info.si_pid) {
			log_msg(LOG_ERR, "wait4: %s", strerror(errno));
			return;
		}
		if (master_pool_ended(m, info.si_pid, status, &used))
			continue;
		for (size_t i = 0; i < MASTER_GENERATIONS; i++)
			if (m->gens[i].state != GEN_FREE &&
			    of_generation(m, &m->gens[i], info.si_pid, status))
				break;
	}
}
