/* The arena: alignment, zeroes, limits, reuse. */
#include "itkd/arena.h"

#include "suite.h"
#include <stdint.h>

static bool is_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 16383, 16384, 16385, 100000, 3000000};

START_TEST(heap_alloc)
{
	struct arena a;

	arena_init_heap(&a, 64 << 20);
	for (int round = 0; round < 3; round++) {
		for (int k = 0; k < 5; k++) {
			char *p = arena_alloc(&a, sizes[_i]);

			ck_assert_uint_eq((uintptr_t)p % 16, 0);
			ck_assert(is_zero(p, sizes[_i]));
			memset(p, 0xff, sizes[_i]);
		}
		arena_reset(&a);
		ck_assert_uint_le(a.total, (size_t)1 << 20);
	}
	arena_free(&a);
	ck_assert_ptr_null(a.chunks);
	ck_assert_uint_eq(a.total, 0);
}
END_TEST

START_TEST(pieces_do_not_overlap)
{
	struct arena a;
	unsigned char *p[200];

	arena_init_heap(&a, 1 << 20);
	for (unsigned i = 0; i < 200; i++)
		memset(p[i] = arena_alloc(&a, i + 1), (int)i, i + 1);
	for (unsigned i = 0; i < 200; i++)
		for (unsigned k = 0; k <= i; k++)
			ck_assert_uint_eq(p[i][k], i);
	arena_free(&a);
}
END_TEST

START_TEST(fixed_region)
{
	static char region[256];
	struct arena a;

	/* Not aligned by itself: pieces are. */
	arena_init_fixed(&a, region + 3, 200);
	for (int i = 0; i < 11; i++) {
		char *p = arena_alloc(&a, 16);

		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		ck_assert(p >= region + 3 && p + 16 <= region + 203);
	}
}
END_TEST

START_TEST(limit_is_reachable)
{
	struct arena a;

	arena_init_heap(&a, 1000);
	arena_alloc(&a, 1000);
	ck_assert_uint_eq(a.total, 1000);
	arena_free(&a);
}
END_TEST

START_TEST(strings)
{
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	ck_assert_str_eq(arena_strdup(&a, "abc"), "abc");
	ck_assert_str_eq(arena_strndup(&a, "abc", 2), "ab");
	ck_assert_str_eq(arena_join(&a, (const char *const[]){"a", "", "bc"}, 3, ", "), "a, , bc");
	ck_assert_str_eq(arena_join(&a, NULL, 0, ", "), "");
	ck_assert_str_eq(arena_span(&a, SPAN("xyz")), "xyz");
	ck_assert_str_eq(arena_span(&a, (struct span){NULL, 0}), "");
	ck_assert_str_eq(arena_printf(&a, "%d-%s", 7, "q"), "7-q");
	char *text = arena_printf(&a, "%030000d", 1);

	ck_assert_uint_eq(strlen(text), 30000);
	arena_free(&a);
}
END_TEST

/* Each of these has to end the process with status 1. */
START_TEST(fixed_full)
{
	static char region[64];
	struct arena a;

	arena_init_fixed(&a, region, sizeof(region));
	arena_alloc(&a, 65);
}
END_TEST

START_TEST(heap_full)
{
	struct arena a;

	arena_init_heap(&a, 1000);
	arena_alloc(&a, 1001);
}
END_TEST

START_TEST(heap_full_in_sum)
{
	struct arena a;

	arena_init_heap(&a, 40000);
	for (int i = 0; i < 41; i++)
		arena_alloc(&a, 1000);
}
END_TEST

START_TEST(array_overflow)
{
	struct arena a;

	arena_init_heap(&a, SIZE_MAX);
	arena_array(&a, SIZE_MAX / 8 + 2, 8);
}
END_TEST

START_TEST(huge_alloc)
{
	struct arena a;

	arena_init_heap(&a, SIZE_MAX);
	arena_alloc(&a, SIZE_MAX - 8);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("arena");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 600);
	tcase_add_loop_test(t, heap_alloc, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_test(t, pieces_do_not_overlap);
	tcase_add_test(t, fixed_region);
	tcase_add_test(t, limit_is_reachable);
	tcase_add_test(t, strings);
	tcase_add_exit_test(t, fixed_full, 1);
	tcase_add_exit_test(t, heap_full, 1);
	tcase_add_exit_test(t, heap_full_in_sum, 1);
	tcase_add_exit_test(t, array_overflow, 1);
	tcase_add_exit_test(t, huge_alloc, 1);
	suite_add_tcase(s, t);
	return suite_main(s);
}
