/*
 * Complete heads for which the queue of jobs had no room. First come, first served, but those of
 * clients that have sent a FIN come last: most of them are gone, and the few that only closed their
 * half still get their answer. Run by `itkd: front`.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/front_proto.h"
#include "itkd/log.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* The queue can be writable and still take nothing (ETOOMANYREFS): then only time helps. */
#define WAIT_RETRY_MS 20

TAILQ_HEAD(wait_list, front_conn);
static struct {
	struct wait_list first, late;
	uint32_t n;
	bool told; /* the master, of this shortage */
	struct event writable, retry;
} waits;

static struct wait_list *wait_list_of(const struct front_conn *c)
{
	return c->late ? &waits.late : &waits.first;
}

bool front_wait_any(void)
{
	return waits.n > 0;
}

static void wait_watch(struct event *ev)
{
	struct timeval tv = {0, WAIT_RETRY_MS * 1000};

	if (event_add(ev, &tv) != 0)
		fatal("event_add failed");
}

static void wait_event(evutil_socket_t fd, short what, void *arg)
{
	bool progress = false;

	(void)fd, (void)arg;
	while (waits.n) {
		struct front_conn *c = TAILQ_FIRST(&waits.first);

		if (!c)
			c = TAILQ_FIRST(&waits.late);
		if (front_job_pass_now(c) == FRONT_FULL) {
			wait_watch(progress || !(what & EV_WRITE) ? &waits.writable : &waits.retry);
			return;
		}
		progress = true;
	}
	waits.told = false;
}

/* Not persistent: set again as long as somebody waits. */
void front_wait_start(void)
{
	TAILQ_INIT(&waits.first);
	TAILQ_INIT(&waits.late);
	if (event_assign(&waits.writable, front.base, FRONT_FD_QUEUE, EV_WRITE, wait_event, NULL) !=
	        0 ||
	    event_assign(&waits.retry, front.base, -1, 0, wait_event, NULL) != 0)
		fatal("event_assign failed");
}

static void wait_client_event(evutil_socket_t fd, short what, void *arg)
{
	struct front_conn *c = arg;

	(void)fd;
	if ((what & EV_TIMEOUT) || front_conn_reset(c)) {
		front_answer_log(c, c->vhost, LOG_DEBUG, "core", "gone before a process was free");
		front_conn_free(c);
		return;
	}
	if (!(what & EV_CLOSED) || c->late)
		return;
	TAILQ_REMOVE(&waits.first, c, waiting);
	c->late = true;
	TAILQ_INSERT_TAIL(&waits.late, c, waiting);
	front_conn_watch(c, EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, wait_client_event,
	    (int64_t)c->vhost->timeout * 1000);
}

void front_wait_add(struct front_conn *c)
{
	c->state = FRONT_WAIT;
	c->late = false;
	TAILQ_INSERT_TAIL(&waits.first, c, waiting);
	waits.n++;
	/* The loop tells at once of a FIN that came before. */
	if (!front_conn_watch(c, EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, wait_client_event, -1))
		return;
	if (!waits.told) {
		waits.told = true;
		front_control_send(FRONT_STARVED, waits.n);
	}
	if (!event_pending(&waits.writable, EV_WRITE, NULL) &&
	    !event_pending(&waits.retry, EV_TIMEOUT, NULL))
		wait_watch(&waits.writable);
}

void front_wait_remove(struct front_conn *c)
{
	if (c->state != FRONT_WAIT)
		return;
	TAILQ_REMOVE(wait_list_of(c), c, waiting);
	c->state = FRONT_HEAD;
	waits.n--;
}
