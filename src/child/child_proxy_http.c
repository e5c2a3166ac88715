/*
 * A backend that speaks HTTP/1.1 as a request's handler (mod_proxy_http): one exchange, bytes both
 * ways at once and never the whole in memory: poll over the client and the backend. Runs as the
 * vhost's user. How the answer's body is framed for the client is the client's matter; how the
 * backend framed it ends here (RFC 9112 section 6).
 */
#include "child_proxy.h"

#include "itkd/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *http_peer(const struct proxy *p)
{
	const struct backend *at = &p->b->at;

	return arena_printf(&p->s.c->arena, "%s:%u", at->host, (unsigned)at->port);
}

/* It is gone, or said nothing in time, before there was an answer. */
static void http_no_answer(struct proxy *p, int error, const char *text, int status)
{
	child_log(p->s.c, LOG_ERR, "proxy_http",
	    "(%d)%s: AH01102: error reading status line from remote server %s", error, text,
	    http_peer(p));
	child_proxy_failed(p, status, "Error reading from remote server");
}

/* The same when a part of it was sent: the end must not look like a whole answer. */
static void http_cut(struct proxy *p, const char *why)
{
	struct child_stream *s = &p->s;

	child_log(s->c, LOG_ERR, "proxy_http", "%s: AH01110: error reading response from %s", why,
	    http_peer(p));
	if (s->c->bytes_out != p->before) {
		s->r->aborted = true;
		return;
	}
	/* Nothing of it has left yet: there can be an answer that says so. */
	s->c->out_n = s->sent = 0;
	s->r->body_bytes = 0;
	s->r->status = 0;
	s->status = 502;
}

/* The next n bytes of the body with their framing, or its end. */
static void http_next(struct child_stream *s, size_t n)
{
	struct proxy *p = (struct proxy *)s;

	s->piece = n;
	s->asked = n == 0;
	if (p->to != PROXY_CHUNKED)
		return;
	/* The CRLF that ends a chunk stands before the next one's line. */
	int line = n ? snprintf(p->line, sizeof(p->line), "%s%zx\r\n", p->chunks ? "\r\n" : "", n)
	             : snprintf(p->line, sizeof(p->line), "%s0\r\n\r\n", p->chunks ? "\r\n" : "");

	p->chunks = true;
	s->out = (struct span){p->line, (size_t)line};
}

/* The answer's last byte has come. */
static void http_whole(struct proxy *p, size_t rest)
{
	p->whole = true;
	/* What stands behind it was asked for by nobody. */
	if (rest)
		p->keep = false;
	(void)child_stream_end(&p->s);
}

/* Takes the framing out of in[0..n), in place. The bytes of the body; false: it is broken. */
static bool http_unchunk(struct proxy *p, char *at, size_t n, size_t *body, size_t *rest)
{
	struct span in = {at, n}, data;
	char *to = at;

	*rest = 0;
	for (;;) {
		switch (http_chunked_next(&p->chunked, &in, &data)) {
		case HTTP_CHUNKED_DATA:
			memmove(to, data.p, data.n);
			to += data.n;
			break;
		case HTTP_CHUNKED_MORE:
			*body = (size_t)(to - at);
			return true;
		case HTTP_CHUNKED_END:
			*body = (size_t)(to - at);
			*rest = in.n;
			p->whole = true;
			return true;
		default:
			*body = (size_t)(to - at);
			return false;
		}
	}
}

/* A piece of the answer's body with its framing. */
static void http_body(struct proxy *p, char *at, size_t n)
{
	struct child_stream *s = &p->s;
	size_t body = n, rest = 0;
	bool good = true;

	if (p->from == PROXY_CHUNKED) {
		good = http_unchunk(p, at, n, &body, &rest);
	} else if (p->from == PROXY_LENGTH) {
		body = n < p->left ? n : (size_t)p->left;
		rest = n - body;
		p->left -= body;
		p->whole = p->left == 0;
	}
	if (body)
		child_stream_body(s, at, body);
	if (!good)
		http_cut(p, "(22)Invalid argument: AH01590: Error reading/parsing chunk");
	else if (p->whole)
		http_whole(p, rest);
}

