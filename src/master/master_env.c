/*
 * The administrator's environment: PassEnv reads it at each load, and what is in it may be one
 * site's secret. It moves into a mapping of its own, which spares unmap like the configurations of
 * other generations, and is wiped where the kernel had put it. The master itself needs TZ only.
 */
#include "itkd/log.h"
#include "master/master.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

extern char **environ;

void master_env_hide(struct master *m)
{
	size_t n = 0, bytes = 0;
	for (; environ[n]; n++)
		bytes += strlen(environ[n]) + 1;
	m->notify = getenv("NOTIFY_SOCKET") != NULL;
	m->environment_size = (n + 1) * sizeof(char *) + bytes;
	m->environment = mmap(
	    NULL, m->environment_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->environment == MAP_FAILED)
		fatal_errno("mmap");
	char *at = (char *)(m->environment + n + 1);
	for (size_t i = 0; i < n; i++) {
		const size_t len = strlen(environ[i]) + 1;
		m->environment[i] = memcpy(at, environ[i], len);
		at += len;
	}
	char *zone = getenv("TZ");
	zone = strdup(zone ? zone : ":/etc/localtime");
	if (!zone)
		fatal_oom();
	for (size_t i = 0; i < n; i++)
		explicit_bzero(environ[i], strlen(environ[i]));
	/* Else the first time that each child writes is a look at /etc/localtime. */
	if (clearenv() != 0 || setenv("TZ", zone, 1) != 0)
		fatal_errno("setenv");
	free(zone);
}
