/*
 * The head of a backend's answer, made into the answer's own (RFC 9110 section 7.6,
 * mod_proxy_http's ap_proxy_http_process_response). Runs as the vhost's user; the bytes are the
 * backend's: what it frames in two ways, or what could end one of our lines, is 502.
 */
#include "child_proxy.h"

#include "child_cgi.h"
#include "itkd/proxy_map.h"
#include <string.h>

void child_proxy_why(struct child *c, struct child_request *r, const char *why)
{
	child_log(c, LOG_ERR, "proxy", "AH00898: %s returned by %s", why, r->uri);
	r->reason = SPAN("Proxy Error");
	r->error_notes = arena_printf(&c->arena,
	    "The proxy server could not handle the request<p>Reason: <strong>%s</strong></p>",
	    html_escape(&c->arena, why));
}

void child_proxy_failed(struct proxy *p, int status, const char *why)
{
	child_proxy_why(p->s.c, p->s.r, why);
	p->s.status = status;
}

/* Of the connection to the backend, not of the answer (RFC 9110 section 7.6.1). */
static bool reply_drops(const struct proxy *p, struct span name)
{
	static const struct span names[] = {{"Connection", 10}, {"Keep-Alive", 10},
	    {"Proxy-Authenticate", 18}, {"Proxy-Connection", 16}, {"TE", 2}, {"Trailer", 7},
	    {"Transfer-Encoding", 17}, {"Upgrade", 7}, {"Content-Length", 14}};
	struct span rest = p->connection, token;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_ieq(name, names[i]))
			return true;
	while (span_list_next(&rest, &token))
		if (span_ieq(token, name))
			return true;
	return false;
}

static const struct http_field *reply_field(const struct http_reply *reply, struct span name)
{
	struct http_head head = {.nfields = reply->nfields, .fields = reply->fields};

	return http_head_field(&head, name);
}

/* ProxyPassReverse. */
static struct span reply_location(struct proxy *p, struct span value)
{
	struct child *c = p->s.c;
	const char *to =
	    proxy_map_location(&c->arena, &p->conf->reverses, arena_span(&c->arena, value));

	if (!to)
		return value;
	return span_of(*to == '/' ? child_url(c, p->s.r, to) : to);
}

static bool reply_is_location(struct span name)
{
	return span_ieq(name, SPAN("Location")) || span_ieq(name, SPAN("Content-Location")) ||
	       span_ieq(name, SPAN("URI")) || span_ieq(name, SPAN("Destination"));
}

/* The fields of the answer, changed as the configuration says. */
static void reply_collect(struct proxy *p, struct child_table *t)
{
	struct child *c = p->s.c;
	const struct http_reply *reply = &p->reply;
	const struct conf_proxy *conf = p->conf;
	enum proxy_via via = c->vhost->proxy.via;

	for (size_t i = 0; i < reply->nfields; i++) {
		struct span name = reply->fields[i].name, value = reply->fields[i].value;

		if (reply_drops(p, name) || span_ieq(name, SPAN("Date")) ||
		    span_ieq(name, SPAN("Server")))
			continue;
		if (span_ieq(name, SPAN("Content-Type")) && child_table_find(t, name))
			continue;
		if (reply_is_location(name))
			value = reply_location(p, value);
		else if (span_ieq(name, SPAN("Set-Cookie")))
			value = proxy_map_cookie(
			    &c->arena, &conf->cookie_paths, &conf->cookie_domains, value);
		child_table_add(t, name, value);
	}
	if (via == PROXY_VIA_ON || via == PROXY_VIA_FULL)
		child_table_merge(t, SPAN("Via"), child_proxy_via(c, 1, reply->minor));
}

static size_t reply_size(const struct child_table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->v[i].name.n + t->v[i].value.n + 4;
	return n;
}

/* Its own date and name, as in Apache: this server only passes them on. */
static void reply_origin(struct proxy *p)
{
	const struct http_field *date = reply_field(&p->reply, SPAN("Date"));
	const struct http_field *server = reply_field(&p->reply, SPAN("Server"));
	struct child_request *r = p->s.r;

	if (date && date->value.n)
		r->origin_date = date->value;
	if (server && server->value.n)
		r->origin_server = server->value;
}

