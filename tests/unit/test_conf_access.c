/*
 * Access control: lines as <Directory> would hold them, and what their evaluation says, by table.
 * Require env G grants, Require env D denies, Require env N is neutral; Allow from and Deny from
 * env=G are about this client, env=D about others.
 */
#include "itkd/conf_dir.h"
#include "itkd/conf_method.h"
#include "itkd/conf_parse.h"
#include "vectors.h"

static struct arena a;
static struct conf_report report;
static struct conf_parser parser;
static unsigned told;

/* The settings of these lines, as <Directory> or a .htaccess would read them. */
static struct conf_dir dir_of(const char *text, unsigned context)
{
	static const struct conf_allow all = {.classes = OVERRIDE_ALL};
	struct conf_dir_build b;

	parser.root = (struct conf_node){0};
	conf_report_init(&report, &a);
	conf_parse_text(&parser, "test", text);
	conf_dir_begin(&b, &a, &a, &a, &report);
	b.server_root = "/";
	b.context = context;
	b.allow = context == CTX_HTACCESS ? &all : NULL;
	conf_dir_read(&b, parser.root.children);
	conf_dir_done(&b, NULL);
	return b.dir;
}

static enum authz_result require(void *ctx, const struct conf_authz *line)
{
	ck_assert_ptr_eq(ctx, &told);
	if (line->kind == AUTHZ_ALL)
		return line->granted ? AUTHZ_GRANTED : AUTHZ_DENIED;
	ck_assert_int_eq(line->kind, AUTHZ_ENV);
	switch (*line->names[0]) {
	case 'G':
		return AUTHZ_GRANTED;
	case 'D':
		return AUTHZ_DENIED;
	case 'U':
		return AUTHZ_NO_USER;
	default:
		return AUTHZ_NEUTRAL;
	}
}

static bool from(void *ctx, const struct conf_from *f)
{
	ck_assert_ptr_eq(ctx, &told);
	ck_assert_int_eq(f->kind, FROM_ENV);
	return *f->name == 'G';
}

static void tell(void *ctx, const struct conf_authz *node, enum authz_result r, bool limited)
{
	(void)r;
	(void)limited;
	ck_assert_ptr_eq(ctx, &told);
	ck_assert(strlen(access_text(&a, node)) > 0);
	told++;
}

static struct access_source source_of(const char *method)
{
	return (struct access_source){&told, conf_method_bit(span_of(method)), require, from, tell};
}

#define G "Require env G\n"
#define D "Require env D\n"
#define N "Require env N\n"
#define U "Require env U\n"
#define NOT(x) "Require not env " #x "\n"
#define ALL(x) "<RequireAll>\n" x "</RequireAll>\n"
#define ANY(x) "<RequireAny>\n" x "</RequireAny>\n"
#define NONE(x) "<RequireNone>\n" x "</RequireNone>\n"

