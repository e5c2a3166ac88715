/*
 * Bytes between a client and a FastCGI application, both ways at once: poll over two connections.
 * Runs as the vhost's user. What the application sends is taken apart by fcgi.h; its words in the
 * log are Apache's.
 */
#include "child_cgi.h"
#include "child_fcgi.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void fcgi_broken(struct fcgi *g)
{
	struct child_stream *s = &g->s;

	g->eof = true;
	/* What only waited for its end is passed on as far as it came. */
	if (s->phase == STREAM_HEAD && s->head_end)
		child_cgi_head_paused(s);
	if (s->phase == STREAM_HEAD) {
		s->status = s->broken;
	} else if (s->phase == STREAM_BODY) {
		child_stream_send(s);
		s->r->aborted = true;
	}
}

/* The head of the next record of the body, or of its end. */
static void fcgi_next(struct child_stream *s, size_t n)
{
	struct fcgi *g = (struct fcgi *)s;

	s->piece = n < FCGI_CONTENT_MAX ? n : FCGI_CONTENT_MAX;
	s->asked = n == 0;
	fcgi_head(g->head, FCGI_STDIN, s->piece);
	s->out = (struct span){g->head, FCGI_HEAD};
}

static void fcgi_out(struct fcgi *g, struct span data)
{
	struct child_stream *s = &g->s;

	while (data.n && s->phase == STREAM_HEAD && !s->status) {
		size_t room = child_cgi_head_room(s), n = data.n < room ? data.n : room;

		memcpy(s->c->cgi + s->head_n, data.p, n);
		child_cgi_head_got(s, n);
		data = (struct span){data.p + n, data.n - n};
	}
	/* A filter has not taken what came with the head. */
	g->held = child_stream_full(s) ? data : (struct span){NULL, 0};
	if (data.n && !g->held.n && !s->status)
		child_stream_body(s, data.p, data.n);
}

/* A record of it is a line of the log, or as much as a line takes. */
static void fcgi_err(struct fcgi *g, struct span data)
{
	for (size_t i = 0; i < data.n; i++) {
		g->line[g->line_n++] = data.p[i];
		if (g->line_n < FCGI_LINE && (g->reader.left || i + 1 < data.n))
			continue;
		child_log(g->s.c, LOG_ERR, "proxy_fcgi", "AH01071: Got error '%.*s'",
		    (int)g->line_n, g->line);
		g->line_n = 0;
	}
}

/* What else it writes is no answer. */
static void fcgi_out_end(struct fcgi *g)
{
	struct child_stream *s = &g->s;

	if (s->phase == STREAM_HEAD && s->head_end)
		child_cgi_head_got(s, 0);
	if (s->phase == STREAM_HEAD || s->status)
		return;
	if (!child_stream_end(s))
		child_log(
		    s->c, LOG_ERR, "proxy_fcgi", "'%s' ended before its Content-Length", s->name);
}

static void fcgi_end(struct fcgi *g)
{
	struct child_stream *s = &g->s;

	g->ended = true;
	g->clean = g->got.n == 0 && fcgi_ends_cleanly(&g->reader);
	if (s->phase != STREAM_HEAD || s->head_end) {
		fcgi_out_end(g);
	} else if (g->reader.protocol == FCGI_COMPLETE || s->head_n) {
		child_cgi_head_got(s, 0);
	} else {
		s->status = g->reader.protocol == FCGI_UNKNOWN_ROLE ? 502 : 503;
		child_log(s->c, LOG_ERR, "proxy_fcgi",
		    "the application did not take the request: protocol status %d (%s)",
		    g->reader.protocol,
		    g->reader.protocol == FCGI_OVERLOADED ? "overloaded" : "refused");
	}
}

/* One piece of what it sent; false: nothing more can be read of it. */
static bool fcgi_event(struct fcgi *g, enum fcgi_event event, struct span data)
{
	struct child *c = g->s.c;

	g->said |= event == FCGI_OUT || event == FCGI_END;
	switch (event) {
	case FCGI_OUT:
		fcgi_out(g, data);
		return true;
	case FCGI_OUT_END:
		fcgi_out_end(g);
		return true;
	case FCGI_ERR:
		fcgi_err(g, data);
		return true;
	case FCGI_END:
		fcgi_end(g);
		return false;
	case FCGI_OTHER:
		child_log(c, LOG_ERR, "proxy_fcgi", "AH01072: Got bogus record %d", g->reader.type);
		return true;
	case FCGI_BAD_VERSION:
		child_log(
		    c, LOG_ERR, "proxy_fcgi", "AH01068: Got bogus version %d", g->reader.version);
		break;
	default:
		child_log(c, LOG_ERR, "proxy_fcgi", "AH01069: Got bogus rid %d, expected %d",
		    g->reader.id, FCGI_ID);
		break;
	}
	fcgi_broken(g);
	return false;
}

