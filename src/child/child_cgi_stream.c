/*
 * Bytes between a client and a CGI program, both ways at once and never the whole in memory: poll
 * over the connection and the program's three pipes. Runs as the vhost's user.
 */
#include "child_cgi.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_CHUNK_LINE 16 /* room before a piece for its chunk-size */
#define STREAM_LAST_READS 64 /* of stderr, when the program has ended */

void child_cgi_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void stream_progress(struct cgi *g)
{
	g->deadline = child_now() + (int64_t)g->c->vhost->timeout * 1000;
}

static bool stream_pending(const struct cgi *g)
{
	return g->sent < g->c->out_n;
}

static void stream_send(struct cgi *g)
{
	struct child *c = g->c;

	while (stream_pending(g)) {
		ssize_t n = send(c->fd, c->out + g->sent, c->out_n - g->sent, MSG_NOSIGNAL);

		if (n < 0) {
			g->gone = errno != EAGAIN && errno != EINTR;
			(void)child_drained(c);
			return;
		}
		g->sent += (size_t)n;
		c->bytes_out += (uint64_t)n;
		stream_progress(g);
	}
	g->sent = c->out_n = 0;
}

static void stream_put(struct cgi *g, const char *p, size_t n)
{
	struct child *c = g->c;

	assert(n <= sizeof(c->out) - c->out_n);
	memcpy(c->out + c->out_n, p, n);
	c->out_n += n;
}

/* Of n bytes of the program's body, as many as its Content-Length has room for. */
static size_t stream_take(struct cgi *g, size_t n)
{
	if (g->left < 0)
		return n;
	if ((uint64_t)n > (uint64_t)g->left)
		n = (size_t)g->left;
	g->left -= (int64_t)n;
	if (g->left == 0)
		g->phase = CGI_DISCARD;
	return n;
}

/* The part of the body that came with the head: goes out with the answer's head. */
static void stream_first(struct cgi *g, size_t head)
{
	size_t n = stream_take(g, g->head_n - head);
	char line[STREAM_CHUNK_LINE];

	g->r->body_bytes = n;
	if (n == 0)
		return;
	if (g->r->chunked)
		stream_put(g, line, (size_t)snprintf(line, sizeof(line), "%zx\r\n", n));
	stream_put(g, g->c->cgi + head, n);
	if (g->r->chunked)
		stream_put(g, "\r\n", 2);
}

static void stream_no_head(struct cgi *g, const char *why)
{
	child_log(g->c, LOG_ERR, "cgi", "%s: %s", why, g->name);
	g->status = 500;
}

static void stream_head(struct cgi *g)
{
	struct child *c = g->c;
	ssize_t n = read(g->out, c->cgi + g->head_n, sizeof(c->cgi) - g->head_n);
	size_t end;

	if (n < 0)
		return;
	if (n > 0) {
		/* The empty line's LF is new, whatever stands before it. */
		end = child_cgi_head_end(c->cgi, g->head_n + (size_t)n, g->head_n);
		g->head_n += (size_t)n;
		stream_progress(g);
		if (end) {
			child_cgi_head(g, end);
			if (g->status == 0 && g->phase == CGI_BODY)
				stream_first(g, end);
			return;
		}
		if (g->head_n < sizeof(c->cgi))
			return;
	}
	/* One that said nothing may still work; one that says too much is ended. */
	if (n == 0)
		child_cgi_close(&g->out);
	stream_no_head(
	    g, n ? "The head is too large: script" : "End of script output before headers");
}

/* nph-: what the status-line says is for the log only. */
static void stream_raw_status(struct cgi *g, const char *p, size_t n)
{
	struct span digits = {p + 9, 3};

	g->r->status = 200;
	if (n >= 12 && memcmp(p, "HTTP/1.", 7) == 0 && p[8] == ' ' && span_number(digits, 999) > 0)
		g->r->status = (int)span_number(digits, 999);
}

static void stream_end(struct cgi *g)
{
	child_cgi_close(&g->out);
	if (g->phase == CGI_RAW && g->r->status == 0)
		stream_no_head(g, "End of script output before headers");
	/* What is missing of the promised length is missing: the end must not look whole. */
	if (g->phase == CGI_BODY && g->left > 0) {
		child_log(
		    g->c, LOG_ERR, "cgi", "script '%s' ended before its Content-Length", g->name);
		g->r->aborted = true;
	} else if (g->phase == CGI_BODY && g->r->chunked) {
		stream_put(g, "0\r\n\r\n", 5);
	}
}

static void stream_body(struct cgi *g)
{
	struct child *c = g->c;
	char *data = c->out + STREAM_CHUNK_LINE, line[STREAM_CHUNK_LINE];
	ssize_t got = read(g->out, data, CHILD_CGI_PIECE);

	if (got < 0)
		return;
	if (got == 0) {
		stream_end(g);
		return;
	}
	stream_progress(g);
	if (g->phase == CGI_RAW && g->r->status == 0)
		stream_raw_status(g, data, (size_t)got);
	size_t n = stream_take(g, (size_t)got);

	g->r->body_bytes += n;
	g->sent = STREAM_CHUNK_LINE;
	c->out_n = STREAM_CHUNK_LINE + n;
	if (!g->r->chunked)
		return;
	size_t digits = (size_t)snprintf(line, sizeof(line), "%zx\r\n", n);

	g->sent -= digits;
	memcpy(c->out + g->sent, line, digits);
	stream_put(g, "\r\n", 2);
}