/* Of the outermost section: NEUTRAL does not let in either. */
static const struct {
	const char *text;
	enum authz_result result;
} tree_rows[] = {
    {G, AUTHZ_GRANTED},
    {D, AUTHZ_DENIED},
    {N, AUTHZ_NEUTRAL},
    {"Require all granted", AUTHZ_GRANTED},
    {"Require all DENIED", AUTHZ_DENIED},
    {D G, AUTHZ_GRANTED},
    {G D, AUTHZ_GRANTED},
    {N D, AUTHZ_DENIED},
    {N N, AUTHZ_NEUTRAL},
    {N G, AUTHZ_GRANTED},
    {ANY(D G), AUTHZ_GRANTED},
    {ANY(D D), AUTHZ_DENIED},
    {ALL(G), AUTHZ_GRANTED},
    {ALL(G G), AUTHZ_GRANTED},
    {ALL(G D), AUTHZ_DENIED},
    {ALL(D G), AUTHZ_DENIED},
    {ALL(N G), AUTHZ_GRANTED},
    {ALL(N D), AUTHZ_DENIED},
    {ALL(N N), AUTHZ_NEUTRAL},
    {ALL(G NOT(G)), AUTHZ_DENIED},
    {ALL(G NOT(D)), AUTHZ_GRANTED},
    {ALL(G NOT(N)), AUTHZ_GRANTED},
    {ALL(N NOT(D)), AUTHZ_NEUTRAL},
    {ALL(NOT(G) G), AUTHZ_DENIED},
    {ALL(NOT(D) G), AUTHZ_GRANTED},
    {ALL(G NONE(D)), AUTHZ_GRANTED},
    {ALL(G NONE(G)), AUTHZ_DENIED},
    {ALL(G NONE(D G)), AUTHZ_DENIED},
    {ALL(G NONE(D N)), AUTHZ_GRANTED},
    {ALL(G NONE(N)), AUTHZ_GRANTED},
    {ALL(N NONE(D)), AUTHZ_NEUTRAL},
    {ALL(ANY(D G) ANY(G)), AUTHZ_GRANTED},
    {ALL(ANY(D G) ANY(D)), AUTHZ_DENIED},
    {ALL(ANY(N) G), AUTHZ_GRANTED},
    {ANY(ALL(G D) G), AUTHZ_GRANTED},
    {ANY(ALL(G D) ALL(G NOT(G))), AUTHZ_DENIED},
    {ALL(G D) G, AUTHZ_GRANTED},
    {ALL(G D) D, AUTHZ_DENIED},
    {ALL(ALL(NOT(D)) G), AUTHZ_GRANTED},
    {ALL(ALL(NOT(G)) G), AUTHZ_DENIED},
    {ALL(G NONE(ALL(G NOT(G)))), AUTHZ_GRANTED},
    {ALL(G NONE(ALL(G NOT(D)))), AUTHZ_DENIED},
    {ALL(G NONE(ANY(D D))), AUTHZ_GRANTED},
    /* A user may change it: but for what is denied or granted whoever it is */
    {U, AUTHZ_NO_USER},
    {U G, AUTHZ_GRANTED},
    {U D, AUTHZ_NO_USER},
    {D U, AUTHZ_NO_USER},
    {N U, AUTHZ_NO_USER},
    {ALL(U), AUTHZ_NO_USER},
    {ALL(U G), AUTHZ_NO_USER},
    {ALL(G U), AUTHZ_NO_USER},
    {ALL(U D), AUTHZ_DENIED},
    {ALL(D U), AUTHZ_DENIED},
    {ALL(G NOT(U)), AUTHZ_GRANTED},
    {ALL(U NOT(U)), AUTHZ_NO_USER},
    {ALL(U NOT(G)), AUTHZ_DENIED},
    {ALL(G NONE(U)), AUTHZ_GRANTED},
    {ALL(ANY(U D) G), AUTHZ_NO_USER},
    {ALL(ANY(U D) D), AUTHZ_DENIED},
    {ALL(U D) G, AUTHZ_GRANTED},
    /* <Limit>: neutral for others in an Any, no obstacle in an All */
    {"<Limit POST>\n" D "</Limit>\n", AUTHZ_GRANTED},
    {"<Limit GET>\n" D "</Limit>\n", AUTHZ_DENIED},
    {"<Limit POST>\n" D "</Limit>\n<Limit PUT>\n" D "</Limit>\n", AUTHZ_GRANTED},
    {"<Limit POST>\n" G "</Limit>\n" D, AUTHZ_DENIED},
    {"<Limit POST>\n" D "</Limit>\n" G, AUTHZ_GRANTED},
    {"<LimitExcept POST>\n" D "</LimitExcept>\n", AUTHZ_DENIED},
    {"<LimitExcept GET>\n" D "</LimitExcept>\n", AUTHZ_GRANTED},
    {ALL(G "<Limit POST>\n" D "</Limit>\n"), AUTHZ_GRANTED},
    {ALL(N "<Limit POST>\n" D "</Limit>\n"), AUTHZ_GRANTED},
    {"<Limit POST>\n" ALL(D) "</Limit>\n", AUTHZ_GRANTED},
    {"<Limit POST>\n" ALL(D) "</Limit>\n" D, AUTHZ_DENIED},
};

START_TEST(trees)
{
	const struct access_source s = source_of("GET");

	for (size_t i = 0; i < sizeof(tree_rows) / sizeof(tree_rows[0]); i++) {
		struct conf_dir dir = dir_of(tree_rows[i].text, CTX_DIRECTORY);

		ck_assert_msg(report.errors == 0, "%s: %s", tree_rows[i].text,
		    report.first ? report.first->text : "");
		ck_assert_msg(dir.access.authz != NULL, "%s", tree_rows[i].text);
		told = 0;
		ck_assert_msg(access_authz(dir.access.authz, &s) == tree_rows[i].result, "%s",
		    tree_rows[i].text);
		ck_assert_uint_gt(told, 0);
	}
}
END_TEST

