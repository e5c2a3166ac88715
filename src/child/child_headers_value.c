/*
 * The values and conditions of Header and RequestHeader. Runs as the vhost's user; what is filled
 * in may be the client's.
 */
#include "child_headers.h"

#include "itkd/conf_headers.h"
#include "itkd/expr.h"
#include "itkd/regex.h"
#include <stdlib.h>

#define VALUE_MAX 65536 /* of one field, after edit* */

bool child_headers_wanted(struct headers_run *run, const struct header_rule *rule)
{
	const char *env = rule->env;

	if (rule->condition) {
		struct expr_source source = child_expr_source(run->c, run->r);
		bool holds = expr_true(rule->condition, &source);

		/* A rule whose condition fails to be told is applied, as in Apache. */
		if (source.error)
			child_log(run->c, LOG_ERR, "headers",
			    "AH01501: Failed to evaluate expression (%s) - ignoring", source.error);
		return holds || source.error;
	}
	if (!env)
		return true;
	if (*env == '!')
		return !child_env_get(run->r, env + 1);
	return child_env_get(run->r, env) != NULL;
}

static const char *value_load(struct arena *a)
{
	double load[3] = {0, 0, 0};

	if (getloadavg(load, 3) < 0)
		load[0] = load[1] = load[2] = 0;
	return arena_printf(a, "l=%.2f/%.2f/%.2f", load[0], load[1], load[2]);
}

/* A line end would make another field of what follows. */
static const char *value_one_line(struct arena *a, const char *text)
{
	if (!text)
		return "(null)";
	if (!strpbrk(text, "\r\n"))
		return text;
	char *copy = arena_strdup(a, text);

	for (char *p = copy; (p = strpbrk(p, "\r\n")); p++)
		*p = ' ';
	return copy;
}

static const char *value_ssl(struct headers_run *run, const char *name)
{
	const char *value = child_tls_variable(run->c, name);

	return value_one_line(&run->c->arena, value && *value ? value : NULL);
}

static const char *value_tag(struct headers_run *run, const struct header_tag *tag)
{
	struct arena *a = &run->c->arena;
	const struct child_request *r = run->r;

	switch (tag->kind) {
	case HEADER_TEXT:
		return tag->text;
	case HEADER_DURATION:
		return arena_printf(a, "D=%lld", (long long)(clock_us() - r->start_us));
	case HEADER_TIME:
		return arena_printf(
		    a, "t=%lld", (long long)r->start.tv_sec * 1000000 + r->start.tv_nsec / 1000);
	case HEADER_LOAD:
		return value_load(a);
	case HEADER_ENV:
		return value_one_line(a, child_env_get(run->r, tag->text));
	case HEADER_SSL:
		return value_ssl(run, tag->text);
	}
	return "";
}

static const char *value_expr(struct headers_run *run, const struct header_rule *rule)
{
	struct expr_source source = child_expr_source(run->c, run->r);
	const char *value = expr_string(rule->value, &source);

	if (source.error || !value) {
		child_log(run->c, LOG_ERR, "headers",
		    "AH02557: Can't evaluate value expression: %s",
		    source.error ? source.error : "");
		return "";
	}
	return value;
}

static const char *value_text(struct headers_run *run, const struct header_rule *rule)
{
	const char *text = "";

	if (rule->value)
		return value_expr(run, rule);
	for (uint32_t i = 0; i < rule->ntags; i++) {
		const char *piece = value_tag(run, &rule->tags[i]);

		text = *text ? arena_printf(&run->c->arena, "%s%s", text, piece) : piece;
	}
	return text;
}

struct span child_headers_value(struct headers_run *run, const struct header_rule *rule)
{
	return span_of(value_text(run, rule));
}

struct value_buffer {
	struct arena *a;
	char *p;
	size_t n, room;
};

static void buffer_put(struct value_buffer *b, struct span s)
{
	if (b->n + s.n > b->room) {
		size_t room = 2 * (b->n + s.n) + 64;
		char *p = arena_alloc(b->a, room);

		if (b->n)
			memcpy(p, b->p, b->n);
		b->p = p;
		b->room = room;
	}
	if (s.n)
		memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

/*
 * edit* looks at what follows a match as at a value of its own: "^" matches there again, as in
 * Apache. Behind an empty match goes one character on, where Apache runs out of its stack.
 */
struct span child_headers_edit(
    struct headers_run *run, const struct header_rule *rule, struct span value)
{
	struct value_buffer b = {.a = &run->c->arena};
	struct regex_match m;

	if (!regex_find(rule->regex, value, &m))
		return value;
	do {
		struct span all = m.group[0], rest;
		const char *text = regex_expand(b.a, value_text(run, rule), &m);

		rest = (struct span){all.p + all.n, (size_t)(value.p + value.n - all.p) - all.n};
		buffer_put(&b, (struct span){value.p, (size_t)(all.p - value.p)});
		buffer_put(&b, span_of(text));
		if (all.n == 0 && rest.n && rule->action == HEADER_EDIT_ALL) {
			buffer_put(&b, (struct span){rest.p, 1});
			rest = (struct span){rest.p + 1, rest.n - 1};
		}
		value = rest;
		run->failed |= b.n > VALUE_MAX;
	} while (rule->action == HEADER_EDIT_ALL && value.n && !run->failed &&
	         regex_find(rule->regex, value, &m));
	buffer_put(&b, value);
	return (struct span){b.p, b.n};
}
