/* Expiry codes, and which of them holds for a media type. */
#include "itkd/arena.h"
#include "itkd/conf_expires.h"
#include "suite.h"

static struct arena arena;

static void setup(void)
{
	arena_init_heap(&arena, (size_t)16 << 20);
}

static void teardown(void)
{
	arena_free(&arena);
}

static const struct {
	const char *text;
	enum expires_base base;
	int32_t seconds;
} codes[] = {
    {"A3600", EXPIRES_ACCESS, 3600},
    {"M0", EXPIRES_MODIFICATION, 0},
    {"A-60", EXPIRES_ACCESS, -60},
    {"A", EXPIRES_ACCESS, 0},
    {"Anything", EXPIRES_ACCESS, 0},
    {"access plus 1 month", EXPIRES_ACCESS, 30 * 86400},
    {"access plus 1 year 1 week", EXPIRES_ACCESS, 372 * 86400},
    {"access", EXPIRES_ACCESS, 0},
    {"now plus 2 days 3 hours 4 minutes 5 seconds", EXPIRES_ACCESS, 2 * 86400 + 3 * 3600 + 245},
    {"modification plus 5 minutes", EXPIRES_MODIFICATION, 300},
    {"modification 5 minutes", EXPIRES_MODIFICATION, 300},
    {"a p 1 y", EXPIRES_ACCESS, 365 * 86400},
    {"NOW PLUS 1 MO", EXPIRES_ACCESS, 30 * 86400},
    {"access plus 0 seconds", EXPIRES_ACCESS, 0},
    {"access plus 1 minute", EXPIRES_ACCESS, 60},
    {"access plus 1x seconds", EXPIRES_ACCESS, 1},
    /* Apache's int: beyond 68 years is before now. */
    {"access plus 100 years", EXPIRES_ACCESS, (int32_t)(100u * 365 * 86400)},
    {"A4294967296", EXPIRES_ACCESS, 0},
};

START_TEST(code)
{
	struct expires_code c = {EXPIRES_UNSET, 1};
	const char *error = conf_expires_code(&arena, codes[_i].text, &c);

	ck_assert_msg(!error, "%s: %s", codes[_i].text, error);
	ck_assert_int_eq(c.base, codes[_i].base);
	ck_assert_int_eq(c.seconds, codes[_i].seconds);
}
END_TEST

static const char *const bad[] = {"", "later plus 1 day", "access plus one day", "access plus 1",
    "access plus 1 fortnight", "access plus 1 m", "access plus 1 day 2", "access 1 day day"};

START_TEST(code_bad)
{
	struct expires_code c;

	ck_assert_msg(conf_expires_code(&arena, bad[_i], &c) != NULL, "%s", bad[_i]);
}
END_TEST

static struct expires_type types[] = {{"text/html", {EXPIRES_ACCESS, 1}},
    {"text/*", {EXPIRES_ACCESS, 2}}, {"image/png", {EXPIRES_ACCESS, 3}}};

static int32_t found(const struct conf_expires *e, const char *type)
{
	const struct expires_code *c = conf_expires_find(e, type);

	return c ? c->seconds : -1;
}

START_TEST(find)
{
	struct conf_expires e = {.wildcards = true, .ntypes = 3, .types = types};

	ck_assert_int_eq(found(&e, "text/html"), 1);
	ck_assert_int_eq(found(&e, "TEXT/HTML"), 1);
	ck_assert_int_eq(found(&e, "text/html; charset=utf-8"), 1);
	ck_assert_int_eq(found(&e, "text/html ;x"), 1);
	ck_assert_int_eq(found(&e, "text/css"), 2);
	ck_assert_int_eq(found(&e, "image/gif"), -1);
	ck_assert_int_eq(found(&e, "text"), -1);
	ck_assert_int_eq(found(&e, ""), -1);
	ck_assert_int_eq(found(&e, NULL), -1);
	e.standard = (struct expires_code){EXPIRES_ACCESS, 9};
	ck_assert_int_eq(found(&e, "image/gif"), 9);
	ck_assert_int_eq(found(&e, NULL), 9);
	e.wildcards = false;
	ck_assert_int_eq(found(&e, "text/css"), 9);
}
END_TEST

START_TEST(merge)
{
	struct expires_type own = {"text/html", {EXPIRES_ACCESS, 7}};
	struct conf_expires above = {.active = EXPIRES_ON,
	    .wildcards = true,
	    .standard = {EXPIRES_ACCESS, 5},
	    .ntypes = 3,
	    .types = types};
	struct conf_expires below = {.ntypes = 1, .types = &own}, *merged = NULL;

	conf_expires_merge(&arena, &merged, NULL);
	ck_assert_ptr_null(merged);
	conf_expires_merge(&arena, &merged, &above);
	ck_assert_int_eq(found(merged, "text/css"), 2);
	conf_expires_merge(&arena, &merged, &below);
	ck_assert_int_eq(merged->active, EXPIRES_ON);
	ck_assert_int_eq(found(merged, "text/html"), 7);
	ck_assert_int_eq(found(merged, "image/png"), 3);
	/* As mod_expires: wildcards count in the section alone that has them. */
	ck_assert_int_eq(found(merged, "text/css"), 5);
	below = (struct conf_expires){.active = EXPIRES_OFF};
	conf_expires_merge(&arena, &merged, &below);
	ck_assert_int_eq(merged->active, EXPIRES_OFF);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

int main(void)
{
	Suite *suite = suite_create("conf_expires");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, code, 0, COUNT(codes));
	tcase_add_loop_test(tc, code_bad, 0, COUNT(bad));
	tcase_add_test(tc, find);
	tcase_add_test(tc, merge);
	suite_add_tcase(suite, tc);
	return suite_main(suite);
}
