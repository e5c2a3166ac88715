/*
 * The grammar of an expression (expr.h), Apache's util_expr_parse.y, by recursive descent. Any
 * process. The text is the administrator's or, from a .htaccess, a user's: depth is bounded, and
 * what is built is no larger than the text makes it.
 */
#include "common/expr_node.h"

#include "itkd/arena.h"
#include "itkd/subnet.h"

#define EXPR_DEPTH_MAX 100 /* of parentheses and arguments in each other */

struct parse {
	struct expr_scan scan;
	struct arena *a;
	bool restricted;
	unsigned depth;
	const char *error; /* the first one */
};

static void *fail(struct parse *p, const char *error)
{
	if (!p->error)
		p->error = error;
	return NULL;
}

/* The token that stands there cannot. */
static void *unexpected(struct parse *p)
{
	if (p->error)
		return NULL;
	const char *detail = p->scan.error;
	const char *token = expr_scan_name(p->scan.token);

	return fail(p, arena_printf(p->a, "syntax error, unexpected %s%s%s", token,
	                   detail ? ": " : "", detail ? detail : ""));
}

static struct expr_node *node(struct parse *p, enum expr_op op, const struct expr_node *a)
{
	struct expr_node *n = ARENA_NEW(p->a, struct expr_node);

	n->op = op;
	n->a = a;
	return n;
}

static bool expect(struct parse *p, enum expr_token token)
{
	if (p->scan.token != token) {
		unexpected(p);
		return false;
	}
	expr_scan_next(&p->scan);
	return true;
}

static bool enter(struct parse *p)
{
	if (p->depth == EXPR_DEPTH_MAX) {
		fail(p, "nested too deeply");
		return false;
	}
	p->depth++;
	return true;
}

static struct expr_node *parse_string(struct parse *p, char end);
static struct expr_node *parse_word(struct parse *p);
static struct expr_node *parse_condition(struct parse *p);

static struct expr_node *function(struct parse *p, const char *name, const struct expr_node *arg)
{
	const struct expr_function *f = expr_function_find(name);

	if (!f)
		return fail(p, arena_printf(p->a, "Function '%s' does not exist", name));
	if (f->restricted && p->restricted)
		return fail(
		    p, arena_printf(p->a, "%s not available in restricted context", f->name));
	struct expr_node *n = node(p, EXPR_FUNCTION, arg);

	n->text = arena_strdup(p->a, f->name);
	n->id = f->func;
	return n;
}

static struct expr_node *variable(struct parse *p, const char *name)
{
	const char *known = expr_variable_name(p->a, name);

	if (!known)
		return fail(p, arena_printf(p->a, "Variable '%s' does not exist", name));
	struct expr_node *n = node(p, EXPR_VARIABLE, NULL);

	n->text = known;
	return n;
}

/* Behind "%{", to behind its '}'. No white space may stand in it. */
static struct expr_node *parse_variable(struct parse *p)
{
	struct expr_scan *s = &p->scan;
	size_t n = 0;

	while ((s->p[n] >= '0' && s->p[n] <= '9' && n > 0) || (s->p[n] == '_' && n > 0) ||
	       (s->p[n] >= 'a' && s->p[n] <= 'z') || (s->p[n] >= 'A' && s->p[n] <= 'Z'))
		n++;
	const char *name = arena_strndup(p->a, s->p, n);

	s->p += n;
	if (*s->p == '\0' || *s->p == '\n')
		return fail(p, "syntax error, unexpected T_ERROR: Unterminated string or variable");
	if (*s->p != '}' && *s->p != ':')
		return fail(p, arena_printf(p->a,
		                   "syntax error, unexpected T_ERROR: "
		                   "Invalid character in variable name '%c'",
		                   *s->p));
	if (n == 0)
		return fail(p, "syntax error, unexpected T_VAR_END, expecting T_ID");
	if (*s->p++ == '}')
		return variable(p, name);
	if (*s->p == '}')
		return fail(p, "syntax error, unexpected T_VAR_END");
	if (!enter(p))
		return NULL;
	const struct expr_node *arg = parse_string(p, '}');

	p->depth--;
	if (!arg)
		return NULL;
	s->p++;
	return function(p, name, arg);
}

static struct expr_node *group(struct parse *p, unsigned number)
{
	struct expr_node *n = node(p, EXPR_GROUP, NULL);

	n->id = number;
	return n;
}

static struct expr_node *parse_piece(struct parse *p, char end)
{
	struct expr_scan *s = &p->scan;

	if (s->p[0] == '%' && s->p[1] == '{') {
		s->p += 2;
		return parse_variable(p);
	}
	if (s->p[0] == '$' && s->p[1] >= '0' && s->p[1] <= '9') {
		s->p += 2;
		return group(p, (unsigned)(s->p[-1] - '0'));
	}
	const char *text = expr_scan_piece(s, end);

	if (!text)
		return unexpected(p);
	struct expr_node *n = node(p, EXPR_TEXT, NULL);

	n->text = text;
	return n;
}