static void reply_framing(struct proxy *p)
{
	const struct http_reply *reply = &p->reply;

	if (p->s.r->head_only || reply->status == 204 || reply->status == 304) {
		p->from = PROXY_NONE;
	} else if (reply->chunked) {
		p->from = PROXY_CHUNKED;
		http_chunked_init(&p->chunked, &p->s.c->limits);
	} else if (reply->length >= 0) {
		p->from = reply->length ? PROXY_LENGTH : PROXY_NONE;
		p->left = (uint64_t)reply->length;
	} else {
		p->from = PROXY_CLOSE;
	}
	p->whole = p->from == PROXY_NONE;
}

/* ProxyErrorOverride. */
bool child_proxy_overrides(const struct conf_proxy *conf, int status)
{
	if (!conf || conf->error_override != CONF_ON || status < 400 || status > 599)
		return false;
	for (uint32_t i = 0; i < conf->nstatuses; i++)
		if (conf->statuses[i] == status)
			return true;
	return conf->nstatuses == 0;
}

static void reply_override(struct proxy *p)
{
	struct child *c = p->s.c;
	const struct http_field *ask = reply_field(&p->reply, SPAN("WWW-Authenticate"));

	/* Without it nobody could answer. */
	if (ask && p->reply.status == 401)
		child_err_set(c, p->s.r, "WWW-Authenticate", arena_span(&c->arena, ask->value));
	p->s.r->reason = span_of(arena_span(&c->arena, p->reply.reason));
	p->s.status = p->reply.status;
	p->whole = false;
}

/* An ErrorDocument's status is the backend's to say, but where the error took a backend's place. */
static void reply_status(struct proxy *p)
{
	struct child_request *r = p->s.r;
	int error = r->error_status;

	r->error_status = 0;
	if (child_proxy_overrides(p->conf, error))
		child_head_start(p->s.c, r, error, child_reason(error));
	else
		child_head_start(p->s.c, r, p->reply.status, p->reply.reason);
}

static void reply_final(struct proxy *p)
{
	struct child *c = p->s.c;
	struct child_request *r = p->s.r;
	struct child_table t = {.a = &c->arena};

	reply_framing(p);
	if (child_proxy_overrides(p->conf, p->reply.status)) {
		reply_override(p);
		return;
	}
	reply_collect(p, &t);
	if (reply_size(&t) > CHILD_CGI_HEAD) {
		child_proxy_failed(p, 502, "Response header too large");
		return;
	}
	r->whole = (struct child_whole){.p = ""};
	r->whole.all = p->from == PROXY_NONE;
	r->whole.sized = p->from == PROXY_LENGTH;
	r->whole.n = p->left;
	reply_origin(p);
	reply_status(p);
	r->origin_date = r->origin_server = (struct span){NULL, 0};
	for (size_t i = 0; i < t.n; i++)
		child_head_add(c, t.v[i].name, t.v[i].value);
	if (!child_head_finish(c, r, p->reply.length)) {
		child_stream_replied(&p->s);
		return;
	}
	child_stream_headed(&p->s, p->reply.length);
	(void)child_stream_whole(&p->s);
}

/* 1xx with its fields; written at once, before there is a head in c->out. */
static void reply_interim(struct proxy *p)
{
	struct child *c = p->s.c;
	char digits[SPAN_DECIMAL_MAX];

	c->out_n = 0;
	c->out_over = false;
	child_head_line(
	    c, SPAN("HTTP/1.1 "), span_decimal(digits, (uint64_t)p->reply.status), p->reply.reason);
	for (size_t i = 0; i < p->reply.nfields; i++)
		if (!reply_drops(p, p->reply.fields[i].name))
			child_head_add(c, p->reply.fields[i].name, p->reply.fields[i].value);
	if (p->switched) {
		child_head_add(c, SPAN("Upgrade"), span_of(p->upgrade));
		child_head_add(c, SPAN("Connection"), SPAN("Upgrade"));
	}
	child_head_end(c);
	if (c->out_over)
		child_proxy_failed(p, 502, "Response header too large");
	else if (!child_send(c, c->out, c->out_n, 0))
		p->s.gone = true;
	c->out_n = 0;
}

