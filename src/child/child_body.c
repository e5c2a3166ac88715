/*
 * The body of a request (RFC 9112 sections 6 and 7.1): Content-Length or chunked, read through the
 * connection's buffer behind the head, so that what follows it stays for the next request. Runs as
 * the vhost's user; the bytes are the client's.
 */
#include "child_internal.h"

#include <errno.h>
#include <string.h>

void child_body_init(struct child *c, struct child_request *r)
{
	const struct http_head *head = &r->head;
	struct child_body *b = &r->body;

	*b = (struct child_body){.kind = BODY_NONE, .done = true};
	if (head->chunked) {
		b->kind = BODY_CHUNKED;
		http_chunked_init(&b->chunked, &c->limits);
	} else if (head->content_length > 0) {
		b->kind = BODY_LENGTH;
		b->left = (uint64_t)head->content_length;
	} else {
		return;
	}
	b->done = false;
	/* RFC 9110 section 10.1.1: not to a client of HTTP/1.0, nor when the body came already. */
	b->expect = head->expect_continue && head->minor >= 1 && c->in_at == c->in_end;
}

bool child_body_want(struct child *c, struct child_request *r)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const struct conf_read_timeout *t = &c->vhost->read_timeout;

	if (r->body.done)
		return true;
	child_rate_start(&r->body.rate, t->body_initial, t->body_max, t->body_rate);
	if (!r->body.expect)
		return true;
	r->body.expect = false;
	return child_send(c, text, sizeof(text) - 1, 0);
}

/* Makes room behind the head and reads. True: look at the buffer again. */
static bool body_fill(struct child *c, struct child_request *r, enum child_body_result *result)
{
	ssize_t n;

	/* The head's spans are in use until the request ends: only what is behind it moves. */
	c->in_at = c->in_end = r->head_end;
	n = c->eof ? 0 : child_fill(c);
	if (n > 0) {
		child_rate_got(&r->body.rate, (size_t)n);
		return true;
	}
	/* RFC 9112 section 8: a message that ends before its time is incomplete. */
	if (n == 0)
		*result = CHILD_BODY_BAD;
	else
		*result = errno == EAGAIN ? CHILD_BODY_AGAIN : CHILD_BODY_GONE;
	return false;
}

static enum child_body_result body_length(struct child *c, struct child_body *b, struct span *data)
{
	size_t n = c->in_end - c->in_at;

	if (n > b->left)
		n = (size_t)b->left;
	*data = (struct span){c->in + c->in_at, n};
	c->in_at += n;
	b->left -= n;
	b->done = b->left == 0;
	return CHILD_BODY_DATA;
}

static enum child_body_result body_chunked(struct child *c, struct child_body *b, struct span *data)
{
	struct span in = {c->in + c->in_at, c->in_end - c->in_at};
	enum http_chunked_result result = http_chunked_next(&b->chunked, &in, data);

	c->in_at = c->in_end - in.n;
	switch (result) {
	case HTTP_CHUNKED_DATA:
		return CHILD_BODY_DATA;
	case HTTP_CHUNKED_END:
		b->done = true;
		return CHILD_BODY_END;
	case HTTP_CHUNKED_MORE:
		return CHILD_BODY_AGAIN;
	case HTTP_CHUNKED_LARGE:
		return CHILD_BODY_LARGE;
	default:
		return CHILD_BODY_BAD;
	}
}

enum child_body_result child_body_raw(struct child *c, struct child_request *r, struct span *data)
{
	struct child_body *b = &r->body;
	enum child_body_result result;
	size_t at;

	*data = (struct span){NULL, 0};
	if (b->done)
		return CHILD_BODY_END;
	for (;;) {
		if (c->in_at == c->in_end && !body_fill(c, r, &result))
			return result;
		at = c->in_at;
		result =
		    b->kind == BODY_LENGTH ? body_length(c, b, data) : body_chunked(c, b, data);
		c->bytes_in += c->in_at - at;
		/* A chunk's framing may have taken all that was there. */
		if (result == CHILD_BODY_AGAIN)
			continue;
		break;
	}
	b->seen += data->n;
	if (b->limit && b->seen > b->limit)
		return CHILD_BODY_LARGE;
	return result;
}

enum child_body_result child_body_next(struct child *c, struct child_request *r, struct span *data)
{
	return r->inflate ? child_inflate_next(c, r, data) : child_body_raw(c, r, data);
}

bool child_body_more(const struct child_request *r)
{
	return !r->body.done || child_inflate_pending(r);
}

int64_t child_body_deadline(const struct child *c, const struct child_request *r)
{
	if (r->body.rate.deadline)
		return r->body.rate.deadline;
	return clock_ms() + (int64_t)c->vhost->timeout * 1000;
}

enum child_io child_body_wait(struct child *c, const struct child_request *r)
{
	/* Once: a signal, of which a generation that ends gets two a second, gives no more time. */
	int64_t deadline = child_body_deadline(c, r);
	enum child_io result;

	do
		result = child_wait(c, POLLIN, deadline);
	while (result == IO_SIGNAL);
	return result;
}

bool child_body_drainable(const struct child_request *r)
{
	const struct child_body *b = &r->body;

	if (b->done)
		return true;
	/* Nobody knows whether a client that waits for 100 will send its body after all. */
	if (b->expect)
		return false;
	return b->kind == BODY_CHUNKED || b->left <= CHILD_DRAIN_MAX;
}

/*
 * Reads on and throws away, up to CHILD_DRAIN_MAX: CHILD_BODY_END, CHILD_BODY_DATA where there is
 * more than that, CHILD_BODY_AGAIN where nothing came in time, or what is wrong.
 */
static enum child_body_result body_discard(struct child *c, struct child_request *r)
{
	uint64_t before = r->body.seen;
	struct span data;

	if (!child_body_want(c, r))
		return CHILD_BODY_GONE;
	for (;;) {
		enum child_body_result result = child_body_raw(c, r, &data);

		if (result == CHILD_BODY_DATA && r->body.seen - before <= CHILD_DRAIN_MAX)
			continue;
		if (result != CHILD_BODY_AGAIN)
			return result;
		if (child_body_wait(c, r) == IO_TIMEOUT)
			return CHILD_BODY_AGAIN;
	}
}

bool child_body_drain(struct child *c, struct child_request *r)
{
	return r->body.done || body_discard(c, r) == CHILD_BODY_END;
}

/*
 * RFC 9112 section 7.1: what should be chunks must be chunks, whether somebody reads them or not.
 * That is told while it still can be, except to a client that waits to be asked for them.
 */
int child_body_skip(struct child *c, struct child_request *r)
{
	const struct child_body *b = &r->body;

	if (b->kind != BODY_CHUNKED || b->done || b->expect || r->no_body)
		return 0;
	switch (body_discard(c, r)) {
	case CHILD_BODY_BAD:
		child_log(c, LOG_ERR, "http", "the request's body is malformed");
		return 400;
	case CHILD_BODY_LARGE:
		return 413;
	case CHILD_BODY_AGAIN:
		return 408;
	case CHILD_BODY_DATA:
		r->close = true;
		return 0;
	default:
		return 0;
	}
}
