/*
 * TRACE: the request's head as it was received (RFC 9110 section 9.3.8), by TraceEnable. Runs as
 * the vhost's user; what is sent back is the client's own.
 */
#include "child_internal.h"

#include <stdio.h>

#define TRACE_BODY_MAX 65536 /* TraceEnable extended */

struct trace {
	char *p;
	size_t n;
};

static void trace_put(struct trace *t, struct span s)
{
	if (s.n)
		memcpy(t->p + t->n, s.p, s.n);
	t->n += s.n;
}

/* The body, into room for TRACE_BODY_MAX. 0, or a status. */
static int trace_body(struct child *c, struct child_request *r, struct trace *t)
{
	struct span data;
	size_t n = 0;

	if (!child_body_want(c, r))
		return 400;
	for (;;) {
		switch (child_body_next(c, r, &data)) {
		case CHILD_BODY_DATA:
			n += data.n;
			if (n > TRACE_BODY_MAX)
				return 413;
			trace_put(t, data);
			break;
		case CHILD_BODY_END:
			return 0;
		case CHILD_BODY_AGAIN:
			if (child_body_wait(c, r) == IO_TIMEOUT)
				return 408;
			break;
		case CHILD_BODY_LARGE:
			return 413;
		default:
			return 400;
		}
	}
}

static void trace_head(const struct http_head *head, struct trace *t)
{
	trace_put(t, head->line);
	trace_put(t, SPAN("\r\n"));
	for (size_t i = 0; i < head->nfields; i++) {
		trace_put(t, head->fields[i].name);
		trace_put(t, SPAN(": "));
		trace_put(t, head->fields[i].value);
		trace_put(t, SPAN("\r\n"));
	}
	trace_put(t, SPAN("\r\n"));
}

static size_t trace_size(const struct http_head *head)
{
	size_t n = head->line.n + 4;

	for (size_t i = 0; i < head->nfields; i++)
		n += head->fields[i].name.n + head->fields[i].value.n + 4;
	return n;
}

static void trace_send(struct child *c, struct child_request *r, const struct trace *t)
{
	char size[24];
	int n = snprintf(size, sizeof(size), "%zx\r\n", t->n);

	child_head_start(c, r, 200, child_reason(200));
	child_head_add(c, SPAN("Content-Type"), SPAN("message/http"));
	/* Header and Expires come behind it in Apache's order of things. */
	r->plain = true;
	if (!child_head_finish(c, r, -1))
		return;
	r->aborted = !child_send(c, c->out, c->out_n, MSG_MORE) ||
	             (r->chunked && !child_send(c, size, (size_t)n, MSG_MORE)) ||
	             !child_send(c, t->p, t->n, r->chunked ? MSG_MORE : 0) ||
	             (r->chunked && !child_send(c, "\r\n0\r\n\r\n", 7, 0));
	r->body_bytes = r->aborted ? 0 : t->n;
}

int child_trace(struct child *c, struct child_request *r)
{
	enum answer_trace trace = c->vhost->trace;
	bool body = r->body.kind != BODY_NONE && !r->body.done;
	struct trace t = {NULL, 0};
	int status = 0;

	if (trace == TRACE_OFF) {
		r->allow = CHILD_ALLOW;
		r->error_notes = "TRACE denied by server configuration";
		return 405;
	}
	if (body && trace != TRACE_EXTENDED)
		return 413;
	t.p = arena_alloc(&c->arena, trace_size(&r->head) + (body ? TRACE_BODY_MAX : 0));
	trace_head(&r->head, &t);
	if (body)
		status = trace_body(c, r, &t);
	if (status == 0)
		trace_send(c, r, &t);
	return status;
}
