/*
 * Evaluates an expression (expr.h) as Apache's util_expr_eval.c does. Any process that has a
 * request to ask about; the expression may be a .htaccess's and the values the client's, so depth
 * and sizes are bounded.
 */
#include "common/expr_node.h"

#include "itkd/addr.h"
#include "itkd/arena.h"
#include "itkd/subnet.h"
#include <fnmatch.h>
#include <stdlib.h>

#define EXPR_RECURSION_MAX 20 /* AP_EXPR_MAX_RECURSION */
#define EXPR_STRING_MAX ((size_t)1 << 20)

struct eval {
	struct expr_source *s;
	bool vary;
	unsigned depth;
};

static const char *word(struct eval *e, const struct expr_node *n);

/* Whether there is room for one more level; everything ends where there is not. */
static bool deeper(struct eval *e)
{
	if (!e->s->error && e->depth < EXPR_RECURSION_MAX) {
		e->depth++;
		return true;
	}
	if (!e->s->error)
		e->s->error = "Recursion limit reached";
	return false;
}

static const char *concat(struct eval *e, const struct expr_node *first)
{
	size_t n = 0, total = 0;

	for (const struct expr_node *part = first; part; part = part->next)
		n++;
	struct span *parts = arena_array(e->s->a, n, sizeof(*parts));

	n = 0;
	for (const struct expr_node *part = first; part; part = part->next) {
		parts[n] = span_of(word(e, part));
		total += parts[n++].n;
		if (total > EXPR_STRING_MAX) {
			e->s->error = "String too long";
			return "";
		}
	}
	char *out = arena_alloc(e->s->a, total + 1), *to = out;

	for (size_t i = 0; i < n; i++) {
		memcpy(to, parts[i].p, parts[i].n);
		to += parts[i].n;
	}
	return out;
}

static void varies(struct eval *e, const char *field)
{
	if (e->vary && e->s->vary && field && strcasecmp(field, "Host") != 0)
		e->s->vary(e->s->ctx, field);
}

static const char *call(struct eval *e, const struct expr_node *n)
{
	const char *arg = word(e, n->a);

	if (n->id != EXPR_FUNC_ASK)
		return expr_func_call(n->id, e->s->a, arg);
	if (strcmp(n->text, "req") == 0 || strcmp(n->text, "http") == 0)
		varies(e, arg);
	return e->s->function ? e->s->function(e->s->ctx, n->text, arg) : NULL;
}

static const char *group(struct eval *e, unsigned number)
{
	const struct regex_match *m = &e->s->match;

	if (number >= m->n || m->group[number].n == 0)
		return NULL;
	return arena_span(e->s->a, m->group[number]);
}

static const char *word(struct eval *e, const struct expr_node *n)
{
	const char *value = NULL;

	if (!deeper(e))
		return "";
	switch (n->op) {
	case EXPR_TEXT:
		value = n->text;
		break;
	case EXPR_VARIABLE:
		varies(e, expr_variable_field(n->text));
		value = e->s->variable ? e->s->variable(e->s->ctx, n->text) : NULL;
		break;
	case EXPR_FUNCTION:
		value = call(e, n);
		break;
	case EXPR_GROUP:
		value = group(e, n->id);
		break;
	case EXPR_CONCAT:
		value = concat(e, n->a);
		break;
	default:
		break;
	}
	e->depth--;
	return value ? value : "";
}

static bool related(enum expr_relation relation, int order)
{
	switch (relation) {
	case EXPR_EQ:
		return order == 0;
	case EXPR_NE:
		return order != 0;
	case EXPR_LT:
		return order < 0;
	case EXPR_LE:
		return order <= 0;
	case EXPR_GT:
		return order > 0;
	case EXPR_GE:
		return order >= 0;
	}
	return false;
}

static bool numbers(struct eval *e, const struct expr_node *n)
{
	long long a = strtoll(word(e, n->a), NULL, 10), b = strtoll(word(e, n->b), NULL, 10);

	return related(n->id, a < b ? -1 : a > b);
}

static bool strings(struct eval *e, const struct expr_node *n)
{
	const char *a = word(e, n->a);

	return related(n->id, strcmp(a, word(e, n->b)));
}

