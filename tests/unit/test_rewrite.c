/* mod_rewrite without a request: lines of rules and conditions, merging, and texts of URLs. */
#include "itkd/conf_rewrite.h"
#include "itkd/rewrite_uri.h"

#include "itkd/arena.h"
#include "itkd/regex.h"
#include "suite.h"

static struct arena a;

static struct rewrite_reader reader(void)
{
	return (struct rewrite_reader){.a = &a, .secret = &a, .tmp = &a};
}

static void start(void)
{
	arena_init_heap(&a, 1 << 22);
}

static void stop(void)
{
	arena_free(&a);
}

static const struct {
	const char *line;
	const char *output;
	uint32_t flags;
	uint16_t status;
} rules[] = {
    {"a b", "b", 0, 302},
    {"  a   b  ", "b", 0, 302},
    {"a -", "-", RULE_NO_SUBSTITUTE, 302},
    {"!a b [L]", "b", RULE_NEGATED | RULE_LAST, 302},
    {"a b [R=301,NE,QSA]", "b", RULE_REDIRECT | RULE_NO_ESCAPE | RULE_QUERY_APPEND, 301},
    {"a b [redirect=permanent]", "b", RULE_REDIRECT, 301},
    {"a b [R=seeother]", "b", RULE_REDIRECT, 303},
    {"a b [R=x]", "b", RULE_REDIRECT, 0},
    {"a b [G,R=x]", "b", RULE_REDIRECT | RULE_STATUS | RULE_NO_SUBSTITUTE, 410},
    {"a b [R=103]", "b", RULE_REDIRECT | RULE_STATUS | RULE_NO_SUBSTITUTE, 103},
    {"a b [R=404]", "b", RULE_REDIRECT | RULE_STATUS | RULE_NO_SUBSTITUTE, 404},
    {"a b [F]", "b", RULE_STATUS | RULE_NO_SUBSTITUTE, 403},
    {"a b [gone]", "b", RULE_STATUS | RULE_NO_SUBSTITUTE, 410},
    {"a b?", "b", RULE_QUERY_NONE, 302},
    {"a b? [QSA]", "b?", RULE_QUERY_APPEND | RULE_QUERY_LAST, 302},
    {"a b [QSD]", "b", RULE_QUERY_DISCARD | RULE_QUERY_NONE, 302},
    {"a b?c [QSD]", "b?c", RULE_QUERY_DISCARD, 302},
    {"a b [B=?&,BNP,BCTLS]", "b", RULE_ESCAPE | RULE_ESCAPE_SPACE | RULE_ESCAPE_CONTROLS, 302},
    {"a b [DPI,NS,NC,PT,C]", "b",
        RULE_DISCARD_PATH | RULE_NO_SUBREQUEST | RULE_NOCASE | RULE_PASS | RULE_CHAIN, 302},
    {"a b [Dnonsense]", "b", 0, 302},
    {"a b [END,N=3,P,QSL]", "b", RULE_END | RULE_NEXT | RULE_PROXY | RULE_QUERY_LAST, 302},
    {"a b \"[ L , R ]\"", "b", RULE_LAST | RULE_REDIRECT, 302},
    {"\"a b\" 'c d'", "c d", 0, 302},
    {"a\\ b c\\ d", "c\\ d", 0, 302},
    {"a b [UnsafeAllow3F,UnsafePrefixStat,UNC]", "b",
        RULE_UNSAFE_3F | RULE_UNSAFE_STAT | RULE_KEEP_SLASHES, 302},
};

START_TEST(rule)
{
	struct rewrite_reader rd = reader();
	struct rewrite_rule r;

	ck_assert_ptr_null(rewrite_parse_rule(&rd, rules[_i].line, &r));
	ck_assert_str_eq(r.output, rules[_i].output);
	ck_assert_uint_eq(r.flags, rules[_i].flags);
	ck_assert_uint_eq(r.status, rules[_i].status);
}
END_TEST