static void fcgi_lost(struct fcgi *g, int error)
{
	/* It was closed just as the request was sent. */
	g->again = g->kept && !g->heard;
	if (g->again) {
		g->s.status = g->s.broken;
		return;
	}
	if (g->s.phase != STREAM_DISCARD)
		child_log(g->s.c, LOG_ERR, "proxy_fcgi",
		    "(%d)%s: AH01075: Error dispatching request to : (reading response body)",
		    error ? error : 70014, error ? strerror(error) : "End of file found");
	fcgi_broken(g);
}

/* What a filter has no room for stays where it is until the client has taken something. */
static void fcgi_take(struct fcgi *g)
{
	enum fcgi_event event;
	struct span data;

	while ((g->held.n || g->got.n) && !child_stream_full(&g->s)) {
		if (g->held.n) {
			fcgi_out(g, g->held);
			continue;
		}
		event = fcgi_read(&g->reader, &g->got, &data);
		if (event == FCGI_MORE || !fcgi_event(g, event, data) || g->s.status)
			g->got.n = 0;
	}
}

/* Reads once. All that comes has room in c->out, where nothing is pending. */
static void fcgi_receive(struct fcgi *g, int flags)
{
	ssize_t n = recv(g->fd, g->in, FCGI_IN, flags);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		fcgi_lost(g, n < 0 ? errno : 0);
		return;
	}
	g->heard = true;
	g->said = false;
	g->got = (struct span){g->in, (size_t)n};
	fcgi_take(g);
	if (g->said)
		child_stream_progress(&g->s);
	else
		child_stream_noise(&g->s);
}

enum { POLL_CLIENT, POLL_BACKEND, POLL_COUNT };

static void fcgi_poll_set(const struct fcgi *g, struct pollfd p[static POLL_COUNT])
{
	short events = 0;

	child_stream_poll(&g->s, &p[POLL_CLIENT]);
	if (!child_stream_pending(&g->s))
		events |= POLLIN;
	if (child_stream_sends(&g->s))
		events |= POLLOUT;
	p[POLL_BACKEND] = (struct pollfd){.fd = events ? g->fd : -1, .events = events};
}

static void fcgi_timeout(struct fcgi *g)
{
	struct child_stream *s = &g->s;

	if (child_stream_timeout(s))
		return;
	child_log(s->c, LOG_ERR, "proxy_fcgi",
	    "(70007)The timeout specified has expired: AH01075: Error dispatching request to : "
	    "(polling)");
	s->status = 504;
}

/*
 * The answer is whole, and the application still works, on the body perhaps: closed now, its script
 * would be ended. Nobody waits for it but this connection.
 */
static void fcgi_finish(struct fcgi *g)
{
	struct child_stream *s = &g->s;
	struct pollfd p[POLL_COUNT];

	while (!g->eof && !g->ended) {
		child_stream_feed(s, g->fd, fcgi_next);
		if (s->status || s->gone)
			return;
		fcgi_poll_set(g, p);
		bool fed = child_stream_asked(s);

		if (fed)
			p[POLL_CLIENT].events = POLLRDHUP;
		int ready = child_poll(p, POLL_COUNT, child_stream_deadline(s));

		if (ready == 0 || (ready > 0 && fed && p[POLL_CLIENT].revents))
			return;
		if (ready < 0)
			continue;
		child_stream_polled(s, p[POLL_CLIENT].revents);
		if (p[POLL_BACKEND].revents)
			fcgi_receive(g, MSG_DONTWAIT);
	}
}

/* Until then is waited; a kept connection that says nothing is looked at once. */
static int64_t fcgi_deadline(const struct fcgi *g)
{
	int64_t deadline = child_stream_deadline(&g->s);

	return g->look && g->look < deadline ? g->look : deadline;
}

/* The first read, which may wait; false: there is none. */
static bool fcgi_soon(struct fcgi *g)
{
	if (!g->soon || child_stream_sends(&g->s) || child_stream_pending(&g->s))
		return false;
	g->soon = false;
	fcgi_receive(g, 0);
	return true;
}

void child_fcgi_stream(struct fcgi *g)
{
	struct child_stream *s = &g->s;
	struct pollfd p[POLL_COUNT];

	while (!child_stream_done(s)) {
		child_stream_feed(s, g->fd, fcgi_next);
		child_stream_send(s);
		fcgi_take(g);
		if (child_stream_done(s))
			break;
		if (fcgi_soon(g))
			continue;
		fcgi_poll_set(g, p);
		int ready = child_poll(p, POLL_COUNT, fcgi_deadline(g));

		if (ready == 0 && g->look)
			child_fcgi_look(g);
		else if (ready == 0)
			fcgi_timeout(g);
		if (ready <= 0)
			continue;
		child_stream_polled(s, p[POLL_CLIENT].revents);
		if (p[POLL_BACKEND].revents && !child_stream_pending(s) && !s->gone)
			fcgi_receive(g, MSG_DONTWAIT);
	}
	if (s->phase == STREAM_DISCARD && !s->status && !s->r->aborted)
		fcgi_finish(g);
}
