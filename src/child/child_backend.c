/*
 * Connecting to a backend with a deadline. Runs as the vhost's user, so what the kernel lets that
 * user reach is what a site can be a proxy for; a name that only a rewrite made is looked up by
 * `itkd --lookup`, as that user, too.
 */
#include "child_proxy.h"

#include "itkd/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKEND_ADDRESSES 8 /* of one name */
#define BACKEND_RETRY_MS 20 /* a unix socket with a full backlog says so at once: EAGAIN */

struct addresses {
	const struct sockaddr_storage *v;
	size_t n;
	struct sockaddr_storage own[BACKEND_ADDRESSES];
};

/* Apache's names of its workers. */
static const char *backend_module(const struct child_backend *b)
{
	return b->at.scheme == BACKEND_FCGI ? "FCGI" : "http";
}

static int by_name(const void *name, const void *host)
{
	return strcmp(name, ((const struct conf_host *)host)->name);
}

/* 0 addresses: the name has none. */
static void backend_find(struct child *c, const char *name, struct addresses *a)
{
	const struct conf *conf = c->start->conf;
	const struct conf_host *known;

	a->v = a->own;
	a->n = 0;
	if (addr_parse(span_of(name), 0, &a->own[0])) {
		a->n = 1;
	} else if (strcmp(name, "localhost") == 0) {
		a->n = addr_parse(SPAN("127.0.0.1"), 0, &a->own[0]) +
		       addr_parse(SPAN("::1"), 0, &a->own[1]);
	} else if (conf->nhosts && (known = bsearch(name, conf->hosts, conf->nhosts,
	                                sizeof(*conf->hosts), by_name))) {
		a->v = known->v;
		a->n = known->n;
	} else {
		a->n = child_lookup_addresses(c, name, a->own, BACKEND_ADDRESSES);
	}
}

/* The end of a connect() that is under way: 0, or its errno. */
static int backend_await(int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0, ready;
	socklen_t n = sizeof(error);

	do
		ready = child_poll(&p, 1, deadline);
	while (ready < 0);
	if (ready == 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 ? errno : error;
}

static int backend_try(int fd, const struct sockaddr *addr, socklen_t n, int64_t deadline)
{
	for (;;) {
		if (connect(fd, addr, n) == 0)
			return 0;
		if (errno == EINPROGRESS || errno == EINTR)
			return backend_await(fd, deadline);
		/* Only AF_UNIX: nothing tells when there is room in its backlog again. */
		if (errno != EAGAIN)
			return errno;
		int64_t now = clock_ms();

		if (now >= deadline)
			return EAGAIN;
		(void)child_poll(
		    NULL, 0, now + BACKEND_RETRY_MS < deadline ? now + BACKEND_RETRY_MS : deadline);
	}
}

/* *fd, or its errno. */
static int backend_open(const struct sockaddr *addr, socklen_t n, int64_t deadline, int *fd)
{
	*fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return errno;
	int error = backend_try(*fd, addr, n, deadline);

	if (error)
		fd_close(fd);
	return error;
}

/* What the administrator can do about it: the user is this child's, not the server's. */
static const char *backend_advice(struct child *c, int error)
{
	const struct conf_identity *who = c->start->identity;

	if (error != EACCES && error != EPERM)
		return "";
	return arena_printf(&c->arena,
	    ": itkd connects as the virtual host's user %s (uid %u), who needs write permission on "
	    "the socket and search permission on the directories above it; for PHP-FPM set "
	    "listen.owner = %s or listen.acl_users = %s in the pool's file",
	    who->user, (unsigned)who->uid, who->user, who->user);
}

static int backend_unix(struct child *c, const struct child_backend *b, int *fd)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	memcpy(addr.sun_path, b->at.socket, strlen(b->at.socket) + 1);
	int error =
	    backend_open((struct sockaddr *)&addr, sizeof(addr), clock_ms() + b->connect_ms, fd);

	if (error == 0)
		return 0;
	child_log(c, LOG_ERR, "proxy",
	    "(%d)%s: AH02454: %s: attempt to connect to Unix domain socket %s (%s:%u) failed%s",
	    error, strerror(error), backend_module(b), b->at.socket, b->at.host, b->at.port,
	    backend_advice(c, error));
	return 503;
}

static void backend_set_port(struct sockaddr_storage *addr, uint16_t port)
{
	char ip[ADDR_IP_MAX];

	addr_parse(span_of(addr_ip((struct sockaddr *)addr, ip)), port, addr);
}

/* Each address has all of the time, as in Apache: one that says nothing must not hide the next. */
static int backend_tcp(struct child *c, const struct child_backend *b, int *fd)
{
	struct addresses a;
	char text[ADDR_TEXT_MAX];

	backend_find(c, b->at.host, &a);
	if (a.n == 0) {
		child_proxy_why(c, c->request,
		    arena_printf(&c->arena, "DNS lookup failure for: %s", b->at.host));
		return 500;
	}
	for (size_t i = 0; i < a.n; i++) {
		struct sockaddr_storage addr = a.v[i];

		backend_set_port(&addr, b->at.port);
		const struct sockaddr *sa = (struct sockaddr *)&addr;
		int error = backend_open(sa, addr_len(sa), clock_ms() + b->connect_ms, fd);

		if (error == 0)
			return 0;
		child_log(c, LOG_ERR, "proxy",
		    "(%d)%s: AH00957: %s: attempt to connect to %s (%s:%u) failed", error,
		    strerror(error), backend_module(b), addr_text(sa, text), b->at.host,
		    b->at.port);
	}
	return 503;
}

int child_backend_connect(struct child *c, const struct child_backend *b, int *fd)
{
	int status;

	*fd = -1;
	status = b->at.socket ? backend_unix(c, b, fd) : backend_tcp(c, b, fd);
	if (status == 503 && b->at.scheme == BACKEND_FCGI)
		child_log(c, LOG_ERR, "proxy_fcgi",
		    "AH01079: failed to make connection to backend: %s", b->at.host);
	else if (status == 503)
		child_log(c, LOG_ERR, "proxy_http",
		    "AH01114: HTTP: failed to make connection to backend: %s", b->at.host);
	return status;
}
