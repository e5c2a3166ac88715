/* SetEnvIf and its like as the configuration holds them: by table; and where their values are. */
#include "itkd/conf_dir.h"
#include "itkd/conf_parse.h"
#include "vectors.h"

#define SECRET 65536

static struct arena a;
static struct conf_report report;
static struct conf_parser parser;

/* The first error of these lines, or NULL with all of them in *dir. */
static const char *read_lines(
    const char *text, unsigned context, struct arena *secret, struct conf_dir *dir)
{
	struct conf_dir_build b;
	struct conf_value value;

	parser.root = (struct conf_node){0};
	conf_parse_text(&parser, "test", text);
	conf_dir_begin(&b, &a, &a, secret, &report);
	b.context = context;
	for (const struct conf_node *n = parser.root.children; n; n = n->next) {
		const char *error = conf_table_value(&a, "/", n, &value);

		if (!error)
			error = conf_dir_set(&b, &value);
		if (error)
			return error;
	}
	conf_dir_finish(&b);
	*dir = b.dir;
	return NULL;
}

/* "0:T:X=1,Y=!" for each: what it looks at, how it is compared, '+' where a value is kept. */
static const char *shown(const struct conf_setenvifs *list)
{
	const char *text = "";

	for (uint32_t i = 0; i < list->n; i++) {
		const struct conf_setenvif *s = &list->v[i];
		char how = s->text ? 't' : s->regex ? 'r' : 'x';

		text = arena_printf(&a, "%s%s%u%s%s%s:", text, *text ? " " : "", s->what,
		    s->same ? "+" : "", (char[]){how, '\0'}, s->icase ? "i" : "");
		for (uint32_t k = 0; k < s->set.n; k++)
			text = arena_printf(&a, "%s%s%s=%s", text, k ? "," : "", s->set.v[k].name,
			    s->set.v[k].value);
	}
	return text;
}

START_TEST(lines)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"SetEnvIf X-F b A", "0t:A=1"},
	    {"SetEnvIfNoCase X-F ^b A B=2 !C", "0ri:A=1,B=2,C=!"},
	    {"SetEnvIf X-F a\\.b A", "0t:A=1"},
	    {"SetEnvIf X-F a\\db A", "0r:A=1"},
	    {"SetEnvIf ^X- b A=b=c B= C==d !D=e", "1t:A=b=c,B=1,C=d,!D=e"},
	    {"SetEnvIf X.F b A", "1t:A=1"},
	    {"SetEnvIf remote_addr 1 A\nSetEnvIf Remote_Host 1 A\nSetEnvIf REQUEST_URI 1 A",
	        "2t:A=1 3t:A=1 4t:A=1"},
	    {"SetEnvIf X b A=1 a=2 B=3", "0t:A=2,B=3"},
	    {"SetEnvIf X b A\nSetEnvIf x c B\nSetEnvIf Y c B\nSetEnvIf X c B",
	        "0t:A=1 0+t:B=1 0t:B=1 0t:B=1"},
	    {"SetEnvIf X b A\nSetEnvIfExpr true B\nSetEnvIf X c C", "0t:A=1 8x:B=1 0+t:C=1"},
	    {"BrowserMatch M A\nBrowserMatchNoCase M B\nSetEnvIf user-agent x C",
	        "0t:A=1 0+ti:B=1 0+t:C=1"},
	    {"SetEnvIf X \"a b\" 'A=b c' \"B=$1\"", "0t:A=b c,B=$1"},
	    {"SetEnvIf X a A \"\" B", "0t:A=1"},
	    {"SetEnv A b", ""},
	};
	struct conf_dir dir = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *error = read_lines(rows[i].text, CTX_DIRECTORY, &a, &dir);

		ck_assert_msg(error == NULL, "%s: %s", rows[i].text, error);
		ck_assert_uint_eq(dir.setenvif_server.n, 0);
		ck_assert_str_eq(shown(&dir.setenvif), rows[i].want);
	}
}
END_TEST

START_TEST(errors)
{
	static const char *const rows[] = {"SetEnvIf", "SetEnvIf A", "SetEnvIf A b",
	    "SetEnvIf A ( b", "SetEnvIf ^( a b", "SetEnvIf A \"\" b", "BrowserMatch",
	    "BrowserMatch a", "SetEnvIfExpr", "SetEnvIfExpr true", "SetEnvIfExpr nonsense A"};
	struct conf_dir dir;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(read_lines(rows[i], CTX_HTACCESS, &a, &dir) != NULL, "%s", rows[i]);
	ck_assert_ptr_nonnull(
	    read_lines("SetEnvIfExpr \"file('/x') == ''\" A", CTX_HTACCESS, &a, &dir));
	ck_assert_ptr_null(
	    read_lines("SetEnvIfExpr \"file('/x') == ''\" A", CTX_DIRECTORY, &a, &dir));
}
END_TEST

/* Outside of sections they are for the beginning of a request. */
START_TEST(two_moments)
{
	struct conf_dir base = {0}, add = {0};

	ck_assert_ptr_null(read_lines("SetEnvIf X b A", CTX_SERVER, &a, &base));
	ck_assert_str_eq(shown(&base.setenvif_server), "0t:A=1");
	ck_assert_uint_eq(base.setenvif.n, 0);
	ck_assert_ptr_null(read_lines("SetEnvIf X c B", CTX_VHOST, &a, &add));
	conf_dir_merge(&a, &base, &add);
	ck_assert_ptr_null(read_lines("SetEnvIf X d C\nSetEnv E 1", CTX_DIRECTORY, &a, &add));
	conf_dir_merge(&a, &base, &add);
	/* Behind each other, and looked up anew. */
	ck_assert_str_eq(shown(&base.setenvif_server), "0t:A=1 0t:B=1");
	ck_assert_str_eq(shown(&base.setenvif), "0t:C=1");
	ck_assert_uint_eq(base.env.n, 1);
}
END_TEST

static bool within(const void *p, const char *region)
{
	return (const char *)p >= region && (const char *)p < region + SECRET;
}

/* What may be a password is where only its own user's processes have it. */
START_TEST(secrets)
{
	static char region[SECRET];
	struct arena secret;
	struct conf_dir dir = {0};

	arena_init_fixed(&secret, region, sizeof(region));
	ck_assert_ptr_null(
	    read_lines("SetEnv PASS secret\nSetEnvIf X . PASS=secret", CTX_VHOST, &secret, &dir));
	ck_assert(within(dir.env.v, region) && within(dir.env.v[0].value, region));
	const struct conf_envs *set = &dir.setenvif_server.v[0].set;

	ck_assert(within(set->v, region) && within(set->v[0].value, region));
	/* And no more of it than there is room for. */
	char *line = arena_alloc(&a, SECRET + 64);

	memcpy(line, "SetEnvIf X . A=", 15);
	memset(line + 15, 'x', SECRET);
	ck_assert_ptr_nonnull(read_lines(line, CTX_VHOST, &secret, &dir));
	memcpy(line, "SetEnv A       ", 15);
	ck_assert_ptr_nonnull(read_lines(line, CTX_VHOST, &secret, &dir));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {lines, errors, two_moments, secrets};

	arena_init_heap(&a, (size_t)64 << 20);
	conf_report_init(&report, &a);
	conf_parser_init(&parser, &a, &report, "/");
	return vector_run("conf_env", tests, sizeof(tests) / sizeof(tests[0]));
}