static const struct {
	const char *text, *error;
} error_rows[] = {
    {NOT(G), "negative Require directive has no effect in <RequireAny> directive"},
    {ANY(G NOT(G)), "negative Require directive has no effect in <RequireAny> directive"},
    {ALL(G NONE(NOT(G))), "negative Require directive has no effect in <RequireNone> directive"},
    {NONE(G), "<RequireNone> directive has no effect in <RequireAny> directive"},
    {ANY(G NONE(G)), "<RequireNone> directive has no effect in <RequireAny> directive"},
    {ALL(""), "<RequireAll> directive contains no authorization directives"},
    {ALL(ANY("")), "<RequireAny> directive contains no authorization directives"},
    {"<RequireAll x>\n" G "</RequireAll>",
        "<RequireAll> directive doesn't take additional arguments"},
    {ALL(NOT(G)), "<RequireAll> directive contains only negative authorization directives"},
    {ALL(NONE(G)), "<RequireAll> directive contains only negative authorization directives"},
    {ANY(ALL(NOT(G)) G), "<RequireAll> directive contains only negative authorization directives"},
    {ALL(G "Options Indexes\n"), "Options not allowed in <RequireAll> context"},
    {ALL(G "Order allow,deny\n"), "Order not allowed in <RequireAll> context"},
    {ALL(G "<If true>\n</If>\n"), "cannot occur within <Limit> or <LimitExcept> section"},
    {"Require all", "Argument for 'Require all' must be 'granted' or 'denied'"},
    {"Require all granted # all", "Argument for 'Require all' must be 'granted' or 'denied'"},
    {"Require ALL granted", "Unknown Authz provider: ALL"},
    {"Require", "Unknown Authz provider: "},
    {"Require ldap-user x", "Unknown Authz provider: ldap-user"},
    {"Require ssl-verify-client", "(client certificates are not implemented)"},
    {"Require user %{NOPE}", "Variable 'NOPE' does not exist"},
    {"Require group %{", "Cannot parse expression in require line"},
    {"Require ip", "'require ip' requires an argument"},
    {"Require ip x", "ip address 'x' appears to be invalid"},
    {"Require ip 10/8", "ip address '10/8' appears to be invalid: The specified IP address is"},
    {"Require ip 1 1.1.1.1/40", "'1.1.1.1/40' appears to be invalid: The specified network mask"},
    {"Require method FOO", "Invalid Method 'FOO'"},
    {"Require method get", "Invalid Method 'get'"},
    {"Require ssl on", "'Require ssl' does not take arguments"},
    {"Require expr", "Cannot parse expression in require line: "},
    {"Require host %{", "Cannot parse expression in require line: "},
    {"AuthMerging Xor", "AuthMerging must be one of: Off | And | Or"},
    {"Order foo", "unknown order"},
    {"Allow all", "arguments"},
    {"Allow for all", "allow and deny must be followed by 'from'"},
    {"Allow from foo/8", "An IP address was expected"},
    {"Allow from 0.0.0.0/0", "The specified network mask is invalid."},
    {"Deny from 1.2.3.4.5", "The specified IP address is invalid."},
    {"Deny from foo#", "No comments are allowed here"},
    {"Satisfy one", "Satisfy either 'any' or 'all'."},
    {"AuthBasicProvider ldap", "Unknown Authn provider: ldap; itkd reads users from files alone"},
    {"AuthDBMUserFile x", "users stand in files alone"},
};

START_TEST(errors)
{
	for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++) {
		dir_of(error_rows[i].text, CTX_DIRECTORY);
		ck_assert_msg(
		    report.errors == 1, "%u errors: %s", report.errors, error_rows[i].text);
		ck_assert_msg(strstr(report.first->text, error_rows[i].error) != NULL, "%s: %s",
		    error_rows[i].text, report.first->text);
	}
}
END_TEST

/* Apache checks a .htaccess for less; what it says lets nobody in either way. */
START_TEST(negative_htaccess)
{
	const struct access_source s = source_of("GET");
	struct conf_dir dir = dir_of(ALL(NOT(D)), CTX_HTACCESS);

	ck_assert_uint_eq(report.errors, 0);
	ck_assert_int_eq(access_authz(dir.access.authz, &s), AUTHZ_NEUTRAL);
}
END_TEST

/* Deeper than anybody writes: an error, not the end of the stack. */
START_TEST(deep)
{
	enum { DEPTH = 5000 };
	static char text[DEPTH * 32];
	char *p = text;

	for (int i = 0; i < DEPTH; i++)
		p += sprintf(p, i % 2 ? "<RequireAll>\n" : "<RequireAny>\n");
	for (int i = DEPTH - 1; i >= 0; i--)
		p += sprintf(p, i % 2 ? "</RequireAll>\n" : "</RequireAny>\n");
	dir_of(text, CTX_DIRECTORY);
	ck_assert_uint_eq(report.errors, 1);
}
END_TEST

