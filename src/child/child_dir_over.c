/*
 * What holds for one request above the settings of its directory: <DirectoryMatch>, <Files>,
 * <Location> and <If>, in this order (Apache's directory_walk, file_walk, location_walk, if_walk).
 * Runs as the vhost's user; paths are the client's. Nothing here costs anything where no such
 * section is in force.
 */
#include "child_internal.h"

#include "itkd/regex.h"
#include <fnmatch.h>
#include <string.h>

/* A location that ends in no slash is a whole component: "/a" is "/a" and "/a/b", not "/ab". */
static bool over_is_below(const char *path, const char *uri)
{
	size_t n = strlen(path);

	if (strncmp(path, uri, n) != 0)
		return false;
	return n == 0 || path[n - 1] == '/' || uri[n] == '/' || uri[n] == '\0';
}

static bool over_regex(struct child *c, const struct regex *re, const char *text)
{
	struct regex_match m;

	switch (regex_try(re, span_of(text), &m)) {
	case REGEX_FOUND:
		child_env_named(c, c->request, re, &m);
		return true;
	case REGEX_LIMIT:
		/* It may be what restricts: nobody knows whether it is for this one. */
		c->dir.undecided = true;
		return false;
	default:
		return false;
	}
}

static bool over_match(struct child *c, const struct conf_match *m, const char *text,
    bool (*is)(const char *, const char *))
{
	switch (m->kind) {
	case MATCH_TEXT:
		return is(m->text, text);
	case MATCH_GLOB:
		return fnmatch(m->text, text, FNM_PATHNAME) == 0;
	default:
		return over_regex(c, m->regex, text);
	}
}

static void over_matches(struct child *c, const struct conf_matches *sections, const char *text,
    bool (*is)(const char *, const char *))
{
	for (uint32_t i = 0; i < sections->n; i++) {
		const struct conf_match *m = &sections->v[i];

		if (over_match(c, m, text, is))
			conf_dir_merge(&c->arena, &c->dir.merged, m->dir);
	}
}

const struct conf_alias_dir *child_dir_alias(struct child *c, const char *uri)
{
	const struct conf_matches *locations = &c->vhost->locations;
	struct conf_alias_dir *alias = c->vhost->dir.alias;

	for (uint32_t i = 0; i < locations->n; i++) {
		const struct conf_match *m = &locations->v[i];

		if (m->dir->alias && over_match(c, m, uri, over_is_below))
			conf_alias_merge(&c->arena, &alias, m->dir->alias);
	}
	return alias;
}

const struct conf_rewrite *child_dir_rewrite(
    struct child *c, const char *uri, const struct conf_rewrite *rewrite)
{
	const struct conf_matches *locations = &c->vhost->locations;

	for (uint32_t i = 0; i < locations->n; i++) {
		const struct conf_match *m = &locations->v[i];

		if (m->dir->rewrite && over_match(c, m, uri, over_is_below))
			conf_rewrite_merge(&c->arena, &rewrite, m->dir->rewrite);
	}
	return rewrite;
}

const struct conf_proxy *child_dir_proxy(struct child *c, const char *uri)
{
	const struct conf_matches *locations = &c->vhost->locations;
	struct conf_proxy *proxy = c->vhost->dir.proxy;

	for (uint32_t i = 0; i < locations->n; i++) {
		const struct conf_match *m = &locations->v[i];

		if (m->dir->proxy && over_match(c, m, uri, over_is_below))
			conf_proxy_merge(&c->arena, &proxy, m->dir->proxy);
	}
	return proxy;
}

static bool over_is_equal(const char *name, const char *file)
{
	return strcmp(name, file) == 0;
}

static bool over_holds(struct child *c, const struct conf_if *s)
{
	struct expr_source source = child_expr_source(c, c->request);
	bool holds = expr_true(s->condition, &source);

	if (source.error)
		child_log(c, LOG_ERR, "core", "AH00039: Failed to evaluate <If > condition: %s",
		    source.error);
	return holds;
}

/*
 * The list grows while it is worked off: what stands in an <If> that holds comes after all that
 * stands beside it, as in Apache.
 */
static void over_ifs(struct child *c)
{
	struct conf_dir *merged = &c->dir.merged;
	bool before = false; /* the <If> or an <ElseIf> of the current chain held */

	for (uint32_t i = 0; i < merged->ifs.n; i++) {
		const struct conf_if *s = &merged->ifs.v[i];

		if (s->kind != IF_IF && before)
			continue;
		if (s->kind != IF_ELSE && !over_holds(c, s)) {
			before = false;
			continue;
		}
		before = s->kind != IF_ELSE;
		conf_dir_merge(&c->arena, merged, s->dir);
	}
}

/*
 * As in Apache, a file in the directory that was walked last for this request (an index file, an
 * error page) gets the sections that matched then, not those that its own name would match.
 */
static void over_directory_matches(struct child *c, const char *file, enum child_walk what)
{
	if (c->vhost->directory_matches.n == 0)
		return;
	if (what == WALK_FILE && c->dir.matched)
		file = c->dir.matched;
	over_matches(c, &c->vhost->directory_matches, file, over_is_equal);
	if (what != WALK_NAME)
		c->dir.matched = file;
}

int child_dir_walk(struct child *c, const char *uri, const char *file, enum child_walk what)
{
	const struct conf_vhost *v = c->vhost;
	const char *slash = strrchr(file, '/');
	size_t n = what == WALK_DIRECTORY ? strlen(file) : slash ? (size_t)(slash - file) : 0;
	int status = child_dir_merge(c, file, n);

	/* mpm-itk reads what is closed to us before it drops its rights: that still says something.
	 */
	if (status && status != 403)
		child_dir_server(c);
	if (status)
		return status;
	if (what == WALK_FILE)
		child_dir_merge_file(c, file);
	over_directory_matches(c, file, what);
	const struct conf_matches files = c->dir.merged.files;

	over_matches(c, &files, slash ? slash + 1 : file, over_is_equal);
	over_matches(c, &v->locations, uri, over_is_below);
	over_ifs(c);
	return 0;
}

static bool over_is_prefix(const char *begin, const char *url)
{
	return strncmp(begin, url, strlen(begin)) == 0;
}

/* Not FNM_PATHNAME: a '*' of <Proxy> is the rest of the URL, as in Apache. */
static bool over_proxy_match(struct child *c, const struct conf_match *m, const char *url)
{
	if (m->kind == MATCH_GLOB)
		return fnmatch(m->text, url, 0) == 0;
	return over_match(c, m, url, over_is_prefix);
}

void child_dir_proxied(struct child *c, const char *uri, const char *url)
{
	const struct conf_vhost *v = c->vhost;

	c->dir.merged = v->dir;
	for (uint32_t i = 0; i < v->proxies.n; i++)
		if (over_proxy_match(c, &v->proxies.v[i], url))
			conf_dir_merge(&c->arena, &c->dir.merged, v->proxies.v[i].dir);
	over_matches(c, &v->locations, uri, over_is_below);
	over_ifs(c);
}
