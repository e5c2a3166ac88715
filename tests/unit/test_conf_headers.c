/* The rules of Header and RequestHeader: their arguments and formats, and how they merge. */
#include "itkd/arena.h"
#include "itkd/conf_headers.h"
#include "itkd/conf_lex.h"
#include "suite.h"

static struct arena arena;

static void setup(void)
{
	arena_init_heap(&arena, (size_t)16 << 20);
}

static void teardown(void)
{
	arena_free(&arena);
}

/* The pieces of a format, each as its letter and text: "T<text>e<NAME>". */
static const char *pieces(const struct header_rule *rule)
{
	static const char letters[] = "TDtles";
	const char *all = "";

	for (uint32_t i = 0; i < rule->ntags; i++)
		all = arena_printf(
		    &arena, "%s%c<%s>", all, letters[rule->tags[i].kind], rule->tags[i].text);
	return all;
}

static const struct {
	const char *format, *pieces;
} formats[] = {
    {"", ""},
    {"plain text", "T<plain text>"},
    {"%%", "T<%>"},
    {"100%", "T<100>T<%>"},
    {"a%%b", "T<a>T<%>T<b>"},
    {"%D%t%l", "D<>t<>l<>"},
    {"%{NAME}e", "e<NAME>"},
    {"x%{A}e%{B}s.", "T<x>e<A>s<B>T<.>"},
    {"%e", "e<>"},
    {"%{}e", "e<>"},
    {"%{A}D", "D<A>"},
    {"a\\tb\\\\c\\nd\\re", "T<a\tb\\c\nd\re>"},
    {"a\\xb\\", "T<a\\xb\\>"},
    {"%{A%B}e", "e<A%B>"},
};

START_TEST(format)
{
	struct header_rule rule = {.action = HEADER_SET};
	const char *error = conf_headers_format(&arena, &arena, formats[_i].format, &rule);

	ck_assert_msg(!error, "%s: %s", formats[_i].format, error);
	ck_assert_str_eq(pieces(&rule), formats[_i].pieces);
}
END_TEST

static const struct {
	const char *format, *error;
} bad_formats[] = {
    {"%z", "Unrecognized header format %z"},
    {"%{A}", "Unrecognized header format %"},
    {"%{A", "Unrecognized header format %"},
    {"a %{A} b", "Unrecognized header format % "},
    {"%i", "%i is not possible: no process knows how busy the others are"},
    {"%b", "%b is not possible: no process knows how busy the others are"},
};

START_TEST(format_bad)
{
	struct header_rule rule = {.action = HEADER_SET};
	const char *error = conf_headers_format(&arena, &arena, bad_formats[_i].format, &rule);

	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(error, bad_formats[_i].error);
}
END_TEST

static const char *read_rule(const char *line, bool in, struct header_rule *rule)
{
	const struct header_reader reader = {
	    .a = &arena, .secret = &arena, .tmp = &arena, .in = in, .restricted = true};
	uint32_t n;
	char **words = conf_lex_words(&arena, line, &n);

	*rule = (struct header_rule){.action = HEADER_ADD};
	return conf_headers_rule(&reader, words, n, rule);
}

static const struct {
	const char *line;
	enum header_action action;
	const char *name, *pieces, *env;
	bool early, regex, condition;
} rules[] = {
    {"set X-A \"a b\"", HEADER_SET, "X-A", "T<a b>", NULL, false, false, false},
    {"SET X-A: a", HEADER_SET, "X-A", "T<a>", NULL, false, false, false},
    {"append X a env=Y", HEADER_APPEND, "X", "T<a>", "Y", false, false, false},
    {"merge X a env=!Y", HEADER_MERGE, "X", "T<a>", "!Y", false, false, false},
    {"setifempty X a early", HEADER_SETIFEMPTY, "X", "T<a>", NULL, true, false, false},
    {"add X a \"expr=true\"", HEADER_ADD, "X", "T<a>", NULL, false, false, true},
    {"unset X", HEADER_UNSET, "X", "", NULL, false, false, false},
    {"unset X env=Y", HEADER_UNSET, "X", "", "Y", false, false, false},
    {"echo ^X", HEADER_ECHO, "^X", "", NULL, false, true, false},
    {"edit X a b", HEADER_EDIT, "X", "T<b>", NULL, false, true, false},
    {"edit* X a %{B}e env=Y", HEADER_EDIT_ALL, "X", "e<B>", "Y", false, true, false},
    {"note X y", HEADER_NOTE, "X", "T<y>", NULL, false, false, false},
};

