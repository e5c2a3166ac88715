/* Types and handlers of names: vectors/mime.tsv (path, type, handler) under the tables here. */
#include "itkd/mime.h"
#include "vectors.h"

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

static const struct conf_ext types[] = {
    {"foo", "application/x-first"},
    {"foo", "application/x-second"},
    {"txt", "text/x-own"},
    {"xyz", "text/x-gone"},
    {"xyz", ""},
    {"back", ""},
    {"back", "text/x-back"},
};

static const struct conf_ext handlers[] = {
    {"cgi", "cgi-script"},
    {"sh", "cgi-script"},
    {"sh", ""},
    {"html", "server-parsed"},
};

START_TEST(lookup)
{
	const struct conf conf = {.nmime = 8, .mime = mime_types};
	const struct conf_dir dir = {.types = {7, types}, .handlers = {4, handlers}};
	struct vector_table t;
	struct vector_row row;
	unsigned n = 0;

	vector_open(&t, VECTORS "/mime.tsv");
	while (vector_next(&t, &row)) {
		struct mime_info info;

		ck_assert_uint_eq(row.n, 3);
		mime_lookup(&conf, &dir, row.col[0].p, &info);
		ck_assert_msg(span_eq(span_of(info.type ? info.type : "-"), row.col[1]),
		    "line %u: %s", row.line, info.type ? info.type : "-");
		ck_assert_msg(span_eq(span_of(info.handler ? info.handler : "-"), row.col[2]),
		    "line %u: %s", row.line, info.handler ? info.handler : "-");
		n++;
	}
	ck_assert_uint_ge(n, 25);
	vector_close(&t);
}
END_TEST

/* Without any table, and with an extension that no buffer holds. */
START_TEST(bounds)
{
	const struct conf conf = {.nmime = 0, .mime = NULL};
	const struct conf_dir dir = {.set = 0};
	struct mime_info info;
	char path[1024] = "/a.";

	mime_lookup(&conf, &dir, "/a.html", &info);
	ck_assert(info.type == NULL && info.handler == NULL);
	memset(path + 3, 'x', sizeof(path) - 4);
	mime_lookup(&conf, &dir, path, &info);
	ck_assert(info.type == NULL && info.handler == NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {lookup, bounds};

	return vector_run("mime", tests, sizeof(tests) / sizeof(tests[0]));
}
