/*
 * Accepting. The listening sockets are shared by all fronts of all generations, so a front takes a
 * few at a time and leaves the rest to the others. Run by `itkd: front`.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/addr.h"
#include "itkd/fd.h"
#include "itkd/front_proto.h"
#include "itkd/log.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#define ACCEPT_BATCH 16
#define ACCEPT_LAST 4096 /* more than a backlog */

/* Whether a connection to any address of this listener is one to the same group of vhosts. */
static bool accept_is_fixed(const struct conf_listener *l, uint16_t port)
{
	const struct sockaddr_in *in4 = (const void *)&l->addr;
	const struct sockaddr_in6 *in6 = (const void *)&l->addr;

	if (l->addr.ss_family == AF_INET && in4->sin_addr.s_addr != INADDR_ANY)
		return true;
	if (l->addr.ss_family == AF_INET6 && !IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
		return true;
	for (uint32_t i = 0; i < front.conf->nvhosts; i++) {
		const struct host_vhost *h = &front.conf->vhosts[i]->host;

		for (uint32_t k = 0; k < h->naddrs; k++)
			if (h->addrs[k].family != 0 &&
			    (!h->addrs[k].port || h->addrs[k].port == port))
				return false;
	}
	return true;
}

/* What the address means to a connection; its default vhost rules until a Host is known. */
static bool accept_group(struct front_conn *c)
{
	struct sockaddr_storage local;
	socklen_t n = sizeof(local);

	if (c->listener->fixed) {
		c->group = c->listener->group;
	} else {
		if (getsockname(c->fd, (struct sockaddr *)&local, &n) != 0)
			return false;
		c->group = host_map_group(&front.conf->host, (const struct sockaddr *)&local);
	}
	c->base = front.conf->vhosts[host_group_default(c->group)];
	return true;
}

static void accept_one(const struct front_listener *l, int fd)
{
	struct front_conn *c = front_conn_new(l, fd);

	if (!c)
		return;
	if (!accept_group(c)) {
		front_conn_free(c);
		return;
	}
	if (front.conf->proxy_protocol && !front_proxy_expect(c))
		return;
	if (l->tls)
		front_handshake_start(c);
	else
		front_peek_start(c);
}

/* Whether accept4(2) may be called again at once. */
static bool accept_error(int error)
{
	switch (error) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		front_limit_short(error);
		return false;
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
		fatal("accept4: %m");
	default: /* the client's or the network's error, already over */
		return true;
	}
}

static void accept_event(evutil_socket_t fd, short what, void *arg)
{
	const struct front_listener *l = arg;

	(void)what;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int client;

		if (!front_limit_room())
			return;
		client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client >= 0)
			accept_one(l, client);
		else if (!accept_error(errno))
			return;
	}
}

static void accept_listener(struct front_listener *l, int fd, const struct conf_listener *conf)
{
	const struct sockaddr *addr = (const void *)&conf->addr;
	int on = 1;

	l->fd = fd;
	l->conf = conf;
	l->port = addr_port(addr);
	l->fixed = accept_is_fixed(conf, l->port);
	if (l->fixed)
		l->group = host_map_group(&front.conf->host, addr);
	l->tls = conf->tls ? front_tls_first(l->port) : NULL;
	if (conf->tls && !l->tls)
		log_msg(LOG_WARNING,
		    "%s: no virtual host with SSLEngine on: plain HTTP is spoken there",
		    conf->text);
	/*
	 * A connection inherits the one from its listening socket: one call for all of them. By the
	 * other it is accepted when its first bytes are there, or after a second: four calls less
	 * for each. Both are the socket's, so that a second front changes nothing.
	 */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof(on)) != 0)
		fatal_errno("%s: TCP options", conf->text);
	if (event_assign(&l->ev, front.base, fd, EV_READ | EV_PERSIST, accept_event, l) != 0)
		fatal("event_assign failed");
}

void front_accept_start(void)
{
	uint32_t n = front.conf->nlisteners;

	front.listeners = calloc(n ? n : 1, sizeof(*front.listeners));
	if (!front.listeners)
		fatal_oom();
	for (uint32_t i = 0; i < n; i++)
		accept_listener(
		    &front.listeners[i], FRONT_FD_LISTENERS + (int)i, &front.conf->listeners[i]);
}

void front_accept_pause(void)
{
	for (uint32_t i = 0; i < front.conf->nlisteners; i++)
		if (event_del(&front.listeners[i].ev) != 0)
			fatal("event_del failed");
}

void front_accept_resume(void)
{
	for (uint32_t i = 0; i < front.conf->nlisteners; i++)
		if (front.listeners[i].fd >= 0 && event_add(&front.listeners[i].ev, NULL) != 0)
			fatal("event_add failed");
}

/* What has arrived at a socket that the new generation may not have is still served. */
static void accept_last(struct front_listener *l)
{
	for (int i = 0; i < ACCEPT_LAST && front_limit_room(); i++) {
		int client = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client >= 0)
			accept_one(l, client);
		else if (!accept_error(errno))
			return;
	}
}

void front_accept_stop(void)
{
	for (uint32_t i = 0; i < front.conf->nlisteners && !front.orphan; i++)
		if (front.listeners[i].fd >= 0)
			accept_last(&front.listeners[i]);
	/* Behind it: what ends there may have made room, and resumed. */
	front_accept_pause();
	for (uint32_t i = 0; i < front.conf->nlisteners; i++)
		fd_close(&front.listeners[i].fd);
}