/* From s->p to end, which stays. */
static struct expr_node *parse_string(struct parse *p, char end)
{
	struct expr_node *first = parse_piece(p, end), *last = first;

	if (!first || *p->scan.p == end)
		return first;
	while (*p->scan.p != end) {
		last->next = parse_piece(p, end);
		if (!last->next)
			return NULL;
		last = last->next;
	}
	return node(p, EXPR_CONCAT, first);
}

static struct expr_node *parse_call(struct parse *p)
{
	const char *name = p->scan.text;

	expr_scan_next(&p->scan);
	if (!expect(p, TOKEN_OPEN) || !enter(p))
		return NULL;
	const struct expr_node *arg = parse_word(p);

	p->depth--;
	if (!arg || p->scan.token != TOKEN_CLOSE)
		return unexpected(p);
	struct expr_node *n = function(p, name, arg);

	expr_scan_next(&p->scan);
	return n;
}

static struct expr_node *parse_operand(struct parse *p)
{
	struct expr_scan *s = &p->scan;
	struct expr_node *n;

	switch (s->token) {
	case TOKEN_ID:
		return parse_call(p);
	case TOKEN_DIGIT:
		n = node(p, EXPR_TEXT, NULL);
		n->text = s->text;
		break;
	case TOKEN_BACKREF:
		n = group(p, s->number);
		break;
	case TOKEN_VAR_BEGIN:
		n = parse_variable(p);
		break;
	case TOKEN_STR_BEGIN:
		n = parse_string(p, s->quote);
		if (n)
			s->p++;
		break;
	default:
		return unexpected(p);
	}
	if (n)
		expr_scan_next(s);
	return n;
}

static struct expr_node *parse_word(struct parse *p)
{
	struct expr_node *first = parse_operand(p), *last = first;

	if (!first || p->scan.token != TOKEN_CONCAT)
		return first;
	/* A string of several parts is a node of its own, so next is free. */
	while (p->scan.token == TOKEN_CONCAT) {
		expr_scan_next(&p->scan);
		last->next = parse_operand(p);
		if (!last->next)
			return NULL;
		last = last->next;
	}
	return node(p, EXPR_CONCAT, first);
}

/* The network must stand there as it is: it is read now. */
static struct expr_node *ip_match(
    struct parse *p, const char *name, const struct expr_node *a, const struct expr_node *range)
{
	struct subnet net;

	if (range->op != EXPR_TEXT)
		return fail(p,
		    arena_printf(p->a, "-%s requires subnet/netmask as constant argument", name));
	if (subnet_parse(range->text, &net) != SUBNET_OK)
		return fail(p, "parsing of subnet/netmask failed");
	struct expr_node *n = node(p, EXPR_IP, a);
	struct subnet *copy = ARENA_NEW(p->a, struct subnet);

	*copy = net;
	n->net = copy;
	return n;
}

static struct expr_node *parse_unary(struct parse *p)
{
	const char *name = p->scan.text;

	expr_scan_next(&p->scan);
	const struct expr_node *a = parse_word(p);

	if (!a)
		return NULL;
	if (strcmp(name, "R") == 0)
		return ip_match(p, name, NULL, a);
	if (!strchr("nzTdefsLhxFUA", name[0]))
		return fail(p, arena_printf(p->a, "Unary operator '-%s' does not exist", name));
	struct expr_node *n = node(p, EXPR_TEST, a);

	n->id = (unsigned char)name[0];
	return n;
}

static struct expr_node *parse_binary(struct parse *p, const struct expr_node *a)
{
	static const struct {
		const char *name;
		enum expr_glob kind;
	} globs[] = {{"fnmatch", EXPR_GLOB_PATH}, {"strmatch", EXPR_GLOB_TEXT},
	    {"strcmatch", EXPR_GLOB_NOCASE}};
	const char *name = p->scan.text;

	expr_scan_next(&p->scan);
	const struct expr_node *b = parse_word(p);

	if (!b)
		return NULL;
	if (strcasecmp(name, "ipmatch") == 0)
		return ip_match(p, name, a, b);
	for (size_t i = 0; i < sizeof(globs) / sizeof(*globs); i++)
		if (strcasecmp(name, globs[i].name) == 0) {
			struct expr_node *n = node(p, EXPR_GLOB, a);

			n->id = globs[i].kind;
			n->b = b;
			return n;
		}
	return fail(p, arena_printf(p->a, "Binary operator '-%s' does not exist", name));
}

/* PeerExtList: extensions of a client's certificate, for which none is asked: an empty list. */
static struct expr_node *parse_list_call(struct parse *p, struct expr_node *n)
{
	if (strcasecmp(p->scan.text, "PeerExtList") != 0)
		return fail(p, arena_printf(p->a, "List-returning function '%s' does not exist",
		                   p->scan.text));
	expr_scan_next(&p->scan);
	return expect(p, TOKEN_OPEN) && parse_word(p) && expect(p, TOKEN_CLOSE) ? n : NULL;
}

static struct expr_node *parse_list(struct parse *p, const struct expr_node *a)
{
	struct expr_node *n = node(p, EXPR_IN, a), *last;

