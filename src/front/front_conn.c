/*
 * The connections that a front holds: their memory, their place in the loop, their end. Run by
 * `itkd: front`. Reads none of the client's bytes.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/clock.h"
#include "itkd/fd.h"
#include "itkd/log.h"
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static LIST_HEAD(, front_conn) conns = LIST_HEAD_INITIALIZER(conns);

bool front_conn_none(void)
{
	return LIST_EMPTY(&conns);
}

struct front_conn *front_conn_new(const struct front_listener *l, int fd)
{
	struct front_conn *c = calloc(1, sizeof(*c));

	if (!c) {
		fd_close(&fd);
		return NULL;
	}
	c->fd = fd;
	c->listener = l;
	c->started = clock_ms();
	LIST_INSERT_HEAD(&conns, c, all);
	front_limit_took(1);
	return c;
}

void front_conn_quiet(struct front_conn *c)
{
	if (event_initialized(&c->ev) && event_del(&c->ev) != 0)
		log_msg(LOG_ERR, "event_del failed");
}

void front_conn_free(struct front_conn *c)
{
	front_conn_quiet(c);
	front_wait_remove(c);
	if (c->tls)
		front_tls_free(c);
	fd_close(&c->fd);
	LIST_REMOVE(c, all);
	free(c->named);
	free(c);
	front_limit_gave(1);
	if (front.draining && front_conn_none())
		event_base_loopbreak(front.base);
}

bool front_conn_watch(struct front_conn *c, short what, event_callback_fn cb, int64_t timeout)
{
	struct timeval tv = {timeout / 1000, timeout % 1000 * 1000};

	if (!event_initialized(&c->ev) || event_get_events(&c->ev) != what ||
	    event_get_callback(&c->ev) != cb) {
		front_conn_quiet(c);
		if (event_assign(&c->ev, front.base, c->fd, what, cb, c) != 0)
			goto failed;
	}
	if (timeout < 0 && event_remove_timer(&c->ev) != 0)
		goto failed;
	if (event_add(&c->ev, timeout < 0 ? NULL : &tv) == 0)
		return true;
failed:
	log_msg(LOG_ERR, "cannot watch a connection: %m");
	front_conn_free(c);
	return false;
}

const struct sockaddr *front_conn_peer(const struct front_conn *c, struct sockaddr_storage *sa)
{
	socklen_t n = sizeof(*sa);

	*sa = (struct sockaddr_storage){0};
	if (getpeername(c->fd, (struct sockaddr *)sa, &n) != 0)
		sa->ss_family = AF_UNSPEC; /* the client is gone: "-" */
	return (const struct sockaddr *)sa;
}

bool front_conn_reset(const struct front_conn *c)
{
	struct pollfd p = {.fd = c->fd};

	return poll(&p, 1, 0) < 0 || (p.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
}

void front_conn_orphan(void)
{
	struct front_conn *c = LIST_FIRST(&conns);

	while (c) {
		struct front_conn *next = LIST_NEXT(c, all);

		if (c->state == FRONT_HEAD || c->state == FRONT_WAIT)
			front_conn_free(c);
		c = next;
	}
}
