/*
 * Bytes in and out of a TLS connection: OpenSSL reads and writes through a BIO of ours. What it
 * writes is collected and sent with one call, so that an answer of 64 KiB is one send(2) and not
 * four, and OpenSSL never waits for room. Run by `itkd: front`; the bytes are the client's.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/log.h"
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A full buffer in records, or the flight of a handshake with a long chain. */
#define RECORD_STAGE (FRONT_BUFFER * 2)
/* Taken from a client before others get their turn: what comes out of it may be next to nothing. */
#define RECORD_TURN ((size_t)64 << 10)
/*
 * RFC 8446 section 4.6.3: a new key for each 2^24 records is enough. Each costs as much as hundreds
 * of them, and all that a client sends are read within one call of OpenSSL.
 */
#define RECORD_KEY_UPDATES 32
/* What may wait for a client; only its own key updates can add to one answer's buffer. */
#define RECORD_KEPT_MAX ((size_t)4 * FRONT_BUFFER)

/* Empty between two events: one connection at a time is worked on. */
static struct {
	char bytes[RECORD_STAGE];
	size_t n;
} stage;

void front_record_forget(void)
{
	stage.n = 0;
}

static int record_bio_read(BIO *b, char *out, int n)
{
	struct front_conn *c = BIO_get_data(b);
	struct front_tls *t = c->tls;
	ssize_t got;

	BIO_clear_retry_flags(b);
	if (t->failed)
		return -1;
	if (t->eof || !t->readable || t->turn >= RECORD_TURN) {
		/* A FIN is not OpenSSL's to know: it would refuse to write the rest of the answer.
		 */
		BIO_set_retry_read(b);
		return -1;
	}
	got = recv(c->fd, out, (size_t)n, 0);
	if (got > 0) {
		t->turn += (size_t)got;
		return (int)got;
	}
	t->readable = false;
	if (got == 0)
		t->eof = true;
	else if (errno != EAGAIN && errno != EINTR)
		t->failed = true;
	if (!t->failed)
		BIO_set_retry_read(b);
	return -1;
}

static int record_bio_write(BIO *b, const char *p, int n)
{
	BIO_clear_retry_flags(b);
	if (n < 0 || (size_t)n > sizeof(stage.bytes) - stage.n)
		return -1;
	memcpy(stage.bytes + stage.n, p, (size_t)n);
	stage.n += (size_t)n;
	return n;
}

static long record_bio_ctrl(BIO *b, int command, long n, void *p)
{
	(void)b, (void)n, (void)p;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *record_method(void)
{
	static BIO_METHOD *m;

	if (m)
		return m;
	m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "itkd");
	if (!m || !BIO_meth_set_read(m, record_bio_read) ||
	    !BIO_meth_set_write(m, record_bio_write) || !BIO_meth_set_ctrl(m, record_bio_ctrl))
		fatal("OpenSSL: no BIO");
	return m;
}

static void record_writable(evutil_socket_t fd, short what, void *arg);

bool front_record_attach(struct front_conn *c)
{
	BIO *b = BIO_new(record_method());

	if (!b)
		return false;
	BIO_set_data(b, c);
	BIO_set_init(b, 1);
	SSL_set_bio(c->tls->ssl, b, b);
	return event_assign(
	           &c->tls->writable, front.base, c->fd, EV_WRITE | EV_ET, record_writable, c) == 0;
}

enum front_read front_record_read(struct front_conn *c, char *buf, size_t cap, size_t *got)
{
	struct front_tls *t = c->tls;