static const struct {
	const char *line, *error;
} bad[] = {
    {"", "RewriteRule: bad argument line ''"},
    {"a", "RewriteRule: bad argument line 'a'"},
    {"\"a b", "RewriteRule: bad argument line '\"a b'"},
    {"a b L", "RewriteRule: bad flag delimiters"},
    {"a b [", "RewriteRule: bad flag delimiters"},
    {"a b []", "RewriteRule: unknown flag ''"},
    {"a b [L,]", "RewriteRule: unknown flag ''"},
    {"a b [Q]", "RewriteRule: unknown flag 'Q'"},
    {"a b [R=999]", "RewriteRule: invalid HTTP response code '999' for flag 'R'"},
    {"a b [BNE]", "RewriteRule: flag 'BNE' wants a list of characters (i.e. [BNE=...])"},
    {"( b", "RewriteRule: cannot compile regular expression '('"},
};

START_TEST(bad_rule)
{
	struct rewrite_reader rd = reader();
	struct rewrite_rule r;

	ck_assert_str_eq(rewrite_parse_rule(&rd, bad[_i].line, &r), bad[_i].error);
}
END_TEST

static const struct {
	const char *line, *pattern;
	enum rewrite_test test;
	bool negated, nocase;
} conds[] = {
    {"a b", "b", REWRITE_REGEX, false, false},
    {"a !b [NC]", "b", REWRITE_REGEX, true, true},
    {"a -f", "-f", REWRITE_IS_FILE, false, false},
    {"a !-d", "-d", REWRITE_IS_DIRECTORY, true, false},
    {"a -l", "-l", REWRITE_IS_LINK, false, false},
    {"a -U", "-U", REWRITE_URL, false, false},
    {"a -z", "-z", REWRITE_REGEX, false, false},
    {"a -lt5", "5", REWRITE_INT_LESS, false, false},
    {"a -ne5", "5", REWRITE_INT_EQUAL, true, false},
    {"a !-ne5", "5", REWRITE_INT_EQUAL, false, false},
    {"a -lt", "-lt", REWRITE_REGEX, false, false},
    {"a <b", "b", REWRITE_LESS, false, false},
    {"a >=b [NC]", "b", REWRITE_GREATER_EQUAL, false, true},
    {"a =", "=", REWRITE_REGEX, false, false},
    {"a '=\"\"'", "", REWRITE_EQUAL, false, false},
    {"a !=b", "b", REWRITE_EQUAL, true, false},
    {"a -f [NC]", "-f", REWRITE_IS_FILE, false, false},
    {"expr true", "true", REWRITE_EXPR, false, false},
};

START_TEST(cond)
{
	struct rewrite_reader rd = reader();
	struct rewrite_cond c;

	ck_assert_ptr_null(rewrite_parse_cond(&rd, conds[_i].line, &c));
	ck_assert_str_eq(c.pattern, conds[_i].pattern);
	ck_assert_int_eq(c.test, conds[_i].test);
	ck_assert_int_eq(c.negated, conds[_i].negated);
	ck_assert_int_eq(c.nocase, conds[_i].nocase);
	ck_assert_int_eq(rd.warn_nocase, c.test == REWRITE_IS_FILE && strstr(conds[_i].line, "NC"));
}
END_TEST

static const struct {
	uint32_t below, above; /* options */
	const char *order;     /* of the rules that hold below */
} merges[] = {
    {0, 0, "b"},
    {REWRITE_INHERIT, 0, "ba"},
    {REWRITE_INHERIT_BEFORE, 0, "ab"},
    {0, REWRITE_INHERIT_DOWN, "ba"},
    {0, REWRITE_INHERIT_DOWN_BEFORE, "ab"},
    {REWRITE_IGNORE_INHERIT, REWRITE_INHERIT_DOWN, "b"},
};

START_TEST(merged)
{
	const struct rewrite_rule one = {.pattern = "a"}, two = {.pattern = "b"};
	struct conf_rewrite above = {.engine = REWRITE_ON,
	    .options = merges[_i].above,
	    .options_set = merges[_i].above != 0,
	    .base = "/x",
	    .rules = {1, &one}};
	struct conf_rewrite below = {.options = merges[_i].below,
	    .options_set = merges[_i].below != 0,
	    .directory = "/d/",
	    .rules = {1, &two}};
	const struct conf_rewrite *m = &above;
	char order[3] = "";

	conf_rewrite_merge(&a, &m, NULL);
	ck_assert_ptr_eq(m, &above);
	conf_rewrite_merge(&a, &m, &below);
	ck_assert_int_eq(m->engine, REWRITE_ON);
	ck_assert_str_eq(m->directory, "/d/");
	ck_assert_ptr_null(m->base);
	for (uint32_t i = 0; i < m->rules.n; i++)
		order[i] = *m->rules.v[i].pattern;
	ck_assert_str_eq(order, merges[_i].order);
}
END_TEST

