/*
 * Redirect and its like (mod_alias): of server context before a file is looked for, of a directory
 * once its settings are known. Runs as the vhost's user; the path is the client's, decoded, and
 * what is made of it goes into a field of the answer: encoded, or refused where it could end it.
 */
#include "child_internal.h"

#include "itkd/conf_alias.h"
#include "itkd/conf_table.h"
#include "itkd/expr.h"
#include "itkd/http_field.h"
#include "itkd/regex.h"
#include <string.h>

/* Where messages differ: Apache's numbers of the two places. */
enum redirect_place { PLACE_SERVER, PLACE_DIRECTORY };

/* Not child_url's path_encode alone: a colon in the first segment is a scheme here. */
static const char *redirect_encode(struct arena *a, const char *text)
{
	return path_encode(a, arena_printf(a, "/%s", text)) + 1;
}

/* The port that a scheme has anyway is left out, as apr_uri_unparse() does. */
static bool redirect_is_default(struct span scheme, struct span port)
{
	static const struct {
		struct span scheme, port;
	} known[] = {{{"http", 4}, {"80", 2}}, {{"https", 5}, {"443", 3}}, {{"ftp", 3}, {"21", 2}}};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (span_ieq(scheme, known[i].scheme) && span_eq(port, known[i].port))
			return true;
	return port.n == 0;
}

/* user:password@host:port as Apache writes it again: a password is nobody's business. */
static const char *redirect_authority(struct arena *a, struct span scheme, struct span text)
{
	const char *at = memrchr(text.p, '@', text.n);
	struct span user = {text.p, at ? (size_t)(at - text.p) : 0};
	struct span host = {text.p + (at ? user.n + 1 : 0), text.n - (at ? user.n + 1 : 0)};
	const char *colon = user.n ? memchr(user.p, ':', user.n) : NULL;
	const char *port = memrchr(host.p, ':', host.n);

	if (port && memchr(port, ']', host.n - (size_t)(port - host.p)))
		port = NULL;
	if (port && redirect_is_default(
	                scheme, (struct span){port + 1, host.n - (size_t)(port - host.p) - 1}))
		host.n = (size_t)(port - host.p);
	if (colon)
		user.n = (size_t)(colon - user.p);
	return arena_printf(a, "%.*s%s%s%.*s", (int)user.n, user.p, colon ? ":XXXXXXXX" : "",
	    at ? "@" : "", (int)host.n, host.p);
}

/* What a pattern or an expression gave: query and fragment stay as they are. */
static const char *redirect_compose(struct arena *a, const char *text)
{
	size_t n = strcspn(text, "?#");
	const char *rest = text + n, *path = arena_strndup(a, text, n);
	const char *authority = strstr(path, "://");

	if (authority && conf_is_url(path) && authority == strchr(path, ':')) {
		struct span scheme = {path, (size_t)(authority - path)};
		const char *from = authority + 3;
		size_t len = strcspn(from, "/");

		path = arena_printf(a, "%.*s://%s%s", (int)scheme.n, path,
		    redirect_authority(a, scheme, (struct span){from, len}), from + len);
	}
	return arena_printf(a, "%s%s", redirect_encode(a, path), rest);
}

const char *child_alias_text(struct child *c, const struct expr *e)
{
	struct expr_source source = child_expr_source(c, c->request);
	const char *text = expr_string(e, &source);

	if (!text)
		child_log(c, LOG_ERR, "alias", "AH02826: Can't evaluate expression: %s",
		    source.error ? source.error : "");
	return text;
}

/* "" where what it comes to is longer than any URL should be (regex_expand). */
static const char *redirect_expand(
    struct child *c, const struct conf_alias *e, const struct regex_match *m)
{
	const char *text = regex_expand(&c->arena, e->to, m);

	if (!*text)
		child_log(c, LOG_ERR, "alias",
		    "AH00672: Regex substitution in '%s' failed. Replacement too long?", e->to);
	return redirect_compose(&c->arena, text);
}

/* Whether an entry is for uri; *url is NULL where its status needs none. */
static bool redirect_matches(
    struct child *c, const struct conf_alias *e, const char *uri, const char **url)
{
	struct regex_match m;
	size_t n;

