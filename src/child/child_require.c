/*
 * Require lines (mod_authz_core, mod_authz_host, mod_authz_user, mod_authz_groupfile,
 * mod_authz_owner): whether one lets the request in. Runs as the vhost's user; the request is the
 * client's, the lines are the administrator's and, in a .htaccess, the site owner's.
 */
#include "child_auth.h"

#include "itkd/conf_lex.h"
#include "itkd/conf_method.h"
#include "itkd/expr.h"
#include <errno.h>
#include <string.h>

static bool require_ip(const struct access_context *x, const struct conf_authz *line)
{
	for (uint32_t i = 0; i < line->n; i++)
		if (subnet_holds(&line->nets[i], child_access_peer(x)))
			return true;
	return false;
}

/* The machine itself: a loopback address, or the very one that it came to. */
static bool require_local(const struct access_context *x)
{
	static const struct subnet loopback = {.size = 4, .net = {127}, .mask = {0xff}};
	static const struct subnet loopback6 = {.ip6 = true,
	    .size = 16,
	    .net = {[15] = 1},
	    .mask = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	        0xff, 0xff, 0xff}};

	return subnet_holds(&loopback, child_access_peer(x)) ||
	       subnet_holds(&loopback6, child_access_peer(x)) ||
	       strcmp(x->c->peer, x->c->local) == 0;
}

static bool require_env(const struct access_context *x, const struct conf_authz *line)
{
	for (uint32_t i = 0; i < line->n; i++)
		if (child_env_get(x->r, line->names[i]))
			return true;
	return false;
}

/* The names that a line's text stands for now; NULL: there are none. */
static const char *require_names(
    const struct access_context *x, const struct conf_authz *line, const char **error)
{
	struct expr_source source = child_expr_source(x->c, x->r);
	const char *names = expr_string(line->expr, &source);

	*error = source.error;
	return names;
}

/* The same for hosts, of which '#' ends the list. */
static const char *require_hosts(const struct access_context *x, const struct conf_authz *line)
{
	const char *error, *names = require_names(x, line, &error);
	size_t n = names ? strcspn(names, "#") : 0;

	return n ? arena_strndup(&x->c->arena, names, n) : NULL;
}

static bool require_host(const struct access_context *x, const struct conf_authz *line)
{
	const char *host = child_lookup_host(x->c), *names, *name;

	if (!host) {
		child_log(x->c, LOG_ERR, "authz_host",
		    "AH01753: access check of '%s' to %s failed, reason: unable to get the remote "
		    "host name",
		    line->text + strlen("host "), x->r->uri);
		return false;
	}
	names = require_hosts(x, line);
	while (names && *(name = conf_lex_word(&x->c->arena, &names)))
		if (access_in_domain(name, host))
			return true;
	return false;
}

static bool require_forward_dns(const struct access_context *x, const struct conf_authz *line)
{
	const char *names = require_hosts(x, line), *name;

	while (names && *(name = conf_lex_word(&x->c->arena, &names)))
		if (child_lookup_leads(x->c, name))
			return true;
	return false;
}

static bool require_user(const struct access_context *x, const struct conf_authz *line)
{
	const char *error, *names = require_names(x, line, &error), *name;

	if (!names)
		child_log(x->c, LOG_ERR, "authz_user",
		    "AH02594: authz_user authorize: require user: Can't evaluate require "
		    "expression: %s",
		    error);
	while (names && *(name = conf_lex_word(&x->c->arena, &names)))
		if (strcmp(name, x->r->user) == 0)
			return true;
	if (!error)
		child_log(x->c, LOG_DEBUG, "authz_user",
		    "AH01663: access to %s failed, reason: user '%s' does not meet "
		    "'require'ments for user to be allowed access",
		    x->r->uri, x->r->user);
	return false;
}

/* Groups are names in any case, as in Apache. */
static bool require_in(const char *const *groups, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(groups[i], name) == 0)
			return true;
	return false;
}

static bool require_group(const struct access_context *x, const struct conf_authz *line)
{
	const char *const *groups, *error, *names, *name;
	size_t n;

	if (!child_auth_groups(x->c, x->r, line->kind, &groups, &n))
		return false;
	names = require_names(x, line, &error);
	if (!names) {
		child_log(x->c, LOG_ERR, "authz_groupfile",
		    "AH02592: authz_groupfile authorize: require group: Can't evaluate require "
		    "expression: %s",
		    error);
		return false;
	}
	while (*(name = conf_lex_word(&x->c->arena, &names)))
		if (require_in(groups, n, name))
			return true;
	child_log(x->c, LOG_DEBUG, "authz_groupfile",
	    "AH01667: Authorization of user %s to access %s failed, reason: user is not part of "
	    "the 'require'ed group(s).",
	    x->r->user, x->r->uri);
	return false;
}

