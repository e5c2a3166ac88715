/*
 * A TLS connection until its head is complete: first byte, handshake, decrypted bytes. An OpenSSL
 * object exists only from the first byte on. Run by `itkd: front`; the bytes are the client's.
 * RFC 8446, RFC 5246.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/clock.h"
#include "itkd/log.h"
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void handshake_late(struct front_conn *c);

static void handshake_wait(struct front_conn *c, int64_t left)
{
	/* Now: a client that never stops sending lets no timer have its turn. */
	if (left <= 0)
		handshake_late(c);
	else if (front_conn_watch(c, FRONT_TLS_EVENTS, front_handshake_event, left))
		front_record_again(c);
}

/*
 * Plain HTTP on a TLS port: a readable answer, as the client would not understand an alert. A
 * handshake begins with 22, a method with a letter.
 */
static bool handshake_is_plain(struct front_conn *c)
{
	struct front_refusal refusal = {.status = 400,
	    .module = "ssl",
	    .level = LOG_INFO,
	    .why = "plain HTTP was spoken to a TLS port",
	    .page = "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n"
	            " Instead use the HTTPS scheme to access this URL, please.<br />"};
	ssize_t n;

	if ((front_buffer[0] < 'A' || front_buffer[0] > 'Z') &&
	    (front_buffer[0] < 'a' || front_buffer[0] > 'z'))
		return false;
	n = recv(c->fd, front_buffer, sizeof(front_buffer), MSG_PEEK);
	front_answer(
	    c, c->base, &refusal, NULL, (struct span){front_buffer, n > 0 ? (size_t)n : 0});
	return true;
}

/* Takes the PROXY header before the handshake. false: it is not there yet, or c is at its end. */
static bool handshake_proxy(struct front_conn *c)
{
	ssize_t n = recv(c->fd, front_buffer, PROXY_PROTOCOL_MAX, MSG_PEEK);
	const bool none = n < 0 && (errno == EAGAIN || errno == EINTR);

	if (n <= 0 && !none) {
		front_conn_free(c);
		return false;
	}
	switch (front_proxy_look(c, front_buffer, none ? 0 : (size_t)n)) {
	case FRONT_PROXY_BAD:
		return false;
	case FRONT_PROXY_MORE:
		if (c->closed)
			front_proxy_closed(c);
		else
			handshake_wait(c, front_deadline_handshake(c));
		return false;
	case FRONT_PROXY_READ:
		break;
	}
	if (recv(c->fd, front_buffer, c->proxy_size, 0) == (ssize_t)c->proxy_size)
		return true;
	front_conn_free(c);
	return false;
}

/* false: no byte yet, or the connection is over or answered. */
static bool handshake_begin(struct front_conn *c)
{
	ssize_t n = recv(c->fd, front_buffer, 1, MSG_PEEK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		handshake_wait(c, front_deadline_handshake(c));
		return false;
	}
	if (n <= 0) {
		front_conn_free(c);
		return false;
	}
	if (handshake_is_plain(c))
		return false;
	c->tls->ssl = front_tls_new(c);
	if (!c->tls->ssl || !front_record_attach(c)) {
		log_msg(LOG_ERR, "OpenSSL: no memory for a connection");
		front_conn_free(c);
		return false;
	}
	return true;
}

/* The alert is on its way: it must not be lost in a reset. */
static void handshake_failed(struct front_conn *c)
{
	front_answer_log(
	    c, c->base, LOG_INFO, "ssl", "TLS handshake failed: %s", front_record_error());
	if (c->tls->failed || !front_record_flush(c))
		front_conn_free(c);
	else
		front_linger(c);
}

