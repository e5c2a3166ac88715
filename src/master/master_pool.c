/*
 * Spares and children. A spare that took a job says so through an eventfd, and the next one is
 * forked at once. Which of them are idle is read from the scoreboard's slots, which only processes
 * before their drop can write.
 */
#include "itkd/clock.h"
#include "itkd/date.h"
#include "itkd/job.h"
#include "itkd/log.h"
#include "master/master.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HURRY_AT_ONCE 8 /* processes that are told to close an idle connection in one go */
#define HURRY_ROUNDS 16 /* until all have been told, at most */

static uint32_t count(const struct master *m, const struct master_gen *g, bool idle_only)
{
	const struct scoreboard *sb = m->scoreboard;
	const uint32_t high = atomic_load(&sb->high);
	uint32_t n = 0;
	for (uint32_t i = 0; i < high; i++) {
		if (m->pids[i] == 0 || (g && atomic_load(&sb->slots[i].generation) != g->number))
			continue;
		n += !idle_only || atomic_load(&sb->slots[i].state) == SLOT_IDLE;
	}
	return n;
}

uint32_t master_pool_count(const struct master *m, const struct master_gen *g)
{
	return count(m, g, false);
}

/* FIONREAD, so that not a byte of a job is read here. */
bool master_pool_waiting(const struct master_gen *g)
{
	int n = 0;
	return g->queue_out >= 0 && ioctl(g->queue_out, FIONREAD, &n) == 0 && n > 0;
}

static uint32_t free_slot(struct master *m)
{
	uint32_t i = 0;
	while (i < SCOREBOARD_SLOTS && m->pids[i] != 0)
		i++;
	return i;
}

static void become_spare(struct master *m, struct master_gen *g, uint32_t slot)
{
	struct spare_mapping foreign[MASTER_FOREIGN];
	struct spare_start start = {
	    .conf = g->conf,
	    .scoreboard = m->scoreboard,
	    .slot = slot,
	    .queue = g->queue_out,
	    .taken = m->taken,
	    .status = {-1, -1, -1, -1},
	    .nofile = m->nofile,
	    .master_group = m->group,
	    .foreign = foreign,
	};
	if (g->conf->extended_status)
		start.status = m->status.fds;
	start.nforeign = master_gen_foreign(m, g, foreign);
	spare_run(&start);
}

/* A spare that took a job takes itself off; one that ended without is taken off here. */
static void not_idle(struct master *m, uint32_t generation)
{
	if (m->active && m->active->number == generation)
		atomic_fetch_sub(&m->scoreboard->idle, 1);
}

static bool fork_spare(struct master *m, struct master_gen *g)
{
	const uint32_t slot = free_slot(m);
	if (slot == SCOREBOARD_SLOTS)
		return false;
	struct scoreboard_slot *s = &m->scoreboard->slots[slot];
	atomic_store(&s->generation, g->number);
	atomic_store(&s->culprit, 0);
	atomic_store(&s->state, SLOT_IDLE);
	/* What it finds out about the time zone, every child knows. */
	date_local_offset(time(NULL));
	/* Before the fork: a claim in a slot that others do not look at would not be counted. */
	if (slot >= atomic_load(&m->scoreboard->high))
		atomic_store(&m->scoreboard->high, slot + 1);
	if (g == m->active)
		atomic_fetch_add(&m->scoreboard->idle, 1);
	/* Not fork(): nothing here has threads or pthread_atfork handlers to be run. */
	pid_t pid = _Fork();
	if (pid == 0)
		become_spare(m, g, slot);
	if (pid < 0) {
		not_idle(m, g->number);
		log_msg(
		    LOG_ALERT, "(%d)%s: fork: Unable to fork new process", errno, strerror(errno));
		atomic_store(&s->state, SLOT_FREE);
		master_throttle_started(&m->spares, clock_ms());
		master_throttle_ended(&m->spares, clock_ms());
		return false;
	}
	m->pids[slot] = pid;
	return true;
}

/*
 * Down to MinSpareServers nothing happens; below it, half of the way to MaxSpareServers is filled
 * in one go, which is cheaper than waking up for each.
 */
static uint32_t refill_to(const struct conf *conf, uint32_t idle, bool first)
{
	const uint32_t min = conf->min_spare ? conf->min_spare : 1;
	const uint32_t max = conf->max_spare > min ? conf->max_spare : min;
	if (first && conf->start_servers > min)
		return conf->start_servers;
	return idle >= min ? idle : min + (max - min) / 2;
}

void master_pool_fill(struct master *m)
{
	if (!m->active || m->stopping || !master_throttle_ready(&m->spares, clock_ms()))
		return;
	uint32_t total = count(m, NULL, false);
	const uint32_t max = m->active->conf->max_workers;
	for (size_t i = 0; i < MASTER_GENERATIONS && total < max; i++) {
		struct master_gen *g = &m->gens[i];
		if (g->state == GEN_DRAINING && !g->overdue && master_pool_waiting(g) &&
		    count(m, g, true) == 0)
			total += fork_spare(m, g);
	}
	struct master_gen *g = m->active;
	if (g->state != GEN_ACTIVE)
		return;
	uint32_t idle = count(m, g, true);
	const uint32_t want = refill_to(g->conf, idle, count(m, g, false) == 0);
	while (idle < want && total < max && fork_spare(m, g)) {
		idle++;
		total++;
	}
}

