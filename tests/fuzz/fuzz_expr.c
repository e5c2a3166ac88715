/*
 * Expressions and patterns: any bytes as a condition, as a string with variables, as a regular
 * expression against any other bytes. A NUL divides the expression from what its variables say.
 */
#include "fuzz.h"
#include "itkd/arena.h"
#include "itkd/expr.h"

#include <ctype.h>
#include <string.h>

static const char *value; /* of every variable and function */

static const char *variable(void *ctx, const char *name)
{
	(void)ctx;
	for (const char *p = name; *p; p++)
		must(!islower((unsigned char)*p), "a variable's name is in upper case");
	return value;
}

static const char *function(void *ctx, const char *name, const char *arg)
{
	(void)ctx;
	must(*name && arg, "a function has a name and an argument");
	return value;
}

static bool file_test(void *ctx, char test, const char *path)
{
	(void)ctx;
	must(strchr("defsLhFUAx", test) != NULL, "a test that Apache has");
	return *path == '/';
}

static void evaluate(struct arena *a, const char *text, enum expr_kind kind)
{
	const char *error = NULL;
	const struct expr *e = expr_parse(a, text, kind, &error);
	struct expr_source s = {
	    .a = a, .variable = variable, .function = function, .file = file_test};

	must((e == NULL) == (error != NULL), "an expression, or what is wrong with it");
	if (!e)
		return;
	if (kind == EXPR_CONDITION)
		(void)expr_true(e, &s);
	else
		must(expr_string(e, &s) || s.error, "a string, or why there is none");
	must(s.match.n <= REGEX_GROUPS, "ten groups");
	must(!expr_parse_restricted(a, text, kind, &error) || e, "a .htaccess may say less");
}

static void match(struct arena *a, const char *pattern, struct span subject, unsigned flags)
{
	const char *error = NULL;
	const struct regex *re = regex_compile(a, pattern, flags, &error);
	struct regex_match m = {0};

	must((re == NULL) == (error != NULL), "a pattern, or what is wrong with it");
	if (!re || !regex_find(re, subject, &m))
		return;
	must(m.n <= REGEX_GROUPS, "ten groups");
	for (size_t i = 0; i < m.n; i++)
		must(!m.group[i].p || (m.group[i].p >= subject.p &&
		                          m.group[i].p + m.group[i].n <= subject.p + subject.n),
		    "a group is a part of the subject");
	must(regex_expand(a, pattern, &m) != NULL, "an expansion");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;

	arena_init_heap(&a, 64 << 20);
	const char *all = arena_strndup(&a, (const char *)data, n);
	const char *text = all + (n > 0); /* the first byte is for the flags */
	size_t len = strlen(text);

	value = (size_t)(text - all) + len < n ? text + len + 1 : "";
	evaluate(&a, text, EXPR_CONDITION);
	evaluate(&a, text, EXPR_STRING);
	match(&a, text, span_of(value), n && (data[0] & 1) ? REGEX_ICASE : 0);
	arena_free(&a);
	return 0;
}
