/*
 * The client's side of an answer that a program or a backend makes while it is sent, both ways at
 * once and never the whole in memory. Runs as the vhost's user; the bytes are the client's and the
 * program's.
 */
#include "child_cgi.h"

#include "itkd/fd.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_CHUNK_LINE 16 /* room before a piece for its chunk-size */
#define STREAM_TAIL 8        /* behind it, with the last chunk */

void child_stream_start(
    struct child_stream *s, struct child *c, struct child_request *r, const char *module)
{
	*s = (struct child_stream){
	    .c = c,
	    .r = r,
	    .module = module,
	    .left = -1,
	    .spool = -1,
	    .broken = 500,
	    .want_body = !r->body.done && !r->no_body,
	    .timeout = (int64_t)c->vhost->timeout * 1000,
	};
	child_nodelay(c);
	c->out_n = 0;
	child_stream_progress(s);
}

void child_stream_want(struct child_stream *s)
{
	if (s->want_body && !child_body_want(s->c, s->r))
		s->gone = true;
}

void child_stream_progress(struct child_stream *s)
{
	s->deadline = clock_ms() + s->timeout;
}

bool child_stream_closed(const struct child_stream *s)
{
	struct pollfd p = {.fd = s->c->fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) > 0;
}

void child_stream_noise(struct child_stream *s)
{
	if (!child_stream_closed(s))
		child_stream_progress(s);
	else if (clock_ms() >= s->deadline)
		s->gone = true;
}

bool child_stream_full(const struct child_stream *s)
{
	return s->full;
}

bool child_stream_pending(const struct child_stream *s)
{
	return s->sent < s->c->out_n || s->full;
}

/* False: the client takes no more now. */
static bool stream_send(struct child_stream *s)
{
	struct child *c = s->c;

	while (s->sent < c->out_n) {
		ssize_t n =
		    send(c->fd, c->out + s->sent, c->out_n - s->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0) {
			s->gone = errno != EAGAIN && errno != EINTR;
			(void)child_drained(c);
			return false;
		}
		s->sent += (size_t)n;
		c->bytes_out += (uint64_t)n;
		child_stream_progress(s);
	}
	s->sent = c->out_n = 0;
	return true;
}

static void stream_put(struct child_stream *s, const char *p, size_t n)
{
	struct child *c = s->c;

	assert(n <= sizeof(c->out) - c->out_n);
	memcpy(c->out + c->out_n, p, n);
	c->out_n += n;
}

void child_stream_headed(struct child_stream *s, int64_t length)
{
	struct child_request *r = s->r;

	/* c->out is the body's from now on; the log may want the head. */
	r->reply = span_of(arena_strndup(&s->c->arena, s->c->out, s->c->out_n));
	s->left = length;
	s->phase =
	    r->head_only || r->status == 204 || r->status == 304 ? STREAM_DISCARD : STREAM_BODY;
	/* Encoded, it is not empty. */
	if (length == 0 && !(r->whole.all && child_filter_on(r)))
		(void)child_stream_end(s);
}

bool child_stream_whole(struct child_stream *s)
{
	struct child_request *r = s->r;

	if (s->phase != STREAM_BODY || !r->whole.all || !child_filter_on(r))
		return false;
	r->aborted = !child_whole_send(s->c, r);
	child_stream_replied(s);
	return true;
}

void child_stream_replied(struct child_stream *s)
{
	struct child_request *r = s->r;

	r->reply = span_of(arena_strndup(&s->c->arena, r->reply.p, r->reply.n));
	s->c->out_n = 0;
	s->phase = STREAM_DISCARD;
}

/* Of n bytes of the program's body, as many as its Content-Length has room for. */
static size_t stream_fit(struct child_stream *s, size_t n)
{
	if (s->left < 0)
		return n;
	if ((uint64_t)n > (uint64_t)s->left)
		n = (size_t)s->left;
	s->left -= (int64_t)n;
	return n;
}

/* The last byte of its Content-Length has come: what else it writes is no part of the answer. */
static void stream_fitted(struct child_stream *s)
{
	if (s->left == 0)
		(void)child_stream_end(s);
}

/* The n bytes that stand behind room for a chunk's line at the end of c->out. */
static void stream_frame(struct child_stream *s, size_t n)
{
	struct child *c = s->c;
	char line[STREAM_CHUNK_LINE], *at = c->out + c->out_n;
	size_t digits = 0;

	s->r->body_bytes += n;
	if (n == 0)
		return;
	if (s->r->chunked)
		digits = (size_t)snprintf(line, sizeof(line), "%zx\r\n", n);
	memmove(at + digits, at + STREAM_CHUNK_LINE, n);
	memcpy(at, line, digits);
	c->out_n += digits + n;
	if (s->r->chunked)
		stream_put(s, "\r\n", 2);
}

