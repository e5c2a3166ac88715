/*
 * Action and Script (mod_actions): a script of the site answers for a file of some handler or type,
 * or for a method. Runs as the vhost's user; the path is the client's.
 */
#include "child_internal.h"

#include "itkd/mime.h"
#include <string.h>

/* What the file is to mod_actions: its handler, or its type without parameters. */
static const char *action_name(struct child *c, const struct child_target *t)
{
	if (t->handler)
		return t->handler;
	if (t->fd >= 0 && S_ISDIR(t->st.st_mode))
		return "httpd/unix-directory";
	return t->type ? arena_strndup(&c->arena, t->type, strcspn(t->type, "; \t")) : NULL;
}

static const struct conf_action *action_find(struct child *c, const struct child_target *t)
{
	const char *name = c->dir.merged.actions ? action_name(c, t) : NULL;

	return name ? conf_action_find(c->dir.merged.actions, name) : NULL;
}

bool child_action_has(struct child *c, const struct child_target *t)
{
	return action_find(c, t) != NULL;
}

/* Script: of GET only with a query, of HEAD as of GET. */
static const char *action_script(const struct conf_actions *actions, const struct child_request *r)
{
	bool get = r->method_id == HTTP_METHOD_GET || r->method_id == HTTP_METHOD_HEAD;
	const struct conf_action *script;

	if (get && !r->has_query)
		return NULL;
	script = conf_action_script(actions, get ? SPAN("GET") : r->method);
	return script ? script->script : NULL;
}

struct span child_query(const struct child_request *r)
{
	static const char none[] = "";

	if (!r->has_query)
		return (struct span){NULL, 0};
	return (struct span){r->query.p ? r->query.p : none, r->query.n};
}

/* The script with what was asked for behind it: PATH_INFO. Method and body stay what they are. */
static int action_redirect(struct child *c, struct child_request *r, const char *script)
{
	const char *text = arena_printf(&c->arena, "%s%s", script, path_encode(&c->arena, r->uri));
	size_t n = strcspn(text, "?");
	char *path;

	if (path_decode(&c->arena, (struct span){text, n}, &path) != PATH_OK) {
		child_log(c, LOG_ERR, "actions", "'%s' is no path of this site", script);
		return 500;
	}
	struct span query = r->query;

	if (text[n] && r->has_query)
		query = span_of(arena_printf(&c->arena, "%s?%.*s", text + n + 1, (int)r->query.n,
		    r->query.p ? r->query.p : ""));
	else if (text[n])
		query = span_of(text + n + 1);
	return child_redirect_inside(c, r, path, query, r->has_query || text[n]);
}

static int action_run(struct child *c, struct child_request *r, const struct conf_action *action)
{
	const char *file = r->target.file;

	r->php_arguments = NULL;
	if (child_php_may_run(c, action, file))
		child_php_arguments(c, r, file);
	int status = action_redirect(c, r, action->script);

	if (status == CHILD_REDIRECT)
		r->php_redirect = r->redirects;
	return status;
}

int child_action(struct child *c, struct child_request *r)
{
	const struct conf_actions *actions = c->dir.merged.actions;
	const struct child_target *t = &r->target;

	if (!actions)
		return 0;
	const char *script = action_script(actions, r);
	const struct conf_action *action = action_find(c, t);

	/* A script that is no program would be asked for again and again. */
	if (script && r->redirects > 1)
		return 0;
	if (action && !action->virtual && t->fd < 0) {
		child_log(c, LOG_INFO, "actions", "AH00652: File does not exist: %s", t->file);
		return r->target.status = 404;
	}
	if (!action)
		return script ? action_redirect(c, r, script) : 0;
	child_env_set(c, r, "HANDLER", action_name(c, t));
	return action_run(c, r, action);
}

bool child_handler_is_proxy(const char *handler)
{
	return handler && strncasecmp(handler, "proxy:", 6) == 0;
}

bool child_handler_is_virtual(const char *handler)
{
	if (child_handler_is_proxy(handler))
		return true;
	return handler &&
	       (strcmp(handler, "server-status") == 0 || strcmp(handler, "cgi-script") == 0);
}

/*
 * By its name, where nothing says what runs it though PHP is run here. ForceType and AddType for
 * its extension say that it is to be sent.
 */
static bool action_is_php(struct child *c, const struct child_target *t)
{
	const struct conf_dir *dir = &c->dir.merged;
	struct mime_info info = {0};
	struct arena *a = &c->arena;

	if (!c->start->conf->php_expected || !S_ISREG(t->st.st_mode) || !child_php_named(t->file))
		return false;
	if (dir->set & DIR_TYPE && *dir->type)
		return false;
	mime_lookup(a, c->start->conf, dir, arena_printf(a, "x%s", strrchr(t->file, '.')), &info);
	return !info.type;
}

/* Parts of names of handlers that run what they are for: without them its source would be sent. */
bool child_handler_is_program(struct child *c, const struct child_target *t)
{
	static const char *const parts[] = {"php", "cgi", "script", "perl", "python", "wsgi",
	    "ruby", "lua", "parsed", "type-map", "proxy:", "x-httpd"};
	const char *type = "application/x-httpd-";

	if (!t->handler)
		return (t->type && strncasecmp(t->type, type, strlen(type)) == 0) ||
		       action_is_php(c, t);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strcasestr(t->handler, parts[i]))
			return true;
	return false;
}
