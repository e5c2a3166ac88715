/*
 * Bytes between a client and a CGI program, both ways at once: poll over the connection and the
 * program's three pipes. Runs as the vhost's user.
 */
#include "child_cgi.h"

#include "itkd/fd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define STREAM_LAST_READS 64 /* of stderr, when the program has ended */
#define STREAM_LOOK_MS 1000  /* a program is looked at when nothing moves for so long */
#define STREAM_QUIET 3       /* looks, until what it left running is not waited for */

/* nph-: what the status-line says is for the log only. */
static void stream_raw_status(struct child_request *r, const char *p, size_t n)
{
	struct span digits = {p + 9, 3};

	r->status = 200;
	if (n >= 12 && memcmp(p, "HTTP/1.", 7) == 0 && p[8] == ' ' && span_number(digits, 999) > 0)
		r->status = (int)span_number(digits, 999);
}

static void stream_end(struct cgi *g)
{
	struct child_stream *s = &g->s;

	fd_close(&g->out);
	if (s->status)
		return;
	if (s->phase == STREAM_RAW && s->r->status == 0) {
		child_log(s->c, LOG_ERR, "cgi", "End of script output before headers: %s", s->name);
		s->status = 500;
		return;
	}
	if (!child_stream_end(s))
		child_log(
		    s->c, LOG_ERR, "cgi", "script '%s' ended before its Content-Length", s->name);
}

static void stream_head(struct cgi *g)
{
	struct child_stream *s = &g->s;
	ssize_t n = read(g->out, s->c->cgi + s->head_n, child_cgi_head_room(s));

	if (n < 0)
		return;
	g->quiet = 0;
	child_cgi_head_got(s, (size_t)n);
	/* One that said nothing may still work; one that says too much is ended. */
	if (n == 0)
		stream_end(g);
}

static void stream_body(struct cgi *g)
{
	struct child_stream *s = &g->s;
	size_t room;
	char *data = child_stream_room(s, &room);
	ssize_t n = read(g->out, data, room);

	if (n < 0)
		return;
	g->quiet = 0;
	if (n == 0) {
		stream_end(g);
		return;
	}
	if (s->phase == STREAM_RAW && s->r->status == 0)
		stream_raw_status(s->r, data, (size_t)n);
	child_stream_wrote(s, (size_t)n);
}

/* One line of its stderr, or as much as a line of the log takes. */
static void stream_log_line(struct cgi *g)
{
	while (g->line_n && (g->line[g->line_n - 1] == '\n' || g->line[g->line_n - 1] == '\r'))
		g->line_n--;
	if (g->line_n)
		child_log(g->s.c, LOG_ERR, "cgi", "AH01215: stderr from %s: %.*s",
		    g->s.r->target.file, (int)g->line_n, g->line);
	g->line_n = 0;
}

bool child_cgi_read_err(struct cgi *g)
{
	char text[4096];
	ssize_t n = read(g->err, text, sizeof(text));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	for (ssize_t i = 0; i < n; i++) {
		g->line[g->line_n++] = text[i];
		if (text[i] == '\n' || g->line_n == sizeof(g->line))
			stream_log_line(g);
	}
	if (n > 0) {
		child_stream_noise(&g->s);
		return true;
	}
	stream_log_line(g);
	fd_close(&g->err);
	return false;
}

void child_cgi_end_err(struct cgi *g)
{
	int reads = 0;

	/* Bounded: what it left running may go on writing. */
	while (g->err >= 0 && reads++ < STREAM_LAST_READS && child_cgi_read_err(g))
		;
	stream_log_line(g);
	fd_close(&g->err);
}

/* To the program's stdin. One that does not read it is free not to. */
static void stream_feed(struct cgi *g)
{
	struct child_stream *s = &g->s;
	ssize_t n;

	if (s->feed.n == 0)
		return;
	n = write(g->in, s->feed.p, s->feed.n);
	if (n > 0)
		child_stream_fed(s, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		child_stream_unfed(s);
}

/* What was read with the head, or behind the last piece, is there without a poll. */
void child_cgi_feed(struct cgi *g)
{
	struct child_stream *s = &g->s;

	stream_feed(g);
	while (child_stream_buffered(s)) {
		child_stream_take(s);
		stream_feed(g);
	}
	/* What is cut must not look whole to the program. */
	if (s->status > 0 || s->gone)
		return;
	if (s->feed.n == 0 && !s->want_body)
		fd_close(&g->in);
}

enum { POLL_CLIENT, POLL_IN, POLL_OUT, POLL_ERR, POLL_COUNT };

static void stream_poll_set(const struct cgi *g, struct pollfd p[static POLL_COUNT])
{
	const struct child_stream *s = &g->s;
	bool out = s->phase != STREAM_DISCARD && !child_stream_pending(s);

	child_stream_poll(s, &p[POLL_CLIENT]);
	p[POLL_IN] = (struct pollfd){.fd = s->feed.n ? g->in : -1, .events = POLLOUT};
	p[POLL_OUT] = (struct pollfd){.fd = out ? g->out : -1, .events = POLLIN};
	p[POLL_ERR] = (struct pollfd){.fd = g->err, .events = POLLIN};
}

/*
 * It has ended, and something that it started keeps its output open: a daemon, which has nothing to
 * say. Its answer is what there is.
 */
static bool stream_look(struct cgi *g, bool late)
{
	struct child_stream *s = &g->s;

	if (g->out < 0 || child_stream_pending(s) || !child_cgi_ended(g))
		return false;
	if (++g->quiet < STREAM_QUIET && !late)
		return false;
	if (s->phase == STREAM_HEAD)
		child_cgi_head_got(s, 0);
	stream_end(g);
	return true;
}

static void stream_timeout(struct cgi *g)
{
	struct child_stream *s = &g->s;

	if (child_stream_timeout(s))
		return;
	child_log(s->c, LOG_ERR, "cgi", "AH01220: Timeout waiting for output from CGI script %s",
	    s->r->target.file);
	s->status = 504;
}

static void stream_turn(struct cgi *g, const struct pollfd p[static POLL_COUNT])
{
	struct child_stream *s = &g->s;

	child_stream_polled(s, p[POLL_CLIENT].revents);
	if (s->gone)
		return;
	if (p[POLL_IN].revents)
		stream_feed(g);
	if (p[POLL_ERR].revents)
		child_cgi_read_err(g);
	if (p[POLL_OUT].revents && !child_stream_pending(s)) {
		if (s->phase == STREAM_HEAD)
			stream_head(g);
		else
			stream_body(g);
	}
}

void child_cgi_stream(struct cgi *g)
{
	struct child_stream *s = &g->s;
	struct pollfd p[POLL_COUNT];

	while (!child_stream_done(s)) {
		child_cgi_feed(g);
		child_stream_send(s);
		if (child_stream_done(s))
			break;
		stream_poll_set(g, p);
		int64_t deadline = child_stream_deadline(s), look = clock_ms() + STREAM_LOOK_MS;

		switch (child_poll(p, POLL_COUNT, look < deadline ? look : deadline)) {
		case -1:
			/* The server stops: nobody waits for an answer any more. */
			s->gone |= child_terminated();
			break;
		case 0:
			/* A pause says nothing of what the program left running. */
			if (child_stream_paused(s))
				break;
			if (!stream_look(g, look >= deadline) && look >= deadline)
				stream_timeout(g);
			break;
		default:
			stream_turn(g, p);
			break;
		}
	}
}