static bool require_failed(const struct access_context *x, const char *id, const char *reason)
{
	child_log(x->c, LOG_ERR, "authz_owner",
	    "%s: Authorization of user %s to access %s failed, reason: %s", id, x->r->user,
	    x->r->uri, reason);
	return false;
}

/* The name of the file's owner or group; NULL, logged. */
static const char *require_owner(const struct access_context *x, bool group)
{
	struct arena *a = &x->c->arena;
	struct stat st;

	if (stat(x->file, &st) < 0) {
		require_failed(x,
		    arena_printf(
		        a, "(%d)%s: %s", errno, strerror(errno), group ? "AH01639" : "AH01634"),
		    arena_printf(a, "could not stat file %s", x->file));
		return NULL;
	}
	const char *name = child_owner(x->c, group, group ? st.st_gid : st.st_uid);

	if (!name)
		require_failed(x, group ? "AH01641" : "AH01636",
		    group ? "could not get name of file group"
		          : "could not get name of file owner");
	return name;
}

static bool require_file_owner(const struct access_context *x)
{
	const char *owner = require_owner(x, false);

	if (!owner || strcmp(owner, x->r->user) == 0)
		return owner != NULL;
	return require_failed(
	    x, "AH01637", arena_printf(&x->c->arena, "file owner %s does not match.", owner));
}

static bool require_file_group(const struct access_context *x, const struct conf_authz *line)
{
	const char *const *groups, *group;
	size_t n;

	if (!child_auth_groups(x->c, x->r, line->kind, &groups, &n))
		return false;
	group = require_owner(x, true);
	if (!group)
		return false;
	if (require_in(groups, n, group))
		return true;
	child_log(x->c, LOG_DEBUG, "authz_groupfile",
	    "AH01671: Authorization of user %s to access %s failed, reason: user is not part of "
	    "the 'require'ed file group.",
	    x->r->user, x->r->uri);
	return false;
}

static enum authz_result require_expr(const struct access_context *x, const struct conf_authz *line)
{
	struct expr_source source = child_expr_source(x->c, x->r);
	bool holds = expr_true(line->expr, &source);

	/* With a user it might be another. */
	if (!source.error)
		return holds ? AUTHZ_GRANTED : line->by_user ? AUTHZ_NO_USER : AUTHZ_DENIED;
	child_log(x->c, LOG_ERR, "authz_core",
	    "AH02320: Error evaluating expression in 'Require expr': %s", source.error);
	return AUTHZ_ERROR;
}

static bool require_line(const struct access_context *x, const struct conf_authz *line)
{
	switch (line->kind) {
	case AUTHZ_ALL:
		return line->granted;
	case AUTHZ_IP:
		return require_ip(x, line);
	case AUTHZ_LOCAL:
		return require_local(x);
	case AUTHZ_METHOD:
		return line->allowed & conf_method_bit(x->r->method);
	case AUTHZ_ENV:
		return require_env(x, line);
	case AUTHZ_SSL:
		return x->c->start->job->flags & JOB_TLS;
	case AUTHZ_HOST:
		return require_host(x, line);
	case AUTHZ_FORWARD_DNS:
		return require_forward_dns(x, line);
	case AUTHZ_VALID_USER:
		return true;
	case AUTHZ_USER:
		return require_user(x, line);
	case AUTHZ_GROUP:
		return require_group(x, line);
	case AUTHZ_FILE_OWNER:
		return require_file_owner(x);
	case AUTHZ_FILE_GROUP:
		return require_file_group(x, line);
	default:
		return false;
	}
}

enum authz_result child_require(void *ctx, const struct conf_authz *line)
{
	const struct access_context *x = ctx;

	if (line->kind >= AUTHZ_VALID_USER && line->kind <= AUTHZ_FILE_GROUP && !x->r->user)
		return AUTHZ_NO_USER;
	if (line->kind == AUTHZ_EXPR)
		return require_expr(ctx, line);
	return require_line(ctx, line) ? AUTHZ_GRANTED : AUTHZ_DENIED;
}
