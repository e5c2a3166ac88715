/*
 * One connection to a backend that is kept as long as the client's own (RFC 9112 section 9.3), or
 * for a moment. Runs as the vhost's user, in a process that serves one client: nobody else's
 * requests come over it.
 */
#include "child_backend.h"

#include "itkd/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	bool open;
	int fd;
	int64_t until; /* 0: as long as the client stays */
	char to[BACKEND_SOCKET_MAX + BACKEND_HOST_MAX + 20];
} kept;

static void keep_name(const struct child_backend *b, char *name, size_t size)
{
	snprintf(name, size, "%s|%d|%s:%u", b->at.socket ? b->at.socket : "",
	    b->at.scheme == BACKEND_FCGI, b->at.host, b->at.port);
}

/* It was closed meanwhile, or says something that nobody asked for. */
static bool keep_is_dead(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

int child_proxy_kept(const struct child_backend *b)
{
	char name[sizeof(kept.to)];

	if (!kept.open)
		return -1;
	kept.open = false;
	keep_name(b, name, sizeof(name));
	/* One that is held for a moment is tried. */
	if (strcmp(name, kept.to) == 0 && (kept.until || !keep_is_dead(kept.fd)))
		return kept.fd;
	fd_close(&kept.fd);
	return -1;
}

void child_proxy_keep(const struct child_backend *b, int fd, int64_t until)
{
	if (kept.open)
		fd_close(&kept.fd);
	kept.open = true;
	kept.fd = fd;
	kept.until = until;
	keep_name(b, kept.to, sizeof(kept.to));
}

int64_t child_proxy_held(void)
{
	return kept.open ? kept.until : 0;
}

void child_proxy_release(void)
{
	if (!kept.open)
		return;
	kept.open = false;
	fd_close(&kept.fd);
}