START_TEST(rule_read)
{
	struct header_rule rule;
	const char *error = read_rule(rules[_i].line, false, &rule);

	ck_assert_msg(!error, "%s: %s", rules[_i].line, error);
	ck_assert_int_eq(rule.action, rules[_i].action);
	ck_assert_str_eq(rule.name, rules[_i].name);
	ck_assert_str_eq(pieces(&rule), rules[_i].pieces);
	ck_assert_pstr_eq(rule.env, rules[_i].env);
	ck_assert_int_eq(rule.early, rules[_i].early);
	ck_assert_int_eq(rule.regex != NULL, rules[_i].regex);
	ck_assert_int_eq(rule.condition != NULL, rules[_i].condition);
}
END_TEST

static const struct {
	const char *line;
	bool in;
} bad_rules[] = {
    {"", false},
    {"set", false},
    {"set X", false},
    {"nonsense X a", false},
    {"set X a b", false},
    {"set X a env=", false},
    {"set X a env=!", false},
    {"set X a env=Y more", false},
    {"unset X a", false},
    {"unset X env=A env=B", false},
    {"edit X a", false},
    {"edit X ( b", false},
    {"edit X a b env=Y more", false},
    {"echo (", false},
    {"echo X", true},
    {"always set X a", true},
    {"set X \"expr=%{NONSENSE}\"", false},
    {"set X a \"expr=(\"", false},
};

START_TEST(rule_bad)
{
	struct header_rule rule;

	ck_assert_msg(read_rule(bad_rules[_i].line, bad_rules[_i].in, &rule) != NULL, "%s",
	    bad_rules[_i].line);
}
END_TEST

/* A list of n rules whose names are letters from first on. */
static struct header_rules named(char first, uint32_t n)
{
	struct header_rule *v = arena_array(&arena, n, sizeof(*v));

	for (uint32_t i = 0; i < n; i++)
		v[i].name = arena_printf(&arena, "%c", first + (char)i);
	return (struct header_rules){n, v};
}

static const char *names(const struct header_rules *list)
{
	const char *all = "";

	for (uint32_t i = 0; i < list->n; i++)
		all = arena_printf(&arena, "%s%s", all, list->v[i].name);
	return all;
}

START_TEST(merge)
{
	struct conf_headers above = {.in = named('a', 2), .success = named('b', 1)};
	struct conf_headers below = {.in = named('x', 1), .always = named('y', 2), .early = true};
	struct conf_headers *merged = NULL;

	conf_headers_merge(&arena, &merged, NULL);
	ck_assert_ptr_null(merged);
	conf_headers_merge(&arena, &merged, &above);
	conf_headers_merge(&arena, &merged, NULL);
	conf_headers_merge(&arena, &merged, &below);
	ck_assert_str_eq(names(&merged->in), "abx");
	ck_assert_str_eq(names(&merged->success), "b");
	ck_assert_str_eq(names(&merged->always), "yz");
	ck_assert(merged->early);
	/* What was merged is untouched: other directories have it, too. */
	ck_assert_str_eq(names(&above.in), "ab");
	ck_assert(!above.early);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

int main(void)
{
	Suite *suite = suite_create("conf_headers");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, format, 0, COUNT(formats));
	tcase_add_loop_test(tc, format_bad, 0, COUNT(bad_formats));
	tcase_add_loop_test(tc, rule_read, 0, COUNT(rules));
	tcase_add_loop_test(tc, rule_bad, 0, COUNT(bad_rules));
	tcase_add_test(tc, merge);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
