/* Expressions: conditions and strings against a request that the rows know, and what is refused. */
#include "itkd/arena.h"
#include "itkd/expr.h"
#include "vectors.h"

static char varied[128];

static const char *variable(void *ctx, const char *name)
{
	static const struct {
		const char *name, *value;
	} variables[] = {{"REQUEST_URI", "/blog/index.php"}, {"HTTP_HOST", "www.example.com"},
	    {"REMOTE_ADDR", "192.0.2.7"}, {"HTTPS", "on"}, {"REQUEST_METHOD", "GET"},
	    {"SERVER_PORT", "443"}, {"HTTP_USER_AGENT", "Mozilla/5.0"}, {"SSL_PROTOCOL", "TLSv1.3"},
	    {"QUERY_STRING", "a=1&b=/x"}};

	(void)ctx;
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		if (strcmp(variables[i].name, name) == 0)
			return variables[i].value;
	return NULL;
}

static const char *function(void *ctx, const char *name, const char *arg)
{
	struct arena *a = ctx;

	if (strcmp(arg, "none") == 0)
		return NULL;
	return arena_printf(a, "%s<%s>", name, arg);
}

static bool file(void *ctx, char test, const char *path)
{
	(void)ctx;
	return test == path[0];
}

static void vary(void *ctx, const char *field)
{
	(void)ctx;
	ck_assert_uint_lt(strlen(varied) + strlen(field) + 1, sizeof(varied));
	strcat(strcat(varied, field), ",");
}

static struct expr_source source(struct arena *a)
{
	return (struct expr_source){.ctx = a,
	    .a = a,
	    .variable = variable,
	    .function = function,
	    .file = file,
	    .vary = vary};
}

START_TEST(conditions)
{
	struct vector_table t;
	struct vector_row row;
	struct arena a;
	unsigned n = 0;

	arena_init_heap(&a, 1 << 24);
	vector_open(&t, VECTORS "/expr_conditions.tsv");
	while (vector_next(&t, &row)) {
		struct expr_source s = source(&a);
		const char *error = NULL;
		const char *text = arena_span(&a, row.col[1]);
		const struct expr *e = expr_parse(&a, text, EXPR_CONDITION, &error);

		ck_assert_uint_eq(row.n, 2);
		ck_assert_msg(e != NULL, "line %u: %s", row.line, error);
		bool want = span_eq(row.col[0], SPAN("true"));

		ck_assert(want || span_eq(row.col[0], SPAN("false")));
		ck_assert_msg(expr_true(e, &s) == want, "line %u: %s", row.line, text);
		ck_assert_msg(!s.error, "line %u: %s", row.line, s.error);
		n++;
	}
	ck_assert_uint_ge(n, 100);
	vector_close(&t);
	arena_free(&a);
}
END_TEST

START_TEST(errors)
{
	struct vector_table t;
	struct vector_row row;
	struct arena a;
	unsigned n = 0;

	arena_init_heap(&a, 1 << 24);
	vector_open(&t, VECTORS "/expr_errors.tsv");
	while (vector_next(&t, &row)) {
		const char *error = NULL, *text = arena_span(&a, row.col[1]);

		ck_assert_uint_eq(row.n, 2);
		ck_assert_msg(!expr_parse_restricted(&a, text, EXPR_CONDITION, &error),
		    "line %u: %s", row.line, text);
		ck_assert_msg(strstr(error, arena_span(&a, row.col[0])) != NULL, "line %u: %s",
		    row.line, error);
		n++;
	}
	ck_assert_uint_ge(n, 40);
	vector_close(&t);
	arena_free(&a);
}
END_TEST

START_TEST(strings)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"", ""},
	    {"plain", "plain"},
	    {"a \"b\" 'c'", "a \"b\" 'c'"},
	    {"%{HTTP_HOST}", "www.example.com"},
	    {"https://%{HTTP_HOST}%{REQUEST_URI}?x", "https://www.example.com/blog/index.php?x"},
	    {"%{request_uri}", "/blog/index.php"},
	    {"%{ssl_Protocol}", "TLSv1.3"},
	    {"%{SSL_NO_SUCH}", ""},
	    {"%{reqenv:X}-%{env:Y}", "reqenv<X>-env<Y>"},
	    {"%{ENV:Y}", "env<Y>"},
	    {"%{env:none}", ""},
	    {"%{tolower:ABC%{toupper:def}}", "abcdef"},
	    {"%{toupper:a%$b}", "A%$B"},
	    {"%{base64:foo}%{base64:fo}%{base64:f}", "Zm9vZm8=Zg=="},
	    {"%{unbase64:Zm9v}%{unbase64:Zg==}%{unbase64:Z}%{unbase64:!}", "foof"},
	    {"%{escape:a b/c?}", "a%20b/c%3f"},
	    {"%{unescape:a%20b%2fc}", "a b%2fc"},
	    {"%{unescape:%zz}x", "x"},
	    {"%{unescape:a%00}x", "x"},
	    {"a\\tb\\n\\r\\b\\f\\101\\x\\\\\\%{x", "a\tb\n\r\b\fAx\\%{x"},
	    {"50% $ } %x", "50% $ } %x"},
	    {"$0$1", ""},
	    {"%{file:/x}", "file</x>"},
	    {"%{env:a\\}b}", "env<a}b>"},
	};
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct expr_source s = source(&a);
		const char *error = NULL;
		const struct expr *e = expr_parse(&a, rows[i].text, EXPR_STRING, &error);

		ck_assert_msg(e != NULL, "%s: %s", rows[i].text, error);
		ck_assert_str_eq(expr_string(e, &s), rows[i].want);
	}
	arena_free(&a);
}
END_TEST

