/* Lines, words and variables of the config language: vectors/conf/{words,lines,expand}.tsv. */
#include "itkd/arena.h"
#include "itkd/conf_lex.h"
#include "vectors.h"
#include <stdlib.h>
#include <string.h>

static void append(char *out, size_t cap, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *out, size_t cap, const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, cap - n, fmt, ap);
	va_end(ap);
}

static bool same(struct span want, const char *got)
{
	return span_eq(want, span_of(got));
}

START_TEST(words)
{
	struct vector_table t;
	struct vector_row row;
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	vector_open(&t, VECTORS "/conf/words.tsv");
	while (vector_next(&t, &row)) {
		char got[512] = "", *text = arena_span(&a, row.col[0]);
		uint32_t n;
		char **v = conf_lex_words(&a, text, &n);

		for (uint32_t i = 0; i < n; i++)
			append(got, sizeof(got), "[%s]", v[i]);
		ck_assert_msg(same(row.col[1], got), "line %u: %s", row.line, got);
	}
	vector_close(&t);
	arena_free(&a);
}
END_TEST

START_TEST(lines)
{
	struct vector_table t;
	struct vector_row row;
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	vector_open(&t, VECTORS "/conf/lines.tsv");
	while (vector_next(&t, &row)) {
		struct span text = row.col[0];
		struct conf_lines l = {text.p, text.p + text.n, 1, 16};
		char got[512] = "", *line = NULL;
		enum conf_line_result r;
		uint32_t number;

		while ((r = conf_lex_line(&l, &a, &line, &number)) != CONF_LINE_END)
			append(got, sizeof(got), "%u:%s|", number,
			    r == CONF_LINE_NUL    ? "NUL"
			    : r == CONF_LINE_LONG ? "LONG"
			                          : line);
		ck_assert_msg(same(row.col[1], got), "line %u: %s", row.line, got);
	}
	vector_close(&t);
	arena_free(&a);
}
END_TEST

static void collect(void *ctx, const char *name)
{
	strcat(strcat(ctx, name), " ");
}

static void set(struct conf_map *vars, const char *name, const char *value)
{
	*conf_map_at(vars, name) = arena_strdup(vars->a, value);
}

START_TEST(expand)
{
	struct vector_table t;
	struct vector_row row;
	struct conf_map vars;
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	conf_map_init(&vars, &a, true);
	set(&vars, "X", "1");
	set(&vars, "lower", "two");
	set(&vars, "EMPTY", "");
	set(&vars, "SELF", "${SELF} ${X}");
	ck_assert_int_eq(setenv("ITKD_TEST_ENV", "env", 1), 0);
	vector_open(&t, VECTORS "/conf/expand.tsv");
	while (vector_next(&t, &row)) {
		char undefined[128] = "", *text = arena_span(&a, row.col[0]);
		const char *got = conf_lex_expand(&a, &vars, text, 1000, collect, undefined);

		ck_assert_msg(got && same(row.col[1], got), "line %u: %s", row.line, got);
		ck_assert_msg(
		    same(row.col[2], undefined), "line %u: undefined %s", row.line, undefined);
	}
	vector_close(&t);
	arena_free(&a);
}
END_TEST

START_TEST(expand_is_bounded)
{
	struct conf_map vars;
	struct arena a;
	char undefined[8] = "";

	arena_init_heap(&a, 1 << 20);
	conf_map_init(&vars, &a, true);
	set(&vars, "X", "0123456789");
	ck_assert_ptr_nonnull(conf_lex_expand(&a, &vars, "${X}${X}", 20, collect, undefined));
	ck_assert_ptr_null(conf_lex_expand(&a, &vars, "${X}${X}", 19, collect, undefined));
	arena_free(&a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {words, lines, expand, expand_is_bounded};

	return vector_run("conf_lex", tests, sizeof(tests) / sizeof(tests[0]));
}
