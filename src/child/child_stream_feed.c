/*
 * The request to a backend, its body behind its head, in the framing of the backend's protocol.
 * Runs as the vhost's user; the body is the client's. What is cut never gets the end of a whole
 * one.
 */
#include "child_stream.h"

#include <errno.h>
#include <sys/socket.h>

bool child_stream_sends(const struct child_stream *s)
{
	return s->out.n || s->piece;
}

bool child_stream_asked(const struct child_stream *s)
{
	return s->asked && !child_stream_sends(s);
}

static void feed_sent(struct child_stream *s, size_t n)
{
	size_t out = n < s->out.n ? n : s->out.n;

	s->out = (struct span){s->out.p + out, s->out.n - out};
	child_stream_progress(s);
	if (n == out)
		return;
	s->piece -= n - out;
	child_stream_fed(s, n - out);
}

/* False: it takes nothing now. One that reads no more may still have answered. */
static bool feed_send(struct child_stream *s, int fd)
{
	struct iovec iov[2] = {
	    {(void *)(uintptr_t)s->out.p, s->out.n}, {(void *)(uintptr_t)s->feed.p, s->piece}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0) {
		feed_sent(s, (size_t)n);
		return true;
	}
	if (errno == EAGAIN || errno == EINTR)
		return false;
	s->out = (struct span){NULL, 0};
	s->piece = 0;
	s->asked = s->refused = true;
	child_stream_unfed(s);
	return false;
}

void child_stream_feed(
    struct child_stream *s, int fd, void (*next)(struct child_stream *s, size_t n))
{
	for (;;) {
		while (child_stream_buffered(s))
			child_stream_take(s);
		if (s->status || s->gone)
			return;
		if (!child_stream_sends(s) && !s->asked && (s->feed.n || !s->want_body))
			next(s, s->feed.n);
		if (!child_stream_sends(s) || !feed_send(s, fd))
			return;
	}
}