static bool in_list(struct eval *e, const struct expr_node *n)
{
	const char *needle = word(e, n->a);

	for (const struct expr_node *one = n->b; one; one = one->next)
		if (strcmp(needle, word(e, one)) == 0)
			return true;
	return false;
}

/* A pattern without groups leaves $0 to $9 as they were. */
static bool match(struct eval *e, const struct expr_node *n)
{
	struct expr_source *s = e->s;
	const char *subject = word(e, n->a);
	bool keep = regex_groups(n->re) == 0;
	bool found = regex_find(n->re, span_of(subject), keep ? NULL : &s->match);

	if (!found && !keep)
		s->match.n = 0;
	return found != (n->id != 0);
}

/* ap_expr's -T: what is empty or says no. */
static bool is_on(const char *value)
{
	return *value && strcasecmp(value, "off") != 0 && strcasecmp(value, "no") != 0 &&
	       strcasecmp(value, "false") != 0 && strcmp(value, "0") != 0;
}

static bool test(struct eval *e, const struct expr_node *n)
{
	const char *value = word(e, n->a);

	if (n->id == 'n' || n->id == 'z')
		return (*value == '\0') == (n->id == 'z');
	if (n->id == 'T')
		return is_on(value);
	return e->s->file && e->s->file(e->s->ctx, (char)n->id, value);
}

static bool ip_match(struct eval *e, const struct expr_node *n)
{
	struct sockaddr_storage sa;
	const char *ip = n->a ? word(e, n->a) : NULL;

	if (!ip && e->s->variable)
		ip = e->s->variable(e->s->ctx, "REMOTE_ADDR");
	return ip && addr_parse(span_of(ip), 0, &sa) &&
	       subnet_holds(n->net, (const struct sockaddr *)&sa);
}

static bool glob(struct eval *e, const struct expr_node *n)
{
	static const int flags[] = {[EXPR_GLOB_PATH] = FNM_PATHNAME,
	    [EXPR_GLOB_TEXT] = 0,
	    [EXPR_GLOB_NOCASE] = FNM_CASEFOLD};
	const char *text = word(e, n->a);

	return fnmatch(word(e, n->b), text, flags[n->id]) == 0;
}

static bool condition(struct eval *e, const struct expr_node *n);

/* And ends at the first that is false, or at the first that is true. */
static bool operands(struct eval *e, const struct expr_node *n, bool end)
{
	for (const struct expr_node *one = n->a; one; one = one->next)
		if (condition(e, one) == end)
			return end;
	return !end;
}

static bool condition(struct eval *e, const struct expr_node *n)
{
	bool result = false;

	if (!deeper(e))
		return false;
	switch (n->op) {
	case EXPR_TRUE:
		result = true;
		break;
	case EXPR_NOT:
		result = !condition(e, n->a);
		break;
	case EXPR_AND:
		result = operands(e, n, false);
		break;
	case EXPR_OR:
		result = operands(e, n, true);
		break;
	case EXPR_NUMBERS:
		result = numbers(e, n);
		break;
	case EXPR_STRINGS:
		result = strings(e, n);
		break;
	case EXPR_IN:
		result = in_list(e, n);
		break;
	case EXPR_MATCH:
		result = match(e, n);
		break;
	case EXPR_TEST:
		result = test(e, n);
		break;
	case EXPR_IP:
		result = ip_match(e, n);
		break;
	case EXPR_GLOB:
		result = glob(e, n);
		break;
	default:
		break;
	}
	e->depth--;
	return result;
}

bool expr_true(const struct expr *e, struct expr_source *s)
{
	struct eval eval = {.s = s, .vary = true};

	s->error = NULL;
	return condition(&eval, e->root) && !s->error;
}

const char *expr_string(const struct expr *e, struct expr_source *s)
{
	struct eval eval = {.s = s};

	s->error = NULL;
	const char *text = word(&eval, e->root);

	return s->error ? NULL : text;
}

static bool node_asks(const struct expr_node *n, const char *variable)
{
	for (; n; n = n->next)
		if ((n->op == EXPR_VARIABLE && strcmp(n->text, variable) == 0) ||
		    node_asks(n->a, variable) || node_asks(n->b, variable))
			return true;
	return false;
}

bool expr_asks(const struct expr *e, const char *variable)
{
	return node_asks(e->root, variable);
}
