/*
 * What follows 101 (Switching Protocols): bytes between client and backend, both ways, mostly
 * WebSocket (RFC 6455). Runs as the vhost's user; neither side is trusted, nothing is looked at. It
 * ends when both have closed, when one is gone, or when nothing moved for the longer one of the
 * client's timeout and the backend's.
 */
#include "child_proxy.h"

#include <errno.h>
#include <sys/socket.h>

struct way {
	int from, to;
	char *buf;        /* for what is read */
	const char *data; /* what is on its way: in buf, or what was read before */
	size_t size, at, end;
	bool eof;  /* from sends no more */
	bool shut; /* and to was told so */
	uint64_t *counter;
};

static bool way_is_full(const struct way *w)
{
	return w->at < w->end;
}

/* True: bytes moved. */
static bool way_read(struct way *w, bool *failed)
{
	ssize_t n = recv(w->from, w->buf, w->size, MSG_DONTWAIT);

	if (n > 0) {
		w->data = w->buf;
		w->at = 0;
		w->end = (size_t)n;
	} else if (n == 0) {
		w->eof = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		*failed = true;
	}
	return n > 0;
}

static bool way_write(struct way *w, bool *failed)
{
	ssize_t n = send(w->to, w->data + w->at, w->end - w->at, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0) {
		*failed = errno != EAGAIN && errno != EINTR;
		return false;
	}
	w->at += (size_t)n;
	*w->counter += (uint64_t)n;
	return n > 0;
}

/* As much as goes without waiting. False: the connection on one side is gone. */
static bool way_move(struct way *w, bool *moved)
{
	bool failed = false;

	while (!failed) {
		if (way_is_full(w) ? !way_write(w, &failed) : w->eof || !way_read(w, &failed))
			break;
		*moved = true;
	}
	if (!failed && w->eof && !w->shut && !way_is_full(w)) {
		w->shut = true;
		failed = shutdown(w->to, SHUT_WR) < 0;
	}
	return !failed;
}

/* What each side is waited for; a side without any is not watched at all. */
static void tunnel_poll_set(const struct way *up, const struct way *down, struct pollfd p[static 2])
{
	short client =
	    (short)((up->eof || way_is_full(up) ? 0 : POLLIN) | (way_is_full(down) ? POLLOUT : 0));
	short backend = (short)((down->eof || way_is_full(down) ? 0 : POLLIN) |
	                        (way_is_full(up) ? POLLOUT : 0));

	p[0] = (struct pollfd){.fd = client ? up->from : -1, .events = client};
	p[1] = (struct pollfd){.fd = backend ? up->to : -1, .events = backend};
}

void child_proxy_tunnel(struct proxy *p)
{
	struct child *c = p->s.c;
	struct child_request *r = p->s.r;
	struct way up = {.from = c->fd,
	    .to = p->fd,
	    .buf = p->in,
	    .data = c->in,
	    .size = sizeof(p->in),
	    .at = c->in_at,
	    .end = c->in_end,
	    .eof = c->eof,
	    .counter = &c->bytes_in};
	struct way down = {.from = p->fd,
	    .to = c->fd,
	    .buf = c->cgi,
	    .data = c->cgi,
	    .size = sizeof(c->cgi),
	    .end = p->s.head_n,
	    .counter = &r->body_bytes};
	int64_t client = (int64_t)c->vhost->timeout * 1000;
	int64_t timeout = p->s.timeout > client ? p->s.timeout : client;
	int64_t deadline = clock_ms() + timeout;
	bool alive = true;
	struct pollfd polls[2];

	child_never_block(c);
	while (alive) {
		bool moved = false;

		alive = way_move(&up, &moved) && way_move(&down, &moved);
		if (!alive || (up.shut && down.shut))
			break;
		if (moved)
			deadline = clock_ms() + timeout;
		tunnel_poll_set(&up, &down, polls);
		if (child_poll(polls, 2, deadline) == 0)
			break;
	}
	c->bytes_out += r->body_bytes;
	c->eof = up.eof;
	c->in_at = c->in_end = 0;
	r->aborted = !alive;
}
