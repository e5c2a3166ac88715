/*
 * Opens one log file. Run as root, by the short-lived opener and by the logger before its drop.
 * The file's name comes from the configuration, but who owns the directories on the way may put
 * links there: from the first directory on that is not root's, its owner opens the file. What root
 * put there itself (Apache's logs are root's) stays root's.
 */
#include "itkd/cred.h"

#include "itkd/fd.h"
#include "master/master.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LINKS_MAX 40              /* as many as the kernel follows */
#define NULL_DEVICE makedev(1, 3) /* "CustomLog /dev/null": whoever wants no log writes that */

/* Others than its owner may not put or rename anything in it. */
static bool owner_alone_writes(const struct stat *st)
{
	return !(st->st_mode & (S_IWGRP | S_IWOTH)) || (st->st_mode & S_ISVTX);
}

/*
 * Puts the text of a link into the place of its name, before the rest of the path, which lies in
 * left. The kernel would follow it through directories that nobody looked at.
 */
static bool enter_link(int at, const char *name, char left[static PATH_MAX], const char *rest)
{
	char text[PATH_MAX];
	const ssize_t n = readlinkat(at, name, text, sizeof(text));
	const size_t more = strlen(rest) + 1;
	if (n < 0)
		return false;
	errno = ENAMETOOLONG;
	if ((size_t)n + 1 + more > PATH_MAX)
		return false;
	memmove(left + n + 1, rest, more);
	memcpy(left, text, (size_t)n);
	left[n] = '/';
	return true;
}

/* The next directory on the way, or -1; at is closed. */
static int enter(int at, const char *name)
{
	const int next = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	fd_close(&at);
	return next;
}

/*
 * The directory of path, entered component by component; *owner is the first owner on the way that
 * is not root. A link is followed only where none but root can put one: what is looked at first
 * might be another one when it is opened.
 */
static int open_directory(const char *path, struct stat *owner, const char **why)
{
	char left[PATH_MAX], *save = NULL;
	const size_t n = strlen(path);
	unsigned links = 0;
	bool roots = true; /* nobody else can put anything where at is */
	*why = "the path is too long";
	if (n >= sizeof(left))
		return -1;
	memcpy(left, path, n + 1);
	*strrchr(left, '/') = '\0';
	int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (char *part = strtok_r(left, "/", &save); at >= 0 && part;
	     part = strtok_r(NULL, "/", &save)) {
		struct stat st;
		if (fstatat(at, part, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)) {
			*why = "a directory on the way is a symbolic link that is not root's alone";
			if (!roots || st.st_uid != 0)
				goto refuse;
			errno = ELOOP;
			if (links++ == LINKS_MAX || !enter_link(at, part, left, save))
				goto failed;
			if (left[0] == '/')
				at = enter(at, "/");
			save = left;
			continue;
		}
		at = enter(at, part);
		if (at < 0 || fstat(at, &st) != 0)
			goto failed;
		*why = "a directory on the way can be written by others than its owner";
		if (owner->st_uid == 0 && st.st_uid == 0 && !owner_alone_writes(&st))
			goto refuse;
		if (owner->st_uid == 0)
			*owner = st;
		roots = owner->st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
	}
	if (at >= 0)
		return at;
failed:
	*why = strerror(errno);
refuse:
	fd_close(&at);
	return -1;
}

static int open_file(int dir, const char *name, int create, const char **why)
{
	struct stat st;
	int fd = openat(dir, name,
	    O_WRONLY | O_APPEND | create | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
	if (fd < 0) {
		*why = errno == ELOOP ? "it is a symbolic link" : strerror(errno);
		return -1;
	}
	if (fstat(fd, &st) != 0)
		*why = strerror(errno);
	else if (S_ISCHR(st.st_mode) && st.st_rdev == NULL_DEVICE)
		return fd;
	else if (!S_ISREG(st.st_mode))
		*why = "it is not a regular file";
	else if (st.st_nlink != 1)
		*why = "it has more than one link";
	else
		return fd;
	fd_close(&fd);
	return -1;
}

/* A log that Apache made, and no program: the user may have moved it there from elsewhere. */
static bool left_by_root(const struct stat *st)
{
	return st->st_uid == 0 &&
	       !(st->st_mode & (S_ISUID | S_ISGID | S_IXUSR | S_IXGRP | S_IXOTH));
}

/*
 * As the user whose directory is on the way; else what root left there, as long as no other name
 * leads to it: the user could as well put another file in its place.
 */
static int open_borrowed(int dir, const char *name, const struct stat *owner, const char **why)
{
	struct stat st;
	cred_borrow(owner->st_uid, owner->st_gid);
	int fd = open_file(dir, name, O_CREAT, why);
	cred_return();
	if (fd >= 0)
		return fd;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !left_by_root(&st))
		return -1;
	fd = open_file(dir, name, 0, why);
	if (fd < 0 || (fstat(fd, &st) == 0 && left_by_root(&st)))
		return fd;
	*why = "it was changed meanwhile";
	fd_close(&fd);
	return -1;
}

int master_open_log(const char *path, const char **why)
{
	struct stat owner = {0}, last;
	const char *name = strrchr(path, '/') + 1;
	int fd = -1, dir = open_directory(path, &owner, why);
	if (dir < 0)
		return -1;
	if (fstat(dir, &last) != 0)
		*why = strerror(errno);
	/* Where only root writes, all is of root's hand; such a directory cannot be moved there. */
	else if (owner.st_uid == 0 || (last.st_uid == 0 && !(last.st_mode & (S_IWGRP | S_IWOTH))))
		fd = open_file(dir, name, O_CREAT, why);
	else
		fd = open_borrowed(dir, name, &owner, why);
	fd_close(&dir);
	return fd;
}