	ERR_clear_error();
	if (SSL_read_ex(t->ssl, buf, cap, got))
		return FRONT_READ_OK;
	*got = 0;
	switch (SSL_get_error(t->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		return t->eof ? FRONT_READ_END : FRONT_READ_MORE;
	case SSL_ERROR_ZERO_RETURN:
		t->notified = true;
		return FRONT_READ_END;
	default:
		return FRONT_READ_DEAD;
	}
}

void front_record_message(
    int write, int version, int type, const void *p, size_t n, SSL *ssl, void *arg)
{
	const struct front_conn *c = SSL_get_app_data(ssl);

	(void)version, (void)arg;
	if (!write && type == SSL3_RT_HANDSHAKE && n && *(const uint8_t *)p == SSL3_MT_KEY_UPDATE &&
	    ++c->tls->key_updates > RECORD_KEY_UPDATES)
		c->tls->failed = true;
}

void front_record_again(struct front_conn *c)
{
	if (c->tls->turn >= RECORD_TURN)
		event_active(&c->ev, EV_READ, 0);
}

bool front_record_write(struct front_conn *c, const char *p, size_t n)
{
	size_t done;

	ERR_clear_error();
	return SSL_write_ex(c->tls->ssl, p, n, &done) && done == n;
}

/* Adds n bytes to those that wait for the client. */
static bool record_keep(struct front_tls *t, const char *p, size_t n)
{
	size_t len = t->out_len - t->out_at;
	char *out;

	if (len + n > RECORD_KEPT_MAX)
		return false;
	out = malloc(len + n);
	if (!out)
		return false;
	if (len)
		memcpy(out, t->out + t->out_at, len);
	memcpy(out + len, p, n);
	free(t->out);
	t->out = out;
	t->out_len = len + n;
	t->out_at = 0;
	return true;
}

/* How many bytes the socket took; -1: it is dead. */
static ssize_t record_send(const struct front_conn *c, const char *p, size_t n)
{
	/* The last bytes and the FIN behind them become one segment. */
	const int more = c->state == FRONT_FLUSH ? MSG_MORE : 0;
	ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL | more);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
		return 0;
	return sent;
}

bool front_record_undefer(struct front_tls *t)
{
	if (t->later_len > sizeof(stage.bytes) - stage.n)
		return false;
	if (t->later_len == 0)
		return true;
	memmove(stage.bytes + t->later_len, stage.bytes, stage.n);
	memcpy(stage.bytes, t->later, t->later_len);
	stage.n += t->later_len;
	free(t->later);
	t->later = NULL;
	t->later_len = 0;
	return true;
}

bool front_record_defer(struct front_conn *c)
{
	struct front_tls *t = c->tls;

	if (stage.n == 0)
		return true;
	if (!front_record_undefer(t) || !(t->later = malloc(stage.n)))
		return false;
	memcpy(t->later, stage.bytes, stage.n);
	t->later_len = stage.n;
	stage.n = 0;
	return true;
}

bool front_record_flush(struct front_conn *c)
{
	struct front_tls *t = c->tls;
	ssize_t sent = 0;

	if (stage.n > 0 && !front_record_undefer(t))
		return false;
	size_t n = stage.n;

	stage.n = 0;
	if (n == 0)
		return true;
	if (t->out_len == 0)
		sent = record_send(c, stage.bytes, n);
	if (sent < 0)
		return false;
	if ((size_t)sent == n)
		return true;
	return record_keep(t, stage.bytes + sent, n - (size_t)sent) &&
	       event_add(&t->writable, NULL) == 0;
}

static void record_writable(evutil_socket_t fd, short what, void *arg)
{
	struct front_conn *c = arg;
	struct front_tls *t = c->tls;
	ssize_t sent = record_send(c, t->out + t->out_at, t->out_len - t->out_at);

	(void)fd, (void)what;
	if (sent < 0) {
		front_conn_free(c);
		return;
	}
	t->out_at += (size_t)sent;
	if (t->out_at < t->out_len) {
		if (event_add(&t->writable, NULL) != 0)
			front_conn_free(c);
		return;
	}
	free(t->out);
	t->out = NULL;
	t->out_len = t->out_at = 0;
	front_handshake_sent(c);
}

bool front_record_hold(struct front_conn *c, struct span bytes)
{
	struct front_tls *t = c->tls;
	char *in = NULL;

	if (bytes.n) {
		in = malloc(bytes.n);
		if (!in)
			return false;
		memcpy(in, bytes.p, bytes.n);
	}
	free(t->in);
	t->in = in;
	t->in_len = bytes.n;
	return true;
}

const char *front_record_error(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason ? reason : "the connection broke";
}