/* One line of its stderr, or as much as a line of the log takes. */
static void stream_log_line(struct cgi *g)
{
	while (g->line_n && (g->line[g->line_n - 1] == '\n' || g->line[g->line_n - 1] == '\r'))
		g->line_n--;
	if (g->line_n)
		child_log(g->c, LOG_ERR, "cgi", "AH01215: %.*s: %s", (int)g->line_n, g->line,
		    g->r->target.file);
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
		stream_progress(g);
		return true;
	}
	stream_log_line(g);
	child_cgi_close(&g->err);
	return false;
}

void child_cgi_end_err(struct cgi *g)
{
	int reads = 0;

	/* Bounded: what it left running may go on writing. */
	while (g->err >= 0 && reads++ < STREAM_LAST_READS && child_cgi_read_err(g))
		;
	stream_log_line(g);
	child_cgi_close(&g->err);
}

/* The next piece of the request's body; nothing is there yet where feed stays empty. */
static void stream_take_body(struct cgi *g)
{
	enum child_body_result result = child_body_next(g->c, g->r, &g->feed);

	switch (result) {
	case CHILD_BODY_DATA:
		stream_progress(g);
		g->want_body = !g->r->body.done;
		return;
	case CHILD_BODY_AGAIN:
		return;
	case CHILD_BODY_END:
		break;
	case CHILD_BODY_GONE:
		g->gone = true;
		break;
	default:
		child_log(g->c, LOG_ERR, "cgi", "%s",
		    result == CHILD_BODY_BAD
		        ? "the request's body is malformed"
		        : "the request's body is larger than LimitRequestBody");
		g->status = result == CHILD_BODY_BAD ? 400 : 413;
		break;
	}
	g->feed = (struct span){NULL, 0};
	g->want_body = false;
}

/* To the program's stdin. One that does not read it is free not to. */
static void stream_feed(struct cgi *g)
{
	ssize_t n;

	if (g->feed.n == 0)
		return;
	n = write(g->in, g->feed.p, g->feed.n);
	if (n > 0) {
		g->feed = (struct span){g->feed.p + n, g->feed.n - (size_t)n};
		stream_progress(g);
	} else if (errno != EAGAIN && errno != EINTR) {
		g->feed = (struct span){NULL, 0};
		g->want_body = false;
	}
}

/* What was read with the head, or behind the last piece, is there without a poll. */
static void stream_feed_buffered(struct cgi *g)
{
	stream_feed(g);
	while (g->want_body && g->feed.n == 0 && g->c->in_at < g->c->in_end) {
		stream_take_body(g);
		stream_feed(g);
	}
	if (g->feed.n == 0 && !g->want_body)
		child_cgi_close(&g->in);
}

static bool stream_done(const struct cgi *g)
{
	if (g->status || g->gone || g->timed_out || g->r->aborted)
		return true;
	return (g->out < 0 || g->phase == CGI_DISCARD) && !stream_pending(g);
}

enum { POLL_CLIENT, POLL_IN, POLL_OUT, POLL_ERR, POLL_COUNT };

static void stream_poll_set(const struct cgi *g, struct pollfd p[static POLL_COUNT])
{
	bool out = g->phase != CGI_DISCARD && !stream_pending(g);

	p[POLL_CLIENT] = (struct pollfd){.fd = g->c->fd};
	/* Always watched for its end: POLLERR and POLLHUP come unasked. */
	if (stream_pending(g))
		p[POLL_CLIENT].events |= POLLOUT;
	if (g->want_body && g->feed.n == 0)
		p[POLL_CLIENT].events |= POLLIN;
	p[POLL_IN] = (struct pollfd){.fd = g->feed.n ? g->in : -1, .events = POLLOUT};
	p[POLL_OUT] = (struct pollfd){.fd = out ? g->out : -1, .events = POLLIN};
	p[POLL_ERR] = (struct pollfd){.fd = g->err, .events = POLLIN};
}

static void stream_timeout(struct cgi *g)
{
	struct child *c = g->c;

	if (stream_pending(g)) {
		g->gone = !child_drained(c);
		stream_progress(g);
		return;
	}
	g->timed_out = true;
	if (g->want_body && g->feed.n == 0) {
		child_log(c, LOG_INFO, "reqtimeout", "AH01382: Request body read timeout");
		g->status = 408;
		return;
	}
	child_log(c, LOG_ERR, "cgi", "AH01220: Timeout waiting for output from CGI script %s",
	    g->r->target.file);
	g->status = 504;
}

static int64_t stream_deadline(const struct cgi *g)
{
	int64_t body;

	if (!g->want_body || g->feed.n)
		return g->deadline;
	body = child_body_deadline(g->c, g->r);
	return body < g->deadline ? body : g->deadline;
}

static void stream_turn(struct cgi *g, const struct pollfd p[static POLL_COUNT])
{
	if (p[POLL_CLIENT].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		g->gone = true;
		return;
	}
	if (p[POLL_CLIENT].revents & POLLIN)
		stream_take_body(g);
	if (p[POLL_IN].revents)
		stream_feed(g);
	if (p[POLL_ERR].revents)
		child_cgi_read_err(g);
	if (p[POLL_OUT].revents && !stream_pending(g)) {
		if (g->phase == CGI_HEAD)
			stream_head(g);
		else
			stream_body(g);
	}
}

void child_cgi_stream(struct cgi *g)
{
	struct pollfd p[POLL_COUNT];

	stream_progress(g);
	while (!stream_done(g)) {
		stream_feed_buffered(g);
		stream_send(g);
		if (stream_done(g))
			break;
		stream_poll_set(g, p);
		switch (child_poll(p, POLL_COUNT, stream_deadline(g))) {
		case -1:
			break;
		case 0:
			stream_timeout(g);
			break;
		default:
			stream_turn(g, p);
			break;
		}
	}
}
