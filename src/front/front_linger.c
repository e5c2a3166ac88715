/*
 * The end of a connection that the front answered: the client is told that no more comes, and what
 * it still sends is read and thrown away for a while. A close with unread bytes would be a reset,
 * which can take the answer away from it. Run by `itkd: front`. RFC 9112 section 9.6.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/clock.h"

#include <errno.h>
#include <sys/socket.h>

#define LINGER_QUIET_MS 2000 /* without a byte */
#define LINGER_MS 30000      /* in all, as in Apache */
#define LINGER_BYTES ((size_t)64 << 20)
#define LINGER_TURN ((size_t)1 << 20) /* before others get their turn */

static void linger_event(evutil_socket_t fd, short what, void *arg);

/* Whether it is over. */
static bool linger_drain(struct front_conn *c)
{
	for (size_t turn = 0; c->drained < LINGER_BYTES;) {
		if (turn >= LINGER_TURN) {
			event_active(&c->ev, EV_READ, 0);
			return false;
		}
		ssize_t n = recv(c->fd, front_buffer, sizeof(front_buffer), 0);

		if (n == 0)
			return true;
		if (n < 0)
			return errno != EAGAIN && errno != EINTR;
		c->drained += (size_t)n;
		turn += (size_t)n;
		c->heard = clock_ms();
	}
	return true;
}

static void linger_go(struct front_conn *c)
{
	const int64_t now = clock_ms();
	const int64_t quiet = c->heard + LINGER_QUIET_MS - now, all = c->started + LINGER_MS - now;
	const int64_t left = quiet < all ? quiet : all;

	if (left <= 0) {
		front_conn_free(c);
		return;
	}
	if (front_conn_watch(c, EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, linger_event, left) &&
	    linger_drain(c))
		front_conn_free(c);
}

static void linger_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	linger_go(arg);
}

void front_linger(struct front_conn *c)
{
	front_wait_remove(c);
	front_conn_quiet(c);
	if (c->tls)
		front_tls_free(c);
	c->state = FRONT_LINGER;
	c->started = c->heard = clock_ms();
	if (shutdown(c->fd, SHUT_WR) != 0)
		front_conn_free(c);
	else
		linger_go(c);
}

void front_end(struct front_conn *c)
{
	if (c->tls && c->tls->established)
		front_relay_finish(c, true);
	else
		front_linger(c);
}