/* A retire job for each spare too many. Never a signal: just after recvmsg it would lose a client.
 */
void master_pool_trim(struct master *m)
{
	uint8_t bytes[JOB_MAX];
	for (size_t i = 0; i < MASTER_GENERATIONS; i++) {
		struct master_gen *g = &m->gens[i];
		if ((g->state != GEN_ACTIVE && g->state != GEN_DRAINING) || g->queue_in < 0)
			continue;
		uint32_t idle = count(m, g, true);
		const uint32_t keep = g->state == GEN_ACTIVE ? g->conf->max_spare : 0;
		const struct job retire = {.kind = JOB_RETIRE, .generation = g->number};
		const size_t n = job_encode(&retire, bytes);
		if (master_pool_waiting(g))
			continue; /* jobs, or retire jobs of the last time */
		for (; idle > keep; idle--)
			if (send(g->queue_in, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
				break;
	}
}

/*
 * Jobs wait and no process is free: some are told, each decides for itself whether it keeps an idle
 * connection. Nobody's memory is looked at: a process can have a page of its own whose reading
 * never ends. One that does not listen keeps its process, and the next round asks others.
 */
bool master_pool_hurry(struct master *m)
{
	struct scoreboard *sb = m->scoreboard;
	const uint32_t high = atomic_load(&sb->high);
	if (!m->active || high == 0 || !master_pool_waiting(m->active))
		return false;
	if (count(m, m->active, true) > 0 || count(m, NULL, false) < m->active->conf->max_workers)
		return true;
	uint32_t told = 0;
	const uint32_t enough = HURRY_AT_ONCE + high / HURRY_ROUNDS;
	for (uint32_t i = 0; i < high && told < enough; i++) {
		const uint32_t slot = m->hurry++ % high;
		if (m->pids[slot] == 0 || atomic_load(&sb->slots[slot].state) != SLOT_BUSY)
			continue;
		master_kill(m->pids[slot], SIGUSR2);
		told++;
	}
	return true;
}

static void kill_culprit(struct master *m, pid_t culprit)
{
	for (size_t i = 0; i < MASTER_GENERATIONS; i++)
		for (uint32_t k = 0; k < m->gens[i].nfronts; k++)
			if (culprit > 0 && m->gens[i].fronts[k].pid == culprit) {
				log_msg(LOG_CRIT, "front pid %d sent a bad job: ending it",
				    (int)culprit);
				master_kill(culprit, SIGKILL);
			}
}

bool master_pool_ended(struct master *m, pid_t pid, int status, const struct rusage *used)
{
	struct scoreboard *sb = m->scoreboard;
	uint32_t slot = 0, high = atomic_load(&sb->high);
	while (slot < high && m->pids[slot] != pid)
		slot++;
	if (slot == high)
		return false;
	const uint32_t state = atomic_load(&sb->slots[slot].state);
	const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (WIFSIGNALED(status) && !m->stopping)
		log_msg(LOG_NOTICE, "child pid %d exit signal %s (%d)", (int)pid,
		    strsignal(WTERMSIG(status)), WTERMSIG(status));
	if (state == SLOT_BAD_JOB)
		kill_culprit(m, atomic_load(&sb->slots[slot].culprit));
	if (WIFEXITED(status) && master_lost_status(WEXITSTATUS(status)) && state == SLOT_BUSY)
		master_lost_add(m, &sb->slots[slot], WEXITSTATUS(status));
	if (clean || state == SLOT_BUSY) {
		m->spares.failures = 0;
	} else if (!m->stopping) {
		master_throttle_started(&m->spares, clock_ms());
		master_throttle_ended(&m->spares, clock_ms());
	}
	if (state != SLOT_BUSY)
		not_idle(m, atomic_load(&sb->slots[slot].generation));
	master_status_ended(m, used);
	scoreboard_release(sb, slot);
	atomic_store(&sb->slots[slot].state, SLOT_FREE);
	m->pids[slot] = 0;
	while (high > 0 && m->pids[high - 1] == 0)
		high--;
	atomic_store(&sb->high, high);
	return true;
}

/* To every process of g, or of all: SIGKILL to its whole group, other signals to itself. */
void master_pool_signal(const struct master *m, const struct master_gen *g, int signal)
{
	const struct scoreboard *sb = m->scoreboard;
	const uint32_t high = atomic_load(&sb->high);
	for (uint32_t i = 0; i < high; i++) {
		if (m->pids[i] == 0 || (g && atomic_load(&sb->slots[i].generation) != g->number))
			continue;
		if (signal == SIGUSR1 && atomic_load(&sb->slots[i].state) != SLOT_BUSY)
			continue;
		if (signal != SIGUSR1)
			master_kill(-m->pids[i], signal);
		master_kill(m->pids[i], signal);
	}
}
