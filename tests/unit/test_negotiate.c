/*
 * Negotiation: vectors/negotiate.tsv (Accept, Accept-Language, Accept-Encoding, Accept-Charset,
 * Negotiate, the variant) among the variants here.
 */
#include "itkd/arena.h"
#include "itkd/conf_negotiate.h"
#include "itkd/negotiate.h"
#include "vectors.h"

static struct arena a;

static const char *const german[] = {"de"};
static const char *const english[] = {"en"};
static const char *const priority[] = {"de", "en"};

static const struct {
	const char *file, *type, *encoding;
	size_t n;
	const char *const *languages;
} variants[] = {
    {"p.de.html", "text/html; charset=UTF-8", "", 1, german},
    {"p.en.html", "text/html", "", 1, english},
    {"p.pdf.gz", "application/pdf;qs=0.5", "x-gzip", 0, NULL},
    {"p.txt", "text/plain;qs=0.7", "", 0, NULL},
};

#define VARIANTS (sizeof(variants) / sizeof(*variants))

static void fill(struct negotiate *g, struct variant v[static VARIANTS])
{
	*g = (struct negotiate){.a = &a,
	    .force = FORCE_PREFER,
	    .npriority = 2,
	    .priority = priority,
	    .n = VARIANTS,
	    .v = v};
	for (size_t i = 0; i < VARIANTS; i++) {
		v[i] = (struct variant){.file = variants[i].file,
		    .encoding = variants[i].encoding,
		    .description = "",
		    .nlanguages = variants[i].n,
		    .languages = variants[i].languages,
		    .length = (int64_t)i};
		variant_type(&a, &v[i], variants[i].type);
	}
}

static const char *field(struct span column)
{
	const char *text = arena_span(&a, column);

	return strcmp(text, "-") == 0 ? NULL : text;
}

START_TEST(choose)
{
	struct vector_table t;
	struct vector_row row;
	unsigned cases = 0;

	arena_init_heap(&a, 16 << 20);
	vector_open(&t, VECTORS "/negotiate.tsv");
	while (vector_next(&t, &row)) {
		struct variant v[VARIANTS], *best;
		struct negotiate g;
		bool list;

		ck_assert_uint_eq(row.n, 6);
		fill(&g, v);
		accept_parse(&a, field(row.col[0]), &g.types);
		accept_parse(&a, field(row.col[1]), &g.languages);
		accept_parse(&a, field(row.col[2]), &g.encodings);
		accept_parse(&a, field(row.col[3]), &g.charsets);
		g.transparent = field(row.col[4]);
		negotiate_header(&g, field(row.col[4]), false);
		negotiate_defaults(&g, false);
		best = negotiate_choose(&g, &list);
		ck_assert_msg(span_eq(span_of(list || !best ? "-" : best->file), row.col[5]),
		    "line %u: %s", row.line, list || !best ? "-" : best->file);
		cases++;
	}
	ck_assert_uint_ge(cases, 30);
	vector_close(&t);
	arena_free(&a);
}
END_TEST

START_TEST(texts)
{
	struct variant v[VARIANTS];
	struct negotiate g;

	arena_init_heap(&a, 16 << 20);
	fill(&g, v);
	ck_assert_str_eq(
	    negotiate_vary(&g), "accept,accept-language,accept-charset,accept-encoding");
	g.transparent = true;
	g.n = 3;
	v[0].file = "a \"b\".html";
	v[0].description = "German";
	v[1].handled = true;
	ck_assert_str_eq(negotiate_alternates(&g),
	    "{\"a%20%22b%22.html\" 1 {type text/html} {charset utf-8} {language de} {length 0}}, "
	    "{\"p.en.html\" 1 {type text/html} {language en}}, "
	    "{\"p.pdf.gz\" 0.5 {type application/pdf} {encoding x-gzip} {length 2}}");
	g.n = 1;
	ck_assert_str_eq(negotiate_list(&g),
	    "Available variants:\n<ul>\n<li><a href=\"a%20%22b%22.html\">a &quot;b&quot;.html</a> "
	    "German, type text/html, language de, charset utf-8</li>\n</ul>\n");
	ck_assert_str_eq(negotiate_vary(&g), "negotiate");
	g.transparent = false;
	ck_assert_ptr_null(negotiate_vary(&g));
	arena_free(&a);
}
END_TEST

/* As many as a directory may have: what is told of them takes memory for each, not for each pair.
 */
START_TEST(many)
{
	enum { MANY = 5000 };
	struct negotiate g = {.a = &a, .n = MANY};

	arena_init_heap(&a, 16 << 20);
	g.v = arena_array(&a, MANY, sizeof(*g.v));
	for (size_t i = 0; i < MANY; i++) {
		g.v[i] = (struct variant){.file = "p.de.html", .encoding = "", .description = ""};
		variant_type(&a, &g.v[i], "text/html");
	}
	ck_assert_uint_eq(strlen(negotiate_alternates(&g)),
	    MANY * (strlen("{\"p.de.html\" 1 {type text/html} {length 0}}, ")) - 2);
	ck_assert_uint_gt(strlen(negotiate_list(&g)), MANY * strlen("<li></li>\n"));
	arena_free(&a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {choose, texts, many};

	return vector_run("negotiate", tests, 3);
}
