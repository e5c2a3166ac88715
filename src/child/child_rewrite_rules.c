/*
 * A list of RewriteRules, one after the other (mod_rewrite's apply_rewrite_list). Runs as the
 * vhost's user. It ends: rounds are counted, texts may not grow without bound, and there is a
 * deadline.
 */
#include "child_rewrite.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 4, 0))) static void rules_trace(
    const struct rewrite *x, int level, bool dir, const char *fmt, va_list ap)
{
	struct child *c = x->c;
	const struct child_request *r = x->r;
	char text[LOG_LINE_MAX], redirects[24] = "";

	vsnprintf(text, sizeof(text), fmt, ap);
	if (r->redirects && !child_rewrite_is_sub(x))
		snprintf(redirects, sizeof(redirects), "/redir#%u", r->redirects);
	const char *user = child_variable(c, r, "REMOTE_USER");

	dir = dir && x->perdir;
	child_log(c, LOG_DEBUG + level, "rewrite", "%s - %s [%s/sid#%x][rid#%x/%s%s] %s%s%s%s",
	    c->peer,
	    !user   ? "-"
	    : *user ? user
	            : "\"\"",
	    child_server_name(c, r), (unsigned)c->vhost->id, c->served,
	    child_rewrite_is_sub(x) ? "subreq" : "initial", redirects, dir ? "[perdir " : "",
	    dir ? x->perdir : "", dir ? "] " : "", text);
}

void child_rewrite_trace(const struct rewrite *x, int level, const char *fmt, ...)
{
	va_list ap;

	if (!child_log_wanted(x->c, LOG_DEBUG + level, "rewrite"))
		return;
	va_start(ap, fmt);
	rules_trace(x, level, false, fmt, ap);
	va_end(ap);
}

void child_rewrite_trace_dir(const struct rewrite *x, int level, const char *fmt, ...)
{
	va_list ap;

	if (!child_log_wanted(x->c, LOG_DEBUG + level, "rewrite"))
		return;
	va_start(ap, fmt);
	rules_trace(x, level, true, fmt, ap);
	va_end(ap);
}

bool child_rewrite_is_sub(const struct rewrite *x)
{
	return x->r->main_uri || x->r->sub;
}

/* Texts may grow with each round, and patterns may be slow. */
static bool rules_exceed(struct rewrite *x, const struct rewrite_rule *rule)
{
	unsigned limit = 2 * x->c->vhost->limit_line;

	if (strlen(x->filename) > limit) {
		child_log(x->c, LOG_ERR, "rewrite",
		    "RewriteRule '%s' and URI '%s' exceeded maximum length (%u)", rule->pattern,
		    x->request, limit);
		x->status = 500;
	} else if (x->c->arena.total > CHILD_ARENA_MAX / 2 || clock_ms() > x->r->rewrite_deadline) {
		child_log(x->c, LOG_ERR, "rewrite", "RewriteRule '%s' and URI '%s' take too long",
		    rule->pattern, x->request);
		x->status = 500;
	}
	return x->status != 0;
}

static void rules_vary(struct rewrite *x)
{
	struct span list = span_of(x->vary), name;

	while (list.n && span_list_next(&list, &name))
		child_vary(x->c, x->r, arena_span(&x->c->arena, name));
}

/* What a rule that matched does with those that follow. */
enum rules_next { NEXT_RULE, NEXT_ROUND, NEXT_END };

static enum rules_next rules_go_on(
    struct rewrite *x, const struct rewrite_rule *rule, enum rewrite_result *result)
{
	if (rule->flags & RULE_PASS) {
		child_rewrite_trace_dir(x, 2,
		    "forcing '%s' to get passed through to next API URI-to-filename handler",
		    x->filename);
		x->filename = arena_printf(&x->c->arena, "passthrough:%s", x->filename);
		*result = REWRITE_CHANGED;
		return NEXT_END;
	}
	if (rule->flags & RULE_END) {
		child_rewrite_trace_dir(
		    x, 8, "Rule has END flag, no further rewriting for this request");
		x->r->rewrite_end = true;
		return NEXT_END;
	}
	if (rule->flags & (RULE_PROXY | RULE_LAST))
		return NEXT_END;
	return rule->flags & RULE_NEXT ? NEXT_ROUND : NEXT_RULE;
}

