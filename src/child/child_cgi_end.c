/*
 * The end of a CGI program: its own, or by force with all that it started. Runs as the vhost's
 * user, and so can end only what is the vhost's.
 */
#include "child_cgi.h"

#include "itkd/fd.h"
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_GRACE_MS 3000 /* as Apache: between the end of its output and TERM, TERM and KILL */
#define END_STEP_MS 20    /* where there is no descriptor to wait for */

bool child_cgi_ended(struct cgi *g)
{
	if (g->pid && waitpid(g->pid, NULL, WNOHANG) != 0)
		g->pid = 0;
	return g->pid == 0;
}

static void end_discard(struct cgi *g)
{
	ssize_t n = read(g->out, g->s.c->cgi, sizeof(g->s.c->cgi));

	if (n > 0) {
		g->s.deadline = clock_ms() + (int64_t)g->s.c->vhost->timeout * 1000;
		/* Has its whole answer and went: the rest would be written to nobody, for ever. */
		g->s.gone = child_stream_closed(&g->s);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		fd_close(&g->out);
	}
}

enum { WAIT_PROGRAM, WAIT_OUT, WAIT_ERR, WAIT_CLIENT, WAIT_IN, WAIT_COUNT };

/* One wait for the program's end, reading what it writes; with feed, for the body and its stdin. */
static void end_wait(struct cgi *g, int pidfd, bool feed, int64_t deadline)
{
	struct child_stream *s = &g->s;
	struct pollfd p[WAIT_COUNT] = {
	    {.fd = pidfd, .events = POLLIN},
	    {.fd = g->out, .events = POLLIN},
	    {.fd = g->err, .events = POLLIN},
	    {.fd = -1},
	    {.fd = feed ? g->in : -1, .events = s->feed.n ? POLLOUT : 0},
	};
	int64_t step = clock_ms() + END_STEP_MS;

	/* The client is of interest only where the body is not here yet. */
	if (feed && s->want_body)
		child_stream_poll(s, &p[WAIT_CLIENT]);
	if (pidfd < 0 && step < deadline)
		deadline = step;
	if (child_poll(p, WAIT_COUNT, deadline) <= 0)
		return;
	if (p[WAIT_OUT].revents)
		end_discard(g);
	if (p[WAIT_ERR].revents)
		(void)child_cgi_read_err(g);
	if (p[WAIT_IN].revents & POLLERR)
		child_stream_unfed(s);
	child_stream_polled(s, p[WAIT_CLIENT].revents);
}

/* Until the program has ended or this many milliseconds have passed. */
static void end_watch(struct cgi *g, int pidfd, int64_t ms)
{
	int64_t deadline = clock_ms() + ms;

	while (!child_cgi_ended(g) && clock_ms() < deadline)
		end_wait(g, pidfd, false, deadline);
}

static int end_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/*
 * The program itself, wherever it went, by SIGKILL. One that became somebody else (set-user-ID)
 * cannot be killed by its site: it is left alone, so that it does not hold this process.
 */
static void end_for_good(struct cgi *g, int pidfd)
{
	if (child_cgi_ended(g))
		return;
	if (kill(g->pid, SIGKILL) == 0)
		end_watch(g, pidfd, END_GRACE_MS);
	g->pid = 0;
}

/*
 * The answer is whole, the request's body is not yet with the program: it goes on getting it until
 * it wants no more. False: it will not be whole.
 */
static bool end_feed(struct cgi *g, int pidfd)
{
	struct child_stream *s = &g->s;
	int before = s->status;

	while (g->in >= 0 && !child_cgi_ended(g)) {
		child_cgi_feed(g);
		if (g->in < 0)
			break;
		if (s->gone || s->status > 0 || s->status != before || child_terminated() ||
		    clock_ms() >= child_stream_deadline(s))
			return false;
		end_wait(g, pidfd, true, child_stream_deadline(s));
	}
	return true;
}

/* One that became somebody else (set-user-ID) is not to be signalled, nor one that has ended. */
static void end_signal(const struct cgi *g, pid_t pid, int number)
{
	if (kill(pid, number) < 0 && errno != ESRCH)
		child_log(g->s.c, LOG_INFO, "cgi", "cannot signal process %d: %m", (int)pid);
}

/* Until it ends by itself. False: by force, with all that it started. */
static bool end_await(struct cgi *g, int pidfd)
{
	if (!end_feed(g, pidfd))
		return false;
	fd_close(&g->in);
	/* The answer is whole, but the program still has something to say. */
	while (g->out >= 0 && !g->s.gone && !child_cgi_ended(g) && clock_ms() < g->s.deadline)
		end_wait(g, pidfd, false, g->s.deadline);
	if (g->s.gone)
		return false;
	end_watch(g, pidfd, END_GRACE_MS);
	if (!child_cgi_ended(g)) {
		end_signal(g, g->pid, SIGTERM);
		end_watch(g, pidfd, END_GRACE_MS);
	}
	end_for_good(g, pidfd);
	return true;
}

void child_cgi_reap(struct cgi *g)
{
	int pidfd = child_cgi_ended(g) ? -1 : end_pidfd(g->pid);
	bool done = child_cgi_ended(g) || end_await(g, pidfd);

	fd_close(&pidfd);
	if (!done) {
		child_cgi_kill(g);
		return;
	}
	fd_close(&g->in);
	child_cgi_end_err(g);
	fd_close(&g->out);
}

static bool end_group_is_empty(pid_t group)
{
	return kill(-group, 0) < 0 && errno == ESRCH;
}

/* The whole group, which the child itself has left: TERM, and KILL for what is left of it. */
static void end_group(struct cgi *g, pid_t group)
{
	int64_t deadline = clock_ms() + END_GRACE_MS;

	/* The master has said so to the whole group. */
	if (!child_terminated())
		end_signal(g, -group, SIGTERM);
	while (!(child_cgi_ended(g) && end_group_is_empty(group)) && clock_ms() < deadline)
		end_wait(g, -1, false, deadline);
	if (!end_group_is_empty(group))
		end_signal(g, -group, SIGKILL);
}

void child_cgi_kill(struct cgi *g)
{
	struct child *c = g->s.c;
	pid_t master = c->start->master_group;

	/* The program is in the group that this process leads: it must not kill itself with it. */
	if (master > 0 && setpgid(0, master) == 0) {
		end_group(g, c->pid);
		if (setpgid(0, 0) < 0)
			child_log(c, LOG_ERR, "cgi", "cannot go back to group %d: %m", (int)c->pid);
	} else {
		child_log(c, LOG_ERR, "cgi", "cannot leave the process group: %m");
	}
	end_for_good(g, -1);
	/* Not before: what is cut must not look whole to it. */
	fd_close(&g->in);
	child_cgi_end_err(g);
	fd_close(&g->out);
}
