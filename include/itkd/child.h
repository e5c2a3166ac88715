/*
 * The child: the vhost's user, one connection. Everything in src/child runs after the drop.
 */
#ifndef ITKD_CHILD_H
#define ITKD_CHILD_H

#include "itkd/conf.h"
#include "itkd/hash.h"
#include "itkd/job.h"
#include "itkd/status_page.h"
#include <sys/resource.h>

struct child_start {
	const struct conf *conf;
	const struct conf_vhost *vhost;
	const struct conf_identity *identity;
	const struct job *job;
	int connection;              /* stream socket, O_NONBLOCK: TCP, or the relay of a front */
	int logs[CONF_VHOST_LOGS];   /* by vhost->logs' index */
	const struct status_page *status; /* NULL: not for this vhost to show */
	int sums, report;            /* status_page.h; -1: no page shows it */
	int digest;                  /* digest_clients.h; -1: none */
	uint8_t secret[HASH_SHA1_SIZE]; /* the identity's, for nonces; another after a restart */
	bool over_cap;               /* no place was free: answer 503 with Retry-After and close */
	struct rlimit nofile;        /* what itkd was started with: for CGI programs */
	pid_t master_group;          /* process group that the child may step into */
};

/*
 * A child's exit status when one of its logs did not take a line: this, the number of the log in
 * vhost->logs, and CONF_VHOST_LOGS times the cause in child_lost_causes.
 */
#define CHILD_LOST 64
#define CHILD_LOST_CAUSES 5
extern const int child_lost_causes[CHILD_LOST_CAUSES]; /* errno; the last: another one */

/* Once, in the master: handlers that every fork of it has. It blocks these signals itself. */
void child_prepare(void);

/*
 * Serves the connection to its end. On entry: signals SIGUSR1, SIGUSR2, SIGURG blocked (the child
 * takes them in ppoll only), SIGPIPE ignored. It makes a process group of its own for its CGI
 * programs.
 *   SIGUSR1  the generation ends: the next answer says Connection: close
 *   SIGUSR2  processes are short: an idle kept connection is closed now
 *   SIGURG   a status page is looked at: this child sends its child_status
 * Returns the exit status.
 */
int child_serve(const struct child_start *start);

/* What a status page shows of a child, which sends it; a child may write what it likes. */
#define CHILD_STATUS_MAGIC 0x63686c64u
struct child_status {
	uint32_t magic;
	char state;          /* Apache's letters: R reading, W writing, K kept, C closing */
	uint32_t requests;         /* of this connection, the current one included */
	uint32_t last_ms;          /* what the last one took */
	int64_t since;             /* seconds, CLOCK_REALTIME: the last one's start */
	struct status_sum sum;     /* all that were answered */
	struct status_sum told;    /* of them, what the master was told */
	int64_t told_at;           /* milliseconds, CLOCK_MONOTONIC */
	char client[64];
	char request[128];
};
extern struct child_status *const child_status;

#endif
