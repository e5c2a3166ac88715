/*
 * A FastCGI application as a request's handler, mostly php-fpm (mod_proxy_fcgi). Runs as the
 * vhost's user, who connects; the application is trusted as little as a CGI program.
 */
#include "child_fcgi.h"

#include "itkd/fd.h"

#include <string.h>
#include <unistd.h>

static const char *fcgi_name(const struct child_request *r)
{
	const char *file = r->target.file ? r->target.file : r->uri, *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

/* A program cannot read a body without knowing its length: CONTENT_LENGTH is all it is told. */
static bool fcgi_needs_spool(const struct child_stream *s)
{
	return s->want_body && (s->r->head.content_length < 0 || child_filter_input(s->r));
}

static void fcgi_run(struct fcgi *g, struct span out)
{
	/* Without a body its end is part of them. */
	g->s.asked = !g->s.want_body;
	g->s.out = out;
	child_fcgi_stream(g);
}

/* Once more on a new connection, after one that was kept. */
static bool fcgi_again(struct fcgi *g, const struct child_backend *b)
{
	if (!g->again)
		return false;
	fd_close(&g->fd);
	g->again = g->kept = g->soon = g->eof = false;
	g->look = 0;
	g->s.status = child_backend_connect(g->s.c, b, &g->fd);
	return g->s.status == 0;
}

/* On the stack the compiler would touch each page of them. A process has one request at a time. */
static char line[FCGI_LINE], in[FCGI_IN];

int child_fcgi(struct child *c, struct child_request *r, const struct child_backend *b)
{
	struct fcgi g = {.fd = -1, .line = line, .in = in};
	struct child_stream *s = &g.s;
	int64_t length = -1;
	int status;

	child_stream_start(s, c, r, "proxy_fcgi");
	s->timeout = b->timeout_ms;
	s->name = fcgi_name(r);
	s->broken = 502;
	if (fcgi_needs_spool(s))
		length = child_stream_spool(s);
	g.keep = child_fcgi_may_hold(&g, b);
	if (!child_stream_done(s))
		child_fcgi_open(&g, b);
	if (!child_stream_done(s)) {
		struct span out = child_fcgi_params(c, r, b, length, s->want_body, g.keep);

		child_stream_want(s);
		fcgi_run(&g, out);
		if (fcgi_again(&g, b))
			fcgi_run(&g, out);
	}
	/* It belongs to the first program of a chain of redirects. */
	r->no_body = true;
	status = child_stream_finish(s);
	child_fcgi_close(&g, b);
	c->out_n = 0;
	return status;
}