static void reply_switch(struct proxy *p)
{
	struct child *c = p->s.c;
	struct child_request *r = p->s.r;
	const struct http_field *to = reply_field(&p->reply, SPAN("Upgrade"));

	if (!p->upgrade || !to || !span_ieq(to->value, span_of(p->upgrade))) {
		child_proxy_failed(p, 502,
		    arena_printf(&c->arena, "Unexpected Upgrade: %.*s (expecting %s)",
		        to ? (int)to->value.n : 3, to ? to->value.p : "n/a",
		        p->upgrade ? p->upgrade : "n/a"));
		return;
	}
	p->switched = true;
	reply_interim(p);
	if (p->s.status) {
		p->switched = false;
		return;
	}
	r->status = 101;
	r->close = true;
	r->keep = false;
}

/* proxy-interim-response: anything but RFC keeps them from the client. */
static bool reply_tells_interim(const struct proxy *p)
{
	const char *how = child_env_get(p->s.r, "proxy-interim-response");

	return !how || strcasecmp(how, "RFC") == 0;
}

/* What comes before the answer. */
static void reply_early(struct proxy *p)
{
	struct child_request *r = p->s.r;

	if (p->reply.status == 101) {
		reply_switch(p);
		return;
	}
	if (++p->interim > PROXY_INTERIM_MAX) {
		child_proxy_failed(p, 502,
		    arena_printf(&p->s.c->arena,
		        "Too many (%d) interim responses from origin server", PROXY_INTERIM_MAX));
		return;
	}
	if (p->reply.status == 100)
		child_stream_want(&p->s);
	else if (r->head.minor > 0 && !r->old && reply_tells_interim(p))
		reply_interim(p);
	p->expect = false;
}

static void reply_refused(struct proxy *p, enum http_reply_result why, struct span line)
{
	struct child *c = p->s.c;
	struct child_request *r = p->s.r;
	int n = line.n < 256 ? (int)line.n : 256;

	if (why == HTTP_REPLY_NO_STATUS) {
		child_proxy_failed(p, 502,
		    arena_printf(&c->arena, "Corrupt status line returned by remote server: %.*s",
		        n, line.p));
		return;
	}
	child_log(c, LOG_WARNING, "proxy_http",
	    "AH10404: Error reading headers from backend: bad %s: %.*s",
	    why == HTTP_REPLY_FRAMING ? "framing" : "field", n, line.p);
	child_log(c, LOG_WARNING, "proxy_http",
	    "AH01106: bad HTTP/1.%u header returned by %s (%.*s)", p->reply.minor, r->uri,
	    (int)r->method.n, r->method.p);
	p->s.status = 502;
}

/* One head of n bytes at the front of c->cgi. */
static void reply_head(struct proxy *p, size_t n)
{
	static const enum http_reply_bad bad[] = {[PROXY_BAD_ERROR] = HTTP_REPLY_BAD,
	    [PROXY_BAD_IGNORE] = HTTP_REPLY_SKIP,
	    [PROXY_BAD_BODY] = HTTP_REPLY_BODY};
	struct child *c = p->s.c;
	const struct proxy_worker *w = p->b->worker;
	size_t field = w && w->field_size ? w->field_size : PROXY_FIELD_SIZE;
	struct span line;
	enum http_reply_result result = http_reply_parse(
	    &c->arena, c->cgi, n, field, bad[c->vhost->proxy.bad_header], &p->reply, &line);

	if (result != HTTP_REPLY_OK) {
		reply_refused(p, result, line);
		return;
	}
	p->connection = http_reply_joined(&c->arena, &p->reply, SPAN("Connection"));
	if (p->reply.status < 200)
		reply_early(p);
	else
		reply_final(p);
	p->s.head_n -= p->reply.size;
	memmove(c->cgi, c->cgi + p->reply.size, p->s.head_n);
}

void child_proxy_heads(struct proxy *p, size_t from)
{
	struct child_stream *s = &p->s;
	size_t n;

	while (s->phase == STREAM_HEAD && !p->switched && !child_stream_done(s)) {
		n = cgi_head_end(s->c->cgi, s->head_n, from);
		if (n == 0)
			break;
		reply_head(p, n);
		from = 0;
	}
	if (s->phase == STREAM_HEAD && !p->switched && s->head_n == sizeof(s->c->cgi) &&
	    !child_stream_done(s))
		child_proxy_failed(p, 502, "Response header too large");
}