	expr_scan_next(&p->scan);
	if (p->scan.token == TOKEN_ID)
		return parse_list_call(p, n);
	if (!expect(p, TOKEN_BRACE_OPEN))
		return NULL;
	n->b = last = parse_word(p);
	while (last && p->scan.token == TOKEN_COMMA) {
		expr_scan_next(&p->scan);
		last->next = parse_word(p);
		last = last->next;
	}
	return last && expect(p, TOKEN_BRACE_CLOSE) ? n : NULL;
}

static struct expr_node *parse_match(struct parse *p, const struct expr_node *a)
{
	struct expr_node *n = node(p, EXPR_MATCH, a);
	const char *error;

	n->id = p->scan.token == TOKEN_NRE;
	expr_scan_next(&p->scan);
	if (p->scan.token != TOKEN_REGEX)
		return unexpected(p);
	n->re = regex_compile(p->a, p->scan.text, p->scan.icase ? REGEX_ICASE : 0, &error);
	if (!n->re)
		return fail(
		    p, arena_printf(p->a, "Failed to compile regular expression: %s", error));
	expr_scan_next(&p->scan);
	return n;
}

static struct expr_node *parse_comparison(struct parse *p)
{
	const struct expr_node *a = parse_word(p);
	enum expr_token token = p->scan.token;

	if (!a)
		return NULL;
	if (token == TOKEN_BINARY)
		return parse_binary(p, a);
	if (token == TOKEN_IN)
		return parse_list(p, a);
	if (token == TOKEN_REG || token == TOKEN_NRE)
		return parse_match(p, a);
	if (token < TOKEN_EQ || token > TOKEN_STR_GE)
		return unexpected(p);
	bool numbers = token <= TOKEN_GE;
	struct expr_node *n = node(p, numbers ? EXPR_NUMBERS : EXPR_STRINGS, a);

	n->id = token - (unsigned)(numbers ? TOKEN_EQ : TOKEN_STR_EQ);
	expr_scan_next(&p->scan);
	n->b = parse_word(p);
	return n->b ? n : NULL;
}

static struct expr_node *parse_term(struct parse *p)
{
	enum expr_token token = p->scan.token;

	if (token == TOKEN_TRUE || token == TOKEN_FALSE) {
		expr_scan_next(&p->scan);
		return node(p, token == TOKEN_TRUE ? EXPR_TRUE : EXPR_FALSE, NULL);
	}
	if (token == TOKEN_UNARY)
		return parse_unary(p);
	if (token != TOKEN_OPEN)
		return parse_comparison(p);
	expr_scan_next(&p->scan);
	if (!enter(p))
		return NULL;
	struct expr_node *n = parse_condition(p);

	p->depth--;
	return n && expect(p, TOKEN_CLOSE) ? n : NULL;
}

static struct expr_node *parse_not(struct parse *p)
{
	bool not = false;

	for (; p->scan.token == TOKEN_NOT; expr_scan_next(&p->scan))
		not = !not ;
	struct expr_node *n = parse_term(p);

	return n && not ? node(p, EXPR_NOT, n) : n;
}

/* A list of operands; one alone stands for itself. */
static struct expr_node *parse_operands(struct parse *p, enum expr_token token, enum expr_op op,
    struct expr_node *(*operand)(struct parse *p))
{
	struct expr_node *first = operand(p), *last = first;

	if (!first || p->scan.token != token)
		return first;
	while (p->scan.token == token) {
		expr_scan_next(&p->scan);
		last->next = operand(p);
		if (!last->next)
			return NULL;
		last = last->next;
	}
	return node(p, op, first);
}

static struct expr_node *parse_and(struct parse *p)
{
	return parse_operands(p, TOKEN_AND, EXPR_AND, parse_not);
}

static struct expr_node *parse_condition(struct parse *p)
{
	return parse_operands(p, TOKEN_OR, EXPR_OR, parse_and);
}

static struct expr_node *parse_all(struct parse *p, enum expr_kind kind)
{
	if (kind == EXPR_STRING)
		return parse_string(p, '\0');
	expr_scan_next(&p->scan);
	struct expr_node *n = parse_condition(p);

	return n && p->scan.token != TOKEN_END ? unexpected(p) : n;
}

static const struct expr *parse(
    struct arena *a, const char *text, enum expr_kind kind, bool restricted, const char **error)
{
	struct parse p = {.a = a, .restricted = restricted, .scan = {.a = a, .p = text}};
	struct expr *e = ARENA_NEW(a, struct expr);

	e->root = parse_all(&p, kind);
	if (e->root)
		return e;
	*error = p.error ? p.error : "syntax error";
	return NULL;
}

const struct expr *expr_parse(
    struct arena *a, const char *text, enum expr_kind kind, const char **error)
{
	return parse(a, text, kind, false, error);
}

const struct expr *expr_parse_restricted(
    struct arena *a, const char *text, enum expr_kind kind, const char **error)
{
	return parse(a, text, kind, true, error);
}
