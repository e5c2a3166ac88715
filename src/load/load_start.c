/*
 * Starting the server: itkd becomes itkd-master, which runs itkd --load for the configuration. Run
 * by the administrator or by systemd.
 */
#include "load/load_cli.h"

#include "itkd/build.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *self(void)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	return path;
}

/* Beside this program, as in a build tree; else where it was installed to. */
const char *load_program(const char *name)
{
	const char *own = self(), *slash = own ? strrchr(own, '/') : NULL;
	char *path;

	if (slash) {
		if (asprintf(&path, "%.*s/%s", (int)(slash - own), own, name) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	if (asprintf(&path, "%s/%s", ITKD_LIBEXECDIR, name) < 0)
		return NULL;
	if (access(path, X_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* The options that say what the configuration is, for --load at the start and at each reload. */
static size_t put_options(const char **argv, const struct load_options *o)
{
	size_t n = 0;

	argv[n++] = "-f";
	argv[n++] = o->config_file;
	if (o->server_root) {
		argv[n++] = "-d";
		argv[n++] = o->server_root;
	}
	for (unsigned i = 0; i < o->ndefines; i++) {
		argv[n++] = "-D";
		argv[n++] = o->defines[i];
	}
	for (unsigned i = 0; i < o->npre; i++) {
		argv[n++] = "-C";
		argv[n++] = o->pre[i];
	}
	for (unsigned i = 0; i < o->npost; i++) {
		argv[n++] = "-c";
		argv[n++] = o->post[i];
	}
	return n;
}

static int exec_master(const struct cli *c, const char *master, const char *front)
{
	const struct load_options *o = &c->load;
	size_t most = 16 + 2 * (size_t)(o->ndefines + o->npre + o->npost), n = 0;
	const char **argv = calloc(most, sizeof(*argv));

	if (!argv) {
		perror("itkd");
		return 1;
	}
	argv[n++] = "itkd-master";
	if (c->foreground)
		argv[n++] = "--foreground";
	argv[n++] = "--loader";
	argv[n++] = self();
	argv[n++] = "--front";
	argv[n++] = front;
	argv[n++] = "--";
	put_options(argv + n, o);
	/* execv(2) does not write to them; its prototype is older than const. */
	execv(master, (char *const *)(uintptr_t)argv);
	fprintf(stderr, "itkd: %s: %s\n", master, strerror(errno));
	return 1;
}

int load_start(const struct cli *c)
{
	const char *master = load_program("itkd-master"), *front = load_program("itkd-front");
	struct arena a;
	pid_t pid;

	if (geteuid() != 0) {
		fprintf(stderr, "itkd: must be run as root: it binds ports below 1024, opens logs "
		                "and becomes each virtual host's user\n");
		return 1;
	}
	if (!self() || !master || !front) {
		fprintf(stderr,
		    "itkd: itkd-master and itkd-front are neither beside this program nor in %s\n",
		    ITKD_LIBEXECDIR);
		return 1;
	}
	arena_init_heap(&a, SIZE_MAX / 2);
	pid = load_running(load_pid_file(c, &a), NULL);
	if (pid > 0) {
		printf("itkd (pid %d) already running\n", (int)pid);
		return 1;
	}
	arena_free(&a);
	return exec_master(c, master, front);
}
