/*
 * Reading tests/vectors: whole files, and tables of one case a line with columns apart by one tab.
 * In a table \t \r \n \\ and \xHH are escapes; empty lines and lines from '#' on are comments.
 */
#ifndef ITKD_TEST_VECTORS_H
#define ITKD_TEST_VECTORS_H

#include "itkd/span.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define VECTOR_COLUMNS 6

struct vector_table {
	struct span text;
	char *p;
	unsigned line;
};

struct vector_row {
	unsigned line;
	size_t n;
	struct span col[VECTOR_COLUMNS];
};

/* The file's bytes with a NUL behind them; free(p) is the caller's. */
static inline struct span vector_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n = 0, cap = 1 << 20;
	char *p = malloc(cap);

	ck_assert_msg(f != NULL, "%s cannot be opened", path);
	ck_assert(p != NULL);
	n = fread(p, 1, cap - 1, f);
	ck_assert_msg(feof(f), "%s is larger than a vector should be", path);
	ck_assert_int_eq(fclose(f), 0);
	p[n] = '\0';
	return (struct span){p, n};
}

static inline void vector_open(struct vector_table *t, const char *path)
{
	t->text = vector_file(path);
	t->p = (char *)(size_t)t->text.p;
	t->line = 0;
}

static inline void vector_close(struct vector_table *t)
{
	free((char *)(size_t)t->text.p);
}

/* In place; escapes only shrink. */
static inline struct span vector_unescape(char *p, size_t n)
{
	char *out = p;

	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\\' || i + 1 == n) {
			*out++ = p[i];
			continue;
		}
		char c = p[++i];

		if (c == 'x' && i + 2 < n) {
			char hex[3] = {p[i + 1], p[i + 2], '\0'};

			c = (char)strtoul(hex, NULL, 16);
			i += 2;
		} else {
			c = c == 't' ? '\t' : c == 'r' ? '\r' : c == 'n' ? '\n' : c;
		}
		*out++ = c;
	}
	*out = '\0';
	return (struct span){p, (size_t)(out - p)};
}

static inline bool vector_next(struct vector_table *t, struct vector_row *row)
{
	while (*t->p) {
		char *line = t->p;
		size_t n = strcspn(line, "\n");

		t->p += line[n] ? n + 1 : n;
		t->line++;
		if (n == 0 || line[0] == '#')
			continue;
		line[n] = '\0';
		row->line = t->line;
		row->n = 0;
		for (;;) {
			size_t len = strcspn(line, "\t");
			bool more = line[len] == '\t';

			ck_assert_msg(
			    row->n < VECTOR_COLUMNS, "line %u: too many columns", t->line);
			row->col[row->n++] = vector_unescape(line, len);
			if (!more)
				return true;
			line += len + 1;
		}
	}
	return false;
}

/* One suite of one case with these tests; the exit status of main. */
static inline int vector_run(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}

#endif
