/* From files to the tree: vectors/conf/tree/NAME.conf gives NAME.out. */
#include "conf_vectors.h"
#include "itkd/conf_parse.h"
#include <sys/stat.h>
#include <unistd.h>

#define DIR_TREE VECTORS "/conf/tree"

static void print_nodes(FILE *out, const struct conf_node *nodes, int depth)
{
	for (const struct conf_node *n = nodes; n; n = n->next) {
		const char *file = strrchr(n->file, '/');

		fprintf(out, "%*s%s:%u %s%s", 2 * depth, "", file ? file + 1 : n->file, n->line,
		    n->section ? "<" : "", n->name);
		for (uint32_t i = 0; i < n->nargs; i++)
			fprintf(out, " [%s]", n->args[i]);
		fprintf(out, "%s\n", n->directive ? "" : " ?");
		print_nodes(out, n->children, depth + 1);
	}
}

static void read_tree(const char *path, FILE *out)
{
	struct conf_report report;
	struct conf_parser p;
	struct arena a;

	arena_init_heap(&a, (size_t)64 << 20);
	conf_report_init(&report, &a);
	conf_parser_init(&p, &a, &report, DIR_TREE);
	conf_parse_define(&p, "GIVEN", NULL);
	conf_parse_file(&p, path);
	print_nodes(out, p.root.children, 0);
	conf_report_print(&report, out, CONF_NOTE);
	arena_free(&a);
}

START_TEST(trees)
{
	ck_assert_int_eq(setenv("ITKD_TEST_ENV", "from env", 1), 0);
	conf_vectors_run(DIR_TREE, read_tree);
}
END_TEST

/* Things that are no configuration: an error, and nothing else. */
START_TEST(not_files)
{
	static const struct {
		const char *path, *why;
	} rows[] = {
	    {"/nonexistent/x.conf", "No such file or directory"},
	    {"/etc", "Is a directory"},
	    {"/dev/zero", "not a regular file"},
	    {"fifo", "not a regular file"},
	};
	char dir[] = "/tmp/itkd-test-XXXXXX", fifo[64];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct conf_report report;
		struct conf_parser p;
		struct arena a;

		arena_init_heap(&a, (size_t)64 << 20);
		conf_report_init(&report, &a);
		conf_parser_init(&p, &a, &report, dir);
		conf_parse_file(&p, *rows[i].path == '/' ? rows[i].path : fifo);
		ck_assert_uint_eq(report.errors, 1);
		ck_assert_msg(
		    strstr(report.first->text, rows[i].why) != NULL, "%s", report.first->text);
		ck_assert_ptr_null(p.root.children);
		arena_free(&a);
	}
	ck_assert_int_eq(unlink(fifo), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(modules)
{
	static const struct {
		const char *name;
		bool there;
	} rows[] = {
	    {"mod_alias.c", true},
	    {"alias_module", true},
	    {"mod_ssl.c", true},
	    {"ssl_module", true},
	    {"mod_authz_core.c", true},
	    {"mod_mime.c", true},
	    {"mod_dir.c", true},
	    {"mod_env.c", true},
	    {"mod_log_config.c", true},
	    {"mod_logio.c", true},
	    {"mod_autoindex.c", true},
	    {"mod_cgi.c", true},
	    {"mod_reqtimeout.c", true},
	    {"unixd_module", true},
	    {"core.c", true},
	    {"prefork.c", true},
	    {"mpm_prefork_module", true},
	    {"itk.c", true},
	    {"mpm_itk.c", true},
	    {"mpm_itk_module", true},
	    {"mod_rewrite.c", true},
	    {"mod_access_compat.c", true},
	    {"mod_php.c", true},
	    {"mod_authz_host.c", true},
	    {"mod_negotiation.c", true},
	    {"mod_status.c", true},
	    {"mod_version.c", true},
	    {"mod_macro.c", true},
	    {"php_module", true},
	    {"mod_php5.c", false},
	    {"mod_php8.c", false},
	    {"mod_fcgid.c", false},
	    {"mod_http2.c", false},
	    {"mod_dav.c", false},
	    {"mod_security2.c", false},
	    {"mod_ruid2.c", false},
	    {"mpm_worker_module", false},
	    {"alias", false},
	    {"mod_.c", false},
	    {"_module", false},
	    {"", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(conf_table_module(rows[i].name) == rows[i].there, "%s", rows[i].name);
}
END_TEST

START_TEST(nearest)
{
	static const struct {
		const char *name;
		bool section;
		const char *near;
	} rows[] = {
	    {"ErorLog", false, "ErrorLog"},
	    {"documentrot", false, "DocumentRoot"},
	    {"AssignUserId2", false, "AssignUserID"},
	    {"VirtualHosts", true, "VirtualHost"},
	    {"Foo", false, NULL},
	    {"WSGIScriptAlias2000", false, NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct conf_directive *d = conf_table_nearest(rows[i].name, rows[i].section);

		ck_assert_msg((d == NULL) == (rows[i].near == NULL), "%s", rows[i].name);
		if (d)
			ck_assert_str_eq(d->name, rows[i].near);
	}
}
END_TEST

/* What documentation is made from must be there. */
START_TEST(table)
{
	for (int i = 0; i < CONF_IDS; i++) {
		const struct conf_directive *d = &conf_table[i];

		ck_assert_int_eq(d->id, i);
		ck_assert_msg(d->manual && *d->manual, "%s", d->name);
		ck_assert_msg(d->contexts != 0, "%s", d->name);
		ck_assert_msg(d->min <= d->max, "%s", d->name);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {trees, not_files, modules, nearest, table};

	return vector_run("conf_parse", tests, sizeof(tests) / sizeof(tests[0]));
}
