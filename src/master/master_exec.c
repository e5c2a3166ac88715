/*
 * The programs that the master starts: `itkd --load`, `itkd-front --check`, itkd-front and
 * `itkd --notify`. Each gets exactly the descriptors that it is to have.
 */
#include "itkd/clock.h"
#include "itkd/front_proto.h"
#include "itkd/log.h"
#include "master/master.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In the forked process: these descriptors from 3 on, and 0, 1, 2. Above, nothing is left. */
static void place(const int *fds, size_t n)
{
	int high[FRONT_FD_LISTENERS + MASTER_LISTENERS];
	for (size_t i = 0; i < n; i++) {
		high[i] = fcntl(fds[i], F_DUPFD, 3 + (int)n);
		if (high[i] < 0)
			fatal_errno("F_DUPFD");
	}
	for (size_t i = 0; i < n; i++)
		if (dup2(high[i], 3 + (int)i) < 0)
			fatal_errno("dup2");
	if (close_range(3 + (unsigned)n, ~0U, 0) != 0)
		fatal_errno("close_range");
}

void master_signals_unblock(void)
{
	sigset_t none;
	if (sigemptyset(&none) != 0 || sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		fatal_errno("sigprocmask");
}

static void reset_signals(void)
{
	master_signals_unblock();
	if (signal(SIGPIPE, SIG_DFL) == SIG_ERR || signal(SIGXFSZ, SIG_DFL) == SIG_ERR)
		fatal_errno("signal");
}

/* -1: no process could be had; the server goes on with what it has. */
static pid_t fork_clean(void)
{
	pid_t pid = fork();
	if (pid < 0)
		log_msg(LOG_ALERT, "fork: %s", strerror(errno));
	if (pid == 0)
		reset_signals();
	return pid;
}

/* The environment is the administrator's: ${APACHE_LOG_DIR} and PassEnv read it. */
pid_t master_exec_load(struct master *m, struct master_gen *g)
{
	pid_t pid = fork_clean();
	if (pid != 0)
		return pid;
	size_t nargs = 0;
	while (m->loader_args[nargs])
		nargs++;
	char base[32], number[32], seed[32];
	char **argv = calloc(nargs + 7, sizeof(*argv));
	if (!argv)
		fatal_oom();
	snprintf(base, sizeof(base), "%lx", (unsigned long)(uintptr_t)g->base);
	snprintf(number, sizeof(number), "%x", g->number);
	snprintf(seed, sizeof(seed), "%lx", (unsigned long)m->seed);
	char name[] = "itkd", mode[] = "--load", end[] = "--";
	size_t i = 0;
	argv[i++] = name;
	argv[i++] = mode;
	argv[i++] = base;
	argv[i++] = number;
	argv[i++] = seed;
	argv[i++] = end;
	memcpy(argv + i, m->loader_args, nargs * sizeof(*argv));
	const int fds[] = {g->common_fd, g->private_fd, g->table_fd};
	char **environment = master_env_read(m);
	place(fds, 3);
	execve(m->loader, argv, environment);
	fatal_errno("%s", m->loader);
}

pid_t master_exec_check(struct master *m, struct master_gen *g)
{
	pid_t pid = fork_clean();
	if (pid != 0)
		return pid;
	char name[] = "itkd-front", mode[] = "--check";
	char *argv[] = {name, mode, NULL}, *env[] = {NULL};
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int fds[] = {null, g->table_fd, g->tls_fd};
	place(fds, 3);
	execve(m->front, argv, env);
	fatal_errno("%s", m->front);
}

/* As many descriptors as connections may want, where the administrator set no lower hard limit. */
static void raise_files(const struct master *m, const struct conf *conf)
{
	struct rlimit limit = m->nofile;
	limit.rlim_cur = limit.rlim_max;
	const rlim_t need = 2 * (rlim_t)conf->nlogs + conf->nlisteners + 256;
	const struct rlimit more = {need, need};
	if (limit.rlim_max < need && setrlimit(RLIMIT_NOFILE, &more) == 0)
		return;
	/* Without CAP_SYS_RESOURCE it gets what there is, and says so when that is too little. */
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		fatal_errno("RLIMIT_NOFILE %lu", (unsigned long)limit.rlim_cur);
}

pid_t master_exec_front(struct master *m, struct master_gen *g, int control, int logs)
{
	pid_t pid = fork_clean();
	if (pid != 0)
		return pid;
	int fds[FRONT_FD_LISTENERS + MASTER_LISTENERS];
	fds[FRONT_FD_CONTROL - 3] = control;
	fds[FRONT_FD_TABLE - 3] = g->table_fd;
	fds[FRONT_FD_TLS - 3] = g->tls_fd;
	fds[FRONT_FD_QUEUE - 3] = g->queue_in;
	fds[FRONT_FD_SCOREBOARD - 3] = m->scoreboard_fd;
	fds[FRONT_FD_TICKETS - 3] = m->tickets_fd;
	fds[FRONT_FD_LOGS - 3] = logs;
	fds[FRONT_FD_ROOT - 3] = m->empty_root;
	for (uint32_t i = 0; i < g->conf->nlisteners; i++)
		fds[FRONT_FD_LISTENERS - 3 + i] = m->sockets[g->listeners[i]].fd;
	raise_files(m, g->conf);
	const int log = master_log_reopen(g->pipes[g->conf->main_log].write, O_NONBLOCK);
	if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		fatal_errno("dup2");
	place(fds, FRONT_FD_LISTENERS - 3 + g->conf->nlisteners);
	char name[] = "itkd: front", *argv[] = {name, NULL}, *env[] = {NULL};
	char *tz = getenv("TZ"), zone[128], *env_tz[] = {zone, NULL};
	if (tz && snprintf(zone, sizeof(zone), "TZ=%s", tz) >= (int)sizeof(zone))
		tz = NULL;
	execve(m->front, argv, tz ? env_tz : env);
	fatal_errno("%s", m->front);
}

/*
 * The program of a log, as root like Apache's: standard input is the log, errors go to the main
 * error log, unless it is that itself. What this process has to say goes where the master's errors
 * go: it may be the main error log's own program that cannot be started.
 */
pid_t master_exec_program(struct master *m, struct master_gen *g, uint32_t log)
{
	pid_t pid = fork_clean();
	if (pid != 0)
		return pid;
	const struct conf *conf = g->conf;
	int errors = log == conf->main_log ? open("/dev/null", O_WRONLY | O_CLOEXEC)
	                                   : master_log_reopen(g->pipes[conf->main_log].write, 0);
	/* execve(2) does not write to them. */
	union {
		const char *const *in;
		char *const *out;
	} argv = {.in = conf->logs[log].argv};
	char **environment = master_env_read(m);
	if (setsid() < 0 || setrlimit(RLIMIT_NOFILE, &m->nofile) != 0)
		fatal_errno("a log's program");
	const int fds[] = {errors, STDERR_FILENO};
	if (errors < 0 || dup2(g->pipes[log].read, STDIN_FILENO) < 0)
		fatal_errno("a log's program");
	place(fds, 2);
	if (dup2(3, STDERR_FILENO) < 0 || close(3) != 0 || fcntl(4, F_SETFD, FD_CLOEXEC) != 0)
		fatal_errno("a log's program");
	execve(argv.out[0], argv.out, environment);
	log_open(4, LOG_ERR);
	fatal_errno("AH00104: unable to start piped log program '%s'", argv.out[0]);
}

/* sd_notify(3) lives in a library that would make each fork of the master twice as dear. */
void master_exec_notify(struct master *m, const char *first, const char *second)
{
	if (!m->notify)
		return;
	pid_t pid = fork_clean();
	if (pid != 0)
		return;
	char text[512];
	int n = snprintf(text, sizeof(text), "%s\n%s\n", first, second ? second : "");
	if (strcmp(first, "RELOADING=1") == 0 && n > 0 && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, "MONOTONIC_USEC=%lld\n",
		    (long long)clock_us());
	char name[] = "itkd", mode[] = "--notify", *argv[] = {name, mode, text, NULL};
	char **environment = master_env_read(m);
	place(NULL, 0);
	execve(m->loader, argv, environment);
	fatal_errno("%s", m->loader);
}
