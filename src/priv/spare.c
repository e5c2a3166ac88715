/*
 * A spare process, from the fork to the drop: the code that holds CAP_SETUID, CAP_SETGID and
 * CAP_SYS_NICE. It reads one job of a front's, which it does not trust: small numbers, each
 * checked against the configuration of its own generation. What it cannot check it does not use.
 */
#include "itkd/spare.h"
#include "itkd/child.h"
#include "itkd/cred.h"
#include "itkd/hash.h"
#include "itkd/job.h"
#include "itkd/log.h"
#include "itkd/sandbox.h"
#include "itkd/status_page.h"
#include "itkd/title.h"
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

struct received {
	struct job job;
	pid_t sender;
	int fds[JOB_FDS_MAX];
	size_t nfds;
};

static void unmap(void *p, size_t n)
{
	if (n > 0 && munmap(p, n) != 0)
		fatal_errno("munmap");
}

static void close_from_to(int from, int to)
{
	if (from <= to && close_range((unsigned)from, (unsigned)to, 0) != 0)
		fatal_errno("close_range");
}

static void close_if_open(int fd)
{
	if (fd >= 0 && close(fd) != 0)
		fatal_errno("close");
}

/* 0 and 1 are /dev/null, 2 the main error log; what else the master holds is not for a spare. */
static void keep_own(const struct spare_start *s)
{
	const int keep[] = {
	    s->queue, s->taken, s->status.sums, s->status.report, s->status.reports, s->status.ask};
	int from = 3;
	for (;;) {
		int next = INT_MAX;
		for (size_t i = 0; i < sizeof(keep) / sizeof(*keep); i++)
			if (keep[i] >= from && keep[i] < next)
				next = keep[i];
		close_from_to(from, next - 1);
		if (next == INT_MAX)
			return;
		from = next + 1;
	}
}

static void settle(const struct spare_start *s)
{
	sigset_t blocked;
	if (sigemptyset(&blocked) != 0 || sigaddset(&blocked, SIGUSR1) != 0 ||
	    sigaddset(&blocked, SIGUSR2) != 0 || sigaddset(&blocked, SIGURG) != 0 ||
	    sigprocmask(SIG_SETMASK, &blocked, NULL) != 0)
		fatal_errno("sigprocmask");
	title_set("itkd: spare");
	/* Not by the master: a job may come before it runs again. */
	atomic_store(&s->scoreboard->slots[s->slot].pid, getpid());
	keep_own(s);
	for (uint32_t i = 0; i < s->nforeign; i++)
		unmap(s->foreign[i].p, s->foreign[i].n);
	sandbox_limit_ids(s->conf);
	cred_become_spare();
}

/* Takes what came with the message; false when a descriptor is missing or too many came. */
static bool collect(struct msghdr *msg, struct received *r)
{
	bool ok = true;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred cred;
			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
			r->sender = cred.pid;
		} else if (c->cmsg_type == SCM_RIGHTS) {
			size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			ok = ok && r->nfds == 0 && n <= JOB_FDS_MAX;
			if (ok) {
				memcpy(r->fds, CMSG_DATA(c), n * sizeof(int));
				r->nfds = n;
			}
		}
	}
	return ok;
}

/* The master makes the slot free when it has reaped us; it also looks at who is to blame. */
_Noreturn static void blame(const struct spare_start *s, const struct received *r, const char *why)
{
	struct scoreboard_slot *slot = &s->scoreboard->slots[s->slot];
	log_msg(LOG_CRIT, "a bad job from process %d: %s", (int)r->sender, why);
	atomic_store(&slot->culprit, r->sender);
	atomic_store(&slot->state, SLOT_BAD_JOB);
	_exit(1);
}

/*
 * The first job of the queue. The kernel wakes one waiting spare a message. The end of the file
 * means that master and fronts are gone; an empty message has a sender and is a bad job.
 */
