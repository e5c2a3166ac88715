/* What the files of src/master share. Nothing outside it includes this. */
#ifndef ITKD_MASTER_H
#define ITKD_MASTER_H

#include "itkd/conf.h"
#include "itkd/scoreboard.h"
#include "itkd/spare.h"
#include "itkd/status_page.h"
#include <stdbool.h>
#include <sys/resource.h>

#define MASTER_GENERATIONS 8 /* alive at once; a reload waits when all are in use */
#define MASTER_LISTENERS CONF_LISTENERS_MAX
#define MASTER_FRONTS CONF_FRONTS_MAX
#define MASTER_FOREIGN (2 * MASTER_GENERATIONS) /* mappings that a spare does not keep */

/* A process that is started again when it ends, more slowly when it ends at once again. */
struct throttle {
	int64_t started;    /* ms */
	int64_t not_before; /* ms; no start earlier than that */
	unsigned failures;   /* in a row, each within a second of its start */
};

struct master_front {
	pid_t pid;    /* 0: none */
	int control;  /* our end; -1: none */
	pid_t opener; /* sends it the logs' descriptors; 0: done */
	bool ready;
	bool draining, drained; /* it was told to accept no more; it does not */
	uint32_t pings; /* sent in a row without an answer */
	struct throttle throttle;
};

/* A log that several identities write: both ends stay here, so that no line is lost with a logger.
 */
struct master_pipe {
	int read, write;
};

/* The program of a log: it reads the log's pipe, of which both ends stay here. */
struct master_program {
	pid_t pid; /* 0: none */
	struct throttle throttle;
};

enum gen_state {
	GEN_FREE,
	GEN_LOADING,  /* `itkd --load` runs */
	GEN_CHECKING, /* `itkd-front --check` runs */
	GEN_STARTING, /* logger and fronts start; not all are ready */
	GEN_READY,    /* waits until the fronts of the old generation accept no more */
	GEN_ACTIVE,
	GEN_DRAINING, /* its fronts accept no more */
};

struct master_gen {
	enum gen_state state;
	uint32_t number;
	const struct conf *conf; /* mapped read-only; NULL while loading */
	void *base;
	size_t common_size, private_size;
	int common_fd, private_fd, table_fd, tls_fd; /* memfds; -1: none */
	int queue_in, queue_out;   /* fronts write queue_in, spares read queue_out */
	int *listeners;            /* by conf->listeners; indexes into master.sockets */
	struct master_pipe *pipes; /* by log id; -1/-1 where the log is no pipe */
	struct master_program *programs; /* by log id */
	bool programs_started;
	bool digest_made; /* the files of master_digest.c are there */
	int64_t programs_end;     /* ms; their pipes were closed, until then they may go on */
	pid_t helper;              /* loader or checker */
	pid_t logger;
	int logger_ready; /* read end: a byte when every log is open */
	bool logs_open;
	struct throttle logger_throttle;
	uint32_t nfronts;
	struct master_front fronts[MASTER_FRONTS];
	int64_t deadline;  /* ms; starting: gives up; draining: kills what is left; 0: none */
	bool overdue;      /* draining: what is left of it is ended, nothing new is begun */
};

/* A listening socket; kept as long as a generation uses it. */
struct master_socket {
	int fd; /* -1: free */
	struct sockaddr_storage addr;
	socklen_t addr_len;
	bool v6only;
};

/* What a status page shows: master_status.c. All -1 until a configuration has one. */
struct master_status {
	int sums, asked; /* children write fds.sums and fds.ask */
	struct status_fds fds;
	struct status_totals totals;
	int64_t next_ask; /* ms */
};

/* Lines that sites' own logs did not take, and of which nothing was said yet. */
struct master_lost {
	uint32_t n; /* processes that lost some */
	int64_t told;
	char where[512];
};

struct master {
	char *const *loader_args; /* NULL-terminated config options for `itkd --load` */
	const char *loader, *front;
	int environment; /* the administrator's, in a memfd */
	bool notify;     /* NOTIFY_SOCKET is in it */
	bool foreground;
	int standard[3]; /* the administrator's 1 and 2, by number; -1: none, of a daemon */
	int ready_pipe; /* daemonizing: the waiting parent reads the exit status; -1: none */
	struct rlimit nofile;
	uint64_t seed;
	pid_t group;

	int signals;       /* signalfd */
	int taken;         /* eventfd that spares write */
	int scoreboard_fd; /* O_RDONLY */
	int tickets_fd;
	int empty_root; /* of fronts and loggers; made once, so that none of them leaves one */
	struct master_status status;
	struct scoreboard *scoreboard;
	pid_t pids[SCOREBOARD_SLOTS]; /* by slot; 0: free */
	struct master_socket sockets[MASTER_LISTENERS];
	struct master_gen gens[MASTER_GENERATIONS];
	struct master_gen *active;
	uint32_t next_generation;

	bool reload_wanted;
	bool ending;   /* a graceful stop */
	bool stopping; /* nothing is replaced any more */
	int64_t stop_deadline;
	struct throttle spares;
	struct master_lost lost;
	int64_t next_beat;
	uint32_t hurry;            /* where the search for idle children goes on */
	char *pid_file, *made_dir; /* to remove at the end; NULL: nothing */
	int pid_fd;                /* holds the lock on pid_file; -1: none */
	bool announced;            /* the service manager was told READY */
};

