/*
 * The child's connection: reads and writes that are tried first and waited for only then, each with
 * a deadline. Runs as the vhost's user; the bytes are the client's.
 */
#include "child_backend.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's pages go straight to the socket; a bound, so that a signal is seen in between. */
#define SENDFILE_PIECE ((size_t)4 << 20)

/* How long a read may wait without letting signals in. */
#define SOON_MS 20

static volatile sig_atomic_t ending, hurry, terminated;
static const sigset_t wait_mask; /* empty: they are taken while waiting, and only there */

static void on_signal(int number)
{
	if (number == SIGURG)
		child_report();
	else if (number == SIGUSR1)
		ending = 1;
	else
		hurry = 1;
}

void child_prepare(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (sigaction(SIGUSR1, &action, NULL) < 0 || sigaction(SIGUSR2, &action, NULL) < 0 ||
	    sigaction(SIGURG, &action, NULL) < 0)
		fatal_errno("cannot set up signals");
}

static void on_term(int number)
{
	(void)number;
	terminated = 1;
}

void child_defer_term(bool defer)
{
	struct sigaction action = {.sa_handler = defer ? on_term : SIG_DFL};
	sigset_t term;

	if (sigemptyset(&term) < 0 || sigaddset(&term, SIGTERM) < 0 ||
	    sigaction(SIGTERM, &action, NULL) < 0 ||
	    sigprocmask(defer ? SIG_BLOCK : SIG_UNBLOCK, &term, NULL) < 0)
		fatal_errno("cannot set up signals");
}

bool child_terminated(void)
{
	return terminated;
}

bool child_ending(void)
{
	return ending;
}

bool child_hurry(void)
{
	return hurry;
}

static int io_poll(struct pollfd *p, nfds_t n, int64_t deadline)
{
	struct timespec left = {0};

	if (deadline) {
		int64_t ms = deadline - clock_ms();

		if (ms > 0)
			left = (struct timespec){ms / 1000, ms % 1000 * 1000000};
	}
	int ready = ppoll(p, n, deadline ? &left : NULL, &wait_mask);

	if (ready < 0 && errno != EINTR)
		fatal_errno("poll");
	return ready;
}

int child_poll(struct pollfd *p, nfds_t n, int64_t deadline)
{
	int64_t held = child_proxy_held();

	/* Nobody waits with a place in a FastCGI pool in his hand. */
	if (held && (!deadline || held < deadline)) {
		int ready = io_poll(p, n, held);

		if (ready)
			return ready;
		child_proxy_release();
	}
	return io_poll(p, n, deadline);
}

enum child_io child_wait(struct child *c, short what, int64_t deadline)
{
	struct pollfd p = {.fd = c->fd, .events = what};
	int ready = child_poll(&p, 1, deadline);

	if (ready < 0)
		return IO_SIGNAL;
	return ready ? IO_OK : IO_TIMEOUT;
}

static ssize_t io_fill(struct child *c, int flags)
{
	ssize_t n;

	if (c->in_end == sizeof(c->in)) {
		errno = ENOBUFS;
		return -1;
	}
	do
		n = recv(c->fd, c->in + c->in_end, sizeof(c->in) - c->in_end, flags);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		c->eof = true;
	if (n > 0)
		c->in_end += (size_t)n;
	return n;
}

ssize_t child_fill(struct child *c)
{
	return io_fill(c, MSG_DONTWAIT);
}

/* Whether a read may wait now. */
static bool io_blocks(struct child *c)
{
	uint8_t ms = child_proxy_held() ? CHILD_SOON_HELD_MS : SOON_MS;
	const struct timeval soon = {0, ms * 1000};
	int off = 0;

	if (c->never_blocks)
		return false;
	if (c->blocks_ms == ms)
		return true;
	if (setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)) < 0 ||
	    (!c->blocks_ms && ioctl(c->fd, FIONBIO, &off) < 0))
		return false;
	c->blocks_ms = ms;
	return true;
}

ssize_t child_fill_soon(struct child *c)
{
	return io_fill(c, io_blocks(c) ? 0 : MSG_DONTWAIT);
}

