/*
 * A plain connection until its head is complete. The bytes are only peeked at: they stay in the
 * kernel for the child, which gets the connection itself. Run by `itkd: front`; the bytes are the
 * client's.
 *
 * Edge-triggered, since bytes that nobody takes would wake the loop for ever; EV_CLOSED, since a
 * peek never shows the FIN behind them.
 */
#include "front.h"

#include "itkd/log.h"
#include <errno.h>
#include <sys/socket.h>

char front_buffer[FRONT_BUFFER];

/* The bytes so far; 0 for none yet, -1 for a connection that is over. */
static ssize_t peek_read(const struct front_conn *c)
{
	ssize_t n = recv(c->fd, front_buffer, sizeof(front_buffer), MSG_PEEK);

	if (n > 0)
		return n;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void peek_event(evutil_socket_t fd, short what, void *arg);

/* No complete head yet: these are the bytes of it. */
static void peek_wait(struct front_conn *c, struct span head, bool idle)
{
	int64_t left;

	if (c->closed) {
		front_head_closed(c, head.p, head.n);
		return;
	}
	left = front_deadline_head(c, head.n);
	/* Without RequestReadTimeout the deadline moves on with each byte: Timeout. */
	if (left > 0 && !(idle && c->base->read_timeout.header_initial == 0))
		front_conn_watch(c, EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, peek_event, left);
	else
		front_head_late(c, head.p, head.n);
}

/* idle: nothing has come since the last look. */
static void peek_look(struct front_conn *c, bool idle)
{
	ssize_t n = peek_read(c);
	struct span head = {front_buffer, n > 0 ? (size_t)n : 0};

	if (n < 0) {
		front_conn_free(c);
		return;
	}
	if (c->proxied) {
		enum front_proxy proxy = front_proxy_look(c, head.p, head.n);
		size_t skip = proxy == FRONT_PROXY_READ ? c->proxy_size : head.n;

		if (proxy == FRONT_PROXY_BAD)
			return;
		if (proxy == FRONT_PROXY_MORE && c->closed) {
			front_proxy_closed(c);
			return;
		}
		if (skip > head.n) {
			front_conn_free(c);
			return;
		}
		head = (struct span){head.p + skip, head.n - skip};
	}
	if (head.n > 0 && front_head_look(c, head.p, head.n) == FRONT_HEAD_TAKEN)
		return;
	peek_wait(c, head, idle);
}

static void peek_event(evutil_socket_t fd, short what, void *arg)
{
	struct front_conn *c = arg;

	(void)fd;
	/* A peek gives the bytes before a reset for ever, and never the reset. */
	if ((what & EV_CLOSED) || front_conn_reset(c))
		c->closed = true;
	peek_look(c, (what & EV_TIMEOUT) && !(what & EV_READ));
}

/* Under load the head is there before the connection is accepted: then no event is ever set up. */
void front_peek_start(struct front_conn *c)
{
	peek_look(c, false);
}
