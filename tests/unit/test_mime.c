/*
 * What names say: vectors/mime.tsv (path, type, handler, encoding, language) under the directives
 * here, and how sections lie over each other.
 */
#include "itkd/conf_dir.h"
#include "itkd/conf_parse.h"
#include "itkd/mime.h"
#include "vectors.h"

static struct arena a;

static const struct conf_mime mime_types[] = {
    {"css", "text/css"},
    {"gz", "application/gzip"},
    {"html", "text/html"},
    {"js", "text/javascript"},
    {"png", "image/png"},
    {"tar", "application/x-tar"},
    {"txt", "text/plain"},
    {"xyz", "chemical/x-xyz"},
};
static const struct conf conf = {.nmime = 8, .mime = mime_types};

static const char lines[] = "AddType application/x-first foo\n"
                            "AddType Application/X-Second .FOO\n"
                            "AddType text/x-own txt\n"
                            "AddType text/x-gone xyz\nRemoveType .xyz\n"
                            "RemoveType back\nAddType text/x-back back\n"
                            "AddHandler cgi-script cgi .sh\n"
                            "AddHandler server-parsed html\n"
                            "AddCharset UTF-8 .utf8\nAddCharset ISO-8859-1 .latin1\n"
                            "AddEncoding x-gzip .z .gzip\nAddEncoding br .br\n"
                            "AddLanguage de .de\nAddLanguage pt-BR .pt-br\n"
                            "AddType \"text/x-par;charset=a;level=1\" .par\n"
                            "AddType \"text/x-quoted; q=\\\"a;b\\\"\" .quo\n"
                            "AddType \"text/x-bad; broken\" .bad\n"
                            "AddType \"text/x-end;\" .end\n"
                            "AddType notype .notype\n";

/* A section with these lines. */
static struct conf_dir dir_of(const char *text)
{
	struct conf_report report;
	struct conf_parser parser;
	struct conf_dir_build b;
	struct conf_value v;

	conf_report_init(&report, &a);
	conf_parser_init(&parser, &a, &report, "/");
	conf_parse_text(&parser, "test", text);
	conf_dir_begin(&b, &a, &a, &a, &report);
	for (const struct conf_node *n = parser.root.children; n; n = n->next) {
		const char *error = conf_table_value(&a, "/", n, &v);

		if (!error)
			error = conf_dir_set(&b, &v);
		ck_assert_msg(!error, "%s: %s", n->name, error);
	}
	conf_dir_finish(&b);
	ck_assert_uint_eq(report.errors, 0);
	return b.dir;
}

static void same(const struct vector_row *row, size_t i, const char *value)
{
	struct span want = i < row->n ? row->col[i] : SPAN("-");

	ck_assert_msg(span_eq(span_of(value ? value : "-"), want), "line %u, column %zu: %s",
	    row->line, i + 1, value ? value : "-");
}

START_TEST(lookup)
{
	struct vector_table t;
	struct vector_row row;
	unsigned n = 0;

	arena_init_heap(&a, 1 << 22);
	const struct conf_dir dir = dir_of(lines);

	vector_open(&t, VECTORS "/mime.tsv");
	while (vector_next(&t, &row)) {
		struct mime_info info;

		ck_assert_uint_ge(row.n, 3);
		mime_lookup(&a, &conf, &dir, row.col[0].p, &info);
		same(&row, 1, info.type);
		same(&row, 2, info.handler);
		same(&row, 3, info.encoding);
		same(&row, 4, info.language);
		n++;
	}
	ck_assert_uint_ge(n, 50);
	vector_close(&t);
	arena_free(&a);
}
END_TEST

/* Without any table, and with an extension that no buffer holds. */
START_TEST(bounds)
{
	const struct conf none = {.nmime = 0, .mime = NULL};
	const struct conf_dir dir = {.set = 0};
	struct mime_info info;
	char path[1024] = "/a.";

	arena_init_heap(&a, 1 << 20);
	mime_lookup(&a, &none, &dir, "/a.html", &info);
	ck_assert(info.type == NULL && info.handler == NULL);
	memset(path + 3, 'x', sizeof(path) - 4);
	mime_lookup(&a, &none, &dir, path, &info);
	ck_assert(info.type == NULL && info.handler == NULL);
	arena_free(&a);
}
END_TEST

/* Sections from the outermost on, then the name and what becomes of it. */
static const struct {
	const char *sections[4];
	const char *path, *type, *handler, *language;
} layers[] = {
    {{"AddType text/a .x", "AddType text/b .x"}, "f.x", "text/b", NULL, NULL},
    {{"AddType text/a .x", "AddHandler h .x"}, "f.x", "text/a", "h", NULL},
    {{"AddType text/a .png", "RemoveType .png"}, "f.png", NULL, NULL, NULL},
    {{"RemoveType .png", "AddType text/b .png"}, "f.png", "text/b", NULL, NULL},
    {{"AddHandler h .x", "RemoveHandler .x"}, "f.x", NULL, NULL, NULL},
    {{"AddHandler h .x", "RemoveHandler .X", "AddHandler i .x"}, "f.x", NULL, "i", NULL},
    {{"AddHandler h .x", "RemoveHandler .y"}, "f.x", NULL, "h", NULL},
    /* Removed in the same section: wherever it stands. */
    {{"", "RemoveHandler .x\nAddHandler h .x"}, "f.x", NULL, NULL, NULL},
    {{"AddType text/a .x\nAddHandler h .x", "RemoveHandler .x"}, "f.x", "text/a", NULL, NULL},
    {{"DefaultLanguage en", ""}, "f.png", "image/png", NULL, "en"},
    {{"DefaultLanguage en", "AddType text/a .x"}, "f.x", "text/a", NULL, "en"},
    {{"DefaultLanguage en", "DefaultLanguage fr"}, "f", NULL, NULL, "fr"},
    {{"DefaultLanguage en\nAddLanguage de .de"}, "f.de", NULL, NULL, "de"},
    {{"AddLanguage de .de", "RemoveLanguage .de\nDefaultLanguage en"}, "f.de", NULL, NULL, "en"},
};

static void same_text(size_t i, const char *is, const char *want)
{
	ck_assert_msg(span_eq(span_of(is ? is : "-"), span_of(want ? want : "-")),
	    "case %zu: %s instead of %s", i, is ? is : "-", want ? want : "-");
}

START_TEST(merge)
{
	for (size_t i = 0; i < sizeof(layers) / sizeof(*layers); i++) {
		struct conf_dir base = {.set = 0};
		struct mime_info info;

		arena_init_heap(&a, 1 << 20);
		for (size_t j = 0; j < 4 && layers[i].sections[j]; j++) {
			struct conf_dir add = dir_of(layers[i].sections[j]);

			conf_dir_merge(&a, &base, &add);
		}
		mime_lookup(&a, &conf, &base, layers[i].path, &info);
		same_text(i, info.type, layers[i].type);
		same_text(i, info.handler, layers[i].handler);
		same_text(i, info.language, layers[i].language);
		arena_free(&a);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {lookup, bounds, merge};

	return vector_run("mime", tests, sizeof(tests) / sizeof(tests[0]));
}
