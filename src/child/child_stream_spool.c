/*
 * The body of a request whose length nobody knows yet, read to its end into a file without a name
 * for a program that must be told it. Runs as the vhost's user, in /tmp; the bytes are the
 * client's, bounded by LimitRequestBody and by what the user may store there.
 */
#include "child_stream.h"

#include "itkd/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SPOOL_PIECE 16384

static int spool_file(struct child *c)
{
	int fd = open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		child_log(c, LOG_ERR, "core", "(%d)%s: cannot make a temporary file in %s", errno,
		    strerror(errno), P_tmpdir);
	return fd;
}

static bool spool_write(struct child_stream *s, int fd)
{
	while (s->feed.n) {
		ssize_t n = write(fd, s->feed.p, s->feed.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			child_log(s->c, LOG_ERR, s->module,
			    "(%d)%s: cannot store the request's body", errno, strerror(errno));
			s->status = 500;
			return false;
		}
		child_stream_fed(s, (size_t)n);
	}
	return true;
}

int64_t child_stream_spool(struct child_stream *s)
{
	int fd = spool_file(s->c);
	off_t n;

	if (fd < 0) {
		s->status = 500;
		return -1;
	}
	child_stream_want(s);
	while (s->want_body && !child_stream_done(s)) {
		if (child_stream_buffered(s))
			child_stream_take(s);
		else
			child_stream_wait(s);
		if (!spool_write(s, fd))
			break;
	}
	n = lseek(fd, 0, SEEK_CUR);
	if (child_stream_done(s) || n < 0 || lseek(fd, 0, SEEK_SET) != 0) {
		fd_close(&fd);
		return -1;
	}
	s->spool = fd;
	s->want_body = n > 0;
	s->spooled = arena_alloc(&s->c->arena, SPOOL_PIECE);
	return n;
}

void child_stream_spooled(struct child_stream *s)
{
	ssize_t n;

	do
		n = read(s->spool, s->spooled, SPOOL_PIECE);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		child_log(s->c, LOG_ERR, s->module, "(%d)%s: cannot read the request's body", errno,
		    strerror(errno));
		s->status = 500;
	}
	s->feed = (struct span){s->spooled, n > 0 ? (size_t)n : 0};
	s->want_body = n > 0;
}
