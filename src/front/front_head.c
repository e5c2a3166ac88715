/*
 * What a connection's bytes mean so far: more to come, a request for a vhost, or an error that the
 * front answers. The same for plain and TLS connections. Run by `itkd: front`; the bytes are the
 * client's. RFC 9112.
 */
#include "front.h"

#include "itkd/arena.h"
#include "itkd/log.h"

#define HEAD_ARENA ((size_t)32 << 20) /* far above what any head of 64 KiB can need */

static struct arena head_arena;

static void head_bad(struct front_conn *c, int status, const char *why, struct span bytes)
{
	struct front_refusal refusal = {
	    .status = status, .module = "core", .why = why, .level = LOG_INFO};

	front_answer(c, c->base, &refusal, NULL, bytes);
}

enum front_head front_head_look(struct front_conn *c, const char *p, size_t n)
{
	const struct conf_vhost *v = c->base;
	struct http_limits limits = {v->limit_line, v->limit_fields, v->limit_field_size};
	struct span bytes = {p, n};
	struct http_head head;
	const char *why = NULL;
	int status = 400;

	if (!head_arena.limit)
		arena_init_heap(&head_arena, HEAD_ARENA);
	switch (http_head_parse(&head_arena, p, n, &c->scanned, &limits, &head, &status, &why)) {
	case HTTP_HEAD_MORE:
		arena_reset(&head_arena);
		if (n <= HTTP_HEAD_MAX)
			return FRONT_HEAD_MORE;
		head_bad(c, 431, "the head is larger than 64 KiB", bytes);
		return FRONT_HEAD_TAKEN;
	case HTTP_HEAD_BAD:
		head_bad(c, status, why, bytes);
		break;
	case HTTP_HEAD_DONE:
		front_dispatch(c, &head, bytes);
		break;
	}
	arena_reset(&head_arena);
	return FRONT_HEAD_TAKEN;
}

/* A client that sent nothing at all wants no page: browsers open connections ahead of need. */
void front_head_late(struct front_conn *c, const char *p, size_t n)
{
	struct front_refusal refusal = {.status = 408,
	    .module = "reqtimeout",
	    .level = LOG_INFO,
	    .why = "the head did not come in time (RequestReadTimeout)"};

	if (n == 0) {
		front_answer_log(c, c->base, LOG_INFO, "reqtimeout", "no request came in time");
		front_end(c);
		return;
	}
	front_answer(c, c->base, &refusal, NULL, (struct span){p, n});
}

/*
 * RFC 9112 section 8: a request that ends before its time may be answered; as in Apache, who got as
 * far as to a request-line is told. What came is read before the close, which would be a reset.
 */
void front_head_closed(struct front_conn *c, const char *p, size_t n)
{
	struct front_refusal refusal = {.status = 400,
	    .module = "core",
	    .level = LOG_INFO,
	    .why = "RFC 9112 section 8: the client closed before the head was complete"};

	if (n == 0 || front_conn_reset(c)) {
		front_answer_log(
		    c, c->base, LOG_TRACE1, "core", "closed before the head was complete");
		front_conn_free(c);
	} else if (http_head_has_line(p, n)) {
		front_answer(c, c->base, &refusal, NULL, (struct span){p, n});
	} else {
		front_end(c);
	}
}
