/*
 * PidFile: written once the sockets are bound, removed at a clean end. The lock on it, not its
 * text, says whether its writer lives: a stale file of a dead master is simply taken over.
 */
#include "itkd/log.h"

#include "itkd/fd.h"
#include "master/master.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_directory(struct master *m, const char *path)
{
	char *dir = strdup(path);
	if (!dir)
		fatal_oom();
	char *slash = strrchr(dir, '/');
	*(slash && slash != dir ? slash : dir + 1) = '\0';
	if (mkdir(dir, 0755) == 0)
		m->made_dir = dir;
	else
		free(dir);
}

bool master_pidfile_write(struct master *m, const char *path)
{
	char text[32];
	make_directory(m, path);
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (fd < 0) {
		fprintf(stderr, "itkd: PidFile %s: %s\n", path, strerror(errno));
		return false;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		fprintf(stderr, "itkd: PidFile %s: another itkd holds it\n", path);
		fd_close(&fd);
		return false;
	}
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) {
		fprintf(stderr, "itkd: PidFile %s: %s\n", path, strerror(errno));
		fd_close(&fd);
		return false;
	}
	m->pid_file = strdup(path);
	m->pid_fd = fd;
	return true;
}

void master_pidfile_remove(struct master *m)
{
	if (m->pid_file && unlink(m->pid_file) != 0 && errno != ENOENT)
		log_msg(LOG_ERR, "PidFile %s: %s", m->pid_file, strerror(errno));
	free(m->pid_file);
	m->pid_file = NULL;
	fd_close(&m->pid_fd);
	if (m->made_dir && rmdir(m->made_dir) != 0) {
		/* Others' files, or ours of what still runs: again at the end. */
		if (errno == ENOTEMPTY)
			return;
		if (errno != ENOENT)
			log_msg(LOG_ERR, "%s: %s", m->made_dir, strerror(errno));
	}
	free(m->made_dir);
	m->made_dir = NULL;
}
