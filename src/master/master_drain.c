/*
 * The end of a generation: its fronts accept no more and finish what they hold, its spares take
 * what is left in the queue and see its end, its children finish their connection, its logger
 * writes what is left in the pipes. Bounded by GracefulReloadTimeout.
 */
#include "itkd/log.h"

#include "itkd/clock.h"
#include "itkd/fd.h"
#include "master/master.h"
#include <signal.h>
#include <unistd.h>

#define AGAIN_MS 500

void master_drain_start(struct master *m, struct master_gen *g, uint32_t seconds)
{
	g->state = GEN_DRAINING;
	g->deadline = seconds ? clock_ms() + (int64_t)seconds * 1000 : 0;
	master_listen_close_unused(m);
	master_front_drain(g);
	master_pool_signal(m, g, SIGUSR1);
}

static bool fronts_left(const struct master_gen *g)
{
	for (uint32_t i = 0; i < g->nfronts; i++)
		if (g->fronts[i].pid > 0 || g->fronts[i].opener > 0)
			return true;
	return false;
}

static void close_pipes(struct master_gen *g)
{
	for (uint32_t i = 0; i < g->conf->nlogs; i++) {
		struct master_pipe *p = &g->pipes[i];
		fd_close(&p->write);
		fd_close(&p->read);
		*p = (struct master_pipe){-1, -1};
	}
}

/* Again and again, until nothing of it is left: a job may just have got its spare. */
static void kill_left(struct master *m, struct master_gen *g)
{
	if (!g->overdue)
		log_msg(LOG_WARNING, "generation %u did not end in time: ending what is left of it",
		    g->number);
	g->overdue = true;
	for (uint32_t i = 0; i < g->nfronts; i++) {
		if (g->fronts[i].pid > 0)
			master_kill(g->fronts[i].pid, SIGKILL);
		if (g->fronts[i].opener > 0)
			master_kill(g->fronts[i].opener, SIGKILL);
	}
	master_pool_signal(m, g, SIGKILL);
	g->deadline = clock_ms() + AGAIN_MS;
}

void master_drain_advance(struct master *m, struct master_gen *g)
{
	if (g->deadline && clock_ms() > g->deadline)
		kill_left(m, g);
	if (fronts_left(g))
		return;
	/* Nobody writes any more: spares take what is there, then see the end. */
	fd_close(&g->queue_in);
	if (master_pool_count(m, g) > 0 || (master_pool_waiting(g) && !g->overdue))
		return;
	fd_close(&g->queue_out);
	if (g == m->active) {
		m->stopping = m->ending; /* else its successor is about to take over */
		return;
	}
	close_pipes(g);
	const bool programs_ended = master_program_finish(g);
	if (g->logger == 0 && programs_ended)
		master_gen_free(m, g);
}
