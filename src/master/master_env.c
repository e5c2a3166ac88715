/*
 * The administrator's environment: PassEnv reads it at each load, and what is in it may be one
 * site's secret. It moves into a memfd, which spares close like all else of the master's, and is
 * wiped where the kernel had put it. The master itself needs TZ only.
 */
#include "itkd/log.h"
#include "master/master.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static void put(int fd, const char *s)
{
	for (size_t left = strlen(s) + 1; left > 0;) {
		ssize_t n = write(fd, s, left);
		if (n <= 0)
			fatal_errno("the environment");
		s += n;
		left -= (size_t)n;
	}
}

void master_env_hide(struct master *m)
{
	m->notify = getenv("NOTIFY_SOCKET") != NULL;
	m->environment = memfd_create("itkd-environment", MFD_CLOEXEC);
	if (m->environment < 0)
		fatal_errno("memfd_create");
	for (char **e = environ; *e; e++)
		put(m->environment, *e);
	char *zone = getenv("TZ");
	zone = strdup(zone ? zone : ":/etc/localtime");
	if (!zone)
		fatal_oom();
	for (char **e = environ; *e; e++)
		explicit_bzero(*e, strlen(*e));
	/* Else the first time that each child writes is a look at /etc/localtime. */
	if (clearenv() != 0 || setenv("TZ", zone, 1) != 0)
		fatal_errno("setenv");
	free(zone);
}

char **master_env_read(const struct master *m)
{
	struct stat st;
	if (fstat(m->environment, &st) != 0)
		fatal_errno("the environment");
	const size_t size = (size_t)st.st_size;
	char *text = malloc(size + 1);
	/* No string is shorter than its terminator. */
	char **list = calloc(size + 1, sizeof(*list));
	if (!text || !list)
		fatal_oom();
	if (pread(m->environment, text, size, 0) != (ssize_t)size)
		fatal_errno("the environment");
	size_t n = 0;
	for (char *s = text; s < text + size; s += strlen(s) + 1)
		list[n++] = s;
	return list;
}