static void http_ended(struct proxy *p, int error)
{
	struct child_stream *s = &p->s;

	/* RFC 9112 section 9.3.1: it was closed just as the request was sent. */
	p->again = p->kept && s->phase == STREAM_HEAD && s->head_n == 0 && p->interim == 0;
	if (p->again)
		s->status = 502;
	else if (s->phase == STREAM_HEAD)
		http_no_answer(p, error ? error : 20014,
		    error ? strerror(error) : "Internal error (specific information not available)",
		    502);
	else if (p->from == PROXY_CLOSE && !error)
		http_whole(p, 1);
	else
		http_cut(p, "(70008)Partial results are valid but processing is incomplete");
}

/* Heads, and what came behind them. */
static void http_head(struct proxy *p, size_t n)
{
	struct child_stream *s = &p->s;
	size_t from = s->head_n;

	s->head_n += n;
	child_stream_progress(s);
	child_proxy_heads(p, from);
	p->before = s->c->bytes_out;
	if (s->phase == STREAM_BODY && s->head_n)
		http_body(p, s->c->cgi, s->head_n);
	else if (s->phase == STREAM_DISCARD && s->head_n)
		p->keep = false;
}

/* Reads once, without waiting. All that comes has room in c->out, where nothing is pending. */
static void http_receive(struct proxy *p)
{
	struct child_stream *s = &p->s;
	bool head = s->phase == STREAM_HEAD;
	char *to = head ? s->c->cgi + s->head_n : p->in;
	ssize_t n = recv(p->fd, to, head ? sizeof(s->c->cgi) - s->head_n : sizeof(p->in), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		http_ended(p, n < 0 ? errno : 0);
	else if (head)
		http_head(p, (size_t)n);
	else
		http_body(p, to, (size_t)n);
}

static void http_timeout(struct proxy *p)
{
	static const char text[] = "The timeout specified has expired";

	if (child_stream_timeout(&p->s))
		return;
	if (p->s.phase == STREAM_HEAD)
		http_no_answer(p, 70007, text, 504);
	else
		http_cut(p, "(70007)The timeout specified has expired");
}

enum { POLL_CLIENT, POLL_BACKEND, POLL_COUNT };

static void http_poll_set(const struct proxy *p, struct pollfd polls[static POLL_COUNT])
{
	short events = 0;

	child_stream_poll(&p->s, &polls[POLL_CLIENT]);
	/* Until the backend has decided nobody asks for the body; a client may send it anyway. */
	if (!child_stream_pending(&p->s))
		events |= POLLIN;
	if (child_stream_sends(&p->s))
		events |= POLLOUT;
	polls[POLL_BACKEND] = (struct pollfd){.fd = events ? p->fd : -1, .events = events};
}

static void http_exchange(struct proxy *p)
{
	struct child_stream *s = &p->s;
	struct pollfd polls[POLL_COUNT];

	while (!child_stream_done(s) && !p->switched) {
		child_stream_feed(s, p->fd, http_next);
		child_stream_send(s);
		if (child_stream_done(s))
			break;
		http_poll_set(p, polls);
		int ready = child_poll(polls, POLL_COUNT, child_stream_deadline(s));

		if (ready == 0)
			http_timeout(p);
		if (ready <= 0)
			continue;
		child_stream_polled(s, polls[POLL_CLIENT].revents);
		if (polls[POLL_BACKEND].revents && !child_stream_pending(s) && !s->gone)
			http_receive(p);
	}
}

static bool http_may_keep(const struct proxy *p)
{
	const struct child_request *r = p->s.r;
	const struct proxy_worker *w = p->b->worker;

	/* An error's document is asked for with GET: HEAD ends before the body that it has. */
	if (r->head_only && !span_eq(r->method, SPAN("HEAD")))
		return false;
	return r->head.keep_alive && !r->close && !p->upgrade && !(w && w->reuse == CONF_OFF) &&
	       !child_env_get(r, "proxy-nokeepalive") &&
	       !child_env_get(r, "force-proxy-request-1.0");
}

/* The protocol that the client wants to change to, where this backend may be asked for it. */
static const char *http_upgrade(const struct proxy *p)
{
	const struct child_request *r = p->s.r;
	const struct http_field *f = http_head_field(&r->head, SPAN("Upgrade"));
	const struct proxy_worker *w = p->b->worker;
	const char *may = p->b->at.scheme == BACKEND_WS ? "websocket" : w ? w->upgrade : NULL;

	if (!f || !may || r->head.minor == 0 || p->s.want_body ||
	    !http_head_has_token(&r->head, SPAN("Connection"), SPAN("upgrade")))
		return NULL;
	if (strcasecmp(may, "any") != 0 && !span_ieq(f->value, span_of(may)))
		return NULL;
	return arena_span(&p->s.c->arena, f->value);
}

/* A request that may be sent again when the connection turns out to be closed. */
static bool http_is_repeatable(const struct proxy *p)
{
	enum http_method m = p->s.r->method_id;

	return !p->s.want_body && p->length == 0 &&
	       (m == HTTP_METHOD_GET || m == HTTP_METHOD_HEAD || m == HTTP_METHOD_OPTIONS);
}

static bool http_open(struct proxy *p)
{
	p->fd = p->keep && http_is_repeatable(p) ? child_proxy_kept(p->b) : -1;
	p->kept = p->fd >= 0;
	if (!p->kept)
		p->s.status = child_backend_connect(p->s.c, p->b, &p->fd);
	return p->fd >= 0;
}

static void http_run(struct proxy *p)
{
	struct child_stream *s = &p->s;

	s->out = p->head;
	s->asked = false;
	if (!p->expect && s->spool < 0)
		child_stream_want(s);
	http_exchange(p);
}

/* Once more on a new connection, after one that was kept. */
static bool http_again(struct proxy *p)
{
	struct child_stream *s = &p->s;

	if (!p->again)
		return false;
	fd_close(&p->fd);
	p->kept = p->again = false;
	s->status = child_backend_connect(s->c, p->b, &p->fd);
	return s->status == 0;
}

static void http_close(struct proxy *p)
{
	const struct child_stream *s = &p->s;

	if (p->fd < 0)
		return;
	if (p->keep && p->whole && child_stream_asked(s) && !s->refused && p->reply.keep_alive &&
	    !s->gone && !s->r->aborted)
		child_proxy_keep(p->b, p->fd, 0);
	else
		fd_close(&p->fd);
}

static int http_finish(struct proxy *p)
{
	struct child_stream *s = &p->s;
	int result;

	http_close(p);
	/* It belongs to the first of a chain of redirects. */
	s->r->no_body = true;
	if (p->switched) {
		s->r->reply = (struct span){NULL, 0};
		s->c->out_n = 0;
		return 0;
	}
	result = child_stream_finish(s);
	s->c->out_n = 0;
	return result;
}

int child_proxy_http(struct child *c, struct child_request *r, const struct child_backend *b,
    const struct conf_proxy *conf, const char *path)
{
	struct proxy p = {.b = b, .conf = conf, .path = path, .fd = -1};

	child_stream_start(&p.s, c, r, "proxy_http");
	p.s.timeout = b->timeout_ms;
	p.s.name = b->at.host;
	p.s.broken = 502;
	p.upgrade = http_upgrade(&p);
	p.keep = http_may_keep(&p);
	p.expect = r->body.expect && p.s.want_body && conf->forward_100 != CONF_OFF &&
	           !child_env_get(r, "force-proxy-request-1.0");
	child_proxy_body(&p);
	if (!child_stream_done(&p.s))
		child_proxy_ask(&p);
	if (!child_stream_done(&p.s) && http_open(&p)) {
		http_run(&p);
		if (http_again(&p))
			http_run(&p);
		if (p.switched)
			child_proxy_tunnel(&p);
	}
	return http_finish(&p);
}
