/*
 * The head of a request as a backend gets it (RFC 9110 section 7.6, mod_proxy's
 * ap_proxy_create_hdrbrgd): without what is for this connection alone, with where it came from.
 * Runs as the vhost's user; the fields are the client's, or what RequestHeader made of them.
 */
#include "child_proxy.h"

#include "itkd/build.h"
#include <stdio.h>
#include <string.h>

/* A text that grows. */
struct text {
	struct child_stream *s;
	char *p;
	size_t n, room;
};

static void put(struct text *t, struct span s)
{
	if (s.n > t->room - t->n) {
		const char *old = t->p;

		t->room = 2 * (t->n + s.n) + 1024;
		t->p = arena_alloc(&t->s->c->arena, t->room);
		if (t->n)
			memcpy(t->p, old, t->n);
	}
	if (s.n)
		memcpy(t->p + t->n, s.p, s.n);
	t->n += s.n;
}

/* What RequestHeader makes of the client's path may hold the end of a line. */
static void put_field(struct text *t, struct span name, struct span value)
{
	if (!http_field_name(name) || !http_field_value(value)) {
		child_log(t->s->c, LOG_ERR, t->s->module,
		    "Request header '%.*s' value of '%.*s' contains invalid characters, aborting "
		    "request",
		    (int)name.n, name.p, (int)value.n, value.p);
		t->s->status = 500;
		return;
	}
	put(t, name);
	put(t, SPAN(": "));
	put(t, value);
	put(t, SPAN("\r\n"));
}

/* The client says that it is for this connection alone (RFC 9110 section 7.6.1). */
static bool ask_is_hop(const struct proxy *p, struct span name)
{
	return http_head_has_token(&p->s.r->head, SPAN("Connection"), name);
}

/* For this connection alone, or written anew below. */
static bool ask_drops(const struct proxy *p, struct span name)
{
	static const struct span names[] = {{"Host", 4}, {"Connection", 10}, {"Keep-Alive", 10},
	    {"Proxy-Connection", 16}, {"TE", 2}, {"Trailer", 7}, {"Upgrade", 7},
	    {"Transfer-Encoding", 17}, {"Content-Length", 14}};
	const struct child_request *r = p->s.r;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_ieq(name, names[i]))
			return true;
	if (span_ieq(name, SPAN("Expect")))
		return !p->expect;
	if (span_ieq(name, SPAN("Max-Forwards")))
		return true;
	/* It was for us. */
	if (span_ieq(name, SPAN("Proxy-Authorization")) && r->user)
		return child_env_get(r, "Proxy-Chain-Auth") == NULL;
	return ask_is_hop(p, name);
}

/* Fields that are added to what the client sent. */
static bool ask_extends(const struct proxy *p, struct span name)
{
	bool ours = p->conf->add_headers != CONF_OFF;

	if (span_ieq(name, SPAN("Via")))
		return p->s.c->vhost->proxy.via != PROXY_VIA_OFF;
	return ours && (span_ieq(name, SPAN("X-Forwarded-For")) ||
	                   span_ieq(name, SPAN("X-Forwarded-Host")) ||
	                   span_ieq(name, SPAN("X-Forwarded-Server")));
}

static struct span ask_joined(const struct proxy *p, struct span name, struct span value)
{
	struct arena *a = &p->s.c->arena;
	struct span before = http_head_joined(a, &p->s.r->head, name);

	if (!before.p || ask_is_hop(p, name))
		return value;
	return span_of(
	    arena_printf(a, "%.*s, %.*s", (int)before.n, before.p, (int)value.n, value.p));
}

static struct span ask_host(const struct proxy *p)
{
	struct child *c = p->s.c;
	struct span host = child_host_field(c, p->s.r);

	if (p->conf->preserve_host != CONF_ON)
		return span_of(backend_authority(&c->arena, &p->b->at));
	return host.p ? host : span_of(child_server_name(c, p->s.r));
}

