/*
 * The programs that logs are piped to: started as root with each generation, and again when they
 * end. They read what the sites' users write, and are the administrator's own to trust with it. At
 * the end of a generation their pipes are closed, so that they read the last line and then the end.
 */
#include "itkd/log.h"
#include "master/master.h"

#include "itkd/clock.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define END_MS 5000 /* for what was read to be written, before SIGTERM */

static void start_one(struct master *m, struct master_gen *g, uint32_t log)
{
	struct master_program *p = &g->programs[log];
	master_throttle_started(&p->throttle, clock_ms());
	p->pid = master_exec_program(m, g, log);
	if (p->pid > 0)
		return;
	p->pid = 0;
	master_throttle_ended(&p->throttle, clock_ms());
}

static bool is_wanted(const struct master_gen *g, uint32_t log)
{
	return g->conf->logs[log].kind == CONF_LOG_PROGRAM && g->pipes[log].read >= 0;
}

void master_program_start(struct master *m, struct master_gen *g)
{
	for (uint32_t i = 0; i < g->conf->nlogs; i++)
		if (is_wanted(g, i))
			start_one(m, g, i);
	g->programs_started = true;
}

void master_program_beat(struct master *m, struct master_gen *g)
{
	const int64_t now = clock_ms();
	if (!g->programs_started || m->stopping)
		return;
	for (uint32_t i = 0; i < g->conf->nlogs; i++)
		if (g->programs[i].pid == 0 && is_wanted(g, i) &&
		    master_throttle_ready(&g->programs[i].throttle, now))
			start_one(m, g, i);
}

bool master_program_ended(struct master *m, struct master_gen *g, pid_t pid)
{
	uint32_t i = 0;
	if (!g->programs)
		return false;
	while (i < g->conf->nlogs && g->programs[i].pid != pid)
		i++;
	if (i == g->conf->nlogs)
		return false;
	g->programs[i].pid = 0;
	if (m->stopping || !is_wanted(g, i))
		return true;
	log_msg(LOG_ERR, "AH00106: piped log program '%s' failed unexpectedly",
	    g->conf->logs[i].path + 1);
	master_throttle_ended(&g->programs[i].throttle, clock_ms());
	if (g->state == GEN_ACTIVE || g->state == GEN_DRAINING)
		master_program_beat(m, g);
	return true;
}

void master_program_kill(struct master_gen *g, int signal)
{
	for (uint32_t i = 0; g->programs && i < g->conf->nlogs; i++)
		if (g->programs[i].pid > 0)
			master_kill(-g->programs[i].pid, signal);
}

bool master_program_finish(struct master_gen *g)
{
	const int64_t now = clock_ms();
	bool left = false;
	for (uint32_t i = 0; g->programs && i < g->conf->nlogs; i++)
		left = left || g->programs[i].pid > 0;
	if (!left)
		return true;
	if (g->programs_end == 0)
		g->programs_end = now + END_MS;
	else if (now > g->programs_end + END_MS)
		master_program_kill(g, SIGKILL);
	else if (now > g->programs_end)
		master_program_kill(g, SIGTERM);
	return false;
}