	if (e->regex) {
		if (!regex_find(e->regex, span_of(uri), &m))
			return false;
		*url = e->to ? redirect_expand(c, e, &m) : NULL;
		return true;
	}
	n = conf_alias_match(uri, e->from);
	if (n == 0)
		return false;
	*url = e->to ? arena_printf(&c->arena, "%s%s", e->to, redirect_encode(&c->arena, uri + n))
	             : NULL;
	return true;
}

/* The status of what holds for uri, or 0. */
static int redirect_find(struct child *c, const char *uri, const struct conf_alias_dir *dir,
    const struct conf_aliases *list, const char **url)
{
	if (dir && dir->redirect_set) {
		const char *text = dir->redirect ? child_alias_text(c, dir->redirect) : NULL;

		*url = text ? redirect_compose(&c->arena, text) : NULL;
		return dir->redirect_status;
	}
	for (uint32_t i = 0; i < list->n; i++)
		if (redirect_matches(c, &list->v[i], uri, url))
			return list->v[i].status;
	return 0;
}

static int redirect_locate(struct child *c, struct child_request *r, const char *uri,
    const char *url, bool relative, enum redirect_place place)
{
	const char *target = url;

	if (*url == '/' && !relative) {
		target = child_url(c, r, url);
		child_log(c, LOG_DEBUG, "alias",
		    "%s: incomplete redirection target of '%s' for URI '%s' modified to '%s'",
		    place == PLACE_SERVER ? "AH00673" : "AH00675", url, uri, target);
	}
	if (*target != '/' && !conf_is_url(target)) {
		child_log(c, LOG_ERR, "alias",
		    "%s: cannot redirect '%s' to '%s'; target is not a valid absoluteURI or "
		    "abs_path",
		    place == PLACE_SERVER ? "AH00674" : "AH00676", uri, target);
		return 500;
	}
	/* The query of a pattern's URL is not encoded, and may be the client's. */
	if (!http_field_value(span_of(target))) {
		child_log(c, LOG_ERR, "http",
		    "AH02430: Response header 'Location' value of '%s' contains invalid "
		    "characters, aborting request",
		    target);
		return 500;
	}
	/* The client's own query only where the configuration did not supply one. */
	if (r->has_query && !strchr(target, '?'))
		target = arena_printf(
		    &c->arena, "%s?%.*s", target, (int)r->query.n, r->query.p ? r->query.p : "");
	r->location = target;
	return 0;
}

static int redirect_unknown(struct child *c, int status)
{
	child_log(c, LOG_ERR, "http", "AH01579: Invalid response status %d", status);
	return 500;
}

static int redirect_try(struct child *c, struct child_request *r, const char *uri,
    const struct conf_alias_dir *dir, const struct conf_aliases *list, enum redirect_place place)
{
	const char *url = NULL;
	int status = redirect_find(c, uri, dir, list, &url);

	/* An interim answer, or one that nobody has a name for, cannot be the end. */
	if (status && (status < 200 || span_eq(child_reason(status), SPAN("Unknown Reason"))))
		return redirect_unknown(c, status);
	if (status < 300 || status > 399)
		return status;
	/* An expression that gives nothing is no URL. */
	int failed = redirect_locate(
	    c, r, uri, url ? url : "", dir && dir->relative == ALIAS_FLAG_ON, place);

	return failed ? failed : status;
}

int child_redirect_server(struct child *c, struct child_request *r, const char *uri)
{
	const struct conf_alias_dir *dir = child_dir_alias(c, uri);

	if (c->vhost->redirects.n == 0 && !(dir && dir->redirect_set))
		return 0;
	return redirect_try(c, r, uri, dir, &c->vhost->redirects, PLACE_SERVER);
}

int child_redirect_dir(struct child *c, struct child_request *r, const char *uri)
{
	const struct conf_alias_dir *dir = c->dir.merged.alias;

	if (!dir)
		return 0;
	return redirect_try(c, r, uri, dir, &dir->redirects, PLACE_DIRECTORY);
}
