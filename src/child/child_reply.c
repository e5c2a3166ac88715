/*
 * The head of an answer (RFC 9110, RFC 9112 section 4), built in c->out so that a small body leaves
 * with it in one write. Runs as the vhost's user. Values that come from a request or a CGI program
 * were checked before they get here: no CR, LF or other control character.
 */
#include "child_internal.h"

#include "itkd/http_status.h"
#include <string.h>

struct span child_reason(int status)
{
	return http_status_reason(status);
}

static void head_put(struct child *c, struct span s)
{
	if (s.n > CHILD_HEAD_MAX - c->out_n) {
		c->out_over = true;
		return;
	}
	if (s.n)
		memcpy(c->out + c->out_n, s.p, s.n);
	c->out_n += s.n;
}

void child_head_add(struct child *c, struct span name, struct span value)
{
	/* A value may have come out of the client's path: by a rule, by an expression. */
	c->out_bad |= !http_field_value(value);
	head_put(c, name);
	head_put(c, SPAN(": "));
	head_put(c, value);
	head_put(c, SPAN("\r\n"));
}

void child_head_number(struct child *c, struct span name, uint64_t value)
{
	char digits[SPAN_DECIMAL_MAX];

	child_head_add(c, name, span_decimal(digits, value));
}

/* Its text changes once a second: formatted once for all answers of one. */
static struct span head_date(struct child *c, time_t now)
{
	if (now != c->date_second) {
		date_format(now, c->date);
		c->date_second = now;
	}
	return (struct span){c->date, DATE_LEN};
}

/* What CGI programs and access control said before, and internal redirects carried on. */
static void head_put_err(struct child *c, const struct child_request *r)
{
	for (size_t i = 0; i < r->err.n; i++)
		child_head_add(c, r->err.v[i].name, r->err.v[i].value);
}

/* For clients that BrowserMatch knows to be confused by more (basic_http_header_check). */
static struct span head_protocol(struct child_request *r)
{
	bool no_vary = child_env_get(r, "force-no-vary");

	r->old = r->head.minor == 0 || no_vary || child_env_get(r, "downgrade-1.0");
	if (!r->old || !(no_vary || child_env_get(r, "force-response-1.0")))
		return SPAN("HTTP/1.1 ");
	r->close = true;
	return SPAN("HTTP/1.0 ");
}

void child_head_line(struct child *c, struct span version, struct span status, struct span reason)
{
	head_put(c, version);
	head_put(c, status);
	head_put(c, SPAN(" "));
	head_put(c, reason);
	head_put(c, SPAN("\r\n"));
}

void child_head_end(struct child *c)
{
	head_put(c, SPAN("\r\n"));
}

void child_head_start(struct child *c, struct child_request *r, int status, struct span reason)
{
	const char *server = c->start->conf->server_token;
	char digits[SPAN_DECIMAL_MAX];

	if (status == 200 && r->error_status) {
		status = r->error_status;
		reason = child_reason(status);
	}
	r->status = status;
	r->error_page = r->file_fields = false;
	c->out_n = 0;
	c->out_over = c->out_bad = false;
	child_head_line(c, head_protocol(r), span_decimal(digits, (uint64_t)status), reason);
	child_head_add(
	    c, SPAN("Date"), r->origin_date.n ? r->origin_date : head_date(c, r->start.tv_sec));
	child_head_add(c, SPAN("Server"), r->origin_server.n ? r->origin_server : span_of(server));
	c->out_fields = c->out_n;
	head_put_err(c, r);
	c->out_own = c->out_n;
	if (r->auth_info)
		child_head_add(c, SPAN("Authentication-Info"), span_of(r->auth_info));
	if (r->vary.n)
		child_head_add(c, SPAN("Vary"), r->vary);
}

void child_err_set(struct child *c, struct child_request *r, const char *name, const char *value)
{
	r->err.a = &c->arena;
	child_table_set(&r->err, span_of(name), span_of(value));
}

/* Whether this answer may be followed by another one on the same connection. */
static bool head_may_keep(const struct child *c, const struct child_request *r)
{
	const struct conf_vhost *v = c->vhost;

	if (r->close || !r->parsed || !r->head.keep_alive || c->eof ||
	    http_status_closes(r->status))
		return false;
	if (!v->keep_alive || v->keep_alive_timeout == 0)
		return false;
	if (r->old && !http_head_has_token(&r->head, SPAN("Connection"), SPAN("keep-alive")))
		return false;
	/* A proxy between may keep what the client itself would stumble over. */
	if (child_env_get(r, "nokeepalive") && !http_head_field(&r->head, SPAN("Via")))
		return false;
	if (v->max_keep_alive_requests && c->served >= v->max_keep_alive_requests)
		return false;
	if (child_remoteip_shared(c, r))
		return false;
	return !child_ending() && !child_hurry() && child_body_drainable(r);
}

void child_head_keep(struct child *c, struct child_request *r)
{
	r->keep = head_may_keep(c, r);
	/* Apache's Keep-Alive is for who asked for it by name. */
	r->keep_alive_field =
	    r->keep && http_head_has_token(&r->head, SPAN("Connection"), SPAN("keep-alive"));
}

