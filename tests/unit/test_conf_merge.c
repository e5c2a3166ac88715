/* Laying one directory's settings over another's (conf_dir_merge), by table. */
#include "itkd/conf_dir.h"
#include "itkd/conf_parse.h"
#include "vectors.h"

static struct arena a;
static struct conf_report report;
static struct conf_parser parser;

/* The settings of these lines, as <Directory> would read them. */
static struct conf_dir dir_of(const char *text)
{
	struct conf_dir_build b;
	struct conf_value value;

	parser.root = (struct conf_node){0};
	conf_parse_text(&parser, "test", text);
	conf_dir_begin(&b, &a, &a, &a, &report);
	for (const struct conf_node *n = parser.root.children; n; n = n->next) {
		ck_assert_msg(n->directive != NULL, "%s", n->name);
		const char *error = conf_table_value(&a, "/", n, &value);

		if (!error)
			error = conf_dir_set(&b, &value);
		ck_assert_msg(error == NULL, "%s: %s", n->name, error);
	}
	conf_dir_finish(&b);
	return b.dir;
}

/* core_merge_dir of Apache 2.4. */
static const struct {
	const char *base, *add;
	uint32_t options;
} options_rows[] = {
    {"Options Indexes", "", OPT_INDEXES},
    {"Options Indexes", "Options ExecCGI", OPT_EXECCGI},
    {"Options Indexes", "Options +ExecCGI", OPT_INDEXES | OPT_EXECCGI},
    {"Options Indexes ExecCGI", "Options -Indexes", OPT_EXECCGI},
    {"Options Indexes", "Options -Indexes +FollowSymLinks", OPT_SYM_LINKS},
    {"Options All", "Options None", 0},
    {"Options None", "Options +Indexes", OPT_INDEXES},
    {"Options None", "Options Indexes\nOptions -Indexes", 0},
    {"Options FollowSymLinks", "Options -FollowSymLinks +SymLinksIfOwnerMatch", OPT_SYM_OWNER},
    {"Options Includes", "Options +IncludesNOEXEC", OPT_INCLUDES},
    {"Options IncludesNOEXEC", "Options +Includes", OPT_INCLUDES | OPT_INC_WITH_EXEC},
    {"Options Indexes", "Require all granted", OPT_INDEXES},
};

START_TEST(options)
{
	for (size_t i = 0; i < sizeof(options_rows) / sizeof(options_rows[0]); i++) {
		struct conf_dir base = dir_of(options_rows[i].base);
		struct conf_dir add = dir_of(options_rows[i].add);

		conf_dir_merge(&a, &base, &add);
		ck_assert_msg(
		    base.options == options_rows[i].options, "row %zu: %x", i, base.options);
	}
}
END_TEST

/* A + of a middle section survives a - of something else below it. */
START_TEST(three_levels)
{
	struct conf_dir base = dir_of("Options None");
	struct conf_dir middle = dir_of("Options +Indexes +ExecCGI");
	struct conf_dir last = dir_of("Options -ExecCGI");

	conf_dir_merge(&a, &base, &middle);
	conf_dir_merge(&a, &base, &last);
	ck_assert_uint_eq(base.options, OPT_INDEXES);
}
END_TEST

START_TEST(fields)
{
	struct conf_dir base = dir_of("Require all denied\nDirectoryIndex a\nLimitRequestBody 5\n"
	                              "SetHandler cgi-script\nForceType text/x\nDirectorySlash On\n"
	                              "AddType text/a .x\nAddHandler cgi-script .c\nSetEnv A 1");
	struct conf_dir none = dir_of("");
	struct conf_dir add = dir_of("Require all granted\nDirectoryIndex b c\nSetHandler None\n"
	                             "ForceType None\nDirectorySlash Off\nRemoveType .x\n"
	                             "RemoveHandler c\nUnsetEnv A");

	conf_dir_merge(&a, &base, &none);
	ck_assert_str_eq(base.handler, "cgi-script");
	conf_dir_merge(&a, &base, &add);
	ck_assert_uint_eq(base.index.n, 2);
	ck_assert_str_eq(base.index.v[0], "b");
	ck_assert_int_eq(base.limit_body, 5);
	/* "None" is kept as such: it takes back what holds above. */
	ck_assert_str_eq(base.handler, "");
	ck_assert_str_eq(base.type, "");
	ck_assert(!base.slash);
	ck_assert_str_eq(conf_mime_find(base.mime, "x", MIME_TYPE), "");
	ck_assert_ptr_null(conf_mime_find(base.mime, "c", MIME_HANDLER));
	ck_assert_uint_eq(base.env.n, 2);
	ck_assert_ptr_null(base.env.v[1].value);
}
END_TEST

/* A region that is full gives an error; the arena would end the process. */
START_TEST(full_region)
{
	static char region[4096] __attribute__((aligned(16)));
	struct conf_node node = {.directive = &conf_table[CONF_ID_SetEnv]};
	char name[] = "NAME", value[] = "a value of some length, to fill the region with";
	char *words[] = {name, value};
	struct conf_value v = {.node = &node, .n = 2, .words = words};
	struct conf_dir_build b;
	struct arena secret;
	const char *error = NULL;
	int n = 0;

	arena_init_fixed(&secret, region, sizeof(region));
	conf_dir_begin(&b, &a, &a, &secret, &report);
	while (!error && n++ < 1000)
		error = conf_dir_set(&b, &v);
	ck_assert_ptr_nonnull(error);
	ck_assert_int_gt(n, 5);
	conf_dir_finish(&b);
	ck_assert_uint_le(secret.used, sizeof(region));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {options, three_levels, fields, full_region};

	arena_init_heap(&a, (size_t)64 << 20);
	conf_report_init(&report, &a);
	conf_parser_init(&parser, &a, &report, "/");
	return vector_run("conf_merge", tests, sizeof(tests) / sizeof(tests[0]));
}