void child_never_block(struct child *c)
{
	int on = 1;

	c->never_blocks = true;
	if (c->blocks_ms && ioctl(c->fd, FIONBIO, &on) < 0)
		fatal_errno("FIONBIO");
	c->blocks_ms = 0;
}

enum child_io child_fill_wait(struct child *c, struct child_rate *rate)
{
	int64_t deadline = rate->deadline;

	if (!deadline)
		deadline = clock_ms() + (int64_t)c->vhost->timeout * 1000;
	for (;;) {
		ssize_t n = child_fill(c);

		if (n > 0) {
			child_rate_got(rate, (size_t)n);
			return IO_OK;
		}
		if (n == 0)
			return IO_EOF;
		if (errno != EAGAIN)
			return IO_ERROR;
		if (child_wait(c, POLLIN, deadline) == IO_TIMEOUT)
			return IO_TIMEOUT;
	}
}

bool child_drained(struct child *c)
{
	int before = c->unsent;

	if (ioctl(c->fd, SIOCOUTQ, &c->unsent) < 0)
		c->unsent = 0;
	return c->unsent < before;
}

/* After a write that did not take all: false when it failed, or nothing moves any more. */
static bool io_wait_out(struct child *c)
{
	int64_t timeout = (int64_t)c->vhost->timeout * 1000;

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN)
		return false;
	(void)child_drained(c);
	for (int64_t deadline = clock_ms() + timeout;;) {
		switch (child_wait(c, POLLOUT, deadline)) {
		case IO_OK:
			return true;
		case IO_SIGNAL:
			continue;
		default:
			break;
		}
		if (!child_drained(c))
			return false;
		deadline = clock_ms() + timeout;
	}
}

bool child_send(struct child *c, const void *p, size_t n, int flags)
{
	const char *at = p;

	while (n) {
		ssize_t sent = send(c->fd, at, n, flags | MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0) {
			at += sent;
			n -= (size_t)sent;
			c->bytes_out += (uint64_t)sent;
		} else if (!io_wait_out(c)) {
			return false;
		}
	}
	return true;
}

/* For a file system that cannot do sendfile. */
static ssize_t io_copy(struct child *c, int fd, off_t *offset, size_t n)
{
	size_t room = sizeof(c->out) - c->out_n;
	ssize_t got = pread(fd, c->out + c->out_n, n < room ? n : room, *offset);

	if (got <= 0)
		return got;
	ssize_t sent = send(c->fd, c->out + c->out_n, (size_t)got, MSG_NOSIGNAL);

	if (sent > 0)
		*offset += sent;
	return sent;
}

bool child_send_file(struct child *c, int fd, off_t offset, uint64_t n)
{
	bool copy = false;

	child_never_block(c);
	while (n) {
		size_t piece = n < SENDFILE_PIECE ? (size_t)n : SENDFILE_PIECE;
		ssize_t sent =
		    copy ? io_copy(c, fd, &offset, piece) : sendfile(c->fd, fd, &offset, piece);

		if (sent > 0) {
			n -= (uint64_t)sent;
			c->bytes_out += (uint64_t)sent;
		} else if (sent == 0) {
			return false;
		} else if (!copy && (errno == EINVAL || errno == ENOSYS)) {
			copy = true;
		} else if (!io_wait_out(c)) {
			return false;
		}
	}
	return true;
}

void child_nodelay(struct child *c)
{
	int on = 1;

	if (c->nodelay || c->relay)
		return;
	/* A failure costs time, never bytes. */
	if (setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0)
		c->nodelay = true;
}

void child_rate_start(struct child_rate *t, uint32_t initial, uint32_t max, uint32_t rate)
{
	int64_t now = clock_ms();

	t->deadline = initial ? now + (int64_t)initial * 1000 : 0;
	t->last = max ? now + (int64_t)max * 1000 : 0;
	t->rate = rate;
}

void child_rate_got(struct child_rate *t, size_t bytes)
{
	if (!t->deadline || !t->rate)
		return;
	t->deadline += (int64_t)bytes * 1000 / t->rate;
	if (t->last && t->deadline > t->last)
		t->deadline = t->last;
}
