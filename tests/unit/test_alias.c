/* Prefixes of Alias and Redirect, and how their settings are laid over each other (mod_alias). */
#include "itkd/conf_alias.h"

#include "itkd/arena.h"
#include "suite.h"

static const struct {
	const char *from, *uri;
	size_t n;
} matches[] = {
    {"/a", "/a", 2},
    {"/a", "/a/", 2},
    {"/a", "/a/b", 2},
    {"/a", "/ab", 0},
    {"/a", "/", 0},
    {"/a", "/A", 0},
    {"/a/", "/a", 0},
    {"/a/", "/a/", 3},
    {"/a/", "/a/b", 3},
    {"/a/", "/a//b", 4},
    {"//a", "/a", 2},
    {"/a//b", "/a/b", 4},
    {"/a/b", "/a///b/c", 6},
    {"/", "/", 1},
    {"/", "/x", 1},
    {"-", "/", 0},
    {"x", "/x", 0},
    {"/a b", "/a b/c", 4},
};

START_TEST(prefix)
{
	ck_assert_uint_eq(conf_alias_match(matches[_i].uri, matches[_i].from), matches[_i].n);
}
END_TEST

START_TEST(merged)
{
	struct arena a;
	struct conf_alias outer[] = {{.from = "/1"}, {.from = "/2"}}, inner[] = {{.from = "/3"}};
	struct conf_alias_dir over = {.redirects = {1, inner}, .relative = ALIAS_FLAG_ON};
	struct conf_alias_dir under = {.redirects = {2, outer},
	    .redirect_set = true,
	    .redirect_status = 410,
	    .preserve = ALIAS_FLAG_OFF};
	struct conf_alias_dir *d = &under;

	arena_init_heap(&a, 1 << 16);
	conf_alias_merge(&a, &d, NULL);
	ck_assert_ptr_eq(d, &under);
	conf_alias_merge(&a, &d, &over);
	/* What is merged so far may be the configuration's own. */
	ck_assert_uint_eq(under.redirects.n, 2);
	ck_assert_uint_eq(d->redirects.n, 3);
	ck_assert_str_eq(d->redirects.v[0].from, "/3");
	ck_assert_str_eq(d->redirects.v[1].from, "/1");
	ck_assert_str_eq(d->redirects.v[2].from, "/2");
	ck_assert(d->redirect_set && d->redirect_status == 410);
	ck_assert_int_eq(d->relative, ALIAS_FLAG_ON);
	ck_assert_int_eq(d->preserve, ALIAS_FLAG_OFF);
	arena_free(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("alias");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, prefix, 0, sizeof(matches) / sizeof(matches[0]));
	tcase_add_test(t, merged);
	suite_add_tcase(s, t);
	return suite_main(s);
}
