/*
 * How the server calls itself in a URL or to a program: ServerName or what the client wrote, by
 * UseCanonicalName (Apache: ap_get_server_name, ap_get_server_port). Runs as the vhost's user.
 */
#include "child_internal.h"

#include <ctype.h>
#include <string.h>

static bool name_is_tls(const struct child *c)
{
	return (c->start->job->flags & JOB_TLS) != 0;
}

/* UseCanonicalName, which a directory may have of its own. */
static bool name_is_canonical(const struct child *c)
{
	return c->dir.merged.answer.canonical == ANSWER_ON;
}

const char *child_scheme(const struct child *c)
{
	if (name_is_tls(c))
		return "https";
	return c->vhost->scheme ? c->vhost->scheme : "http";
}

const char *child_server_name(struct child *c, const struct child_request *r)
{
	/* A reverse look-up (DNS) would be NSS: the canonical name stands for it. */
	if (name_is_canonical(c) || !r->parsed || r->head.host.n == 0)
		return c->vhost->server_name;
	char *name = arena_span(&c->arena, r->head.host);

	size_t n = strlen(name);

	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	/* The root's dot is not part of the name, as in Apache. */
	if (n > 1 && name[n - 1] == '.')
		name[n - 1] = '\0';
	return name;
}

struct span child_host_field(struct child *c, const struct child_request *r)
{
	const struct http_head *head = &r->head;
	const struct http_field *field = http_head_field(head, SPAN("Host"));

	if (!head->absolute)
		return field ? field->value : (struct span){NULL, 0};
	if (!head->host_port)
		return head->host;
	return span_of(
	    arena_printf(&c->arena, "%.*s:%u", (int)head->host.n, head->host.p, head->host_port));
}

static uint16_t name_default_port(const struct child *c)
{
	return span_eq(span_of(child_scheme(c)), SPAN("https")) ? 443 : 80;
}

/* Apache's ap_get_server_port. */
uint16_t child_server_port(const struct child *c, const struct child_request *r)
{
	bool canonical = name_is_canonical(c);
	bool physical = c->dir.merged.answer.physical_port == ANSWER_ON;
	uint16_t named = c->vhost->server_port;

	if (!canonical && r->parsed && r->head.host_port)
		return r->head.host_port;
	if (physical && (!canonical || !named) && c->local_port)
		return c->local_port;
	return named ? named : name_default_port(c);
}

const char *child_url(struct child *c, const struct child_request *r, const char *path)
{
	uint16_t port = child_server_port(c, r);
	const char *name = child_server_name(c, r);

	if (port == name_default_port(c))
		return arena_printf(&c->arena, "%s://%s%s", child_scheme(c), name, path);
	return arena_printf(&c->arena, "%s://%s:%u%s", child_scheme(c), name, port, path);
}
