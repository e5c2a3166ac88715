/*
 * A generation's memory: the memfds that `itkd --load` fills, their read-only mappings, the queue,
 * the pipes of its shared logs. Run by the master; the bytes are the loader's, which is root's own.
 */
#include "itkd/fd.h"
#include "itkd/log.h"
#include "master/master.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Far from where the kernel puts programs, heaps, stacks and a sanitizer's shadow (x86-64, arm64).
 */
#define ARENA_FIRST ((uintptr_t)0x200000000000)
#define ARENA_APART ((uintptr_t)0x020000000000)
#define PIPE_BYTES (256 * 1024)

static int new_memfd(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

struct master_gen *master_gen_new(struct master *m)
{
	size_t i = 0;
	while (i < MASTER_GENERATIONS && m->gens[i].state != GEN_FREE)
		i++;
	if (i == MASTER_GENERATIONS)
		return NULL;
	struct master_gen *g = &m->gens[i];
	memset(g, 0, sizeof(*g));
	g->state = GEN_LOADING;
	g->number = ++m->next_generation;
	uint32_t pages;
	if (getrandom(&pages, sizeof(pages), 0) != sizeof(pages))
		fatal_errno("getrandom");
	/* CONF_COMMON_MAX and the parts of 65,536 identities fit between two generations. */
	g->base = (void *)(ARENA_FIRST + i * ARENA_APART + ((uintptr_t)(pages & 0xffffff) << 12));
	char name[64];
	snprintf(name, sizeof(name), "itkd-conf-%u", g->number);
	g->common_fd = new_memfd(name);
	snprintf(name, sizeof(name), "itkd-private-%u", g->number);
	g->private_fd = new_memfd(name);
	snprintf(name, sizeof(name), "itkd-front-table-%u", g->number);
	g->table_fd = new_memfd(name);
	g->tls_fd = g->queue_in = g->queue_out = g->logger_ready = -1;
	for (size_t f = 0; f < MASTER_FRONTS; f++)
		g->fronts[f].control = -1;
	return g;
}

/*
 * The same file without the right to write, and mapped so: nobody who holds the mapping or the
 * descriptor can make it writable again (mmap(2): a MAP_SHARED mapping of an O_RDONLY file).
 */
static bool map_readonly(int *fd, void *at, size_t *size)
{
	struct stat st;
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
	if (fstat(*fd, &st) != 0 || (fcntl(*fd, F_GET_SEALS) & seals) != seals)
		return false;
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	int readonly = open(path, O_RDONLY | O_CLOEXEC);
	if (readonly < 0)
		return false;
	fd_close(fd);
	*fd = readonly;
	*size = (size_t)st.st_size;
	if (*size == 0)
		return true;
	void *p = mmap(at, *size, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, readonly, 0);
	if (p == MAP_FAILED)
		*size = 0;
	return p == at;
}

bool master_gen_map(struct master_gen *g)
{
	char *base = g->base;
	if (!map_readonly(&g->common_fd, base, &g->common_size) ||
	    !map_readonly(&g->private_fd, base + CONF_COMMON_MAX, &g->private_size))
		return false;
	const struct conf *conf = g->base;
	if (g->common_size < sizeof(*conf) || conf->magic != CONF_MAGIC ||
	    conf->format != CONF_FORMAT || conf->base != g->base || conf->generation != g->number ||
	    conf->private_size != g->private_size)
		return false;
	g->conf = conf;
	return true;
}

/*
 * Lines wait in the pipe while its reader is started again; nobody blocks in write(2) on it. The
 * logger reads many pipes, a program expects a standard input as any other.
 */
static bool open_pipe(const struct conf_log *log, struct master_pipe *p)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) != 0)
		return false;
	p->read = fds[0];
	p->write = fds[1];
	/* A larger one is only better: without it, there is room for 64 KiB. */
	if (fcntl(p->write, F_SETPIPE_SZ, PIPE_BYTES) < 0)
		log_msg(LOG_INFO, "F_SETPIPE_SZ: %s", strerror(errno));
	return fcntl(p->write, F_SETFL, O_NONBLOCK) == 0 &&
	       (!conf_log_is_loggers(log) || fcntl(p->read, F_SETFL, O_NONBLOCK) == 0);
}

static bool open_queue(struct master_gen *g)
{
	int pair[2];
	const int on = 1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	g->queue_in = pair[0];
	g->queue_out = pair[1];
	return setsockopt(g->queue_out, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0;
}

bool master_gen_open(struct master_gen *g)
{
	const struct conf *conf = g->conf;
	g->pipes = calloc(conf->nlogs, sizeof(*g->pipes));
	g->listeners = calloc(conf->nlisteners, sizeof(*g->listeners));
	g->programs = calloc(conf->nlogs, sizeof(*g->programs));
	if (!g->pipes || !g->listeners || !g->programs)
		fatal_oom();
	for (uint32_t i = 0; i < conf->nlogs; i++)
		g->pipes[i] = (struct master_pipe){-1, -1};
	for (uint32_t i = 0; i < conf->nlisteners; i++)
		g->listeners[i] = -1;
	for (uint32_t i = 0; i < conf->nlogs; i++)
		if (conf_log_is_pipe(&conf->logs[i]) && !open_pipe(&conf->logs[i], &g->pipes[i]))
			return false;
	return open_queue(g);
}

static void unmap(void *p, size_t n)
{
	if (n > 0 && munmap(p, n) != 0)
		fatal_errno("munmap");
}

void master_gen_free(struct master *m, struct master_gen *g)
{
	master_digest_remove(g);
	for (uint32_t i = 0; g->pipes && i < g->conf->nlogs; i++) {
		fd_close(&g->pipes[i].read);
		fd_close(&g->pipes[i].write);
	}
	for (size_t f = 0; f < MASTER_FRONTS; f++)
		fd_close(&g->fronts[f].control);
	fd_close(&g->queue_in);
	fd_close(&g->queue_out);
	fd_close(&g->logger_ready);
	fd_close(&g->common_fd);
	fd_close(&g->private_fd);
	fd_close(&g->table_fd);
	fd_close(&g->tls_fd);
	free(g->pipes);
	free(g->programs);
	free(g->listeners);
	unmap(g->base, g->common_size);
	unmap((char *)g->base + CONF_COMMON_MAX, g->private_size);
	memset(g, 0, sizeof(*g));
	master_listen_close_unused(m);
}

uint32_t master_gen_foreign(
    const struct master *m, const struct master_gen *own, struct spare_mapping *list)
{
	uint32_t n = 0;
	for (size_t i = 0; i < MASTER_GENERATIONS; i++) {
		const struct master_gen *g = &m->gens[i];
		if (g == own || g->state == GEN_FREE)
			continue;
		if (g->common_size > 0)
			list[n++] = (struct spare_mapping){g->base, g->common_size};
		if (g->private_size > 0)
			list[n++] = (struct spare_mapping){
			    (char *)g->base + CONF_COMMON_MAX, g->private_size};
	}
	return n;
}

void master_gen_unmap_all(struct master *m)
{
	struct spare_mapping list[MASTER_FOREIGN];
	uint32_t n = master_gen_foreign(m, NULL, list);
	for (uint32_t i = 0; i < n; i++)
		unmap(list[i].p, list[i].n);
	unmap(m->scoreboard, sizeof(*m->scoreboard));
}
