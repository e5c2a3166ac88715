/*
 * Whether the client may have what its request led to, by the merged settings of that place:
 * Order, Allow and Deny, then Require, and who it is where that counts (Apache's access_checker,
 * access_checker_ex, check_user_id and auth_checker, with Satisfy).
 * Runs as the vhost's user; the request is the client's, the rules are the administrator's and,
 * in a .htaccess, the site owner's.
 */
#include "child_auth.h"

#include "itkd/conf_method.h"
#include <string.h>

#define ACCESS_ASK (-1) /* instead of a status: a user may be let in */

const struct sockaddr *child_access_peer(const struct access_context *x)
{
	return (const struct sockaddr *)&x->peer;
}

static bool access_from(void *ctx, const struct conf_from *from)
{
	const struct access_context *x = ctx;
	const char *host;

	switch (from->kind) {
	case FROM_ALL:
		return true;
	case FROM_IP:
		return subnet_holds(&from->net, child_access_peer(x));
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
	static const char *const names[] = {
	    "denied", "granted", "neutral", "denied (no authenticated user yet)", "error"};
	const struct access_context *x = ctx;

	child_log(x->c, LOG_DEBUG, "authz_core", "%s: authorization result of %s: %s%s",
	    limited ? "AH01625" : "AH01626", access_text(&x->c->arena, node), names[result],
	    limited ? " (directive limited to other methods)" : "");
}

static void access_denied(const struct access_context *x, const char *module, const char *id)
{
	child_log(x->c, LOG_ERR, module, "%s: client denied by server configuration: %s%s", id,
	    x->file ? "" : "uri ", x->file ? x->file : x->r->uri);
}

/* The user is known, and may not: he may try as somebody else. */
static int access_unauthorized(struct access_context *x)
{
	struct child_request *r = x->r;

	child_log(x->c, LOG_ERR, "authz_core",
	    "AH01631: user %s: authorization failure for \"%s\": ", r->user, r->uri);
	if (x->c->dir.merged.auth && x->c->dir.merged.auth->forbidden == AUTH_ON)
		return 403;
	return child_auth_note(x->c, r);
}

static void access_unasked(struct child *c)
{
	child_log(
	    c, LOG_DEBUG, "authz_core", "AH01628: authorization result: granted (no directives)");
}

/* By the Require lines: 0, a status, or ACCESS_ASK; asked: it is known who the client is. */
static int access_authorize(struct access_context *x, const struct access_source *s, bool asked)
{
	const struct conf_authz *authz = x->c->dir.merged.access.authz;

	if (!authz && child_auth_type(x->c, x->r)) {
		child_log(x->c, LOG_ERR, "authz_core",
		    "AH01627: AuthType configured with no corresponding authorization directives");
		return 500;
	}
	if (!authz) {
		access_unasked(x->c);
		return 0;
	}
	switch (access_authz(authz, s)) {
	case AUTHZ_GRANTED:
		return 0;
	case AUTHZ_ERROR:
		return 500;
	case AUTHZ_NO_USER:
		if (!asked)
			return ACCESS_ASK;
		child_log(x->c, LOG_ERR, "authz_core",
		    "AH01629: authorization failure (no authenticated user): %s", x->r->uri);
		return child_auth_note(x->c, x->r);
	default:
		if (asked && child_auth_type(x->c, x->r))
			return access_unauthorized(x);
		access_denied(x, "authz_core", "AH01630");
		return 403;
	}
}

/* By Order, Allow and Deny: 0, 403, or ACCESS_ASK where the Require lines decide. */
static int access_hosts(struct access_context *x, const struct access_source *s)
{
	const struct conf_compat *compat = x->c->dir.merged.access.compat;
	bool any = compat && compat->satisfy_any & s->method;

	if (!compat)
		return ACCESS_ASK;
	if (access_compat(compat, s))
		return any ? 0 : ACCESS_ASK;
	access_denied(x, "access_compat", "AH01797");
	return any ? ACCESS_ASK : 403;
}

static int access_check(struct access_context *x, const struct access_source *s)
{
	const struct conf_compat *compat = x->c->dir.merged.access.compat;
	int status = access_hosts(x, s);

	if (status != ACCESS_ASK)
		return status;
	status = access_authorize(x, s, false);
	if (status != ACCESS_ASK)
		return status;
	status = child_auth(x->c, x->r);
	if (status)
		return status;
	if (x->r->user)
		return access_authorize(x, s, true);
	child_log(x->c, LOG_ERR, "core",
	    "%s: No authentication done but request not allowed without authentication for %s. "
	    "Authentication not configured?",
	    compat && compat->satisfy_any & s->method ? "AH00028" : "AH00027", x->r->uri);
	return 500;
}

/*
 * Where settings are those that were asked already nothing is asked again (Apache's
 * ap_process_request_internal): for an index file, the entries of a list, or an ErrorDocument, so
 * that a denied site can have a page that says so.
 */
static bool access_is_settled(const struct child *c, struct child_request *r)
{
	const struct child_grant *of[] = {&r->before, &r->granted};

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		if (of[i]->set && of[i]->print == c->dir.merged.print) {
			r->user = of[i]->user;
			r->auth_type = of[i]->type;
			return true;
		}
	return false;
}

/*
 * The first that is let in is what was asked for. Whatever is looked at on its behalf may ask for a
 * user of its own, who is nobody for the request (ap_internal_fast_redirect).
 */
static void access_keep(const struct child *c, struct child_request *r)
{
	if (!r->granted.set)
		r->granted = (struct child_grant){true, c->dir.merged.print, r->user, r->auth_type};
	r->user = r->granted.user;
	r->auth_type = r->granted.type;
}

/* A pattern that may be what restricts could not be compared: nobody knows what holds. */
static bool access_is_undecided(struct child *c, const struct child_request *r)
{
	if (!c->dir.undecided)
		return false;
	c->dir.undecided = false;
	child_log(c, LOG_ERR, "core",
	    "the pattern of a section takes too many steps for %s: what holds for it is not known",
	    r->uri);
	return true;
}

int child_access(struct child *c, struct child_request *r, const char *file)
{
	const struct conf_dir *dir = &c->dir.merged;
	struct access_context x = {.c = c, .r = r, .file = file};
	struct access_source s = {&x, 0, child_require, access_from, NULL};

	if (access_is_undecided(c, r))
		return 500;
	if (!dir->access.authz && !dir->access.compat && !dir->auth) {
		access_unasked(c);
		access_keep(c, r);
		return 0;
	}
	if (access_is_settled(c, r))
		return 0;
	r->user = r->auth_type = NULL;
	s.method = conf_method_bit(r->method);
	if (conf_log_level(dir->log_levels, "authz_core", (int)c->vhost->log_level) >= LOG_DEBUG)
		s.told = access_told;
	if (!addr_parse(span_of(c->peer), 0, &x.peer))
		x.peer.ss_family = AF_UNSPEC;
	int status = access_check(&x, &s);

	if (status == 0 || r->granted.set)
		access_keep(c, r);
	return status;
}
