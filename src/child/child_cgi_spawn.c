/*
 * Starting a CGI program. vfork: the new process borrows our memory until it has exec'd, so that
 * nothing is copied; it makes system calls only, and tells a failure by writing into what it
 * borrowed. Runs as the vhost's user; the program is the site owner's.
 */
#include "child_cgi.h"

#include "itkd/fd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct spawn {
	const char *path, *dir;
	char *const *argv, *const *env;
	int fd[3]; /* its 0, 1, 2; all above 2 */
	struct rlimit nofile;
	const struct conf_answer *limits; /* RLimit*; NULL: none, for what is not the site's */
	const char *volatile step;        /* what failed */
	volatile int error;
};

static bool spawn_default_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	/* An ignored signal would stay ignored through exec. What cannot be set need not be. */
	for (int i = 1; i <= SIGRTMAX; i++)
		if (i != SIGKILL && i != SIGSTOP)
			(void)sigaction(i, &action, NULL);
	return sigemptyset(&none) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

/* RLimitCPU and its like, within what this process has itself. False, with errno. */
static bool spawn_limit(__rlimit_resource_t resource, const struct answer_limit *limit)
{
	struct rlimit l;

	if (!limit->set)
		return true;
	if (getrlimit(resource, &l) < 0)
		return false;
	if (limit->hard && limit->hard < l.rlim_max)
		l.rlim_max = limit->hard;
	if (limit->soft)
		l.rlim_cur = limit->soft;
	if (l.rlim_cur > l.rlim_max)
		l.rlim_cur = l.rlim_max;
	return setrlimit(resource, &l) == 0;
}

/* In the new process. Nothing here may allocate, return or touch more than its stack and *s. */
static _Noreturn void spawn_exec(struct spawn *s)
{
	s->step = "sigprocmask";
	if (!spawn_default_signals())
		goto failed;
	for (int i = 0; i < 3; i++) {
		s->step = "dup2";
		if (dup2(s->fd[i], i) < 0)
			goto failed;
	}
	/* 0, 1 and 2 and nothing else: not the connection, not a log. */
	s->step = "close_range";
	if (close_range(3, ~0u, 0) < 0)
		goto failed;
	s->step = "setrlimit";
	if (setrlimit(RLIMIT_NOFILE, &s->nofile) < 0)
		goto failed;
	if (s->limits && (!spawn_limit(RLIMIT_CPU, &s->limits->cpu) ||
	                     !spawn_limit(RLIMIT_AS, &s->limits->mem) ||
	                     !spawn_limit(RLIMIT_NPROC, &s->limits->nproc)))
		goto failed;
	s->step = "chdir to the directory of";
	if (chdir(s->dir) < 0)
		goto failed;
	s->step = "exec of";
	execve(s->path, s->argv, s->env);
failed:
	s->error = errno;
	_exit(127);
}

/* No signal handler may run in the process that borrows our memory. */
static pid_t spawn_vfork(struct spawn *s)
{
	sigset_t all, before;
	pid_t pid;

	if (sigfillset(&all) < 0 || sigprocmask(SIG_SETMASK, &all, &before) < 0)
		return -1;
	pid = vfork();
	if (pid == 0)
		spawn_exec(s);
	/* With what was in force a moment ago: it cannot be refused. */
	int result = sigprocmask(SIG_SETMASK, &before, NULL);

	assert(result == 0);
	return pid;
}

/* dup2() onto itself would leave close-on-exec set, and 0..2 must be free as targets. */
static int spawn_above_stdio(int fd)
{
	if (fd > STDERR_FILENO || fd < 0)
		return fd;
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	fd_close(&fd);
	return moved;
}

/* ours is non-blocking, theirs is not: they are different open files. */
static bool spawn_pipe(int *ours, int *theirs, bool reading)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return false;
	*ours = spawn_above_stdio(fd[reading ? 0 : 1]);
	*theirs = spawn_above_stdio(fd[reading ? 1 : 0]);
	return *ours >= 0 && *theirs >= 0 && fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

static void spawn_failed(struct cgi *g, const char *step, int error)
{
	child_log(g->s.c, LOG_ERR, "cgi", "(%d)%s: AH01241: %s '%s' failed", error, strerror(error),
	    step, g->s.r->target.file);
}

static bool spawn_pipes(struct cgi *g, struct spawn *s)
{
	return spawn_pipe(&g->in, &s->fd[0], false) && spawn_pipe(&g->out, &s->fd[1], true) &&
	       spawn_pipe(&g->err, &s->fd[2], true);
}

/* vfork returned when the program runs, or has failed to. */
static int spawn_started(struct cgi *g, struct spawn *s)
{
	g->pid = spawn_vfork(s);
	if (g->pid < 0) {
		g->pid = 0;
		spawn_failed(g, "fork for", errno);
		return 500;
	}
	if (!s->error)
		return 0;
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
	g->pid = 0;
	spawn_failed(g, s->step, s->error);
	return 500;
}

int child_cgi_spawn(struct cgi *g, char *const *env)
{
	const char *file = g->s.r->target.file;
	char *name = arena_strdup(&g->s.c->arena, g->name);
	char *const *argv = child_cgi_arguments(g->s.c, g->s.r, name);
	struct spawn s = {.path = file,
	    .dir = arena_strndup(&g->s.c->arena, file, (size_t)(g->name - file)),
	    .argv = argv,
	    .env = env,
	    .fd = {-1, -1, -1},
	    .nofile = g->s.c->start->nofile,
	    .limits = &g->s.c->dir.merged.answer};
	int status = spawn_pipes(g, &s) ? 0 : 500;

	if (status) {
		spawn_failed(g, "pipes for", errno);
	} else {
		/* A group for the programs: this process leads it, so the master can end it, too.
		 */
		g->s.c->leads = g->s.c->leads || setpgid(0, 0) == 0;
		if (!g->s.c->leads)
			child_log(g->s.c, LOG_ERR, "cgi", "cannot make a process group: %m");
		status = spawn_started(g, &s);
	}
	for (int i = 0; i < 3; i++)
		fd_close(&s.fd[i]);
	return status;
}

pid_t child_cgi_helper(struct child *c, const char *path, char *const *argv, int *out)
{
	char *const env[] = {NULL};
	int null = spawn_above_stdio(open("/dev/null", O_RDWR | O_CLOEXEC)), theirs = -1;
	struct spawn s = {.path = path,
	    .dir = "/",
	    .argv = argv,
	    .env = env,
	    .fd = {null, -1, null},
	    .nofile = c->start->nofile};
	pid_t pid = -1;

	*out = -1;
	if (null >= 0 && spawn_pipe(out, &theirs, true)) {
		s.fd[1] = theirs;
		pid = spawn_vfork(&s);
	}
	if (pid < 0 || s.error)
		child_log(c, LOG_ERR, "core", "(%d)%s: cannot run %s", s.error ? s.error : errno,
		    strerror(s.error ? s.error : errno), path);
	if (pid > 0 && s.error) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		pid = -1;
	}
	fd_close(&theirs);
	fd_close(&null);
	if (pid < 0)
		fd_close(out);
	return pid;
}