static bool rules_round(struct rewrite *x, const struct rewrite_rule *rule, unsigned *round)
{
	if (++*round < rule->rounds)
		return true;
	child_log(x->c, LOG_ERR, "rewrite",
	    "AH02596: RewriteRule '%s' and URI '%s' exceeded maximum number of rounds (%u) via the "
	    "[N] flag",
	    rule->pattern, x->request, rule->rounds);
	x->status = 500;
	return false;
}

/* A rule matched: whether it was the last one. */
static bool rules_matched(struct rewrite *x, const struct rewrite_rule *rule,
    enum rewrite_outcome outcome, enum rewrite_result *result)
{
	if (!(rule->flags & RULE_NO_SUBSTITUTE)) {
		child_rewrite_trace_dir(
		    x, 2, "setting lastsub to rule with output %s", rule->output);
		x->last = rule;
	}
	if (rules_exceed(x, rule) || outcome == OUTCOME_FAILED)
		return true;
	rules_vary(x);
	if (rule->flags & RULE_STATUS) {
		child_rewrite_trace_dir(
		    x, 2, "forcing responsecode %d for %s", rule->status, x->filename);
		x->status = rule->status;
		return true;
	}
	if (outcome == OUTCOME_CHANGED)
		*result = rule->flags & RULE_NO_ESCAPE ? REWRITE_CHANGED_RAW : REWRITE_CHANGED;
	return false;
}

/* The rule behind the chain that begins at i: one that does not match takes the others along. */
static uint32_t rules_skip_chain(const struct rewrite_rules *rules, uint32_t i)
{
	while (i < rules->n && rules->v[i].flags & RULE_CHAIN)
		i++;
	return i + 1;
}

static enum rewrite_result rules_apply(struct rewrite *x)
{
	const struct rewrite_rules *rules = &x->conf->rules;
	enum rewrite_result result = REWRITE_NOTHING;
	unsigned round = 1;

	for (uint32_t i = 0; i < rules->n;) {
		const struct rewrite_rule *rule = &rules->v[i];

		if (child_rewrite_is_sub(x) && rule->flags & (RULE_NO_SUBREQUEST | RULE_REDIRECT)) {
			i++;
			continue;
		}
		x->vary = NULL;
		enum rewrite_outcome outcome = child_rewrite_rule(x, rule);

		if (outcome == OUTCOME_NO_MATCH) {
			i = rules_skip_chain(rules, i);
			if (rules_exceed(x, rule))
				return REWRITE_STATUS;
			continue;
		}
		if (rules_matched(x, rule, outcome, &result))
			return REWRITE_STATUS;
		switch (rules_go_on(x, rule, &result)) {
		case NEXT_END:
			return result;
		case NEXT_ROUND:
			if (!rules_round(x, rule, &round))
				return REWRITE_STATUS;
			i = 0;
			break;
		default:
			i += rule->skip < rules->n ? rule->skip + 1 : rules->n;
		}
	}
	return result;
}

/* What programs and backends take between rules does not count; look-ups in rules do. */
enum rewrite_result child_rewrite_rules(struct rewrite *x)
{
	struct child_request *r = x->r;
	int64_t began = clock_ms();

	if (r->rewrite_deadline)
		return rules_apply(x);
	r->rewrite_deadline = began + (int64_t)x->c->vhost->timeout * 1000 - r->rewrite_spent;
	enum rewrite_result result = rules_apply(x);

	r->rewrite_deadline = 0;
	r->rewrite_spent += clock_ms() - began;
	return result;
}
