/*
 * The front from its start as root to its end: everything that needs a right or a file comes
 * first, then the rights go, then the first byte of the network is read. Run by `itkd: front`.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/arena.h"
#include "itkd/cred.h"
#include "itkd/front_proto.h"
#include "itkd/log.h"
#include "itkd/sandbox.h"
#include "itkd/scoreboard.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct front front;

static void run_signals(void)
{
	sigset_t none;

	if (sigemptyset(&none) != 0 || sigprocmask(SIG_SETMASK, &none, NULL) != 0 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		fatal_errno("signals");
}

static void run_table(void)
{
	static struct arena arena;

	front.conf = front_conf(&arena);
}

static void run_scoreboard(void)
{
	struct stat st;
	void *p;

	if (fstat(FRONT_FD_SCOREBOARD, &st) != 0)
		fatal_errno("scoreboard");
	if (st.st_size < (off_t)sizeof(struct scoreboard))
		fatal("the scoreboard is too small");
	p = mmap(NULL, sizeof(struct scoreboard), PROT_READ, MAP_SHARED, FRONT_FD_SCOREBOARD, 0);
	if (p == MAP_FAILED)
		fatal_errno("scoreboard");
	front.scoreboard = p;
	if (front.scoreboard->magic != SCOREBOARD_MAGIC)
		fatal("the scoreboard is not one");
}

/* A later localtime_r(3) must find the time zone in memory: there is no file to read then. */
static void run_time_zone(void)
{
	time_t now = time(NULL);
	struct tm tm;

	if (!getenv("TZ") && setenv("TZ", ":/etc/localtime", 1) != 0)
		fatal_oom();
	tzset();
	if (!localtime_r(&now, &tm))
		fatal_errno("localtime");
}

/* Callbacks until the loop looks who else is ready: what goes on by event_active() is one, too. */
#define RUN_CALLBACKS 8

static void run_loop_start(void)
{
	struct event_config *config = event_config_new();

	/* Only epoll tells of a FIN by itself (EV_CLOSED) and of edges. */
	if (!config ||
	    event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE) ||
	    event_config_set_max_dispatch_interval(config, NULL, RUN_CALLBACKS, 0) ||
	    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV))
		fatal("libevent cannot be set up");
	front.base = event_base_new_with_config(config);
	event_config_free(config);
	if (!front.base)
		fatal("libevent has no epoll");
}

static void run_close(int fd)
{
	if (close(fd) != 0)
		fatal_errno("close");
}

void front_run(void)
{
	if (prctl(PR_SET_NAME, "itkd: front") != 0)
		fatal_errno("prctl");
	run_signals();
	run_time_zone();
	run_table();
	run_scoreboard();
	run_loop_start();
	front_tls_start();
	front_logs_receive();
	run_close(FRONT_FD_TABLE);
	run_close(FRONT_FD_SCOREBOARD);
	front_limit_start();
	front_control_start();
	front_wait_start();
	front_accept_start();

	/*
	 * SIGCONT needs no right within a session, and sites' programs are in the master's. (The
	 * logger stays there: the kernel shares the processors out by sessions, and one of its own
	 * would run for each line.)
	 */
	if (setsid() < 0)
		fatal_errno("setsid");
	cred_become_service(front.conf->front_uid, front.conf->front_gid, FRONT_FD_ROOT);
	sandbox_front();
	front_control_send(FRONT_READY, 0);
	if (event_base_dispatch(front.base) < 0)
		fatal("the event loop failed");
	/* Not exit(3): what the libraries would free now, the kernel frees at once. */
	_exit(0);
}
