/*
 * What status pages show (status_page.h): the sums of what processes served, and a word to all of
 * them when a page is looked at. The master reads numbers here, each bounded, and no text. What it
 * adds up decides nothing.
 */
#include "itkd/clock.h"
#include "itkd/fd.h"
#include "itkd/log.h"
#include "itkd/status_page.h"
#include "master/master.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPORTS_BYTES (4 << 20) /* of answers that the page has not read yet */
#define SUMS_AT_ONCE 256
#define SUM_MAX ((uint64_t)1 << 48) /* more than one process can have served */
#define ASK_MS 20

static bool open_pair(int *read_end, int *write_end)
{
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
		return false;
	*read_end = fds[0];
	*write_end = fds[1];
	return true;
}

static void close_all(struct master_status *s)
{
	int *const fds[] = {
	    &s->sums, &s->asked, &s->fds.sums, &s->fds.report, &s->fds.reports, &s->fds.ask};
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		fd_close(fds[i]);
}

/* Without them pages say less; nothing else depends on them. */
static void open_all(struct master_status *s)
{
	const int yes = 1, room = REPORTS_BYTES;
	if (open_pair(&s->sums, &s->fds.sums) && open_pair(&s->asked, &s->fds.ask) &&
	    open_pair(&s->fds.reports, &s->fds.report) &&
	    setsockopt(s->fds.reports, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) == 0 &&
	    setsockopt(s->fds.report, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) == 0)
		return;
	log_msg(LOG_ERR, "server-status: no sockets: %s", strerror(errno));
	close_all(s);
}

void master_status_open(struct master *m, const struct master_gen *g)
{
	if (g->conf->extended_status && m->status.sums < 0)
		open_all(&m->status);
}

/* Children share their ends, and one of them shut it: those of the others are of no use then. */
static void open_again(struct master_status *s)
{
	log_msg(LOG_WARNING, "server-status: a process shut the sockets of all: opening new ones");
	close_all(s);
	open_all(s);
}

void master_status_ended(struct master *m, const struct rusage *used)
{
	m->status.totals.cpu_user +=
	    (uint64_t)used->ru_utime.tv_sec * 1000000 + (uint64_t)used->ru_utime.tv_usec;
	m->status.totals.cpu_system +=
	    (uint64_t)used->ru_stime.tv_sec * 1000000 + (uint64_t)used->ru_stime.tv_usec;
}

/* false: shut */
static bool add_sums(struct master_status *s)
{
	struct status_sum sum;
	for (int i = 0; i < SUMS_AT_ONCE; i++) {
		ssize_t n = recv(s->sums, &sum, sizeof(sum), MSG_DONTWAIT | MSG_TRUNC);
		if (n <= 0)
			return n < 0;
		if (n != sizeof(sum) || sum.requests > SUM_MAX || sum.bytes > SUM_MAX ||
		    sum.ms > SUM_MAX)
			continue;
		s->totals.sum.requests += sum.requests;
		s->totals.sum.bytes += sum.bytes;
		s->totals.sum.ms += sum.ms;
	}
	return true;
}

/*
 * A page that is looked at asks again until all have answered; who asks too often is not heard.
 * false: shut.
 */
static bool tell_all(struct master *m)
{
	struct master_status *s = &m->status;
	const struct scoreboard *sb = m->scoreboard;
	const uint32_t high = atomic_load(&sb->high);
	const int64_t now = clock_ms();
	char word[8];
	ssize_t n = recv(s->asked, word, sizeof(word), MSG_DONTWAIT | MSG_TRUNC);
	if (n <= 0)
		return n < 0;
	if (now < s->next_ask)
		return true;
	s->next_ask = now + ASK_MS;
	/* Where it does not fit, nobody reads. */
	if (send(s->fds.report, &s->totals, sizeof(s->totals), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN)
		return false;
	for (uint32_t i = 0; i < high; i++)
		if (m->pids[i] != 0 && atomic_load(&sb->slots[i].state) == SLOT_BUSY)
			master_kill(m->pids[i], SIGURG);
	return true;
}

void master_status_take(struct master *m)
{
	if (!add_sums(&m->status) || !tell_all(m))
		open_again(&m->status);
}
