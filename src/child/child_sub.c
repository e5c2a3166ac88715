/*
 * A look-up on behalf of a request: what would become of another URL or file, with settings of its
 * own (Apache's subrequests, for -U, -F, LA-U and LA-F). Runs as the vhost's user.
 */
#include "child_rewrite.h"

#include "itkd/conf_table.h"
#include <errno.h>

#define SUB_DEPTH 10 /* LimitInternalRecursion's second number */
#define SUB_ARENA ((size_t)16 << 20)

static int sub_url(struct child *c, struct child_request *r, const char *path)
{
	size_t n = strcspn(path, "?");
	char *uri;

	if (*path != '/') {
		const char *slash = r->uri ? strrchr(r->uri, '/') : NULL;

		path = arena_printf(&c->arena, "%.*s/%s", slash ? (int)(slash - r->uri) : 0,
		    slash ? r->uri : "", path);
		n = strcspn(path, "?");
	}
	int status = child_path_decode(c, (struct span){path, n}, &uri);

	if (status)
		return status;
	r->has_query = path[n] != '\0';
	r->query = span_of(r->has_query ? path + n + 1 : NULL);
	r->uri = uri;
	return child_resolve(c, r);
}

static int sub_file(struct child *c, struct child_request *r, const char *path)
{
	struct child_target *t = &r->target;
	struct stat st;

	r->uri = "";
	r->has_query = false;
	t->file = conf_path_clean(&c->arena, path);
	t->path_info = "";
	t->error = stat(t->file, &st) < 0 ? errno : 0;
	t->status = child_dir_walk(
	    c, "", t->file, !t->error && S_ISDIR(st.st_mode) ? WALK_DIRECTORY : WALK_FILE);
	int status = t->status ? t->status : child_access(c, r, t->file);

	if (!status && child_rewrite_has_dir(c))
		status = child_rewrite_dir(c, r, r->uri);
	/* mod_dir would send the client to the name with a slash. */
	if (!status && !t->error && S_ISDIR(st.st_mode))
		return 301;
	if (t->error == ENOENT || t->error == ENOTDIR)
		child_map_cut(c, t);
	return status;
}

void child_sub_start(struct child *c, struct child_request *r, const char *from,
    struct child_sub *sub, const char *path, bool file)
{
	struct child_request *s = &sub->r;

	*s = *r;
	sub->outer = r;
	sub->dir = c->dir;
	s->sub = true;
	s->main_uri = from;
	s->depth++;
	s->target = (struct child_target){.fd = -1};
	s->location = s->rewritten = s->mapped = s->mapped_uri = s->proxy = NULL;
	s->rewrite_end = false;
	child_env_own(c, s);
	c->request = s;
	c->dir = (struct child_dir){.fresh = true};
	arena_init_heap(&c->dir.arena, SUB_ARENA);
	arena_init_heap(&c->dir.kept, SUB_ARENA);
	c->dir.merged = c->vhost->dir;
	if (s->depth > SUB_DEPTH) {
		child_log(c, LOG_ERR, "core",
		    "AH00125: Request exceeded the limit of %d subrequest nesting levels due to "
		    "probable configuration error. Use 'LimitInternalRecursion' to increase the "
		    "limit if necessary. Use 'LogLevel debug' to get a backtrace.",
		    SUB_DEPTH);
		sub->status = 500;
		return;
	}
	int status = file ? sub_file(c, s, path) : sub_url(c, s, path);
	bool missing = status == 404 && !s->target.status && s->target.error;

	sub->status = status <= 0 || missing ? 200 : status;
}

/* A rule's cookie goes to the client, whatever was looked up when the rule was met. */
static void sub_cookies(struct child *c, struct child_request *outer, const struct child_request *r)
{
	for (size_t i = outer->err.n; i < r->err.n; i++)
		if (span_ieq(r->err.v[i].name, SPAN("Set-Cookie"))) {
			outer->err.a = &c->arena;
			child_table_add(&outer->err, r->err.v[i].name, r->err.v[i].value);
		}
	outer->cookies = r->cookies;
}

void child_sub_end(struct child *c, struct child_sub *sub)
{
	sub->outer->rewrite_spent = sub->r.rewrite_spent;
	sub_cookies(c, sub->outer, &sub->r);
	child_target_close(&sub->r.target);
	arena_free(&c->dir.arena);
	arena_free(&c->dir.kept);
	c->dir = sub->dir;
	c->request = sub->outer;
}

const char *child_sub_file(struct child *c, const struct child_sub *sub)
{
	const struct child_request *r = &sub->r;

	if (r->rewritten)
		return arena_printf(
		    &c->arena, "redirect:%.*s", (int)strcspn(r->rewritten, "?"), r->rewritten);
	if (r->proxy)
		return arena_printf(&c->arena, "proxy:%s", r->proxy);
	if (r->target.file)
		return r->target.file;
	/* Where rules are looked at the path stands in until there is a file. */
	return c->vhost->rewrite && c->vhost->rewrite->engine == REWRITE_ON ? r->uri : "";
}