static void stream_last(struct child_stream *s)
{
	if (s->r->chunked)
		stream_put(s, "0\r\n\r\n", 5);
}

/* What the filter makes of the rest goes behind what waits in c->out. */
static void stream_filter(struct child_stream *s)
{
	struct child *c = s->c;
	size_t room, n;

	for (;;) {
		/* A filter may have taken all of its input and filled the room, too. */
		if (sizeof(c->out) - c->out_n <= 2 * (STREAM_CHUNK_LINE + STREAM_TAIL)) {
			s->full = true;
			return;
		}
		room = sizeof(c->out) - c->out_n - STREAM_CHUNK_LINE - STREAM_TAIL;
		enum child_filter_result result = child_filter_data(
		    c, s->r, &s->rest, s->mode, c->out + c->out_n + STREAM_CHUNK_LINE, room, &n);

		stream_frame(s, n);
		s->full = result == FILTER_FULL;
		if (result == FILTER_FAILED)
			s->r->aborted = true;
		if (result != FILTER_IDLE)
			return;
		if (s->mode == FILTER_END || !s->ending)
			break;
		s->mode = FILTER_END;
	}
	if (s->mode == FILTER_END)
		stream_last(s);
	s->pause = s->mode == FILTER_MORE ? clock_ms() + CHILD_FILTER_PAUSE : 0;
}

void child_stream_send(struct child_stream *s)
{
	while (stream_send(s) && s->full && !s->r->aborted)
		stream_filter(s);
}

char *child_stream_room(struct child_stream *s, size_t *room)
{
	*room = CHILD_CGI_PIECE;
	/* The program's head has left it. */
	if (s->phase == STREAM_BODY && child_filter_on(s->r))
		return s->c->cgi;
	return s->c->out + STREAM_CHUNK_LINE;
}

void child_stream_wrote(struct child_stream *s, size_t n)
{
	struct child *c = s->c;
	char line[STREAM_CHUNK_LINE];

	if (s->phase == STREAM_BODY && child_filter_on(s->r)) {
		child_stream_body(s, c->cgi, n);
		return;
	}
	child_stream_progress(s);
	n = stream_fit(s, n);
	s->r->body_bytes += n;
	s->sent = STREAM_CHUNK_LINE;
	c->out_n = STREAM_CHUNK_LINE + n;
	if (s->r->chunked && s->phase == STREAM_BODY && n) {
		size_t digits = (size_t)snprintf(line, sizeof(line), "%zx\r\n", n);

		s->sent -= digits;
		memcpy(c->out + s->sent, line, digits);
		stream_put(s, "\r\n", 2);
	}
	stream_fitted(s);
}

void child_stream_body(struct child_stream *s, const char *p, size_t n)
{
	struct child *c = s->c;

	if (s->phase == STREAM_DISCARD)
		return;
	child_stream_progress(s);
	n = stream_fit(s, n);
	if (child_filter_on(s->r)) {
		s->rest = (struct span){p, n};
		s->mode = FILTER_MORE;
		stream_filter(s);
	} else if (n) {
		assert(n + STREAM_CHUNK_LINE + STREAM_TAIL <= sizeof(c->out) - c->out_n);
		memcpy(c->out + c->out_n + STREAM_CHUNK_LINE, p, n);
		stream_frame(s, n);
	}
	stream_fitted(s);
}

bool child_stream_end(struct child_stream *s)
{
	enum stream_phase before = s->phase;

	s->phase = STREAM_DISCARD;
	if (before != STREAM_BODY)
		return true;
	/* What is missing of the promised length is missing: the end must not look whole. */
	if (s->left > 0) {
		child_stream_send(s);
		s->r->aborted = true;
		return false;
	}
	if (!child_filter_on(s->r)) {
		stream_last(s);
		return true;
	}
	s->ending = true;
	if (!s->full) {
		s->mode = FILTER_END;
		stream_filter(s);
	}
	return true;
}

void child_stream_unfed(struct child_stream *s)
{
	s->feed = (struct span){NULL, 0};
	s->want_body = false;
}

void child_stream_fed(struct child_stream *s, size_t len)
{
	s->feed = (struct span){s->feed.p + len, s->feed.n - len};
	child_stream_progress(s);
}

bool child_stream_buffered(const struct child_stream *s)
{
	return s->want_body && s->feed.n == 0 &&
	       (s->spool >= 0 || s->c->in_at < s->c->in_end || child_inflate_pending(s->r));
}

