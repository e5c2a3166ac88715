/*
 * How a connection ends. A whole answer: a lingering close, because close() with bytes unread makes
 * the kernel send RST, which takes away what the client has not read yet. A cut answer: nothing
 * that could be mistaken for a whole one. Runs as the vhost's user.
 */
#include "child_internal.h"

#include "itkd/fd.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_TOTAL_MS 30000 /* as Apache's MAX_SECS_TO_LINGER */
#define LINGER_QUIET_MS 2000
#define LINGER_HURRY_MS 200
#define LINGER_BYTES ((size_t)64 << 20)

/* Throws away what has come. False at the end of the stream, or when it failed. */
static bool end_discard(struct child *c, size_t *budget)
{
	/* On TCP the kernel throws it away itself; AF_UNIX knows MSG_TRUNC in another sense. */
	ssize_t n = recv(c->fd, c->in, sizeof(c->in), MSG_DONTWAIT | (c->relay ? 0 : MSG_TRUNC));

	if (n <= 0 || (size_t)n > *budget)
		return false;
	*budget -= (size_t)n;
	return true;
}

static void end_linger(struct child *c)
{
	int64_t now = clock_ms();
	int64_t last = now + (c->relay ? (int64_t)c->vhost->timeout * 1000 : LINGER_TOTAL_MS);
	int64_t quiet = c->relay ? last - now : LINGER_QUIET_MS;
	int64_t deadline = now + quiet;
	size_t budget = LINGER_BYTES;

	for (;;) {
		/* While connections wait for a process, this client gets less time. */
		if (child_hurry() && !c->relay && quiet > LINGER_HURRY_MS) {
			now = clock_ms();
			quiet = LINGER_HURRY_MS;
			deadline = now + quiet;
			last = now + LINGER_QUIET_MS;
		}
		switch (child_wait(c, POLLIN, deadline < last ? deadline : last)) {
		case IO_OK:
			if (!end_discard(c, &budget))
				return;
			deadline = clock_ms() + quiet;
			break;
		case IO_SIGNAL: /* the master asks again and again */
			break;
		default:
			return;
		}
	}
}

/*
 * Nothing is unread, and the client said itself with "Connection: close" that nothing comes
 * (RFC 9112 section 9.6): a close() can take nothing away. Else a process and two switches to it
 * would be spent on waiting for a FIN.
 */
static bool end_is_quiet(struct child *c)
{
	char byte;

	return c->last && !c->relay && c->in_at == c->in_end &&
	       recv(c->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

void child_close(struct child *c)
{
	child_state(c, 'C');
	/* SHUT_WR tells a relay that the stream is whole; on TCP it is the FIN. */
	if (!end_is_quiet(c) && shutdown(c->fd, SHUT_WR) == 0 && !c->eof)
		end_linger(c);
	fd_close(&c->fd);
}

void child_abort(struct child *c)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};

	child_state(c, 'C');
	/* The relay takes a close without SHUT_WR as an abort and resets its client. */
	if (!c->relay && setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0)
		child_log(c, LOG_WARNING, "core", "cannot reset the connection: %m");
	fd_close(&c->fd);
}
