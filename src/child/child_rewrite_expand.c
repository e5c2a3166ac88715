/*
 * The texts of RewriteRule and RewriteCond with what stands in them replaced (mod_rewrite's
 * do_expand). In a single pass: what a client sent is never expanded again. Runs as the vhost's
 * user.
 */
#include "child_rewrite.h"

#include "itkd/rewrite_uri.h"

#define EXPAND_MAX (1024 * 1024) /* bytes of one text */
#define EXPAND_SPECIALS "\\$%"
#define EXPAND_DEPTH 16 /* ${map:${map:...}} */

/* A text that grows. */
struct expand {
	struct rewrite *x;
	const struct rewrite_rule *rule;
	int *question; /* NULL: nobody asks, or it is known */
	bool last;     /* the last one counts */
	unsigned depth;
	char *p;
	size_t n, room;
};

static void expand_put(struct expand *e, const char *p, size_t n)
{
	if (e->n + n > EXPAND_MAX) {
		child_log(
		    e->x->c, LOG_ERR, "rewrite", "a text is longer than %d bytes", EXPAND_MAX);
		e->x->status = 500;
		return;
	}
	if (e->n + n + 1 > e->room) {
		size_t room = (e->n + n + 1) * 2;
		char *grown = arena_alloc(&e->x->c->arena, room);

		if (e->n)
			memcpy(grown, e->p, e->n);
		e->p = grown;
		e->room = room;
	}
	if (n)
		memcpy(e->p + e->n, p, n);
	e->n += n;
	e->p[e->n] = '\0';
}

/* Whether a question mark that a text has is one of the rule's own. */
static void expand_question(struct expand *e, const char *p, size_t n, bool replaced)
{
	if (!e->question || !memchr(p, '?', n))
		return;
	*e->question = replaced;
	if (!e->last)
		e->question = NULL;
}

static void expand_put_value(struct expand *e, const char *value, size_t n)
{
	expand_question(e, value, n, true);
	expand_put(e, value, n);
}

/* s is behind the opening bracket: where the closing one is, or c at that depth. NULL: nowhere. */
static const char *curly_find(const char *s, char c)
{
	unsigned depth = 1;

	for (; *s; s++) {
		if (*s == c && depth == 1)
			return s;
		if (*s == '}' && --depth == 0)
			return NULL;
		depth += *s == '{';
	}
	return NULL;
}

static const char *expand_text(struct rewrite *x, const char *text, const struct rewrite_rule *rule,
    int *question, unsigned depth);

/* ${name:key|default}; false: it is none. */
static bool expand_map(struct expand *e, const char *s, const char *end)
{
	struct arena *a = &e->x->c->arena;
	const char *colon = curly_find(s, ':');

	if (!colon || e->depth >= EXPAND_DEPTH)
		return false;
	const char *bar = curly_find(colon + 1, '|');
	const char *name = arena_strndup(a, s, (size_t)(colon - s));
	const char *key = arena_strndup(a, colon + 1, (size_t)((bar ? bar : end) - (colon + 1)));
	const char *value =
	    child_rewrite_map(e->x, name, expand_text(e->x, key, e->rule, NULL, e->depth + 1));

	if (!value && bar)
		value = expand_text(e->x, arena_strndup(a, bar + 1, (size_t)(end - (bar + 1))),
		    e->rule, NULL, e->depth + 1);
	if (value)
		expand_put_value(e, value, strlen(value));
	return true;
}

/* %{NAME} or ${map}: where it ends; as it is where it does not. */
static const char *expand_curly(struct expand *e, const char *s)
{
	const char *end = curly_find(s + 2, '}');

	if (end && *s == '%') {
		const char *value = child_rewrite_variable(
		    e->x, arena_strndup(&e->x->c->arena, s + 2, (size_t)(end - (s + 2))));

		expand_put_value(e, value, strlen(value));
		return end + 1;
	}
	if (end && expand_map(e, s + 2, end))
		return end + 1;
	expand_put(e, s, 2);
	return s + 2;
}

static void expand_group(struct expand *e, const struct regex_match *m, unsigned i)
{
	struct span group = i < m->n ? m->group[i] : (struct span){NULL, 0};

	if (group.n == 0)
		return;
	if (e->rule && e->rule->flags & RULE_ESCAPE) {
		const char *text = rewrite_escape_group(&e->x->c->arena, e->rule, group.p, group.n);

		child_rewrite_trace_dir(
		    e->x, 5, "escaping backreference '%.*s' to '%s'", (int)group.n, group.p, text);
		group = span_of(text);
	}
	expand_put_value(e, group.p, group.n);
}

/* What a special character begins; where it ends. */
static const char *expand_special(struct expand *e, const char *s)
{
	if (*s == '\\') {
		expand_put(e, s[1] ? s + 1 : s, 1);
		return s[1] ? s + 2 : s + 1;
	}
	if (s[1] == '{')
		return expand_curly(e, s);
	if (s[1] >= '0' && s[1] <= '9') {
		expand_group(e, *s == '$' ? &e->x->rule : &e->x->cond, (unsigned)(s[1] - '0'));
		return s + 2;
	}
	expand_put(e, s, 1);
	return s + 1;
}

static const char *expand_text(struct rewrite *x, const char *text, const struct rewrite_rule *rule,
    int *question, unsigned depth)
{
	size_t n = strcspn(text, EXPAND_SPECIALS);
	struct expand e = {.x = x,
	    .rule = rule,
	    .question = question,
	    .last = rule && rule->flags & RULE_QUERY_LAST,
	    .depth = depth};

	expand_question(&e, text, n, false);
	if (!text[n])
		return text;
	for (;;) {
		expand_put(&e, text, n);
		text += n;
		if (!*text)
			return e.p ? e.p : "";
		text = expand_special(&e, text);
		n = strcspn(text, EXPAND_SPECIALS);
		expand_question(&e, text, n, false);
	}
}

const char *child_rewrite_expand(
    struct rewrite *x, const char *text, const struct rewrite_rule *rule, int *question)
{
	return expand_text(x, text, rule, question, 0);
}
