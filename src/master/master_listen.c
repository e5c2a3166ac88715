/*
 * Listening sockets: one for each Listen, held here, shared by the fronts of every generation, so
 * that a reload never closes what it goes on using. Without SO_REUSEPORT (docs/ARCHITECTURE.md).
 */
#include "itkd/clock.h"
#include "itkd/cred.h"
#include "itkd/fd.h"
#include "itkd/log.h"
#include "master/master.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HELD_MS 1000
#define HELD_STEP_MS 10

static struct master_socket *find(struct master *m, const struct conf_listener *l)
{
	for (size_t i = 0; i < MASTER_LISTENERS; i++) {
		struct master_socket *s = &m->sockets[i];
		if (s->fd >= 0 && s->addr_len == l->addr_len && s->v6only == l->v6only &&
		    memcmp(&s->addr, &l->addr, l->addr_len) == 0)
			return s;
	}
	return NULL;
}

static int bind_new(const struct conf_listener *l, uint32_t backlog)
{
	const int on = 1, v6only = l->v6only;
	int fd = socket(l->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (l->addr.ss_family != AF_INET6 ||
	        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) == 0) &&
	    bind(fd, (const struct sockaddr *)&l->addr, l->addr_len) == 0 &&
	    listen(fd, (int)backlog) == 0)
		return fd;
	fd_close(&fd);
	return -1;
}

static struct master_socket *open_now(
    struct master *m, const struct conf_listener *l, uint32_t backlog)
{
	struct master_socket *s = find(m, l);
	if (s) {
		if (listen(s->fd, (int)backlog) != 0)
			fatal_errno("listen");
		return s;
	}
	for (size_t i = 0; i < MASTER_LISTENERS; i++) {
		s = &m->sockets[i];
		if (s->fd >= 0)
			continue;
		int fd = bind_new(l, backlog);
		if (fd < 0)
			return NULL;
		s->fd = fd;
		s->addr = l->addr;
		s->addr_len = l->addr_len;
		s->v6only = l->v6only;
		return s;
	}
	errno = EMFILE;
	return NULL;
}

/* Fronts of a master that was killed a moment ago let go of their sockets when they see its end. */
static struct master_socket *open_one(
    struct master *m, const struct conf_listener *l, uint32_t backlog, int64_t until)
{
	for (;;) {
		struct master_socket *s = open_now(m, l, backlog);
		if (s || errno != EADDRINUSE || clock_ms() >= until)
			return s;
		(void)poll(NULL, 0, HELD_STEP_MS);
	}
}

static const char *hint(int error, bool again)
{
	if (error == EADDRINUSE && !again)
		return " (is another server running?)";
	if (error == EACCES && !cred_may_bind())
		return ": this process lacks the capability cap_net_bind_service (a container?)";
	return "";
}

/*
 * Every Listen of g. At a reload, a wildcard address that replaces a specific one (or the other
 * way round) cannot be bound before the old one is gone: that is an error here, as in Apache.
 */
bool master_listen_open(struct master *m, struct master_gen *g, bool again)
{
	bool ok = true;
	const int64_t until = again ? 0 : clock_ms() + HELD_MS;
	for (uint32_t i = 0; i < g->conf->nlisteners; i++) {
		const struct conf_listener *l = &g->conf->listeners[i];
		struct master_socket *s = open_one(m, l, g->conf->listen_backlog, until);
		if (!s) {
			int error = errno;
			fprintf(stderr,
			    "itkd: %s:%u: Listen: (%d)%s: could not bind to address %s%s\n",
			    l->file, l->line, error, strerror(error), l->text, hint(error, again));
			ok = false;
			continue;
		}
		g->listeners[i] = (int)(s - m->sockets);
	}
	if (g->conf->nlisteners == 0) {
		fprintf(stderr, "itkd: no listening sockets available, shutting down\n");
		ok = false;
	}
	return ok;
}

void master_listen_close_unused(struct master *m)
{
	for (size_t i = 0; i < MASTER_LISTENERS; i++) {
		bool used = false;
		for (size_t j = 0; j < MASTER_GENERATIONS && m->sockets[i].fd >= 0; j++) {
			const struct master_gen *g = &m->gens[j];
			if (g->state == GEN_DRAINING)
				continue; /* its fronts take what has arrived; nothing new */
			for (uint32_t k = 0; g->listeners && k < g->conf->nlisteners; k++)
				used = used || g->listeners[k] == (int)i;
		}
		if (m->sockets[i].fd < 0 || used)
			continue;
		fd_close(&m->sockets[i].fd);
	}
}
