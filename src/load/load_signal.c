/*
 * -k: signals the running server by its PidFile, with httpd's words and exit statuses. Run by the
 * administrator; the PidFile's number counts only when that process is an itkd-master.
 */
#include "load/load_cli.h"

#include "itkd/fd.h"
#include "itkd/status.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define STOP_MS 30000        /* how long -k stop waits for the end */
#define NOT_RUNNING_STATUS 3 /* of -k status, as LSB's init scripts have it */

/* The last value of a path directive of the main server; NULL where it is not given. */
static const char *top_level_path(struct conf_parser *p, enum conf_id id)
{
	const char *path = NULL;

	for (const struct conf_node *n = p->root.children; n; n = n->next)
		if (n->directive && n->directive->id == id && n->nargs == 1)
			path = conf_parse_path(p, n->args[0]);
	return path;
}

const char *load_pid_file(struct cli *c)
{
	struct conf_report report;
	struct loader l;
	const char *dir, *file;

	conf_report_init(&report, &c->a);
	load_init(&l, &c->a, &report);
	load_tree(&l, &c->load);
	file = top_level_path(&l.parser, CONF_ID_PidFile);
	if (file)
		return file;
	dir = top_level_path(&l.parser, CONF_ID_DefaultRuntimeDir);
	return arena_printf(&c->a, "%s/itkd.pid", dir ? dir : "/run/itkd");
}

static bool is_master(pid_t pid)
{
	static const char name[] = "/itkd-master";
	char link[64], path[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	ssize_t n = readlink(link, path, sizeof(path) - 1);

	/* Only root may look; it is root's to signal, too, and the kernel will say so. */
	if (n <= 0)
		return errno == EACCES;
	path[n] = '\0';
	/* " (deleted)" follows where the program was upgraded meanwhile. */
	const char *found = strstr(path, name);

	return found && (found[sizeof(name) - 1] == '\0' || found[sizeof(name) - 1] == ' ');
}

pid_t load_running(const char *pid_file, pid_t *stale)
{
	/* What is no file, as a FIFO, holds nobody up. */
	int fd = open(pid_file, O_RDONLY | O_NONBLOCK | O_CLOEXEC), pid = 0;
	char text[16] = "";

	if (stale)
		*stale = 0;
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) <= 0 || sscanf(text, "%d", &pid) != 1 || pid <= 1)
		pid = 0;
	fd_close(&fd);
	if (pid > 0 && is_master(pid))
		return pid;
	if (stale)
		*stale = pid;
	return 0;
}

static int not_running(pid_t stale)
{
	if (stale > 0)
		printf("itkd (pid %d?) not running\n", (int)stale);
	else
		printf("itkd (no pid file) not running\n");
	return 0;
}

/* By pidfd, so that the number cannot mean another process meanwhile. */
static int send_signal(pid_t pid, int sig, bool wait)
{
	int fd = pidfd_open(pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (fd >= 0 && is_master(pid) && pidfd_send_signal(fd, sig, NULL, 0) == 0) {
		int ended = wait ? poll(&p, 1, STOP_MS) : 1;

		if (ended == 1)
			return 0;
		fprintf(stderr, "itkd: pid %d has not ended within %d seconds\n", (int)pid,
		    STOP_MS / 1000);
		return 1;
	}
	if (errno == ESRCH)
		return not_running(pid);
	fprintf(stderr, "itkd: could not signal pid %d: %s\n", (int)pid, strerror(errno));
	return 1;
}

static int reload(struct cli *c, pid_t pid, int sig)
{
	/* A broken configuration must not even reach the running server. */
	if (!load_run_test(c))
		return 1;
	if (pid > 0)
		return send_signal(pid, sig, false);
	printf("itkd not running, trying to start\n");
	fflush(stdout);
	return load_start(c);
}

int load_signal(struct cli *c)
{
	const char *word = c->signal;
	pid_t stale, pid;

	if (strcmp(word, "start") == 0)
		return load_start(c);
	pid = load_running(load_pid_file(c), &stale);
	if (strcmp(word, "graceful") == 0)
		return reload(c, pid, SIGUSR1);
	if (strcmp(word, "restart") == 0)
		return reload(c, pid, SIGHUP);
	if (strcmp(word, "stop") == 0)
		return pid > 0 ? send_signal(pid, SIGTERM, true) : not_running(stale);
	if (strcmp(word, "graceful-stop") == 0)
		return pid > 0 ? send_signal(pid, SIGWINCH, false) : not_running(stale);
	if (pid > 0)
		return status_print(pid);
	not_running(stale);
	return NOT_RUNNING_STATUS;
}
