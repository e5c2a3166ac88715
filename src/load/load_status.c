/*
 * `itkd -k status`: reads the scoreboard and the configuration of a running master through
 * /proc/PID/fd, both read-only. Run by the administrator's own command, as root.
 */
#include "itkd/build.h"
#include "itkd/conf.h"
#include "itkd/fd.h"
#include "itkd/scoreboard.h"
#include "itkd/status.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A descriptor of that process on the memfd of that name; -1: there is none. */
static int open_memfd(pid_t pid, const char *name)
{
	char dir[64], link[512], wanted[128];
	int found = -1;
	snprintf(dir, sizeof(dir), "/proc/%d/fd", (int)pid);
	snprintf(wanted, sizeof(wanted), "/memfd:%s (deleted)", name);
	DIR *d = opendir(dir);
	if (!d)
		return -1;
	for (struct dirent *e; found < 0 && (e = readdir(d));) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		if (strcmp(link, wanted) == 0)
			found = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC);
	}
	closedir(d);
	return found;
}

static const void *map_memfd(pid_t pid, const char *name, size_t least, size_t *size)
{
	struct stat st;
	int fd = open_memfd(pid, name);
	if (fd < 0)
		return NULL;
	void *p = MAP_FAILED;
	if (fstat(fd, &st) == 0 && (size_t)st.st_size >= least) {
		*size = (size_t)st.st_size;
		p = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
	}
	fd_close(&fd);
	return p == MAP_FAILED ? NULL : p;
}

/* Its pointers hold at its own address only. */
static const struct conf *map_conf(pid_t pid, uint32_t generation)
{
	char name[64];
	size_t size;
	snprintf(name, sizeof(name), "itkd-conf-%u", generation);
	const struct conf *seen = map_memfd(pid, name, sizeof(*seen), &size);
	if (!seen || seen->magic != CONF_MAGIC || seen->format != CONF_FORMAT)
		return NULL;
	void *base = seen->base;
	void *p = mremap((void *)(uintptr_t)seen, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, base);
	return p == base ? p : NULL;
}

static void print_processes(const struct scoreboard *sb, const struct conf *conf)
{
	unsigned idle = 0, busy = 0;
	for (uint32_t i = 0; i < atomic_load(&sb->high) && i < SCOREBOARD_SLOTS; i++) {
		const uint32_t state = atomic_load(&sb->slots[i].state);
		idle += state == SLOT_IDLE;
		busy += state == SLOT_BUSY;
	}
	printf("%u idle, %u busy, %u at most\n", idle, busy, conf->max_workers);
}

static int by_counter(const void *a, const void *b)
{
	const struct conf_vhost *x = *(const struct conf_vhost *const *)a;
	const struct conf_vhost *y = *(const struct conf_vhost *const *)b;
	if (x->counter != y->counter)
		return x->counter < y->counter ? -1 : 1;
	return (x->max_clients > y->max_clients) - (x->max_clients < y->max_clients);
}

/* One line a site: the blocks of one ServerName and identity share their count. */
static void print_sites(const struct scoreboard *sb, const struct conf *conf)
{
	const struct conf_vhost **sorted = calloc(conf->nvhosts, sizeof(*sorted));
	if (!sorted)
		return;
	memcpy(sorted, conf->vhosts, conf->nvhosts * sizeof(*sorted));
	qsort(sorted, conf->nvhosts, sizeof(*sorted), by_counter);
	for (uint32_t i = 0; i < conf->nvhosts; i++) {
		const struct conf_vhost *v = sorted[i];
		if (i + 1 < conf->nvhosts && sorted[i + 1]->counter == v->counter)
			continue;
		const uint32_t n = scoreboard_count(sb, v->counter);
		const char *user = conf->identities[v->identities[0]].user;
		if (v->max_clients > 0)
			printf("%s %s %u/%u\n", v->server_name, user, n, v->max_clients);
		else
			printf("%s %s %u/-\n", v->server_name, user, n);
	}
	free(sorted);
}

int status_print(pid_t master)
{
	size_t size;
	const struct scoreboard *sb = map_memfd(master, "itkd-scoreboard", sizeof(*sb), &size);
	if (!sb || sb->magic != SCOREBOARD_MAGIC) {
		fprintf(stderr, "itkd: process %d: no scoreboard of this version of itkd\n",
		    (int)master);
		return 1;
	}
	const struct conf *conf = map_conf(master, atomic_load(&sb->active));
	if (!conf) {
		fprintf(
		    stderr, "itkd: process %d: its configuration cannot be read\n", (int)master);
		return 1;
	}
	printf("itkd/%s pid %d generation %u\n", ITKD_VERSION, (int)master, conf->generation);
	print_processes(sb, conf);
	print_sites(sb, conf);
	return 0;
}