/* RFC 9112 section 9.3, behind what a rule put into Connection. */
static void head_connection(struct child *c, const struct child_request *r)
{
	const struct conf_vhost *v = c->vhost;
	char digits[SPAN_DECIMAL_MAX];
	bool close = !r->keep && !r->connection_close;
	struct span own = r->keep_alive_field ? SPAN("Keep-Alive")
	                  : close             ? SPAN("close")
	                                      : SPAN("");

	if (r->keep_alive_field) {
		head_put(c, SPAN("Keep-Alive: timeout="));
		head_put(c, span_decimal(digits, (v->keep_alive_timeout + 999) / 1000));
		if (v->max_keep_alive_requests) {
			head_put(c, SPAN(", max="));
			head_put(c, span_decimal(digits, v->max_keep_alive_requests - c->served));
		}
		head_put(c, SPAN("\r\n"));
	}
	if (!own.n && !r->connection.n)
		return;
	head_put(c, SPAN("Connection: "));
	head_put(c, r->connection);
	head_put(c, own.n && r->connection.n ? SPAN(", ") : SPAN(""));
	head_put(c, own);
	head_put(c, SPAN("\r\n"));
}

/* RFC 9110 section 6.4.1: an answer that ends with its head. */
static bool head_is_bodiless(int status)
{
	return status < 200 || status == 204 || status == 304;
}

void child_head_framing(struct child_request *r, int64_t length)
{
	bool bodiless = head_is_bodiless(r->status);

	r->chunked = false;
	if (length >= 0 || bodiless || r->head_only)
		return;
	r->chunked = r->parsed && !r->old;
	/* To a client of HTTP/1.0 the end of the connection is the end of the body. */
	if (!r->chunked)
		r->close = true;
}

/* A rule made of the head what is none: 500, and where one for error pages did it, nothing more. */
static void head_refused(struct child *c, struct child_request *r)
{
	r->close = true;
	if (!r->refused) {
		r->refused = true;
		child_error(c, r, 500);
		return;
	}
	r->plain = true;
	r->err.n = 0;
	r->vary = r->connection = (struct span){NULL, 0};
	child_head_start(c, r, 500, child_reason(500));
	child_reply(c, r, "", 0);
}

/* Only fields that others wrote can be so: a redirect's, a program's, a rule's. */
static bool head_is_good(struct child *c)
{
	if (c->out_over)
		child_log(c, LOG_ERR, "core", "the head of the answer is larger than %d bytes",
		    CHILD_HEAD_MAX);
	if (c->out_bad)
		child_log(c, LOG_ERR, "core",
		    "a field of the answer would have a control character in it");
	return !c->out_over && !c->out_bad;
}

bool child_head_finish(struct child *c, struct child_request *r, int64_t length)
{
	child_head_framing(r, length);
	if (child_headers_any(c, r)) {
		if (!head_is_good(c) || !child_headers_apply(c, r, &length)) {
			head_refused(c, r);
			return false;
		}
	} else {
		child_head_keep(c, r);
	}
	if (length >= 0 && !head_is_bodiless(r->status))
		child_head_number(c, SPAN("Content-Length"), (uint64_t)length);
	if (r->chunked)
		child_head_add(c, SPAN("Transfer-Encoding"), SPAN("chunked"));
	head_connection(c, r);
	head_put(c, SPAN("\r\n"));
	if (!head_is_good(c)) {
		head_refused(c, r);
		return false;
	}
	r->reply = (struct span){c->out, c->out_n};
	return true;
}

void child_reply(struct child *c, struct child_request *r, const char *body, size_t n)
{
	bool sent;

	r->whole = (struct child_whole){.all = true, .p = body, .n = n};
	if (!child_head_finish(c, r, (int64_t)n))
		return;
	if (child_filter_on(r)) {
		r->aborted = !child_whole_send(c, r);
		return;
	}
	if (r->head_only || head_is_bodiless(r->status))
		n = 0;
	if (n <= CHILD_SMALL) {
		if (n)
			memcpy(c->out + c->out_n, body, n);
		c->out_n += n;
		sent = child_send(c, c->out, c->out_n, 0);
	} else {
		sent = child_send(c, c->out, c->out_n, MSG_MORE) && child_send(c, body, n, 0);
	}
	r->body_bytes = sent ? n : 0;
	r->aborted = !sent;
}

/* The first field of that name of the answer, for a log; NULL: none. */
const char *child_field(const struct child_request *r, struct arena *a, const char *name)
{
	struct span want = span_of(name), rest = r->reply;

	if (r->headers)
		return child_headers_get(r->headers, a, want);
	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) + 1 : rest.n;
		struct span line = span_trim((struct span){rest.p, n >= 2 ? n - 2 : 0});
		struct span head = {line.p, want.n < line.n ? want.n : 0};

		rest = (struct span){rest.p + n, rest.n - n};
		if (head.n && span_ieq(head, want) && line.p[want.n] == ':')
			return arena_span(
			    a, span_trim((struct span){line.p + want.n + 1, line.n - want.n - 1}));
	}
	return NULL;
}