struct span child_proxy_via(struct child *c, unsigned major, unsigned minor)
{
	bool tls = (c->start->job->flags & JOB_TLS) != 0;
	uint16_t port = child_server_port(c, c->request);
	const char *full = c->vhost->proxy.via == PROXY_VIA_FULL
	                       ? arena_printf(&c->arena, " (itkd/%s)", ITKD_VERSION)
	                       : "";
	const char *number =
	    port == (tls ? 443 : 80) ? "" : arena_printf(&c->arena, ":%u", (unsigned)port);

	return span_of(arena_printf(
	    &c->arena, "%u.%u %s%s%s", major, minor, c->vhost->server_name, number, full));
}

static void ask_forwarded(struct proxy *p, struct text *t)
{
	struct child *c = p->s.c;
	struct span host = child_host_field(c, p->s.r), name = SPAN("X-Forwarded-For");

	if (p->conf->add_headers == CONF_OFF)
		return;
	put_field(t, name, ask_joined(p, name, span_of(c->peer)));
	name = SPAN("X-Forwarded-Host");
	if (host.p)
		put_field(t, name, ask_joined(p, name, host));
	name = SPAN("X-Forwarded-Server");
	put_field(t, name, ask_joined(p, name, span_of(c->vhost->server_name)));
}

static void ask_max_forwards(const struct proxy *p, struct text *t)
{
	const struct http_field *f = http_head_field(&p->s.r->head, SPAN("Max-Forwards"));
	long long most = p->s.c->vhost->proxy.max_forwards;
	char digits[SPAN_DECIMAL_MAX];

	/* child_proxy.c has answered what has none left. */
	if (f)
		most = span_number(f->value, INT32_MAX) - 1;
	if (most >= 0)
		put_field(t, SPAN("Max-Forwards"), span_decimal(digits, (uint64_t)most));
}

static void ask_framing(struct proxy *p, struct text *t, bool old)
{
	char digits[SPAN_DECIMAL_MAX];

	if (p->to == PROXY_LENGTH)
		put_field(t, SPAN("Content-Length"), span_decimal(digits, (uint64_t)p->length));
	else if (p->to == PROXY_CHUNKED)
		put_field(t, SPAN("Transfer-Encoding"), SPAN("chunked"));
	if (p->upgrade) {
		put_field(t, SPAN("Connection"), SPAN("Upgrade"));
		put_field(t, SPAN("Upgrade"), span_of(p->upgrade));
	} else if (!old) {
		put_field(t, SPAN("Connection"), p->keep ? SPAN("Keep-Alive") : SPAN("close"));
	}
	put(t, SPAN("\r\n"));
}

/* What was read of the body by now; in chunks it is the first one. */
static void ask_early(const struct proxy *p, struct text *t)
{
	char line[24];
	bool chunk = p->to == PROXY_CHUNKED && p->early.n;

	if (chunk)
		put(t, (struct span){
		           line, (size_t)snprintf(line, sizeof(line), "%zx\r\n", p->early.n)});
	put(t, p->early);
	put(t, chunk ? SPAN("\r\n") : SPAN(""));
}

void child_proxy_ask(struct proxy *p)
{
	const struct child_request *r = p->s.r;
	struct text t = {.s = &p->s};
	bool old = child_env_get(r, "force-proxy-request-1.0") != NULL;
	enum proxy_via via = p->s.c->vhost->proxy.via;

	put(&t, r->method);
	put(&t, SPAN(" "));
	put(&t, span_of(p->path));
	put(&t, old ? SPAN(" HTTP/1.0\r\n") : SPAN(" HTTP/1.1\r\n"));
	put_field(&t, SPAN("Host"), ask_host(p));
	for (size_t i = 0; i < r->head.nfields; i++) {
		const struct http_field *f = &r->head.fields[i];

		if (!ask_drops(p, f->name) && !ask_extends(p, f->name))
			put_field(&t, f->name, f->value);
	}
	ask_forwarded(p, &t);
	if (via == PROXY_VIA_ON || via == PROXY_VIA_FULL)
		put_field(&t, SPAN("Via"),
		    ask_joined(
		        p, SPAN("Via"), child_proxy_via(p->s.c, r->head.major, r->head.minor)));
	ask_max_forwards(p, &t);
	ask_framing(p, &t, old);
	ask_early(p, &t);
	p->head = (struct span){t.p, t.n};
}
