/*
 * Opening a file of the site without a race: what Options says of symbolic links is decided by the
 * kernel while it opens (openat2) or on what was opened (fstat), never on a name that is opened
 * afterwards. Runs as the vhost's user, which is what keeps other sites' files out of reach; the
 * names come from requests and from the site's own links.
 */
#include "child_internal.h"

#include "itkd/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Without O_NONBLOCK a FIFO would hang the open; the caller looks at what it got. */
#define OPEN_READ (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define OPEN_STEP (O_PATH | O_CLOEXEC)
#define OPEN_LINKS 40 /* as many as the kernel follows */

/* One way through the tree: what happens at a link, and how many more there may be. */
struct open_walk {
	enum child_links links;
	int flags; /* for what the path ends in */
	int budget;
};

static int open_walk(int at, const char *path, struct open_walk *w);

/* Follows the link that is open as fd, found in directory at. */
static int open_link(int at, int fd, const struct stat *link, struct open_walk *w, int flags)
{
	char text[PATH_MAX];
	struct stat st;

	if (w->links == LINKS_NONE || w->budget-- <= 0)
		return -ELOOP;
	ssize_t n = readlinkat(fd, "", text, sizeof(text));

	if (n < 0)
		return -errno;
	if ((size_t)n == sizeof(text))
		return -ENAMETOOLONG;
	text[n] = '\0';
	/* As Apache: of a chain, the first link's owner is compared with the last target's. */
	struct open_walk target = {LINKS_FOLLOW, flags, w->budget};
	int result = open_walk(at, text, &target);

	w->budget = target.budget;
	if (result < 0 || w->links != LINKS_OWNER)
		return result;
	if (fstat(result, &st) == 0 && st.st_uid == link->st_uid)
		return result;
	fd_close(&result);
	return -ELOOP;
}

/* One component, which may be a link. */
static int open_step(int at, const char *name, struct open_walk *w, int flags)
{
	struct stat st;
	int fd = openat(at, name, flags | O_NOFOLLOW);

	/* ELOOP: a link where a file is to be read; ENOTDIR: where a directory is wanted. */
	if (fd < 0 && errno != ELOOP && errno != ENOTDIR)
		return -errno;
	if (fd >= 0 && (flags & (O_PATH | O_DIRECTORY)) != O_PATH)
		return fd;
	int failed = fd < 0 ? errno : 0;

	if (fd < 0)
		fd = openat(at, name, OPEN_STEP | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	int result = fstat(fd, &st) < 0 ? -errno : -failed;

	if (result == -failed && S_ISLNK(st.st_mode))
		result = open_link(at, fd, &st, w, flags);
	else if (result == 0)
		return fd;
	fd_close(&fd);
	return result;
}

/* The next component of *path into name; false at the end. *last: nothing follows it. */
static bool open_next(const char **path, char name[static NAME_MAX + 1], bool *last, int *error)
{
	const char *p = *path;

	while (*p == '/')
		p++;
	size_t n = strcspn(p, "/");

	if (n == 0)
		return false;
	if (n > NAME_MAX) {
		*error = -ENAMETOOLONG;
		return false;
	}
	memcpy(name, p, n);
	name[n] = '\0';
	*path = p + n;
	*last = p[n] == '\0';
	return true;
}

/* Component by component, following links by their text: no magic link is ever followed. */
static int open_walk(int at, const char *path, struct open_walk *w)
{
	char name[NAME_MAX + 1];
	bool last = false;
	int error = 0;
	int fd = openat(at, *path == '/' ? "/" : ".", OPEN_STEP | O_DIRECTORY);

	if (fd < 0)
		return -errno;
	while (open_next(&path, name, &last, &error)) {
		int next = open_step(fd, name, w, last ? w->flags : OPEN_STEP | O_DIRECTORY);

		fd_close(&fd);
		if (next < 0 || last)
			return next;
		fd = next;
	}
	/* It ended in a slash, or there was nothing: the directory itself. */
	int result = error ? error : openat(fd, ".", w->flags | O_DIRECTORY);

	if (!error && result < 0)
		result = -errno;
	fd_close(&fd);
	return result;
}

/* Part of a path below at, under one policy. */
static int open_part(int at, const char *path, enum child_links links, int flags)
{
	struct open_how how = {.flags = (uint64_t)flags};

	if (links != LINKS_OWNER) {
		how.resolve = RESOLVE_NO_MAGICLINKS;
		if (links == LINKS_NONE)
			how.resolve |= RESOLVE_NO_SYMLINKS;
		long fd = syscall(SYS_openat2, at, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		/* EPERM: a container's filter that does not know the call. */
		if (errno != ENOSYS && errno != EPERM)
			return -errno;
	}
	struct open_walk w = {links, flags, OPEN_LINKS};

	return open_walk(at, path, &w);
}

/* A directory on the way. Not inlined: nobody else needs its buffer's page of the stack. */
__attribute__((noinline)) static int open_through(
    int at, const char *path, size_t n, enum child_links links)
{
	char part[PATH_MAX];

	memcpy(part, path, n);
	part[n] = '\0';
	return open_part(at, part, links, OPEN_STEP | O_DIRECTORY);
}

int child_open(const struct child_dir *dir, const char *path, bool readable)
{
	size_t n = strlen(path);
	int at = AT_FDCWD;
	int wanted = readable ? OPEN_READ : OPEN_STEP;

	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < dir->nruns; i++) {
		size_t from = dir->runs[i].at;
		size_t end = i + 1 < dir->nruns ? dir->runs[i + 1].at : n;

		/* A part that begins with a slash would be a path from the root. */
		while (i && path[from] == '/')
			from++;
		bool last = end >= n;

		int fd = last ? open_part(at, path + from, dir->runs[i].links, wanted)
		              : open_through(at, path + from, end - from, dir->runs[i].links);

		fd_close(&at);
		if (fd < 0 || last)
			return fd;
		at = fd;
	}
	return -ENOENT; /* not reached: the first run begins at 0, the last one takes the rest */
}