/* What the last match with groups found stays for who asked, and can be given beforehand. */
START_TEST(groups)
{
	const char *error = NULL;
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	struct expr_source s = source(&a);
	const struct expr *e = expr_parse(
	    &a, "%{REQUEST_URI} =~ m#^/(\\w+)/(x)?# && 'a' =~ /a/", EXPR_CONDITION, &error);
	const struct expr *text = expr_parse(&a, "[$0,$1,$2,$9]", EXPR_STRING, &error);

	ck_assert(e != NULL && text != NULL);
	ck_assert(expr_true(e, &s));
	ck_assert_str_eq(expr_string(text, &s), "[/blog/,blog,,]");
	e = expr_parse(&a, "%{REQUEST_URI} !~ /(y)/", EXPR_CONDITION, &error);
	ck_assert(expr_true(e, &s));
	ck_assert_uint_eq(s.match.n, 0);
	ck_assert_str_eq(expr_string(text, &s), "[,,,]");
	e = expr_parse(&a, "'b-' =~ /^(b)/ && $1 == 'b' && 'xbx' =~ /x(.)/ && '$1' = 'b'",
	    EXPR_CONDITION, &error);
	ck_assert(expr_true(e, &s));
	arena_free(&a);
}
END_TEST

START_TEST(varies)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"%{HTTP_USER_AGENT} == 'x'", "User-Agent,"},
	    {"%{HTTP_HOST} == 'x' || req('HOST') == 'x'", ""},
	    {"req('X-Y') == 'x' || http('Z') == 'y'", "X-Y,Z,"},
	    {"req('X-Y') == 'x' && http('Z') == 'y'", "X-Y,"},
	    {"req_novary('X-Y') == 'x'", ""},
	};
	const char *error = NULL;
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct expr_source s = source(&a);

		varied[0] = '\0';
		expr_true(expr_parse(&a, rows[i].text, EXPR_CONDITION, &error), &s);
		ck_assert_str_eq(varied, rows[i].want);
	}
	struct expr_source s = source(&a);

	varied[0] = '\0';
	ck_assert_str_eq(
	    expr_string(expr_parse(&a, "%{req:A}", EXPR_STRING, &error), &s), "req<A>");
	ck_assert_str_eq(varied, "");
	arena_free(&a);
}
END_TEST

static char *repeat(struct arena *a, const char *before, const char *piece, const char *between,
    const char *behind, unsigned n)
{
	char *text = arena_strdup(a, before);

	for (unsigned i = 0; i < n; i++)
		text = arena_printf(a, "%s%s%s", text, piece, i + 1 < n ? between : "");
	return arena_printf(a, "%s%s", text, behind);
}

START_TEST(bounds)
{
	const char *error = NULL, *piece;
	struct arena a;

	arena_init_heap(&a, (size_t)1 << 28);
	struct expr_source s = source(&a);
	/* Chains are no depth. */
	const struct expr *e =
	    expr_parse(&a, repeat(&a, "", "'a' == 'b'", "||", " || 'x' . 'y' == 'xy'", 500),
	        EXPR_CONDITION, &error);

	ck_assert(e != NULL && expr_true(e, &s));
	e = expr_parse(&a, repeat(&a, "", "!", "", " true", 1000), EXPR_CONDITION, &error);
	ck_assert(e != NULL && expr_true(e, &s));
	/* Parentheses and arguments are. */
	piece = repeat(&a, repeat(&a, "", "(", "", "true", 1000), ")", "", "", 1000);
	ck_assert(!expr_parse(&a, piece, EXPR_CONDITION, &error));
	ck_assert_str_eq(error, "nested too deeply");
	piece = repeat(&a, repeat(&a, "", "%{tolower:", "", "x", 1000), "}", "", "", 1000);
	ck_assert(!expr_parse(&a, piece, EXPR_STRING, &error));
	piece = repeat(&a, repeat(&a, "", "%{tolower:", "", "x", 30), "}", "", "", 30);
	e = expr_parse(&a, piece, EXPR_STRING, &error);
	ck_assert(e != NULL);
	ck_assert_ptr_null(expr_string(e, &s));
	ck_assert_str_eq(s.error, "Recursion limit reached");
	/* It is no error for good. */
	e = expr_parse(&a, "%{tolower:X}", EXPR_STRING, &error);
	ck_assert_str_eq(expr_string(e, &s), "x");
	piece = repeat(&a, "", "0123456789", "", "", 820);
	ck_assert(!expr_parse(&a, piece, EXPR_STRING, &error));
	ck_assert_ptr_nonnull(strstr(error, "String too long"));
	arena_free(&a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {conditions, errors, strings, groups, varies, bounds};

	return vector_run("expr", tests, sizeof(tests) / sizeof(tests[0]));
}
