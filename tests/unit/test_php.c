/* php_value and its like: one section's lines, and sections over each other. */
#include "itkd/conf_dir.h"
#include "itkd/conf_parse.h"
#include "vectors.h"

static struct arena a;

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
	return b.dir;
}

static const char *text_of(const struct conf_php *php)
{
	const char *text = "";

	for (uint32_t i = 0; php && i < php->n; i++)
		text = arena_printf(&a, "%s%s%s=%s%s", text, *text ? " " : "", php->v[i].name,
		    php->v[i].value, php->v[i].admin ? "!" : "");
	return text;
}

/* Sections from the outermost on. */
static const struct {
	const char *sections[3];
	const char *result; /* "!": an admin's */
} cases[] = {
    {{""}, ""},
    {{"php_value memory_limit 64M"}, "memory_limit=64M"},
    {{"php_value include_path \".:/usr/share/php\""}, "include_path=.:/usr/share/php"},
    {{"php_value auto_prepend_file none"}, "auto_prepend_file="},
    {{"php_flag display_errors On\nphp_flag a off\nphp_flag b 1\nphp_flag c yes"},
        "display_errors=1 a=0 b=1 c=0"},
    {{"php_admin_value open_basedir /web:/tmp\nphp_admin_flag engine Off"},
        "open_basedir=/web:/tmp! engine=0!"},
    {{"php_value a 1\nphp_value a 2"}, "a=2"},
    {{"php_admin_value a 1\nphp_value a 2"}, "a=2"},
    {{"php_value a 1", "php_value a 2"}, "a=2"},
    {{"php_value a 1", "php_value b 2"}, "a=1 b=2"},
    {{"php_admin_value a 1", "php_value a 2"}, "a=1!"},
    {{"php_admin_value a 1", "php_admin_value a 2"}, "a=2!"},
    {{"php_value a 1", "php_admin_value a 2"}, "a=2!"},
    {{"php_admin_value a 1", "", "php_flag a Off"}, "a=1!"},
    {{"php_value a 1", "php_admin_value a 2", "php_value a 3"}, "a=2!"},
    {{"php_admin_value sendmail_path \"/usr/sbin/sendmail -t -i -f web@x.test\""},
        "sendmail_path=/usr/sbin/sendmail -t -i -f web@x.test!"},
};

START_TEST(merge)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conf_dir base = {.set = 0};

		arena_init_heap(&a, 1 << 20);
		for (size_t j = 0; j < 3 && cases[i].sections[j]; j++) {
			struct conf_dir add = dir_of(cases[i].sections[j]);
			const char *before = text_of(add.php);

			conf_dir_merge(&a, &base, &add);
			ck_assert_str_eq(text_of(add.php), before);
		}
		ck_assert_msg(strcmp(text_of(base.php), cases[i].result) == 0, "case %zu: %s", i,
		    text_of(base.php));
		arena_free(&a);
	}
}
END_TEST

/* A vhost's region that is full gives an error; the arena would end the process. */
START_TEST(full)
{
	static char region[4096] __attribute__((aligned(16)));
	char value[600];
	char name[] = "name", *words[] = {name, value};
	struct conf_node node = {.directive = &conf_table[CONF_ID_php_value]};
	struct conf_value v = {.node = &node, .n = 2, .words = words};
	struct conf_report report;
	struct conf_dir_build b;
	struct arena secret;
	const char *error = NULL;

	arena_init_heap(&a, 1 << 20);
	arena_init_fixed(&secret, region, sizeof(region));
	conf_report_init(&report, &a);
	conf_dir_begin(&b, &a, &a, &secret, &report);
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (int i = 0; i < 20 && !error; i++)
		error = conf_dir_set(&b, &v);
	ck_assert_ptr_nonnull(error);
	ck_assert_uint_eq(b.dir.php->n, 1);
	arena_free(&a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {merge, full};

	return vector_run("php", tests, sizeof(tests) / sizeof(tests[0]));
}
