/*
 * TLS on one side, the child on the other: a socketpair carries what was decrypted and what is to
 * be encrypted. Run by `itkd: front`; bytes of the client and of the child, read as neither.
 *
 * Ends. The child that shuts its side down (SHUT_WR) has said all: close_notify and FIN. A hang-up
 * without that is a cut answer: the client gets a reset and no close_notify, and can tell. Each
 * side keeps bounded buffers; where one does not read, the other is not read either.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/clock.h"
#include "itkd/fd.h"
#include "itkd/log.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define RELAY_CHUNK ((size_t)65536)
#define RELAY_TURN ((size_t)512 << 10) /* bytes moved before others get their turn */

static void relay_close(struct front_tls *t)
{
	if (t->relay < 0)
		return;
	if (event_del(&t->ev) != 0 || event_del(&t->room) != 0)
		log_msg(LOG_ERR, "event_del failed");
	fd_close(&t->relay);
}

void front_tls_free(struct front_conn *c)
{
	struct front_tls *t = c->tls;

	relay_close(t);
	if (event_initialized(&t->writable) && event_del(&t->writable) != 0)
		log_msg(LOG_ERR, "event_del failed");
	front_record_forget();
	SSL_free(t->ssl);
	free(t->in);
	free(t->out);
	free(t->later);
	free(t->sni);
	free(t);
	c->tls = NULL;
	front_limit_gave(1);
}

/* The client must not take what it has for the whole. */
static void relay_abort(struct front_conn *c)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};

	if (setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) != 0)
		log_msg(LOG_ERR, "SO_LINGER: %m");
	front_conn_free(c);
}

static void relay_flush_event(evutil_socket_t fd, short what, void *arg);

/* What the client still sends does not give it more time to read. */
static void relay_flush_wait(struct front_conn *c)
{
	const struct conf_vhost *vhost = c->vhost ? c->vhost : c->base;
	int64_t left = c->started + (int64_t)vhost->timeout * 1000 - clock_ms();

	if (left <= 0 || front_conn_reset(c))
		relay_abort(c);
	else
		front_conn_watch(c, FRONT_TLS_EVENTS, relay_flush_event, left);
}

static void relay_flush_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	relay_flush_wait(arg);
}

void front_relay_finish(struct front_conn *c, bool notify)
{
	struct front_tls *t = c->tls;

	/* All that the child said is here: it need not wait for the client. */
	relay_close(t);
	c->state = FRONT_FLUSH;
	c->started = clock_ms();
	if ((notify && SSL_shutdown(t->ssl) < 0) || !front_record_flush(c))
		front_conn_free(c);
	else if (t->out_len == 0)
		front_linger(c);
	else
		relay_flush_wait(c);
}

/*
 * Told of the child's end as it happens, since later a child that has shut down and then ended
 * looks like one that was killed. Once we have shut down our side the two look alike at once.
 */
static void relay_look(struct front_tls *t)
{
	struct pollfd p = {.fd = t->relay, .events = POLLRDHUP};

	if (t->relay_clean || t->relay_cut || poll(&p, 1, 0) <= 0)
		return;
	if ((p.revents & POLLERR) || ((p.revents & POLLHUP) && !t->relay_shut))
		t->relay_cut = true;
	else if (p.revents & (POLLRDHUP | POLLHUP))
		t->relay_clean = true;
}

/*
 * The child has ended and all its bytes are read. A client that sent a bare FIN, which anybody on
 * the way can forge, gets no close_notify for an answer whose end is not sure.
 */
static void relay_end(struct front_conn *c)
{
	struct front_tls *t = c->tls;

	relay_look(t);
	if (!t->relay_clean) {
		front_answer_log(
		    c, c->vhost, LOG_INFO, "core", "the process ended within its answer");
		relay_abort(c);
		return;
	}
	front_relay_finish(c, !t->relay_shut || t->notified);
}

/* The child has said all: its end goes out together with its last bytes. */
static bool relay_is_over(const struct front_tls *t, size_t n)
{
	char byte;

	return t->relay_clean && n < RELAY_CHUNK && recv(t->relay, &byte, 1, MSG_PEEK) == 0;
}

/*
 * Once the child has ended, a client that does not read has a bounded time. Of a child that leaves
 * bytes of the client unread the event tells no end, only an error.
 */
static void relay_stalled(struct front_conn *c)
{
	struct front_tls *t = c->tls;
	struct timeval tv = {(time_t)c->vhost->timeout, 0};

	relay_look(t);
	if ((t->relay_clean || t->relay_cut) && event_add(&t->ev, &tv) != 0)
		log_msg(LOG_ERR, "event_add failed");
}

