/*
 * mod_rewrite's second place in a request: rules of a directory, once its settings are known
 * (hook_fixup). Runs as the vhost's user; the rules may be the site owner's (.htaccess).
 */
#include "child_rewrite.h"

#include "itkd/conf_table.h"
#include "itkd/rewrite_uri.h"

bool child_rewrite_has_dir(const struct child *c)
{
	const struct conf_rewrite *conf = c->dir.merged.rewrite;

	return conf && conf->engine == REWRITE_ON && conf->directory;
}

static bool dir_applies(struct rewrite *x)
{
	size_t n = strlen(x->perdir) - 1;

	/* The directory itself without its slash: mod_dir redirects first. */
	if (!x->r->proxy && !(x->conf->options & REWRITE_ALLOW_NO_SLASH) &&
	    strlen(x->filename) == n && strncmp(x->filename, x->perdir, n) == 0)
		return false;
	if (!x->r->rewrite_end)
		return true;
	child_rewrite_trace_dir(x, 8, "Declining, no further rewriting due to END flag");
	return false;
}

/* prefix of x->filename replaced by subst, where it is one. */
static bool subst_prefix(struct rewrite *x, const char *prefix, const char *subst)
{
	size_t n = rewrite_prefix(x->filename, prefix), m = strlen(subst);

	if (n == 0)
		return false;
	const char *rest = x->filename + n;

	child_rewrite_trace(x, 5, "strip matching prefix: %s -> %s", x->filename, rest);
	x->filename =
	    arena_printf(&x->c->arena, "%s%s%s", subst, m && subst[m - 1] != '/' ? "/" : "", rest);
	child_rewrite_trace(x, 4, "add subst prefix: %s -> %s", rest, x->filename);
	return true;
}

/* The URL path of a file path: by RewriteBase, DocumentRoot, or what the alias says. */
static void unmap(struct rewrite *x)
{
	const struct child_target *t = &x->r->target;
	bool done = false;

	if (x->conf->base) {
		child_rewrite_trace_dir(
		    x, 2, "trying to replace prefix %s with %s", x->perdir, x->conf->base);
		done = subst_prefix(x, x->perdir, x->conf->base);
	} else {
		size_t n = rewrite_prefix(x->filename, x->c->vhost->document_root);

		if (n) {
			child_rewrite_trace_dir(x, 2, "strip document_root prefix: %s -> %s",
			    x->filename, x->filename + n - 1);
			x->filename += n - 1;
			done = true;
		}
	}
	if (done || x->conf->options & REWRITE_IGNORE_CONTEXT || !t->context_prefix)
		return;
	const char *root = t->context_root ? t->context_root : x->c->vhost->root_told;

	child_rewrite_trace_dir(x, 2, "trying to replace context docroot %s with context prefix %s",
	    root, t->context_prefix);
	subst_prefix(x, root, t->context_prefix);
}

static int dir_local(struct rewrite *x, const char *before)
{
	const char *passed = child_rewrite_passed(x), *query;

	/* PT means nothing here. */
	if (passed)
		x->filename = passed;
	if (*x->filename != '/')
		return 400;
	if (strcmp(x->filename, before) == 0) {
		child_rewrite_trace_dir(
		    x, 1, "initial URL equal rewritten URL: %s [IGNORING REWRITE]", x->filename);
		if (!x->path_info)
			x->r->target.path_info = "";
		return 0;
	}
	unmap(x);
	child_rewrite_trace_dir(x, 1, "internal redirect with %s [INTERNAL REDIRECT]", x->filename);
	query = child_rewrite_query(x);
	x->r->rewritten =
	    query ? arena_printf(&x->c->arena, "%s?%s", x->filename, query) : x->filename;
	return 0;
}

static int dir_result(
    struct rewrite *x, enum rewrite_result result, const char *before, const char *query_before)
{
	int status = child_rewrite_away(x, result, query_before);

	if (status)
		return status == CHILD_MAPPED ? 0 : status;
	return dir_local(x, before);
}

int child_rewrite_dir(struct child *c, struct child_request *r, const char *uri)
{
	const struct child_target *t = &r->target;
	const struct conf_rewrite *conf = c->dir.merged.rewrite;
	struct rewrite x = {.c = c,
	    .r = r,
	    .conf = conf,
	    .perdir = conf->directory,
	    .request = uri,
	    .filename = t->file ? t->file : uri,
	    .path_info = t->path_info};

	if (!dir_applies(&x))
		return 0;
	if (!child_option(c, OPT_SYM_LINKS) && !child_option(c, OPT_SYM_OWNER)) {
		child_log(c, LOG_ERR, "rewrite",
		    "AH00670: Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the "
		    "RewriteRule directive is also forbidden due to its similar ability to "
		    "circumvent directory restrictions : %s",
		    x.filename);
		return 403;
	}
	const char *before = x.filename, *query = child_rewrite_query(&x);
	enum rewrite_result result = child_rewrite_rules(&x);

	if (result != REWRITE_NOTHING)
		return dir_result(&x, result, before, query);
	child_rewrite_trace_dir(&x, 1, "pass through %s", x.filename);
	return 0;
}
