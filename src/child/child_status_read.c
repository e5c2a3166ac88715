/*
 * What the other processes say of themselves, gathered for a status page (status_page.h). Runs as
 * the user of a virtual host whose configuration shows the page. Reports come from processes of
 * other users: the sender is the kernel's word, all else in them is bounded here.
 */
#include "child_status_page.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCK_MS 5000 /* another page is being made */
#define READ_MS 1000 /* a process that is busy in the kernel is shown without its words */
#define ASK_AGAIN_MS 40
#define LOOK_MS 5

/* Two pages at once would take each other's reports. */
static bool read_lock(int fd, int64_t until)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	while (fcntl(fd, F_SETLK, &lock) < 0) {
		if ((errno != EAGAIN && errno != EACCES && errno != EINTR) || clock_ms() >= until)
			return false;
		child_poll(NULL, 0, clock_ms() + 10);
	}
	return true;
}

static void read_unlock(int fd)
{
	struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	(void)fcntl(fd, F_SETLK, &lock);
}

union read_message {
	struct status_totals totals;
	struct child_status report;
};

/* One message and who sent it: its size, or -1 when none is there. */
static ssize_t read_message(int fd, union read_message *m, pid_t *sender)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = {m, sizeof(*m)};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *cmsg = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);
	struct ucred cred;

	*sender = 0;
	if (cmsg && cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&cred, CMSG_DATA(cmsg), sizeof(cred));
		*sender = cred.pid;
	}
	return n;
}

static void read_text(char *text, size_t room)
{
	text[room - 1] = '\0';
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

static bool read_letter(char letter)
{
	return letter && strchr("RWKC", letter);
}

/* What a process of that slot said. It counts once. */
static void read_report(struct status_read *all, pid_t sender, struct child_status *s)
{
	uint32_t i = 0;

	while (i < all->page->n && all->page->slots[i].pid != sender)
		i++;
	if (i == all->page->n || all->reports[i].magic || s->magic != CHILD_STATUS_MAGIC)
		return;
	read_text(s->client, sizeof(s->client));
	read_text(s->request, sizeof(s->request));
	if (!read_letter(s->state))
		s->state = 'W';
	all->reports[i] = *s;
	if (all->letters[i] == 'W')
		all->letters[i] = s->state;
	all->missing -= all->missing > 0;
}

static void read_ask(int fd)
{
	/* A failure is no answer: that is what the deadline is for. */
	(void)send(fd, "?", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Nobody waits for a process that has ended since the scoreboard was looked at. */
static void read_ended(struct status_read *all)
{
	all->missing = 0;
	for (uint32_t i = 0; i < all->page->n; i++) {
		char letter = all->letters[i];

		if ((letter != 'W' && letter != 'G') || all->reports[i].magic)
			continue;
		if (kill(all->page->slots[i].pid, 0) < 0 && errno == ESRCH)
			all->letters[i] = '_';
		else
			all->missing++;
	}
}

static void read_all(struct status_read *all, pid_t master)
{
	int fd = all->page->reports;
	int64_t now = clock_ms(), until = now + READ_MS, again = now + ASK_AGAIN_MS;
	union read_message m;
	pid_t sender;

	read_ask(all->page->ask);
	while ((all->missing || !all->known) && now < until) {
		ssize_t n = read_message(fd, &m, &sender);

		if (n == sizeof(m.totals) && sender == master) {
			all->totals = m.totals;
			all->known = true;
		} else if (n == sizeof(m.report)) {
			read_report(all, sender, &m.report);
		}
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (n == 0)
			return; /* somebody shut it */
		if (n < 0 && child_poll(&p, 1, now + LOOK_MS) == 0)
			read_ended(all);
		now = clock_ms();
		if (now < again)
			continue;
		read_ask(all->page->ask);
		again = now + ASK_AGAIN_MS;
	}
}

/* What is under way, too: a process tells the master once a second at most. */
static void read_sum_up(struct status_read *all)
{
	struct status_sum *sum = &all->totals.sum;

	for (uint32_t i = 0; i < all->page->n; i++) {
		const struct child_status *s = &all->reports[i];

		if (!s->magic || s->sum.requests - s->told.requests > UINT32_MAX ||
		    s->sum.bytes - s->told.bytes > INT64_MAX / SCOREBOARD_SLOTS ||
		    s->sum.ms - s->told.ms > UINT32_MAX)
			continue;
		sum->requests += s->sum.requests - s->told.requests;
		sum->bytes += s->sum.bytes - s->told.bytes;
		sum->ms += s->sum.ms - s->told.ms;
	}
}

void child_status_read(struct child *c, struct status_read *all)
{
	const struct status_page *page = c->start->status;
	pid_t sender;
	union read_message m;

	*all = (struct status_read){.page = page};
	all->letters = arena_alloc(&c->arena, page->n + 1);
	for (uint32_t i = 0; i < page->n; i++)
		all->letters[i] = page->slots[i].state;
	all->reports = arena_alloc(&c->arena, (page->n + 1) * sizeof(*all->reports));
	memset(all->reports, 0, (page->n + 1) * sizeof(*all->reports));
	if (page->reports < 0 || !read_lock(page->reports, clock_ms() + LOCK_MS))
		return;
	/* What came too late for an earlier page. */
	for (int i = 0; i < SCOREBOARD_SLOTS && read_message(page->reports, &m, &sender) > 0; i++)
		;
	m.report = c->status;
	read_report(all, c->pid, &m.report);
	read_ended(all);
	read_all(all, getppid());
	read_unlock(page->reports);
	read_sum_up(all);
}
