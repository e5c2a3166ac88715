/*
 * One connection, after the drop: read a head, make sure that it is for a site of ours, answer,
 * and again while it is kept. Runs as the vhost's user. The head is parsed again here, because the
 * front that parsed it first reads the network and may have been taken over (RFC 9112 section 9).
 */
#include "child_internal.h"

#include "itkd/assign.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOG_PATIENCE_MS 1000

/* What became of a request, and so what becomes of the connection. */
enum conn_next { CONN_KEEP, CONN_CLOSE, CONN_ABORT };

/* What came instead of a head. */
enum conn_head { HEAD_READ, HEAD_NONE /* the client is gone, or idle */, HEAD_ANSWERED };

/* False: the connection has no peer any more. */
static bool conn_init(struct child *c, const struct child_start *start)
{
	/* A site waits a moment for its own logs' reader; nobody else waits for it. */
	log_patience(LOG_PATIENCE_MS);
	c->start = start;
	child_status_start(start);
	c->vhost = start->vhost;
	c->fd = start->connection;
	c->relay = (start->job->flags & JOB_TLS) != 0;
	c->pid = getpid();
	memcpy(c->logs, start->logs, sizeof(c->logs));
	arena_init_first(&c->arena, c->request_first, sizeof(c->request_first), CHILD_ARENA_MAX);
	arena_init_first(&c->dir.arena, c->dir_first, sizeof(c->dir_first), CHILD_ARENA_MAX);
	arena_init_heap(&c->dir.kept, CHILD_ARENA_MAX);
	if (!child_remoteip_connection(c))
		return false;
	c->first = start->conf->vhosts[host_group_default(c->group)];
	c->limits = (struct http_limits){
	    c->first->limit_line, c->first->limit_fields, c->first->limit_field_size};
	return true;
}

/* Where descriptor of a log with that id came with the job; -1: nowhere. */
static int conn_log_fd(const struct child_start *start, uint32_t id)
{
	for (uint32_t i = 0; i < start->vhost->nlogs; i++)
		if (start->vhost->logs[i] == id)
			return start->logs[i];
	return -1;
}

/* Another vhost of this identity may be served here if it counts and logs as this one does. */
static bool conn_may_switch(const struct child *c, const struct conf_vhost *to)
{
	const struct child_start *start = c->start;
	const struct conf_vhost *from = start->vhost;

	if (to->counter != from->counter || to->nlogs != from->nlogs || to->nidentities != 1 ||
	    to->identities[0] != start->identity->index)
		return false;
	for (uint32_t i = 0; i < to->nlogs; i++)
		if (conn_log_fd(start, to->logs[i]) < 0)
			return false;
	return true;
}

/* Sets the vhost of this request. False: it is not ours to answer, not by a byte. */
static bool conn_set_vhost(struct child *c, const struct child_request *r)
{
	const struct conf *conf = c->start->conf;
	uint32_t id = host_group_request(c->group, r->head.host, c->local_port, r->head.path);
	/* AssignUserID in <Location>, AssignUserIDExpr: which identity of that site. */
	id = assign_vhost(&c->arena, conf->vhosts[id],
	    &(struct assign_asked){.head = &r->head, .peer = c->peer, .local = c->local});
	if (id == ASSIGN_NOBODY)
		return false; /* the front's to answer, on a new connection */
	const struct conf_vhost *to = conf->vhosts[id];

	if (to == c->vhost)
		return true;
	if (c->served == 0) {
		child_log(c, LOG_ERR, "core",
		    "the front passed a request for %s as one for %s: closing the connection",
		    to->server_name, c->vhost->server_name);
		return false;
	}
	if (!conn_may_switch(c, to))
		return false;
	c->vhost = to;
	child_dir_start(c);
	for (uint32_t i = 0; i < to->nlogs; i++)
		c->logs[i] = conn_log_fd(c->start, to->logs[i]);
	return true;
}

static void conn_start_clock(struct child_request *r)
{
	r->start = clock_real();
	r->start_us = clock_us();
}

/* An idle kept connection, until its next byte. False: it ends. */
static bool conn_idle(struct child *c)
{
	int64_t deadline = clock_ms() + c->vhost->keep_alive_timeout;

	child_state(c, 'K');
	if (!child_hurry()) {
		ssize_t n = child_fill_soon(c);

		if (n >= 0 || errno != EAGAIN)
			return n > 0;
	}
	for (;;) {
		/* The end of a generation waits for one more request, which is told to close. */
		if (child_hurry())
			return child_wait(c, POLLIN, clock_ms()) == IO_OK;
		switch (child_wait(c, POLLIN, deadline)) {
		case IO_OK:
			return true;
		case IO_SIGNAL:
			continue;
		default:
			return false;
		}
	}
}

/* Room for a whole head behind in_at. */
static void conn_make_room(struct child *c)
{
	if (sizeof(c->in) - c->in_at >= HTTP_HEAD_MAX + 1)
		return;
	memmove(c->in, c->in + c->in_at, c->in_end - c->in_at);
	c->in_end -= c->in_at;
	c->in_at = 0;
}

