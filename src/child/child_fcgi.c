/*
 * A FastCGI application as a request's handler, mostly php-fpm (mod_proxy_fcgi). Runs as the
 * vhost's user, who connects; the application is trusted as little as a CGI program.
 */
#include "child_fcgi.h"

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

int child_fcgi(struct child *c, struct child_request *r, const struct child_backend *b)
{
	struct fcgi g = {.fd = -1};
	struct child_stream *s = &g.s;
	int64_t length = -1;
	int status;

	child_stream_start(s, c, r, "proxy_fcgi");
	s->timeout = b->timeout_ms;
	s->name = fcgi_name(r);
	s->broken = 502;
	if (fcgi_needs_spool(s))
		length = child_stream_spool(s);
	if (!child_stream_done(s))
		s->status = child_backend_connect(c, b, &g.fd);
	if (!child_stream_done(s)) {
		g.no_input = !s->want_body;
		g.out = child_fcgi_params(c, r, b, length, s->want_body);
		child_stream_want(s);
		child_fcgi_stream(&g);
	}
	/* It belongs to the first program of a chain of redirects. */
	r->no_body = true;
	if (g.fd >= 0)
		close(g.fd);
	status = child_stream_finish(s);
	c->out_n = 0;
	return status;
}