void child_stream_take(struct child_stream *s)
{
	enum child_body_result result;

	if (s->spool >= 0) {
		child_stream_spooled(s);
		return;
	}
	result = child_body_next(s->c, s->r, &s->feed);
	switch (result) {
	case CHILD_BODY_DATA:
		child_stream_progress(s);
		s->want_body = child_body_more(s->r);
		return;
	case CHILD_BODY_AGAIN:
		return;
	case CHILD_BODY_END:
		break;
	case CHILD_BODY_GONE:
		s->gone = true;
		break;
	default:
		child_log(s->c, LOG_ERR, s->module, "%s",
		    result == CHILD_BODY_BAD
		        ? "the request's body is malformed"
		        : "the request's body is larger than LimitRequestBody");
		s->status = result == CHILD_BODY_BAD ? 400 : 413;
		break;
	}
	child_stream_unfed(s);
}

bool child_stream_done(const struct child_stream *s)
{
	if (s->status || s->gone || s->timed_out || s->r->aborted)
		return true;
	return s->phase == STREAM_DISCARD && !child_stream_pending(s);
}

void child_stream_poll(const struct child_stream *s, struct pollfd *client)
{
	/* Always watched for its end: POLLERR and POLLHUP come unasked. */
	*client = (struct pollfd){.fd = s->c->fd};
	if (child_stream_pending(s))
		client->events |= POLLOUT;
	if (s->want_body && s->feed.n == 0)
		client->events |= POLLIN;
}

void child_stream_polled(struct child_stream *s, short revents)
{
	if (revents & (POLLERR | POLLHUP | POLLNVAL))
		s->gone = true;
	else if (revents & POLLIN)
		child_stream_take(s);
}

int64_t child_stream_deadline(const struct child_stream *s)
{
	int64_t deadline = s->deadline, body;

	if (s->pause && s->pause < deadline && !child_stream_pending(s))
		deadline = s->pause;
	if (!s->want_body || s->feed.n)
		return deadline;
	body = child_body_deadline(s->c, s->r);
	return body < deadline ? body : deadline;
}

bool child_stream_paused(struct child_stream *s)
{
	if (!s->pause || child_stream_pending(s) || clock_ms() < s->pause)
		return false;
	s->pause = 0;
	if (s->phase == STREAM_HEAD) {
		child_cgi_head_paused(s);
	} else if (s->phase == STREAM_BODY) {
		s->mode = FILTER_FLUSH;
		stream_filter(s);
	}
	return true;
}

/* It is the client that failed. A body without a deadline of its own has all of Timeout. */
static bool stream_body_is_late(const struct child_stream *s)
{
	int64_t deadline = s->r->body.rate.deadline;

	if (!s->want_body || s->feed.n || s->r->body.expect)
		return false;
	if (deadline)
		return clock_ms() >= deadline;
	return s->timeout >= (int64_t)s->c->vhost->timeout * 1000;
}

bool child_stream_timeout(struct child_stream *s)
{
	if (child_stream_paused(s))
		return true;
	if (child_stream_pending(s)) {
		s->gone = !child_drained(s->c);
		child_stream_progress(s);
		return true;
	}
	s->timed_out = true;
	if (!stream_body_is_late(s))
		return false;
	child_log(s->c, LOG_INFO, "reqtimeout", "AH01382: Request body read timeout");
	s->status = 408;
	return true;
}

void child_stream_wait(struct child_stream *s)
{
	struct pollfd client;

	child_stream_poll(s, &client);
	int ready = child_poll(&client, 1, child_stream_deadline(s));

	if (ready == 0)
		(void)child_stream_timeout(s);
	else if (ready > 0)
		child_stream_polled(s, client.revents);
}

/* The program failed, or ran out of time: an error page, where nothing was sent yet. */
static int stream_failed(struct child_stream *s)
{
	if (s->r->status) {
		s->r->aborted = true;
		return 0;
	}
	if (s->timed_out)
		s->r->close = true;
	if (child_error_redirect(s->c, s->r, s->status))
		return CHILD_REDIRECT;
	child_error(s->c, s->r, s->status);
	child_stream_replied(s);
	return 0;
}

int child_stream_finish(struct child_stream *s)
{
	struct child_request *r = s->r;
	int result = s->status == CHILD_REDIRECT ? CHILD_REDIRECT : 0;

	fd_close(&s->spool);
	if (s->gone) {
		r->aborted = true;
		/* As in Apache's log: nobody was there to be told otherwise. */
		if (!r->status)
			r->status = 200;
	} else if (s->status > 0) {
		result = stream_failed(s);
	}
	return result;
}