/* Whether the handshake is done. */
static bool handshake_step(struct front_conn *c)
{
	struct front_tls *t = c->tls;
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(t->ssl);
	if (r != 1 && SSL_get_error(t->ssl, r) != SSL_ERROR_WANT_READ) {
		handshake_failed(c);
		return false;
	}
	if (r != 1 && (!front_record_flush(c) || t->eof)) {
		front_conn_free(c);
		return false;
	}
	if (r != 1) {
		handshake_wait(c, front_deadline_handshake(c));
		return false;
	}
	t->established = true;
	c->started = clock_ms();
	return true;
}

/* All bytes that are there behind those that are held already. */
static enum front_read handshake_read(struct front_conn *c, size_t *total)
{
	struct front_tls *t = c->tls;
	enum front_read r = FRONT_READ_OK;
	size_t n = t->in_len, got;

	if (n)
		memcpy(front_buffer, t->in, n);
	while (n < sizeof(front_buffer)) {
		r = front_record_read(c, front_buffer + n, sizeof(front_buffer) - n, &got);
		if (r != FRONT_READ_OK)
			break;
		n += got;
	}
	*total = n;
	return r;
}

static void handshake_head(struct front_conn *c)
{
	struct front_tls *t = c->tls;
	size_t n;
	enum front_read r = handshake_read(c, &n);

	/* A ticket goes out with the answer: one send(2), and one wake-up of the client, less. */
	if (r == FRONT_READ_DEAD || !front_record_defer(c)) {
		front_conn_free(c);
		return;
	}
	if ((n > t->in_len || c->looked) && front_head_look(c, front_buffer, n) == FRONT_HEAD_TAKEN)
		return;
	if (!front_record_undefer(t) || !front_record_flush(c))
		front_conn_free(c);
	else if (r == FRONT_READ_END)
		front_head_closed(c, front_buffer, n);
	else if (!front_record_hold(c, (struct span){front_buffer, n}))
		front_conn_free(c);
	else
		handshake_wait(c, front_deadline_head(c, n));
}

static void handshake_go(struct front_conn *c)
{
	struct front_tls *t = c->tls;

	t->readable = true;
	if (c->proxied && !c->proxy_size && !handshake_proxy(c))
		return;
	if (!t->ssl && !handshake_begin(c))
		return;
	if (!t->established && !handshake_step(c))
		return;
	handshake_head(c);
}

static void handshake_late(struct front_conn *c)
{
	const struct conf_read_timeout *limits = &c->base->read_timeout;
	struct front_tls *t = c->tls;
	int64_t left =
	    t->established ? front_deadline_head(c, t->in_len) : front_deadline_handshake(c);
	bool limited = limits->header_initial || (!t->established && limits->handshake_initial);

	/* Without RequestReadTimeout the deadline moves on with each byte: none has come. */
	if (left > 0 && limited) {
		handshake_wait(c, left);
	} else if (t->established) {
		front_head_late(c, t->in, t->in_len);
	} else {
		front_answer_log(
		    c, c->base, LOG_INFO, "reqtimeout", "the TLS handshake did not end in time");
		front_linger(c);
	}
}

void front_handshake_event(evutil_socket_t fd, short what, void *arg)
{
	struct front_conn *c = arg;

	(void)fd;
	c->closed |= (what & EV_CLOSED) != 0;
	c->tls->turn = 0;
	if (c->state == FRONT_RELAY)
		front_relay_client(c);
	else if ((what & EV_TIMEOUT) && !(what & EV_READ))
		handshake_late(c);
	else
		handshake_go(c);
}

void front_handshake_again(struct front_conn *c)
{
	c->tls->turn = 0;
	handshake_head(c);
}

void front_handshake_sent(struct front_conn *c)
{
	if (c->state == FRONT_RELAY || c->state == FRONT_FLUSH)
		front_relay_sent(c);
}

void front_handshake_start(struct front_conn *c)
{
	c->tls = calloc(1, sizeof(*c->tls));
	if (!c->tls) {
		front_conn_free(c);
		return;
	}
	c->tls->relay = -1;
	front_limit_took(1);
	handshake_go(c);
}
