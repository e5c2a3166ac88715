/*
 * A (re)load, step by step, while the old generation goes on serving: `itkd --load` builds the
 * configuration, `itkd-front --check` reads certificates and keys, sockets are bound, logger and
 * fronts start; when all of them are ready, the generation takes over. Any failure before that
 * changes nothing.
 */
#include "itkd/build.h"
#include "itkd/clock.h"
#include "itkd/cred.h"
#include "itkd/log.h"
#include "master/master.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DRAINED_MS 6000  /* for the old fronts to say that they accept no more, or to hang */
#define START_SECONDS 60 /* for fronts and logger to become ready */

static void run_helper(struct master *m, struct master_gen *g, pid_t pid)
{
	if (pid < 0)
		master_load_fail(m, g, "no process could be started");
	else
		g->helper = pid;
}

void master_load_start(struct master *m)
{
	m->reload_wanted = true;
	for (size_t i = 0; i < MASTER_GENERATIONS; i++)
		if (m->gens[i].state >= GEN_LOADING && m->gens[i].state <= GEN_READY)
			return; /* one at a time: again when this one has ended */
	struct master_gen *g = master_gen_new(m);
	if (!g)
		return;
	m->reload_wanted = false;
	if (m->active)
		log_msg(LOG_NOTICE, "Graceful restart requested, doing restart");
	if (g->common_fd < 0 || g->private_fd < 0 || g->table_fd < 0)
		master_load_fail(m, g, "out of descriptors");
	else
		run_helper(m, g, master_exec_load(m, g));
}

void master_load_abandon(struct master *m, struct master_gen *g)
{
	if (g->helper > 0)
		master_kill(g->helper, SIGKILL);
	for (uint32_t i = 0; i < g->nfronts; i++) {
		if (g->fronts[i].pid > 0)
			master_kill(g->fronts[i].pid, SIGKILL);
		if (g->fronts[i].opener > 0)
			master_kill(g->fronts[i].opener, SIGKILL);
	}
	if (g->logger > 0)
		master_kill(g->logger, SIGKILL);
	master_program_kill(g, SIGTERM);
	master_gen_free(m, g);
}

void master_load_fail(struct master *m, struct master_gen *g, const char *why)
{
	if (m->active)
		log_msg(LOG_ERR, "%s; the running configuration stays in use", why);
	else
		fprintf(stderr, "itkd: %s\n", why);
	master_load_abandon(m, g);
	if (!m->active) {
		master_tell_parent(m, 1);
		m->stopping = true;
	} else {
		master_exec_notify(
		    m, "READY=1", "STATUS=The new configuration was refused: see the log");
	}
}

static bool has_tls(const struct conf *conf)
{
	for (uint32_t i = 0; i < conf->nvhosts; i++)
		if (conf->vhosts[i]->tls.engine)
			return true;
	return false;
}

static void start_processes(struct master *m, struct master_gen *g)
{
	if (!master_listen_open(m, g, m->active != NULL)) {
		master_load_fail(m, g, "could not open the listening sockets");
		return;
	}
	g->state = GEN_STARTING;
	g->deadline = clock_ms() + START_SECONDS * 1000;
	master_log_start(m, g);
	if (g->state != GEN_STARTING)
		return;
	master_program_start(m, g);
	g->nfronts = g->conf->fronts < MASTER_FRONTS ? g->conf->fronts : MASTER_FRONTS;
	for (uint32_t i = 0; i < g->nfronts && g->state == GEN_STARTING; i++)
		master_front_start(m, g, i);
}

static void loaded(struct master *m, struct master_gen *g)
{
	if (!master_gen_map(g)) {
		master_load_fail(m, g,
		    "the loader's result does not fit this server: was itkd "
		    "replaced by another version? Stop and start it");
		return;
	}
	if (g->conf->nfilter > 0 && !cred_may_filter()) {
		master_load_fail(m, g,
		    "LimitUIDRange and LimitGIDRange need the capability "
		    "cap_sys_admin, which this process lacks (a container?)");
		return;
	}
	if (!master_gen_open(g)) {
		master_load_fail(m, g, "out of descriptors");
		return;
	}
	g->tls_fd = memfd_create("itkd-tls", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (g->tls_fd < 0) {
		master_load_fail(m, g, "out of descriptors");
		return;
	}
	if (!has_tls(g->conf)) {
		start_processes(m, g);
		return;
	}
	g->state = GEN_CHECKING;
	run_helper(m, g, master_exec_check(m, g));
}

void master_load_helper_ended(struct master *m, struct master_gen *g, int status)
{
	bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	g->helper = 0;
	if (m->stopping)
		return;
	if (!ok)
		master_load_fail(m, g, "the configuration has errors");
	else if (g->state == GEN_LOADING)
		loaded(m, g);
	else
		start_processes(m, g);
}

/* 2 and every later message to the main error log of g. */
static void take_log(const struct master_gen *g)
{
	int log = master_log_reopen(g->pipes[g->conf->main_log].write, O_NONBLOCK);
	if (log < 0 || dup2(log, 2) < 0 || close(log) != 0)
		fatal_errno("the main error log");
	log_open(2, (int)g->conf->vhosts[0]->log_level);
}

/* The old fronts accept no more; for as long as that takes, new connections wait in the kernel. */
static void take_over(struct master *m, struct master_gen *g)
{
	g->state = GEN_ACTIVE;
	g->deadline = 0;
	m->active = g;
	atomic_store(&m->scoreboard->idle, 0);
	atomic_store(&m->scoreboard->active, g->number);
	atomic_store(&m->scoreboard->loaded, (int64_t)time(NULL));
	take_log(g);
	master_status_open(m, g);
	master_digest_make(g);
	log_msg(LOG_NOTICE, "itkd/%s configured -- resuming normal operations", ITKD_VERSION);
	master_pool_fill(m);
	master_front_accept(g);
	char status[128];
	snprintf(status, sizeof(status), "STATUS=Serving %u virtual hosts, generation %u",
	    g->conf->nsites - 1, g->number);
	master_exec_notify(m, "READY=1", status);
	master_tell_parent(m, 0);
	if (m->reload_wanted)
		master_load_start(m);
}

static void hand_over(struct master *m, struct master_gen *g)
{
	if (!m->active && !master_pidfile_write(m, g->conf->pid_file)) {
		master_load_fail(m, g, "could not write the PidFile");
		return;
	}
	if (!m->active) {
		take_over(m, g);
		return;
	}
	/* From here on nothing fails: a front that dies is started again like any other. */
	g->state = GEN_READY;
	g->deadline = clock_ms() + DRAINED_MS;
	master_drain_start(m, m->active, m->active->conf->graceful_timeout);
}

void master_load_advance(struct master *m, struct master_gen *g)
{
	if (g->state == GEN_READY) {
		if (master_front_drained(m->active) || clock_ms() > g->deadline)
			take_over(m, g);
		return;
	}
	bool ready = g->logs_open;
	for (uint32_t i = 0; i < g->nfronts; i++)
		ready = ready && g->fronts[i].ready && g->fronts[i].opener == 0;
	if (!ready) {
		if (clock_ms() > g->deadline)
			master_load_fail(m, g, "fronts and logger did not become ready in time");
		return;
	}
	hand_over(m, g);
}