static const struct {
	const char *text;
	bool granted;
} compat_rows[] = {
    {"Deny from all", false},
    {"Allow from all", true},
    {"Order deny,allow", true},
    {"Order allow,deny", false},
    {"Order mutual-failure", false},
    {"Order deny,allow\nDeny from all", false},
    {"Order deny,allow\nDeny from all\nAllow from env=G", true},
    {"Order deny,allow\nDeny from all\nAllow from env=D", false},
    {"Order deny,allow\nAllow from env=D", true},
    {"Order allow,deny\nAllow from all", true},
    {"Order allow,deny\nAllow from all\nDeny from env=G", false},
    {"Order allow,deny\nAllow from all\nDeny from env=D", true},
    {"Order allow,deny\nDeny from env=D", false},
    {"Order mutual-failure\nAllow from env=G", true},
    {"Order mutual-failure\nAllow from env=G\nDeny from all", false},
    {"order Deny,Allow\ndeny FROM all", false},
    {"Deny from env=D env=G", false},
    {"Order allow,deny\nOrder deny,allow", true},
    {"<Limit POST>\nDeny from all\n</Limit>", true},
    {"<Limit GET>\nDeny from all\n</Limit>", false},
    {"<LimitExcept GET>\nOrder allow,deny\n</LimitExcept>", true},
    {"<LimitExcept POST>\nOrder allow,deny\n</LimitExcept>", false},
    {"Order allow,deny\n<Limit GET>\nOrder deny,allow\n</Limit>", true},
};

START_TEST(compat)
{
	const struct access_source s = source_of("HEAD");

	for (size_t i = 0; i < sizeof(compat_rows) / sizeof(compat_rows[0]); i++) {
		struct conf_dir dir = dir_of(compat_rows[i].text, CTX_DIRECTORY);

		ck_assert_uint_eq(report.errors, 0);
		ck_assert_msg(access_compat(dir.access.compat, &s) == compat_rows[i].granted, "%s",
		    compat_rows[i].text);
	}
}
END_TEST

static const struct {
	const char *base, *add;
	enum authz_result result; /* NEUTRAL: no Require is left */
	bool compat;              /* what Order, Allow, Deny say; true where there are none */
} merge_rows[] = {
    {D, G, AUTHZ_GRANTED, true},
    {G, D, AUTHZ_DENIED, true},
    {D, "", AUTHZ_DENIED, true},
    {D, "Options None", AUTHZ_DENIED, true},
    {D, "Order deny,allow", AUTHZ_DENIED, true},
    {D, "AuthMerging Off", AUTHZ_NEUTRAL, true},
    {D, "AuthMerging And", AUTHZ_DENIED, true},
    {D, "AuthMerging And\n" G, AUTHZ_DENIED, true},
    {G, "AuthMerging And\n" D, AUTHZ_DENIED, true},
    {G, "AuthMerging And\n" G, AUTHZ_GRANTED, true},
    {D, "AuthMerging Or\n" G, AUTHZ_GRANTED, true},
    {D, "AuthMerging or\n" D, AUTHZ_DENIED, true},
    {D, "AuthMerging Off\n" G, AUTHZ_GRANTED, true},
    {"", "AuthMerging And\n" D, AUTHZ_DENIED, true},
    {"Deny from all", "", AUTHZ_NEUTRAL, false},
    {"Deny from all", G, AUTHZ_GRANTED, false},
    {"Deny from all", "Allow from env=G", AUTHZ_NEUTRAL, true},
    {"Order allow,deny", "Satisfy Any", AUTHZ_NEUTRAL, true},
    {"Order allow,deny\nAllow from all", "Deny from env=D", AUTHZ_NEUTRAL, true},
};

START_TEST(merging)
{
	const struct access_source s = source_of("GET");

	for (size_t i = 0; i < sizeof(merge_rows) / sizeof(merge_rows[0]); i++) {
		struct conf_dir base = dir_of(merge_rows[i].base, CTX_DIRECTORY);
		struct conf_dir add = dir_of(merge_rows[i].add, CTX_DIRECTORY);
		enum authz_result result = AUTHZ_NEUTRAL;

		conf_dir_merge(&a, &base, &add);
		if (base.access.authz)
			result = access_authz(base.access.authz, &s);
		ck_assert_msg(result == merge_rows[i].result, "row %zu", i);
		ck_assert_msg((!base.access.compat || access_compat(base.access.compat, &s)) ==
		                  merge_rows[i].compat,
		    "row %zu", i);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {trees, errors, negative_htaccess, deep, compat, merging};

	arena_init_heap(&a, (size_t)256 << 20);
	conf_report_init(&report, &a);
	conf_parser_init(&parser, &a, &report, "/");
	return vector_run("conf_access", tests, sizeof(tests) / sizeof(tests[0]));
}