/* From the child to the client. */
static void relay_down(struct front_conn *c)
{
	struct front_tls *t = c->tls;
	size_t total = 0;

	while (t->relay_data && t->out_len == 0) {
		ssize_t n;

		if (total >= RELAY_TURN) {
			event_active(&t->ev, EV_READ, 0);
			return;
		}
		n = recv(t->relay, front_buffer, RELAY_CHUNK, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			t->relay_data = false;
			return;
		}
		if (n <= 0) {
			t->relay_cut = t->relay_cut || (n < 0 && !t->relay_clean);
			relay_end(c);
			return;
		}
		total += (size_t)n;
		if (!front_record_write(c, front_buffer, (size_t)n)) {
			front_conn_free(c);
			return;
		}
		if (relay_is_over(t, (size_t)n)) {
			relay_end(c);
			return;
		}
		if (!front_record_flush(c)) {
			front_conn_free(c);
			return;
		}
	}
	if (t->out_len)
		relay_stalled(c);
}

static void relay_event(evutil_socket_t fd, short what, void *arg)
{
	struct front_conn *c = arg;

	(void)fd;
	if (what & EV_TIMEOUT) {
		relay_abort(c);
		return;
	}
	c->tls->relay_data = true;
	if (what & EV_CLOSED)
		relay_look(c->tls);
	relay_down(c);
}

/* Bytes for the child; what it does not take now is held. false: c is gone. */
static bool relay_give(struct front_conn *c, const char *p, size_t n)
{
	struct front_tls *t = c->tls;
	ssize_t sent = send(t->relay, p, n, MSG_NOSIGNAL);

	if (sent == (ssize_t)n)
		return true;
	if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
		t->relay_deaf = true; /* its end tells the rest */
		return true;
	}
	if (sent < 0)
		sent = 0;
	if (front_record_hold(c, (struct span){p + sent, n - (size_t)sent}) &&
	    event_add(&t->room, NULL) == 0)
		return true;
	front_conn_free(c);
	return false;
}

/* The client sends no more. */
static void relay_half(struct front_tls *t)
{
	if (t->relay_shut)
		return;
	relay_look(t);
	t->relay_shut = true;
	if (shutdown(t->relay, SHUT_WR) != 0)
		log_msg(LOG_DEBUG, "relay: %m");
}

/* From the client to the child. false: c is gone. */
static bool relay_up(struct front_conn *c)
{
	struct front_tls *t = c->tls;
	size_t n;

	while (t->in_len == 0 && !t->relay_deaf && !t->relay_shut) {
		switch (front_record_read(c, front_buffer, RELAY_CHUNK, &n)) {
		case FRONT_READ_OK:
			if (!relay_give(c, front_buffer, n))
				return false;
			break;
		case FRONT_READ_END:
			relay_half(t);
			break;
		case FRONT_READ_DEAD:
			front_conn_free(c); /* the child sees the hang-up */
			return false;
		case FRONT_READ_MORE:
			goto done;
		}
	}
done:
	front_record_again(c);
	if (front_record_flush(c))
		return true;
	front_conn_free(c);
	return false;
}

static void relay_room(evutil_socket_t fd, short what, void *arg)
{
	struct front_conn *c = arg;
	struct front_tls *t = c->tls;
	size_t n = t->in_len;
	char *held = t->in;

	(void)fd, (void)what;
	t->in = NULL;
	t->in_len = 0;
	t->turn = 0;
	if (relay_give(c, held, n))
		relay_up(c);
	free(held);
}

/* While the client is not read, its reset shows by a look only. */
void front_relay_client(struct front_conn *c)
{
	struct front_tls *t = c->tls;

	t->readable = true;
	if ((t->in_len || t->relay_deaf || t->relay_shut) && front_conn_reset(c))
		front_conn_free(c);
	else
		relay_up(c);
}

void front_relay_sent(struct front_conn *c)
{
	if (c->state == FRONT_FLUSH)
		front_linger(c);
	else
		relay_down(c);
}

static void relay_run(struct front_conn *c, int fd)
{
	struct front_tls *t = c->tls;

	front_wait_remove(c);
	c->state = FRONT_RELAY;
	t->relay = fd;
	free(t->in);
	t->in = NULL;
	t->in_len = 0;
	if (event_assign(&t->ev, front.base, fd, FRONT_TLS_EVENTS, relay_event, c) != 0 ||
	    event_assign(&t->room, front.base, fd, EV_WRITE | EV_ET, relay_room, c) != 0 ||
	    event_add(&t->ev, NULL) != 0) {
		front_conn_free(c);
		return;
	}
	if (front_conn_watch(c, FRONT_TLS_EVENTS, front_handshake_event, -1))
		relay_up(c);
}

enum front_sent front_relay_pass(struct front_conn *c)
{
	enum front_sent sent = FRONT_FAILED;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
		return FRONT_FULL;
	if (send(pair[0], c->tls->in, c->tls->in_len, MSG_NOSIGNAL) == (ssize_t)c->tls->in_len)
		sent = front_job_send(c, pair[1]);
	fd_close(&pair[1]);
	if (sent == FRONT_SENT) {
		relay_run(c, pair[0]);
		return sent;
	}
	fd_close(&pair[0]);
	if (sent == FRONT_FAILED)
		front_conn_free(c);
	return sent;
}