/* master_run.c */
int master_run(struct master *m);
void master_tell_parent(struct master *m, int status);

/* master_env.c */
void master_env_hide(struct master *m);
/* Allocated; for execve(2) in a forked process. */
char **master_env_read(const struct master *m);

/* master_code.c */
void master_code_gather(void);

/* master_gen.c: memfds, mappings, pipes, the queue */
struct master_gen *master_gen_new(struct master *m);
bool master_gen_map(struct master_gen *g);
bool master_gen_open(struct master_gen *g);
void master_gen_free(struct master *m, struct master_gen *g);
/* In a process that needs none of it: configurations, scoreboard. */
void master_gen_unmap_all(struct master *m);
uint32_t master_gen_foreign(
    const struct master *m, const struct master_gen *own, struct spare_mapping *list);

/* master_load.c: the steps of a (re)load */
void master_load_start(struct master *m);
void master_load_helper_ended(struct master *m, struct master_gen *g, int status);
void master_load_advance(struct master *m, struct master_gen *g);
void master_load_fail(struct master *m, struct master_gen *g, const char *why);
void master_load_abandon(struct master *m, struct master_gen *g);

/* master_drain.c: the end of a generation */
void master_drain_start(struct master *m, struct master_gen *g, uint32_t seconds);
void master_drain_advance(struct master *m, struct master_gen *g);

/* master_listen.c */
bool master_listen_open(struct master *m, struct master_gen *g, bool again);
void master_listen_close_unused(struct master *m);

/* master_log.c: the logger process, and the opener that gives a front its logs */
void master_log_start(struct master *m, struct master_gen *g);
void master_log_ready(struct master *m, struct master_gen *g);
void master_log_ended(struct master *m, struct master_gen *g);
pid_t master_log_send(struct master_gen *g, int to); /* -1: no process could be had */

/* master_program.c: the programs that logs are piped to */
void master_program_start(struct master *m, struct master_gen *g);
void master_program_beat(struct master *m, struct master_gen *g);
bool master_program_ended(struct master *m, struct master_gen *g, pid_t pid);
/* Their pipes are closed: they are to end. False: some of them go on. */
bool master_program_finish(struct master_gen *g);
void master_program_kill(struct master_gen *g, int signal);

/* A description of its own for a pipe's write end: nobody else can change its flags. -1: errno */
int master_log_reopen(int pipe, int flags);

/* master_open.c: one log file; -1 with *why */
int master_open_log(const char *path, const char **why);

/* master_front.c */
void master_front_start(struct master *m, struct master_gen *g, uint32_t index);
void master_front_message(struct master *m, struct master_gen *g, struct master_front *f);
void master_front_beat(struct master *m, struct master_gen *g);
void master_front_accept(struct master_gen *g);
void master_front_drain(struct master_gen *g);
bool master_front_drained(const struct master_gen *g);
void master_front_ended(struct master *m, struct master_gen *g, struct master_front *f, int status);
void master_front_opener_ended(
    struct master *m, struct master_gen *g, struct master_front *f, int status);

/* master_exec.c: the programs that the master starts */
pid_t master_exec_load(struct master *m, struct master_gen *g);
pid_t master_exec_check(struct master *m, struct master_gen *g);
pid_t master_exec_front(struct master *m, struct master_gen *g, int control, int logs);
pid_t master_exec_program(struct master *m, struct master_gen *g, uint32_t log);
void master_exec_notify(struct master *m, const char *first, const char *second);
/* In a new process: the master's signals, which it blocks, are for the master. */
void master_signals_unblock(void);

/* master_pool.c: spares and children */
void master_pool_fill(struct master *m);
void master_pool_trim(struct master *m);
bool master_pool_hurry(struct master *m);
bool master_pool_ended(struct master *m, pid_t pid, int status, const struct rusage *used);
uint32_t master_pool_count(const struct master *m, const struct master_gen *g);
bool master_pool_waiting(const struct master_gen *g);
void master_pool_signal(const struct master *m, const struct master_gen *g, int signal);

/* master_lost.c: a child's status that says that lines were lost; end: say it at once */
bool master_lost_status(int status);
void master_lost_add(struct master *m, const struct scoreboard_slot *slot, int status);
void master_lost_tell(struct master *m, bool end);

/* master_reap.c */
void master_reap(struct master *m);
/* A signal to a process of ours, or, as in kill(2), to the group of one; a failure is logged. */
void master_kill(pid_t pid, int number);
bool master_throttle_ready(const struct throttle *t, int64_t now);
void master_throttle_started(struct throttle *t, int64_t now);
void master_throttle_ended(struct throttle *t, int64_t now);

/* master_status.c: what a status page shows */
void master_status_open(struct master *m, const struct master_gen *g);
void master_status_ended(struct master *m, const struct rusage *used);
void master_status_take(struct master *m);

/* master_stop.c */
void master_stop(struct master *m);
void master_graceful_stop(struct master *m);

/* master_digest.c */
void master_digest_make(struct master_gen *g);
void master_digest_remove(struct master_gen *g);

/* master_pidfile.c */
bool master_pidfile_write(struct master *m, const char *path);
void master_pidfile_remove(struct master *m);

#endif
