/* The end: at once (SIGTERM), or when everything that runs has finished (SIGWINCH). */
#include "itkd/log.h"

#include "itkd/clock.h"
#include "itkd/fd.h"
#include "master/master.h"
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define TERM_MS 4000    /* for children, who give their programs three seconds, before SIGKILL */
#define LOG_MS 1000     /* for the loggers to write what is left */
#define PROGRAM_MS 2000 /* the same for logs' programs, after them */

static bool fronts_and_helpers_left(const struct master *m)
{
	for (size_t i = 0; i < MASTER_GENERATIONS; i++) {
		const struct master_gen *g = &m->gens[i];
		if (g->state != GEN_FREE && g->helper > 0)
			return true;
		for (uint32_t k = 0; g->state != GEN_FREE && k < g->nfronts; k++)
			if (g->fronts[k].pid > 0 || g->fronts[k].opener > 0)
				return true;
	}
	return false;
}

static void kill_all(struct master *m, int signal)
{
	for (size_t i = 0; i < MASTER_GENERATIONS; i++) {
		struct master_gen *g = &m->gens[i];
		if (g->state == GEN_FREE)
			continue;
		if (g->helper > 0)
			master_kill(g->helper, SIGKILL);
		for (uint32_t k = 0; k < g->nfronts; k++) {
			if (g->fronts[k].pid > 0)
				master_kill(g->fronts[k].pid, SIGKILL);
			if (g->fronts[k].opener > 0)
				master_kill(g->fronts[k].opener, SIGKILL);
		}
	}
	master_pool_signal(m, NULL, signal);
}

static void wait_a_little(struct master *m)
{
	/* A signal that ends it early is about what is waited for. */
	(void)poll(NULL, 0, 5);
	master_reap(m);
}

/* The last writers are gone; the loggers read to the end of their pipes and end by themselves. */
static void end_loggers(struct master *m)
{
	const int64_t until = clock_ms() + LOG_MS;
	int own_log = STDERR_FILENO;
	fd_close(&own_log);
	log_open(-1, LOG_EMERG);
	for (size_t i = 0; i < MASTER_GENERATIONS; i++) {
		struct master_gen *g = &m->gens[i];
		for (uint32_t k = 0; g->state != GEN_FREE && g->pipes && k < g->conf->nlogs; k++)
			fd_close(&g->pipes[k].write);
	}
	for (size_t i = 0; i < MASTER_GENERATIONS; i++) {
		struct master_gen *g = &m->gens[i];
		while (g->state != GEN_FREE && g->logger > 0) {
			if (clock_ms() > until)
				master_kill(g->logger, SIGKILL);
			wait_a_little(m);
		}
		while (g->state != GEN_FREE && !master_program_finish(g) &&
		       clock_ms() < until + PROGRAM_MS)
			wait_a_little(m);
		if (g->state != GEN_FREE)
			master_program_kill(g, SIGTERM);
	}
}

void master_stop(struct master *m)
{
	m->stopping = true;
	kill_all(m, SIGTERM);
	const int64_t until = clock_ms() + TERM_MS;
	while (master_pool_count(m, NULL) > 0 || fronts_and_helpers_left(m)) {
		if (clock_ms() > until)
			kill_all(m, SIGKILL);
		wait_a_little(m);
	}
	master_lost_tell(m, true);
	for (size_t i = 0; i < MASTER_GENERATIONS; i++)
		master_digest_remove(&m->gens[i]);
	master_pidfile_remove(m);
	if (m->active && !m->ending)
		log_msg(LOG_NOTICE, "caught SIGTERM, shutting down");
	end_loggers(m);
}

void master_graceful_stop(struct master *m)
{
	if (!m->active || m->ending)
		return;
	m->ending = true;
	for (size_t i = 0; i < MASTER_GENERATIONS; i++)
		if (m->gens[i].state >= GEN_LOADING && m->gens[i].state <= GEN_READY)
			master_load_abandon(m, &m->gens[i]);
	log_msg(LOG_NOTICE, "caught SIGWINCH, shutting down gracefully");
	master_exec_notify(m, "STOPPING=1", "STATUS=Finishing connections");
	master_pidfile_remove(m);
	m->reload_wanted = false;
	master_drain_start(m, m->active, m->active->conf->graceful_stop_timeout);
}
