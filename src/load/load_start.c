/*
 * Starting the server: itkd becomes itkd-master, which runs itkd --load for the configuration. Run
 * by the administrator or by systemd.
 */
#include "load/load_cli.h"

#include "itkd/build.h"
#include "itkd/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define ENDING_MS 100

const char *load_self(struct arena *a)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	return n > 0 ? arena_strndup(a, path, (size_t)n) : NULL;
}

/* Beside this program, as in a build tree; else where it was installed to. */
const char *load_program(struct arena *a, const char *name)
{
	const char *own = load_self(a), *slash = own ? strrchr(own, '/') : NULL, *path;

	if (slash) {
		path = arena_printf(a, "%.*s/%s", (int)(slash - own), own, name);
		if (access(path, X_OK) == 0)
			return path;
	}
	path = arena_printf(a, "%s/%s", ITKD_LIBEXECDIR, name);
	return access(path, X_OK) == 0 ? path : NULL;
}

/* The options that say what the configuration is, for --load at the start and at each reload. */
static void put_options(const char **argv, const struct load_options *o)
{
	size_t n = 0;

	argv[n++] = "-f";
	argv[n++] = o->config_file;
	if (o->server_root) {
		argv[n++] = "-d";
		argv[n++] = o->server_root;
	}
	if (o->no_root_check)
		argv[n++] = "-T";
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
}

static int exec_master(struct cli *c, const char *master, const char *front)
{
	const struct load_options *o = &c->load;
	size_t most = 16 + 2 * (size_t)(o->ndefines + o->npre + o->npost), n = 0;
	const char **argv = arena_array(&c->a, most, sizeof(*argv));

	argv[n++] = "itkd-master";
	if (c->foreground)
		argv[n++] = "--foreground";
	argv[n++] = "--loader";
	argv[n++] = load_self(&c->a);
	argv[n++] = "--front";
	argv[n++] = front;
	argv[n++] = "--";
	put_options(argv + n, o);
	/* execv(2) does not write to them; its prototype is older than const. */
	execv(master, (char *const *)(uintptr_t)argv);
	fprintf(stderr, "itkd: %s: %s\n", master, strerror(errno));
	return 1;
}

/* 0, 1 and 2 for whoever was started without: what is opened next is none of them. */
static bool have_standard(void)
{
	int fd = 0;

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDWR);
	return fd >= 0 && close(fd) == 0;
}

/* One that was killed a moment ago still runs for some milliseconds. */
static bool ends_now(pid_t pid)
{
	int fd = pidfd_open(pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool ended = fd < 0 ? errno == ESRCH : poll(&p, 1, ENDING_MS) == 1;

	fd_close(&fd);
	return ended;
}

int load_start(struct cli *c)
{
	const char *master = load_program(&c->a, "itkd-master");
	const char *front = load_program(&c->a, "itkd-front");
	pid_t pid;

	if (geteuid() != 0) {
		fprintf(stderr, "itkd: must be run as root: it binds ports below 1024, opens logs "
		                "and becomes each virtual host's user\n");
		return 1;
	}
	if (!have_standard() || !load_self(&c->a)) {
		fprintf(stderr, "itkd: /dev/null or /proc/self/exe: %s\n", strerror(errno));
		return 1;
	}
	if (!master || !front) {
		fprintf(stderr,
		    "itkd: itkd-master and itkd-front are neither beside this program nor in %s\n",
		    ITKD_LIBEXECDIR);
		return 1;
	}
	pid = load_running(load_pid_file(c), NULL);
	if (pid > 0 && !ends_now(pid)) {
		printf("itkd (pid %d) already running\n", (int)pid);
		/* As httpd's: -k start has nothing more to do. */
		return c->signal ? 0 : 1;
	}
	return exec_master(c, master, front);
}
