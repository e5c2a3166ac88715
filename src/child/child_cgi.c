/*
 * A CGI program as a request's handler (RFC 3875): what must hold before it runs, its run, and what
 * its end means for the answer. Runs as the vhost's user.
 */
#include "child_cgi.h"

#include "itkd/fd.h"
#include <string.h>

/* 0, or the status that says why it is not run. */
static int child_cgi_check(struct child *c, const struct child_request *r)
{
	const struct child_target *t = &r->target;

	if (!t->script && !child_option(c, OPT_EXECCGI)) {
		child_log(c, LOG_ERR, "cgi",
		    "AH02809: stderr from %s: Options ExecCGI is off in this directory", t->file);
		return 403;
	}
	if (t->fd < 0) {
		child_log(c, LOG_ERR, "cgi",
		    "AH02811: stderr from %s: script not found or unable to stat", t->file);
		return 404;
	}
	if (t->path_info[0] && c->dir.merged.answer.path_info == PATH_INFO_OFF) {
		child_log(c, LOG_ERR, "cgi",
		    "AH02813: stderr from %s: AcceptPathInfo off disallows user's path", t->file);
		return 404;
	}
	if (S_ISDIR(t->st.st_mode)) {
		child_log(c, LOG_ERR, "cgi",
		    "AH02812: stderr from %s: attempt to invoke directory as script", t->file);
		return 403;
	}
	return child_php_bare(c, r);
}

/* What the end of the stream means for the answer, and for the program. */
static int child_cgi_finish(struct cgi *g)
{
	struct child_stream *s = &g->s;
	int result = child_stream_finish(s);

	/* The client has its answer by now: it need not wait for an unwilling program. */
	if (s->r->aborted || s->timed_out || (s->status > 0 && g->out >= 0))
		child_cgi_kill(g);
	else
		child_cgi_reap(g);
	s->c->out_n = 0;
	return result;
}

int child_cgi(struct child *c, struct child_request *r)
{
	const char *slash = strrchr(r->target.file, '/');
	struct cgi g = {.in = -1, .out = -1, .err = -1};
	int status = child_cgi_check(c, r);

	if (status)
		return status;
	child_stream_start(&g.s, c, r, "cgi");
	g.name = g.s.name = slash + 1;
	if (strncmp(g.name, "nph-", 4) == 0) {
		g.s.phase = STREAM_RAW;
		r->close = true;
	}
	char *const *env = child_cgi_env(c, r);

	child_defer_term(true);
	status = child_cgi_spawn(&g, env);
	/* It belongs to the first program of a chain of redirects. */
	r->no_body = true;
	if (status) {
		fd_close(&g.in);
		fd_close(&g.out);
		fd_close(&g.err);
	} else {
		child_stream_want(&g.s);
		child_cgi_stream(&g);
		status = child_cgi_finish(&g);
	}
	child_defer_term(false);
	return status;
}
