/*
 * The master's word: heartbeat, drain, and its death, which the end of the socket tells. Run by
 * `itkd: front`. The master is trusted.
 */
#include "front.h"

#include "itkd/front_proto.h"
#include "itkd/log.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTROL_ORPHAN_S 30 /* how long running answers may go on without a master */

static struct event control_ev, control_orphan_ev;

/* Nothing in the loop may wait for the master: what it does not take is lost, but for the log. */
void front_control_send(uint32_t type, uint32_t value)
{
	struct front_msg m = {type, value};

	if (send(FRONT_FD_CONTROL, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(m))
		log_msg(LOG_WARNING, "telling the master: %m");
}

static void control_drain(void)
{
	if (front.draining)
		return;
	/* First: the end of one that is accepted here is not the end of those behind it. */
	front_accept_stop();
	front.draining = true;
	if (!front.orphan)
		front_control_send(FRONT_DRAINED, 0);
	if (front_conn_none())
		event_base_loopbreak(front.base);
}

static void control_give_up(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	event_base_loopbreak(front.base);
}

/* Nobody forks children any more: only those that run can end what they began. */
static void control_orphaned(void)
{
	struct timeval tv = {CONTROL_ORPHAN_S, 0};

	log_msg(LOG_NOTICE, "the master is gone");
	front.orphan = true;
	if (event_del(&control_ev) != 0 || evtimer_add(&control_orphan_ev, &tv) != 0)
		event_base_loopbreak(front.base);
	control_drain();
	front_conn_orphan();
}

/* At the pace of the heartbeat. */
static void control_ping(uint32_t value)
{
	front_control_send(FRONT_PONG, value);
	front_logs_tell_lost();
}

static void control_event(evutil_socket_t fd, short what, void *arg)
{
	struct front_msg m;
	ssize_t n = recv(fd, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC);

	(void)what, (void)arg;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		control_orphaned();
		return;
	}
	if (n != sizeof(m))
		log_msg(LOG_ERR, "a message of %zd bytes from the master", n);
	else if (m.type == FRONT_PING)
		control_ping(m.value);
	else if (m.type == FRONT_ACCEPT)
		front_accept_resume(); /* of one that drains no listener is left */
	else if (m.type == FRONT_DRAIN)
		control_drain();
	else
		log_msg(LOG_ERR, "a message of unknown type %u from the master", m.type);
}

void front_control_start(void)
{
	if (event_assign(&control_ev, front.base, FRONT_FD_CONTROL, EV_READ | EV_PERSIST,
	        control_event, NULL) != 0 ||
	    evtimer_assign(&control_orphan_ev, front.base, control_give_up, NULL) != 0 ||
	    event_add(&control_ev, NULL) != 0)
		fatal("no event for the control socket");
}
