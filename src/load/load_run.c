/*
 * `itkd -t` and -S: the same build as --load, in this process's own memory, and `itkd-front
 * --check` for what only OpenSSL can tell: whether certificates and keys can be read and fit. Run
 * by the administrator.
 */
#include "load/load_cli.h"

#include "itkd/fd.h"
#include "itkd/front_proto.h"
#include "itkd/front_table.h"
#include "itkd/log.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Above the descriptors that the program is given. */
static int high_memfd(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FRONT_FD_LISTENERS);

	fd_close(&fd);
	return high;
}

static bool fill_table(const struct conf *conf, int fd)
{
	uint8_t *table = NULL;
	size_t n = front_table_encode(conf, &table);
	bool ok = ftruncate(fd, (off_t)n) == 0 && pwrite(fd, table, n, 0) == (ssize_t)n;

	free(table);
	return ok;
}

/* The exit status; -1: it could not be run. */
static int spawn_check(const char *front, int table, int tls)
{
	char name[] = "itkd-front", mode[] = "--check", *argv[] = {name, mode, NULL};
	posix_spawn_file_actions_t fds;
	int status = -1;
	pid_t pid;

	if (posix_spawn_file_actions_init(&fds) != 0)
		return -1;
	if (posix_spawn_file_actions_adddup2(&fds, table, FRONT_FD_TABLE) == 0 &&
	    posix_spawn_file_actions_adddup2(&fds, tls, FRONT_FD_TLS) == 0 &&
	    posix_spawn(&pid, front, &fds, NULL, argv, environ) == 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	posix_spawn_file_actions_destroy(&fds);
	return status;
}

static bool has_tls(const struct conf *conf)
{
	for (uint32_t i = 0; i < conf->nvhosts; i++)
		if (conf->vhosts[i]->tls.engine)
			return true;
	return false;
}

/* Its messages go to stderr, as ours. */
static bool front_check(struct cli *c, const struct conf *conf)
{
	const char *front = load_program(&c->a, "itkd-front");
	int table, tls, status = -1;

	if (!has_tls(conf))
		return true;
	if (!front) {
		fprintf(stderr, "itkd: itkd-front is not there to check the certificates\n");
		return false;
	}
	table = high_memfd("itkd-front-table");
	tls = high_memfd("itkd-tls");
	if (table >= 0 && tls >= 0 && fill_table(conf, table))
		status = spawn_check(front, table, tls);
	if (status == -1)
		fprintf(stderr, "itkd: itkd-front --check cannot be run: %s\n", strerror(errno));
	fd_close(&table);
	fd_close(&tls);
	return status == 0;
}

/* -e: the notes that -t adds are what Apache calls notices. */
static enum conf_severity least_severe(const struct cli *c, bool notes)
{
	if (c->level < LOG_WARNING)
		return CONF_ERROR;
	return notes && c->level >= LOG_NOTICE ? CONF_NOTE : CONF_WARNING;
}

/* Builds into l; messages go to stderr. */
static const struct conf *build(struct loader *l, struct cli *c, bool notes)
{
	struct conf_report *report = ARENA_NEW(&c->a, struct conf_report);
	struct load_region region;
	const struct conf *conf = NULL;

	conf_report_init(report, &c->a);
	load_init(l, &c->a, report);
	if (load_region_own(&region, report))
		conf = load_build(l, &c->load, &region, 1);
	conf_report_print(report, stderr, least_severe(c, notes));
	conf_report_print_apache(report, stderr);
	return conf;
}

bool load_run_test(struct cli *c)
{
	struct loader l;
	const struct conf *conf = build(&l, c, false);

	return conf && front_check(c, conf);
}

int load_run_check(struct cli *c)
{
	bool dump = c->dump_vhosts || c->dump_run_cfg || c->dump_includes || c->dump_modules;
	struct loader l;

	c->load.check_only = true;
	const struct conf *conf = build(&l, c, !dump);

	/* As httpd: the files that were read are shown even where they hold an error. */
	if (c->dump_includes)
		load_dump_includes(&l);
	if (!conf || (!dump && !front_check(c, conf)))
		return 1;
	if (c->dump_vhosts)
		load_dump_vhosts(&l);
	if (c->dump_run_cfg)
		load_dump_run(&l);
	if (c->dump_modules)
		load_dump_modules();
	if (c->dump_certs)
		load_dump_certs(&l);
	if (!dump)
		fprintf(stderr, "Syntax OK\n");
	return fflush(stdout) == 0 ? 0 : 1;
}
