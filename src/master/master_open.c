/*
 * Opens one log file. Run as root, by the short-lived opener and by the logger before its drop.
 * The file's name comes from the configuration, but who owns the directories on the way may put
 * links there: from the first directory on that is not root's, its owner opens the file.
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

#define NULL_DEVICE makedev(1, 3) /* "CustomLog /dev/null": whoever wants no log writes that */

/* Others than its owner may not put or rename anything in it. */
static bool owner_alone_writes(const struct stat *st)
{
	return !(st->st_mode & (S_IWGRP | S_IWOTH)) || (st->st_mode & S_ISVTX);
}

/*
 * The directory of path, entered component by component; *owner is the first owner on the way that
 * is not root. A link to a directory is followed only where root made it.
 */
static int open_directory(const char *path, struct stat *owner, const char **why)
{
	char dir[PATH_MAX];
	size_t n = strlen(path);
	if (n >= sizeof(dir)) {
		*why = "the path is too long";
		return -1;
	}
	memcpy(dir, path, n + 1);
	*strrchr(dir, '/') = '\0';
	int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (char *save = NULL, *part = strtok_r(dir, "/", &save); at >= 0 && part;
	     part = strtok_r(NULL, "/", &save)) {
		struct stat st;
		const int follow = owner->st_uid == 0 ? 0 : O_NOFOLLOW;
		if (fstatat(at, part, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) &&
		    st.st_uid != 0) {
			fd_close(&at);
			*why = "a directory on the way is a symbolic link of a user";
			return -1;
		}
		int next = openat(at, part, O_PATH | O_DIRECTORY | O_CLOEXEC | follow);
		int error = errno;
		fd_close(&at);
		at = next;
		errno = error;
		if (at < 0 || fstat(at, &st) != 0)
			break;
		if (owner->st_uid == 0 && st.st_uid != 0)
			*owner = st;
		else if (owner->st_uid == 0 && !owner_alone_writes(&st)) {
			fd_close(&at);
			*why = "a directory on the way can be written by others than its owner";
			return -1;
		}
	}
	if (at < 0)
		*why = strerror(errno);
	return at;
}

static int open_file(int dir, const char *name, const char **why)
{
	struct stat st;
	int fd = openat(dir, name,
	    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
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

int master_open_log(const char *path, const char **why)
{
	struct stat owner = {0};
	int dir = open_directory(path, &owner, why);
	if (dir < 0)
		return -1;
	if (owner.st_uid != 0)
		cred_borrow(owner.st_uid, owner.st_gid);
	int fd = open_file(dir, strrchr(path, '/') + 1, why);
	if (owner.st_uid != 0)
		cred_return();
	fd_close(&dir);
	return fd;
}
