/*
 * One RewriteRule (mod_rewrite's apply_rewrite_rule). Runs as the vhost's user on the rules of the
 * administrator or of the site's owner, applied to the client's path.
 */
#include "child_rewrite.h"

#include "itkd/rewrite_uri.h"
#include <ctype.h>

/* What the pattern is compared with: of a directory the path below it, with PATH_INFO. */
static void rule_input(struct rewrite *x)
{
	x->uri = x->filename;
	if (!x->perdir)
		return;
	if (x->path_info && *x->path_info) {
		child_rewrite_trace_dir(
		    x, 3, "add path info postfix: %s -> %s%s", x->uri, x->uri, x->path_info);
		x->uri = arena_printf(&x->c->arena, "%s%s", x->uri, x->path_info);
	}
	size_t n = strlen(x->perdir);

	if (x->r->proxy || strncmp(x->uri, x->perdir, n) != 0)
		return;
	child_rewrite_trace_dir(x, 3, "strip per-dir prefix: %s -> %s", x->uri, x->uri + n);
	x->uri += n;
}

static void rule_vary(struct rewrite *x)
{
	if (x->vary_this)
		x->vary = x->vary ? arena_printf(&x->c->arena, "%s, %s", x->vary, x->vary_this)
		                  : x->vary_this;
	x->vary_this = NULL;
}

static bool rule_conditions(struct rewrite *x, const struct rewrite_conds *conds)
{
	for (uint32_t i = 0; i < conds->n; i++) {
		const struct rewrite_cond *cond = &conds->v[i];
		bool holds = child_rewrite_cond(x, cond);

		if (x->status)
			return false;
		if (cond->novary)
			x->vary_this = NULL;
		if (!holds && !cond->ornext)
			return false;
		if (!holds) {
			x->vary_this = NULL;
			continue;
		}
		/* Of those that are joined by OR one is enough. */
		while (i < conds->n && conds->v[i].ornext)
			i++;
		rule_vary(x);
	}
	return true;
}

static const char *lower(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text);

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

static void rule_force(struct rewrite *x, const struct rewrite_rule *rule)
{
	const char *text;

	if (rule->type) {
		text = lower(&x->c->arena, child_rewrite_expand(x, rule->type, rule, NULL));
		if (*text)
			x->r->forced_type = text;
		child_rewrite_trace_dir(
		    x, 2, "remember %s to have MIME-type '%s'", x->filename, text);
	}
	if (rule->handler) {
		text = lower(&x->c->arena, child_rewrite_expand(x, rule->handler, rule, NULL));
		if (*text)
			x->r->forced_handler = text;
		child_rewrite_trace_dir(
		    x, 2, "remember %s to have Content-handler '%s'", x->filename, text);
	}
}

/* The substitution; NULL where it is not safe. */
static const char *rule_substitute(struct rewrite *x, const struct rewrite_rule *rule)
{
	int question = -1;
	const char *text = child_rewrite_expand(
	    x, rule->output, rule, rule->flags & RULE_UNSAFE_3F ? NULL : &question);

	child_rewrite_trace_dir(x, 2, "rewrite '%s' -> '%s'", x->uri, text);
	if (question <= 0)
		return text;
	/* What the client wrote as %3f would become the beginning of a query. */
	child_log(x->c, LOG_ERR, "rewrite",
	    "AH10508: Unsafe URL with %%3f URL rewritten without UnsafeAllow3F");
	x->status = 403;
	return NULL;
}

/* A text that is neither a path nor a URL. */
static const char *rule_place(
    struct rewrite *x, const struct rewrite_rule *rule, const char *text, bool *placed)
{
	*placed = false;
	if (x->r->proxy || *text == '/' || rewrite_absolute(text, NULL))
		return text;
	if (x->perdir) {
		child_rewrite_trace_dir(
		    x, 3, "add per-dir prefix: %s -> %s%s", text, x->perdir, text);
		*placed = true;
		return arena_printf(&x->c->arena, "%s%s", x->perdir, text);
	}
	if (rule->flags & (RULE_PROXY | RULE_REDIRECT))
		return text;
	/* It might read as a scheme later. */
	child_rewrite_trace_dir(x, 3, "add root prefix: %s -> /%s", text, text);
	*placed = true;
	return arena_printf(&x->c->arena, "/%s", text);
}

/* Where the request goes now: to a backend, back to the client, or on. */
static void rule_direct(struct rewrite *x, const struct rewrite_rule *rule, bool placed)
{
	if (rule->flags & RULE_PROXY) {
		child_rewrite_qualify(x);
		child_rewrite_trace_dir(x, 2, "forcing proxy-throughput with %s", x->filename);
		x->filename = arena_printf(&x->c->arena, "proxy:%s", x->filename);
		return;
	}
	if (rule->flags & RULE_REDIRECT) {
		child_rewrite_qualify(x);
		child_rewrite_trace_dir(x, 2, "explicitly forcing redirect with %s", x->filename);
		x->redirect = rule->status;
		return;
	}
	child_rewrite_reduce(x);
	if (rewrite_absolute(x->filename, NULL)) {
		child_rewrite_trace_dir(
		    x, 2, "implicitly forcing redirect (rc=%d with %s", rule->status, x->filename);
		x->redirect = rule->status;
		return;
	}
	if (!(rule->flags & RULE_KEEP_SLASHES) && !placed && strncmp(rule->output, "//", 2) != 0)
		while (x->filename[0] == '/' && x->filename[1] == '/')
			x->filename++;
	rule_force(x, rule);
}

static bool rule_matches(struct rewrite *x, const struct rewrite_rule *rule)
{
	struct regex_match m;

	child_rewrite_trace_dir(x, 3, "applying pattern '%s' to uri '%s'", rule->pattern, x->uri);
	bool found = child_rewrite_match(x, rule->regex, x->uri, &m);

	if (x->status) {
		child_log(x->c, LOG_ERR, "rewrite",
		    "RewriteRule: the pattern '%s' takes too long for '%s'", rule->pattern, x->uri);
		return false;
	}
	if (found == ((rule->flags & RULE_NEGATED) != 0))
		return false;
	x->vary_this = NULL;
	x->cond.n = 0;
	x->rule.n = 0;
	if (found)
		x->rule = m;
	return true;
}

enum rewrite_outcome child_rewrite_rule(struct rewrite *x, const struct rewrite_rule *rule)
{
	const char *text = NULL;
	bool placed;

	rule_input(x);
	if (!rule_matches(x, rule) || !rule_conditions(x, &rule->conds))
		return x->status ? OUTCOME_FAILED : OUTCOME_NO_MATCH;
	if (!(rule->flags & RULE_NO_SUBSTITUTE)) {
		text = rule_substitute(x, rule);
		if (!text)
			return OUTCOME_FAILED;
	}
	child_rewrite_env(x, rule);
	if (x->status)
		return OUTCOME_FAILED;
	if (!text) {
		rule_force(x, rule);
		return x->status ? OUTCOME_FAILED : OUTCOME_MATCHED;
	}
	x->filename = rule_place(x, rule, text, &placed);
	if (x->perdir && rule->flags & RULE_DISCARD_PATH)
		x->path_info = NULL;
	child_rewrite_split_query(x, rule->flags);
	rule_direct(x, rule, placed);
	return x->status ? OUTCOME_FAILED : OUTCOME_CHANGED;
}
