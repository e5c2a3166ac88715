/*
 * RewriteCond (mod_rewrite's apply_rewrite_cond). Runs as the vhost's user, so a test of a file
 * tells no more than the user may know; texts have the client's bytes in them.
 */
#include "child_rewrite.h"

#include "itkd/expr.h"
#include "itkd/rewrite_uri.h"
#include <stdlib.h>

bool child_rewrite_match(
    struct rewrite *x, const struct regex *re, const char *text, struct regex_match *m)
{
	switch (regex_try(re, span_of(text), m)) {
	case REGEX_FOUND:
		return true;
	case REGEX_LIMIT:
		x->status = 500;
		return false;
	default:
		return false;
	}
}

static bool cond_regex(struct rewrite *x, const struct rewrite_cond *cond, const char *input)
{
	struct regex_match m;
	bool holds = child_rewrite_match(x, cond->regex, input, &m);

	if (x->status == 500)
		child_log(x->c, LOG_ERR, "rewrite",
		    "RewriteCond: the pattern '%s' takes too long for '%s'", cond->text, input);
	else if (holds && !cond->negated)
		x->cond = m;
	return holds;
}

static bool cond_expr(struct rewrite *x, const struct rewrite_cond *cond)
{
	struct expr_source source = child_expr_source(x->c, x->r);

	if (cond->novary)
		source.vary = NULL;
	bool holds = expr_true(cond->expr, &source);

	if (source.error) {
		child_rewrite_trace_dir(
		    x, 1, "RewriteCond: expr='%s' evaluation failed: %s", cond->text, source.error);
		return false;
	}
	if (holds && !cond->negated)
		x->cond = source.match;
	return holds;
}

/* -U and -F: a look-up of its own, not from within such a one for the same path. */
static bool cond_access(struct rewrite *x, const char *input, bool file)
{
	struct child *c = x->c;
	struct stat st;

	if (!*input || (x->r->main_uri && strcmp(x->r->main_uri, x->request) == 0))
		return false;
	struct child_sub *sub = ARENA_NEW(&c->arena, struct child_sub);

	child_sub_start(c, x->r, x->request, sub, input, file);
	const char *found = child_sub_file(c, sub);
	bool holds = file ? sub->status < 300 && stat(found, &st) == 0 : sub->status < 400;

	child_sub_end(c, sub);
	if (file)
		child_rewrite_trace(x, 5,
		    "RewriteCond file (-F check: path=%s -> file=%s status=%d", input, found,
		    sub->status);
	else
		child_rewrite_trace(
		    x, 5, "RewriteCond URI (-U check: path=%s -> status=%d", input, sub->status);
	return holds;
}

static bool cond_file(enum rewrite_test test, const char *path)
{
	struct stat st;

	if (test == REWRITE_IS_LINK)
		return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
	if (stat(path, &st) < 0)
		return false;
	switch (test) {
	case REWRITE_IS_FILE:
		return S_ISREG(st.st_mode);
	case REWRITE_HAS_SIZE:
		return S_ISREG(st.st_mode) && st.st_size > 0;
	case REWRITE_EXECUTABLE:
		return (st.st_mode & 0111) != 0;
	default:
		return S_ISDIR(st.st_mode);
	}
}

/* < 0, 0, > 0, by what the test compares. */
static int cond_order(const struct rewrite_cond *cond, const char *input)
{
	int a, b;

	if (cond->test < REWRITE_INT_LESS)
		return cond->nocase ? strcasecmp(input, cond->pattern)
		                    : rewrite_compare(input, cond->pattern);
	a = atoi(input);
	b = atoi(cond->pattern);
	return a < b ? -1 : a > b;
}

static bool cond_compare(const struct rewrite_cond *cond, const char *input)
{
	int order = cond_order(cond, input);

	switch (cond->test) {
	case REWRITE_LESS:
	case REWRITE_INT_LESS:
		return order < 0;
	case REWRITE_LESS_EQUAL:
	case REWRITE_INT_LESS_EQUAL:
		return order <= 0;
	case REWRITE_GREATER:
	case REWRITE_INT_GREATER:
		return order > 0;
	case REWRITE_GREATER_EQUAL:
	case REWRITE_INT_GREATER_EQUAL:
		return order >= 0;
	default:
		return order == 0;
	}
}

static bool cond_holds(struct rewrite *x, const struct rewrite_cond *cond, const char *input)
{
	switch (cond->test) {
	case REWRITE_REGEX:
		return cond_regex(x, cond, input);
	case REWRITE_EXPR:
		return cond_expr(x, cond);
	case REWRITE_URL:
	case REWRITE_FILE_ACCESS:
		return cond_access(x, input, cond->test == REWRITE_FILE_ACCESS);
	case REWRITE_IS_FILE:
	case REWRITE_HAS_SIZE:
	case REWRITE_IS_LINK:
	case REWRITE_IS_DIRECTORY:
	case REWRITE_EXECUTABLE:
		return cond_file(cond->test, input);
	default:
		return cond_compare(cond, input);
	}
}

bool child_rewrite_cond(struct rewrite *x, const struct rewrite_cond *cond)
{
	const char *input =
	    cond->test == REWRITE_EXPR ? "" : child_rewrite_expand(x, cond->input, NULL, NULL);
	bool holds = cond_holds(x, cond, input) != cond->negated;

	child_rewrite_trace_dir(x, 4, "RewriteCond: input='%s' pattern='%s'%s => %s",
	    cond->test == REWRITE_EXPR ? "(null)" : input, cond->text, cond->nocase ? " [NC]" : "",
	    holds ? "matched" : "not-matched");
	return holds;
}