/* RFC 9112 section 8: who got as far as to a request-line is told, as by the front. */
static enum conn_head conn_cut(struct child *c, struct child_request *r)
{
	if (!http_head_has_line(c->in + c->in_at, c->in_end - c->in_at))
		return HEAD_NONE;
	child_error(c, r, 400);
	return HEAD_ANSWERED;
}

/* More bytes of a head. HEAD_READ: there are some. */
static enum conn_head conn_more(struct child *c, struct child_request *r, struct child_rate *rate)
{
	switch (child_fill_wait(c, rate)) {
	case IO_OK:
		return HEAD_READ;
	case IO_EOF:
		return conn_cut(c, r);
	case IO_TIMEOUT:
		child_error(c, r, 408);
		return HEAD_ANSWERED;
	default:
		return HEAD_NONE;
	}
}

static enum conn_head conn_read_head(struct child *c, struct child_request *r)
{
	const struct conf_read_timeout *t = &c->first->read_timeout;
	struct child_rate rate;
	size_t scanned = 0;
	const char *why = "";
	int status = 400;

	child_rate_start(&rate, t->header_initial, t->header_max, t->header_rate);
	child_rate_got(&rate, c->in_end - c->in_at);
	conn_make_room(c);
	for (;;) {
		enum conn_head more;

		switch (c->in_at == c->in_end
		            ? HTTP_HEAD_MORE
		            : http_head_parse(&c->arena, c->in + c->in_at, c->in_end - c->in_at,
		                  &scanned, &c->limits, &r->head, &status, &why)) {
		case HTTP_HEAD_DONE:
			return HEAD_READ;
		case HTTP_HEAD_BAD:
			child_log(c, LOG_ERR, "core", "request refused: %s", why);
			r->head_only =
			    r->head.line.n >= 5 && memcmp(r->head.line.p, "HEAD ", 5) == 0;
			child_error(c, r, status);
			return HEAD_ANSWERED;
		default:
			break;
		}
		more = conn_more(c, r, &rate);
		if (more != HEAD_READ)
			return more;
	}
}

/* MaxClientsVhost: the drop was done, so the site's own log says it. */
static void conn_refuse(struct child *c, struct child_request *r)
{
	const struct conf_vhost *v = c->vhost;

	child_remoteip_request(c, r);
	child_log(c, LOG_WARNING, "mpm_itk", "MaxClientsVhost reached for %s:%u, refusing client",
	    v->server_name, v->server_port ? v->server_port : c->local_port);
	child_body_init(c, r);
	child_error(c, r, 503);
}

/* The request is answered: its log line, and what may follow. */
static enum conn_next conn_answered(struct child *c, struct child_request *r)
{
	child_target_close(&r->target);
	if (r->status)
		child_log_access(c, r);
	child_filter_end(r);
	if (r->aborted)
		return CONN_ABORT;
	return r->keep && child_body_drain(c, r) ? CONN_KEEP : CONN_CLOSE;
}

static enum conn_next conn_request(struct child *c)
{
	struct child_request r = {.target.fd = -1};

	arena_reset(&c->arena);
	c->request = &r;
	c->log_ids[1][0] = '\0';
	child_remoteip_reset(c);
	child_dir_start(c);
	if (c->in_at == c->in_end) {
		c->in_at = c->in_end = 0;
		if (c->served && !conn_idle(c))
			return CONN_CLOSE;
	}
	child_state(c, 'R');
	conn_start_clock(&r);
	c->bytes_in = c->bytes_out = 0;
	switch (conn_read_head(c, &r)) {
	case HEAD_NONE:
		return CONN_CLOSE;
	case HEAD_ANSWERED:
		return conn_answered(c, &r);
	default:
		break;
	}
	if (!conn_set_vhost(c, &r))
		return CONN_CLOSE;
	r.parsed = true;
	c->in_at += r.head.size;
	r.head_end = c->in_at;
	c->bytes_in = r.head.size;
	c->served++;
	c->last = !r.head.keep_alive && !r.head.chunked && r.head.content_length <= 0;
	child_state_request(c, &r);
	if (c->start->over_cap)
		conn_refuse(c, &r);
	else
		child_request(c, &r);
	return conn_answered(c, &r);
}

/* A process has one connection; here only the pages that are used are ever touched. */
static struct child child;
struct child_status *const child_status = &child.status;

int child_serve(const struct child_start *start)
{
	struct child *c = &child;
	enum conn_next next;

	if (!conn_init(c, start)) {
		child_abort(c);
		return 0;
	}
	next = child_remoteip_header(c) ? CONN_KEEP : CONN_CLOSE;
	while (next == CONN_KEEP)
		next = conn_request(c);
	c->request = NULL;
	log_tell_lost();
	if (next == CONN_ABORT)
		child_abort(c);
	else
		child_close(c);
	return child_log_status(c);
}