static const struct {
	const char *uri;
	size_t n;
	bool query;
} absolutes[] = {
    {"http://x", 7, true},
    {"HTTPS://x", 8, true},
    {"mailto:x", 7, true},
    {"ftp://x", 6, false},
    {"unix:/x", 5, true},
    {"unix://x", 7, true},
    {"fcgi://x", 7, true},
    {"foo://x", 0, false},
    {"/http://", 0, false},
    {"http:", 0, false},
};

START_TEST(absolute)
{
	bool query;

	ck_assert_uint_eq(rewrite_absolute(absolutes[_i].uri, &query), absolutes[_i].n);
	ck_assert_int_eq(query, absolutes[_i].query);
}
END_TEST

START_TEST(texts)
{
	struct rewrite_rule some = {.flags = RULE_ESCAPE, .escapes = "?&"};
	struct rewrite_rule all = {.flags = RULE_ESCAPE},
	                    controls = {.flags = RULE_ESCAPE_CONTROLS};

	ck_assert_str_eq(rewrite_escape_group(&a, &all, "a b/_.", 6), "a+b%2f_%2e");
	all.flags |= RULE_ESCAPE_SPACE;
	ck_assert_str_eq(rewrite_escape_group(&a, &all, "a b", 3), "a%20b");
	ck_assert_str_eq(rewrite_escape_group(&a, &some, "a b?&", 5), "a b%3f%26");
	ck_assert_str_eq(rewrite_escape_group(&a, &controls, "a\tb/", 4), "a%09b/");
	ck_assert_str_eq(rewrite_escape(&a, "a b:c?"), "a%20b:c%3f");
	ck_assert_str_eq(rewrite_escape_url(&a, "http://h h/a b", 7), "http://h h/a%20b");
	ck_assert_str_eq(rewrite_escape_url(&a, "http://h", 7), "http://h");
	ck_assert_str_eq(rewrite_escape_url(&a, "ldap://h/a b?c d", 7), "ldap://h/a%20b?c%20d");
	ck_assert_str_eq(rewrite_unescape(&a, "%41%zz%4"), "A%zz%4");
	ck_assert_uint_eq(rewrite_prefix("/a/b", "/a/"), 3);
	ck_assert_uint_eq(rewrite_prefix("/a/b", "/a"), 3);
	ck_assert_uint_eq(rewrite_prefix("/ab", "/a"), 0);
	ck_assert(rewrite_is_visible("a\xc3") && !rewrite_is_visible("a b"));
	ck_assert_int_lt(rewrite_compare("b", "aa"), 0);
	ck_assert_int_gt(rewrite_compare("b", "a"), 0);
}
END_TEST

START_TEST(limit)
{
	const char *error = NULL;
	const struct regex *re = regex_compile(&a, "^(a|a|b)+$", 0, &error);
	struct regex_match m;

	ck_assert_int_eq(regex_try(re, SPAN("aab"), &m), REGEX_FOUND);
	ck_assert_int_eq(regex_try(re, SPAN("aac"), &m), REGEX_NOT_FOUND);
	ck_assert_int_eq(
	    regex_try(re, SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"), &m), REGEX_LIMIT);
	ck_assert(!regex_find(re, SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"), &m));
}
END_TEST

#define LOOP(test, table) tcase_add_loop_test(t, test, 0, (int)(sizeof(table) / sizeof(*(table))))

int main(void)
{
	Suite *s = suite_create("rewrite");
	TCase *t = tcase_create("rewrite");

	/* A limit is reached after seconds on a busy machine. */
	tcase_set_timeout(t, 600);

	tcase_add_checked_fixture(t, start, stop);
	LOOP(rule, rules);
	LOOP(bad_rule, bad);
	LOOP(cond, conds);
	LOOP(merged, merges);
	LOOP(absolute, absolutes);
	tcase_add_test(t, texts);
	tcase_add_test(t, limit);
	suite_add_tcase(s, t);
	return suite_main(s);
}
