/*
 * Whether the client may have what its request led to, by the merged settings of that place:
 * Order, Allow and Deny, then Require (Apache: access_checker and access_checker_ex with Satisfy).
 * Runs as the vhost's user; the request is the client's, the rules are the administrator's and,
 * in a .htaccess, the site owner's.
 */
#include "child_internal.h"

#include "itkd/conf_lex.h"
#include "itkd/conf_method.h"
#include "itkd/expr.h"
#include <string.h>

struct access_context {
	struct child *c;
	struct child_request *r;
	struct sockaddr_storage peer;
};

static const struct sockaddr *access_peer(const struct access_context *x)
{
	return (const struct sockaddr *)&x->peer;
}

static bool access_ip(const struct access_context *x, const struct conf_authz *line)
{
	for (uint32_t i = 0; i < line->n; i++)
		if (subnet_holds(&line->nets[i], access_peer(x)))
			return true;
	return false;
}

/* The machine itself: a loopback address, or the very one that it came to. */
static bool access_local(const struct access_context *x)
{
	static const struct subnet loopback = {.size = 4, .net = {127}, .mask = {0xff}};
	static const struct subnet loopback6 = {.ip6 = true,
	    .size = 16,
	    .net = {[15] = 1},
	    .mask = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	        0xff, 0xff, 0xff}};

	return subnet_holds(&loopback, access_peer(x)) ||
	       subnet_holds(&loopback6, access_peer(x)) || strcmp(x->c->peer, x->c->local) == 0;
}

static bool access_env(const struct access_context *x, const struct conf_authz *line)
{
	for (uint32_t i = 0; i < line->n; i++)
		if (child_env_get(x->r, line->names[i]))
			return true;
	return false;
}

/* The names that a line's text stands for now, without what follows a '#'; NULL: there are none. */
static const char *access_names(const struct access_context *x, const struct conf_authz *line)
{
	struct expr_source source = child_expr_source(x->c, x->r);
	const char *names = expr_string(line->expr, &source);
	size_t n = names ? strcspn(names, "#") : 0;

	return n ? arena_strndup(&x->c->arena, names, n) : NULL;
}

static bool access_host(const struct access_context *x, const struct conf_authz *line)
{
	const char *host = child_lookup_host(x->c), *names, *name;

	if (!host) {
		child_log(x->c, LOG_ERR, "authz_host",
		    "AH01753: access check of '%s' to %s failed, reason: unable to get the remote "
		    "host name",
		    line->text + strlen("host "), x->r->uri);
		return false;
	}
	names = access_names(x, line);
	while (names && *(name = conf_lex_word(&x->c->arena, &names)))
		if (access_in_domain(name, host))
			return true;
	return false;
}

static bool access_forward_dns(const struct access_context *x, const struct conf_authz *line)
{
	const char *names = access_names(x, line), *name;

	while (names && *(name = conf_lex_word(&x->c->arena, &names)))
		if (child_lookup_leads(x->c, name))
			return true;
	return false;
}

static enum authz_result access_expr(const struct access_context *x, const struct conf_authz *line)
{
	struct expr_source source = child_expr_source(x->c, x->r);
	bool holds = expr_true(line->expr, &source);

	if (!source.error)
		return holds ? AUTHZ_GRANTED : AUTHZ_DENIED;
	child_log(x->c, LOG_ERR, "authz_core",
	    "AH02320: Error evaluating expression in 'Require expr': %s", source.error);
	return AUTHZ_ERROR;
}

static bool access_line(const struct access_context *x, const struct conf_authz *line)
{
	switch (line->kind) {
	case AUTHZ_ALL:
		return line->granted;
	case AUTHZ_IP:
		return access_ip(x, line);
	case AUTHZ_LOCAL:
		return access_local(x);
	case AUTHZ_METHOD:
		return line->allowed & conf_method_bit(x->r->method);
	case AUTHZ_ENV:
		return access_env(x, line);
	case AUTHZ_SSL:
		return x->c->start->job->flags & JOB_TLS;
	case AUTHZ_HOST:
		return access_host(x, line);
	case AUTHZ_FORWARD_DNS:
		return access_forward_dns(x, line);
	default:
		return false;
	}
}

static enum authz_result access_require(void *ctx, const struct conf_authz *line)
{
	if (line->kind == AUTHZ_EXPR)
		return access_expr(ctx, line);
	return access_line(ctx, line) ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

static bool access_from(void *ctx, const struct conf_from *from)
{
	const struct access_context *x = ctx;
	const char *host;

	switch (from->kind) {
	case FROM_ALL:
		return true;
	case FROM_IP:
		return subnet_holds(&from->net, access_peer(x));
	case FROM_ENV:
		return child_env_get(x->r, from->name) != NULL;
	case FROM_NOT_ENV:
		return child_env_get(x->r, from->name) == NULL;
	case FROM_HOST:
		host = child_lookup_host(x->c);
		return host && access_in_domain(from->name, host);
	}
	return false;
}

static void access_told(
    void *ctx, const struct conf_authz *node, enum authz_result result, bool limited)
{
	static const char *const names[] = {"denied", "granted", "neutral", "error"};
	const struct access_context *x = ctx;

	child_log(x->c, LOG_DEBUG, "authz_core", "%s: authorization result of %s: %s%s",
	    limited ? "AH01625" : "AH01626", access_text(&x->c->arena, node), names[result],
	    limited ? " (directive limited to other methods)" : "");
}

static bool access_denied(
    const struct access_context *x, const char *module, const char *id, const char *file)
{
	child_log(x->c, LOG_ERR, module, "%s: client denied by server configuration: %s%s", id,
	    file ? "" : "uri ", file ? file : x->r->uri);
	return false;
}

int child_access(struct child *c, struct child_request *r, const char *file)
{
	const struct conf_access *access = &c->dir.merged.access;
	struct access_context x = {.c = c, .r = r};
	struct access_source s = {&x, 0, access_require, access_from, NULL};
	bool any = false;

	if (!access->authz && !access->compat)
		return 0;
	/* Where an internal redirect leads to the same settings nothing is asked again (Apache's
	   ap_process_request_internal): a denied site can have a page that says so. */
	if (r->redirects && c->dir.merged.print == r->redirect_print)
		return 0;
	s.method = conf_method_bit(r->method);
	if (c->vhost->log_level >= LOG_DEBUG)
		s.told = access_told;
	if (!addr_parse(span_of(c->peer), 0, &x.peer))
		x.peer.ss_family = AF_UNSPEC;
	if (access->compat) {
		bool granted = access_compat(access->compat, &s) ||
		               access_denied(&x, "access_compat", "AH01797", file);

		any = access->compat->satisfy_any & s.method;
		if (granted == any)
			return granted ? 0 : 403;
	}
	enum authz_result result = access->authz ? access_authz(access->authz, &s) : AUTHZ_GRANTED;

	if (result == AUTHZ_GRANTED || result == AUTHZ_ERROR)
		return result == AUTHZ_GRANTED ? 0 : 500;
	access_denied(&x, "authz_core", "AH01630", file);
	return 403;
}
