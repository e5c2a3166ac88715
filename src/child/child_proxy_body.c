/*
 * How the body of a request is sent to a backend (ap_proxy_http_prefetch): with its length where
 * that is known, in chunks where not. Runs as the vhost's user; the bytes are the client's.
 */
#include "child_proxy.h"

#include <string.h>

#define PREFETCH_MAX 16384 /* bytes: as Apache's MAX_MEM_SPOOL */

/*
 * The beginning of a body of unknown length, or all of it where it is small: many an application
 * cannot read chunks, and so most of what it gets has a length. p->early; want_body: there is more.
 */
static void body_prefetch(struct proxy *p)
{
	struct child_stream *s = &p->s;
	char *to = arena_alloc(&s->c->arena, PREFETCH_MAX);
	size_t n = 0;

	child_stream_want(s);
	while (!child_stream_done(s) && n < PREFETCH_MAX) {
		size_t take = s->feed.n < PREFETCH_MAX - n ? s->feed.n : PREFETCH_MAX - n;

		if (take) {
			memcpy(to + n, s->feed.p, take);
			n += take;
			child_stream_fed(s, take);
		} else if (!s->want_body) {
			break;
		} else if (child_stream_buffered(s)) {
			child_stream_take(s);
		} else {
			child_stream_wait(s);
		}
	}
	p->early = (struct span){to, n};
}

void child_proxy_body(struct proxy *p)
{
	struct child_stream *s = &p->s;
	const struct child_request *r = s->r;
	bool sendcl = child_env_get(r, "force-proxy-request-1.0") != NULL ||
	              child_env_get(r, "proxy-sendcl") != NULL;

	if (!s->want_body) {
		/* A length of nothing is a length, too. */
		p->to = r->head.content_length == 0 && !r->no_body ? PROXY_LENGTH : PROXY_NONE;
	} else if (r->body.kind == BODY_LENGTH && !child_filter_input(r)) {
		p->to = PROXY_LENGTH;
		p->length = r->head.content_length;
	} else if (sendcl) {
		p->to = PROXY_LENGTH;
		p->length = child_stream_spool(s);
	} else {
		p->to = PROXY_CHUNKED;
		if (!p->expect)
			body_prefetch(p);
		if (p->expect || s->want_body || s->feed.n)
			return;
		p->to = PROXY_LENGTH;
		p->length = (int64_t)p->early.n;
	}
}