static void receive(const struct spare_start *s, struct received *r)
{
	uint8_t bytes[JOB_MAX];
	union {
		struct cmsghdr align;
		char
		    space[CMSG_SPACE(sizeof(int) * JOB_FDS_MAX) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = {bytes, sizeof(bytes)};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(s->queue, &msg, MSG_CMSG_CLOEXEC);
	if (n < 0)
		fatal_errno("recvmsg on the queue");
	bool whole = collect(&msg, r);
	if (n == 0 && r->sender == 0)
		_exit(0);
	if ((msg.msg_flags & MSG_CTRUNC) && whole && r->nfds < JOB_FDS_MAX)
		fatal("descriptors were lost: out of files?");
	if (!whole || (msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC)))
		blame(s, r, "too long, or too many descriptors");
	if (!job_decode(&r->job, bytes, (size_t)n))
		blame(s, r, "not a job");
}

static int socket_option(int fd, int option)
{
	int value;
	socklen_t len = sizeof(value);
	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : -1;
}

/* Not a listening one: it is everybody's, and the child would set options of it. */
static bool is_stream(int fd, bool relay)
{
	const int domain = socket_option(fd, SO_DOMAIN);
	if (relay ? domain != AF_UNIX : domain != AF_INET && domain != AF_INET6)
		return false;
	return socket_option(fd, SO_TYPE) == SOCK_STREAM && socket_option(fd, SO_ACCEPTCONN) == 0;
}

static const struct conf_vhost *check(const struct spare_start *s, const struct received *r)
{
	const struct conf *conf = s->conf;
	const struct job *job = &r->job;
	if (job->generation != conf->generation)
		blame(s, r, "of another generation");
	if (job->vhost >= conf->nvhosts || job->listener >= conf->nlisteners)
		blame(s, r, "no such virtual host or listener");
	const struct conf_vhost *vhost = conf->vhosts[job->vhost];
	if (job->identity >= vhost->nidentities)
		blame(s, r, "no such identity");
	if (r->nfds != 1 + vhost->nlogs)
		blame(s, r, "not the descriptors of its virtual host");
	if (!is_stream(r->fds[0], job->flags & JOB_TLS))
		blame(s, r, "not a connection");
	return vhost;
}

/*
 * The slot says so first; then, when few are left, the master wakes and forks the next. It counts
 * the slots itself; `idle` only tells whether waking it can be of use.
 */
static void announce(const struct spare_start *s, uint32_t vhost)
{
	struct scoreboard *sb = s->scoreboard;
	struct scoreboard_slot *slot = &sb->slots[s->slot];
	atomic_store(&slot->vhost, vhost);
	/* Before the state: a kill in between leaves too few counted, which only wakes the master.
	 */
	const bool enough = atomic_load(&sb->active) == s->conf->generation &&
	                    atomic_fetch_sub(&sb->idle, 1) > (int32_t)s->conf->min_spare;
	atomic_store(&slot->state, SLOT_BUSY);
	if (enough)
		return;
	const uint64_t one = 1;
	if (write(s->taken, &one, sizeof(one)) != sizeof(one))
		fatal_errno("eventfd");
}

/* Who is there, and only for a virtual host whose configuration shows it. */
static const struct status_page *look_around(
    const struct spare_start *s, const struct conf_vhost *vhost)
{
	static struct status_page page;
	const struct scoreboard *sb = s->scoreboard;
	if (!vhost->status_page) {
		close_if_open(s->status.reports);
		close_if_open(s->status.ask);
		return NULL;
	}
	const uint32_t high = atomic_load(&sb->high), active = atomic_load(&sb->active);
	page.started = atomic_load(&sb->started);
	page.loaded = atomic_load(&sb->loaded);
	page.generation = active;
	page.ask = s->status.ask;
	page.reports = s->status.reports;
	page.n = high < SCOREBOARD_SLOTS ? high : SCOREBOARD_SLOTS;
	for (uint32_t i = 0; i < page.n; i++) {
		const struct scoreboard_slot *slot = &sb->slots[i];
		const uint32_t state = atomic_load(&slot->state);
		const bool old = atomic_load(&slot->generation) != active;
		page.slots[i] = (struct status_slot){
		    .state = state == SLOT_FREE   ? '.'
		             : old                ? 'G'
		             : state == SLOT_IDLE ? '_'
		                                  : 'W',
		    .generation = atomic_load(&slot->generation),
		    .vhost = atomic_load(&slot->vhost),
		    .pid = atomic_load(&slot->pid),
		};
	}
	return &page;
}

/*
 * A copy of the identity's part at the address of the part, and nothing of the others: as long as
 * any page of that file is mapped, remap_file_pages(2) reaches every page of it.
 */
static void keep_own_part(const struct conf *conf, const struct conf_identity *id)
{
	void *copy = MAP_FAILED;
	if (id->private_size > 0) {
		copy = mmap(NULL, id->private_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (copy == MAP_FAILED)
			fatal_errno("mmap");
		memcpy(copy, id->private_base, id->private_size);
	}
	unmap(conf->private_base, conf->private_size);
	if (copy != MAP_FAILED &&
	    mremap(copy, id->private_size, id->private_size, MREMAP_MAYMOVE | MREMAP_FIXED,
	        id->private_base) == MAP_FAILED)
		fatal_errno("mremap");
}

static uint8_t secret[32];

void spare_prepare(void)
{
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		fatal_errno("getrandom");
}

void spare_forget(void)
{
	explicit_bzero(secret, sizeof(secret));
}

/*
 * The identity's own secret, the same in all of its processes for as long as the master lives, by a
 * hash that leads to no other one. The master's is gone from this process then.
 */
static void derive_secret(const struct conf_identity *id, uint8_t own[static HASH_SHA1_SIZE])
{
	uint8_t sum[HASH_SIZE_MAX];
	struct hash h;

	hash_start(&h, HASH_SHA1);
	hash_add(&h, secret, sizeof(secret));
	hash_add(&h, &id->uid, sizeof(id->uid));
	hash_add(&h, &id->gid, sizeof(id->gid));
	memcpy(own, sum, hash_end(&h, sum));
	spare_forget();
	explicit_bzero(&h, sizeof(h));
}

/*
 * Root's file, which only processes of that identity get, and only as a descriptor; its name is the
 * configuration's. -1: none, which a request that needs it is told.
 */
static int open_digest(const struct conf_identity *id)
{
	return id->digest_file ? open(id->digest_file, O_RDWR | O_NOFOLLOW | O_CLOEXEC) : -1;
}

static void close_own(const struct spare_start *s)
{
	if (close(s->queue) != 0 || close(s->taken) != 0)
		fatal_errno("close");
}

_Noreturn void spare_run(const struct spare_start *start)
{
	const struct spare_start s = *start;
	struct received r = {0};
	settle(&s);

	receive(&s, &r);
	if (r.job.kind == JOB_RETIRE)
		_exit(0);
	const struct conf_vhost *vhost = check(&s, &r);
	const struct conf_identity *id = &s.conf->identities[vhost->identities[r.job.identity]];
	announce(&s, r.job.vhost);
	bool claimed = scoreboard_claim(s.scoreboard, s.slot, vhost->counter, vhost->max_clients);

	const struct status_page *status = look_around(&s, vhost);

	uint8_t own[HASH_SHA1_SIZE];
	derive_secret(id, own);
	const int digest = open_digest(id);
	keep_own_part(s.conf, id);
	unmap(s.scoreboard, sizeof(*s.scoreboard));
	close_own(&s);
	cred_become_child(s.conf, id, vhost->nice);

	/* From here on: the vhost's user, who has no right to the main error log. */
	if (dup2(r.fds[1], STDERR_FILENO) < 0)
		fatal_errno("dup2");
	title_set("itkd: child");
	log_open(r.fds[1], (int)vhost->log_level);
	struct child_start child = {
	    .conf = s.conf,
	    .vhost = vhost,
	    .identity = id,
	    .job = &r.job,
	    .connection = r.fds[0],
	    .status = status,
	    .sums = s.status.sums,
	    .report = s.status.report,
	    .digest = digest,
	    .over_cap = !claimed,
	    .nofile = s.nofile,
	    .master_group = s.master_group,
	};
	memcpy(child.secret, own, sizeof(own));
	memcpy(child.logs, r.fds + 1, vhost->nlogs * sizeof(int));
	_exit(child_serve(&child));
}
