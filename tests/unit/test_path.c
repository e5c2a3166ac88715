/* Paths: vectors/path.tsv for decoding, rows here for the two ways out. */
#include "itkd/arena.h"
#include "itkd/path.h"
#include "vectors.h"

static const char *result_text(enum path_result r)
{
	return r == PATH_OK ? "ok" : r == PATH_BAD ? "400" : "404";
}

START_TEST(decode)
{
	struct vector_table t;
	struct vector_row row;
	struct arena a;
	unsigned n = 0;

	arena_init_heap(&a, 1 << 20);
	vector_open(&t, VECTORS "/path.tsv");
	while (vector_next(&t, &row)) {
		char *path = NULL, *copy = malloc(row.col[0].n ? row.col[0].n : 1);

		ck_assert_uint_ge(row.n, 2);
		ck_assert(copy != NULL);
		memcpy(copy, row.col[0].p, row.col[0].n);
		enum path_result r = path_decode(&a, (struct span){copy, row.col[0].n}, &path);

		free(copy);
		ck_assert_msg(span_eq(span_of(result_text(r)), row.col[1]), "line %u: %s", row.line,
		    result_text(r));
		if (r == PATH_OK)
			ck_assert_msg(
			    span_eq(span_of(path), row.col[2]), "line %u: %s", row.line, path);
		n++;
	}
	ck_assert_uint_ge(n, 60);
	vector_close(&t);
	arena_free(&a);
}
END_TEST

START_TEST(encode)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
	    {"/", "/"},
	    {"/a b", "/a%20b"},
	    {"/a%20b", "/a%2520b"},
	    {"/\xc3\xbc?#", "/%c3%bc%3f%23"},
	    {"/a\nb\"<>", "/a%0ab%22%3c%3e"},
	    {"/$-_.+!*'(),:;@&=~", "/$-_.+!*'(),:;@&=~"},
	    {"/[]{}|\\^`\x7f", "/%5b%5d%7b%7d%7c%5c%5e%60%7f"},
	    {"a:b", "./a:b"},
	    {"a/b:c", "a/b:c"},
	    {"/a:b", "/a:b"},
	    {":", "./:"},
	    {"", ""},
	};
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(path_encode(&a, rows[i].path), rows[i].want);
	/* Each byte comes back as it was. */
	for (int c = 1; c < 256; c++) {
		char in[] = {'/', (char)c, 'x', '\0'};
		char *back = NULL;

		if (c == '/')
			continue;
		ck_assert_int_eq(path_decode(&a, span_of(path_encode(&a, in)), &back), PATH_OK);
		ck_assert_str_eq(back, in);
	}
	arena_free(&a);
}
END_TEST

START_TEST(html)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"", ""},
	    {"plain", "plain"},
	    {"<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;'"},
	    {"&amp;", "&amp;amp;"},
	    {"\xc3\xbc", "\xc3\xbc"},
	};
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(html_escape(&a, rows[i].text), rows[i].want);
	arena_free(&a);
}
END_TEST

START_TEST(without_info)
{
	static const struct {
		const char *uri, *info, *want;
	} rows[] = {
	    {"/a.cgi/x/y", "/x/y", "/a.cgi"},
	    {"/a.cgi", "", "/a.cgi"},
	    {"/a.cgi//x///y", "/x/y", "/a.cgi"},
	    {"/a.cgi/x", "/y", "/a.cgi/x"},
	    /* What a pattern put behind the file may be longer than all that was asked for. */
	    {"/x", "/much/longer/than/y", "/x"},
	    {"/x", "/much/longer/than/x", ""},
	    {"/x/ab/y", "/some/b/y", "/x/ab"},
	    {"/x", "/x", ""},
	    {"", "/x", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_uint_eq(
		    path_without_info(rows[i].uri, rows[i].info), strlen(rows[i].want));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {decode, encode, html, without_info};

	return vector_run("path", tests, sizeof(tests) / sizeof(tests[0]));
}
