/* Patterns: what Apache's options mean, groups, limits, and matching in another program. */
#include "itkd/arena.h"
#include "itkd/regex.h"
#include "vectors.h"
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

START_TEST(finds)
{
	static const struct {
		const char *pattern;
		unsigned flags;
		const char *subject;
		bool want;
		const char *group[3];
	} rows[] = {
	    {"^/a", 0, "/abc", true, {"/a"}},
	    {"^/a", 0, "/Abc", false, {0}},
	    {"^/a", REGEX_ICASE, "/Abc", true, {"/A"}},
	    {"b", 0, "/abc", true, {"b"}},
	    {"", 0, "x", true, {""}},
	    {"", 0, "", true, {""}},
	    {"(a)|(b)", 0, "xb", true, {"b", NULL, "b"}},
	    {"(a*)(b*)", 0, "bb", true, {"bb", "", "bb"}},
	    /* DOTALL and DOLLAR_ENDONLY. */
	    {"^a.b$", 0, "a\nb", true, {"a\nb"}},
	    {"a$", 0, "a\n", false, {0}},
	    {"^b", 0, "a\nb", false, {0}},
	    /* DUPNAMES. */
	    {"(?<x>a)|(?<x>b)", 0, "b", true, {"b", NULL, "b"}},
	    {"\\.(php|phtml)$", 0, "/i.phtml", true, {".phtml", "phtml"}},
	    {"^(?!/\\.well-known)", 0, "/.well-known/x", false, {0}},
	    {"[[:alpha:]]+\\d\\w\\s", 0, "--ab1_ ", true, {"ab1_ "}},
	    /* ASCII only, whatever the locale. */
	    {"^\\w+$", 0, "\xc3\xbc", false, {0}},
	    {"\xc3\xbc", 0, "m\xc3\xbcll", true, {"\xc3\xbc"}},
	};
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *error = NULL;
		struct regex_match m;
		const struct regex *re = regex_compile(&a, rows[i].pattern, rows[i].flags, &error);

		ck_assert_msg(re != NULL, "%s: %s", rows[i].pattern, error);
		bool found = regex_find(re, span_of(rows[i].subject), &m);

		ck_assert_msg(found == rows[i].want, "%s in %s", rows[i].pattern, rows[i].subject);
		ck_assert_int_eq(regex_find(re, span_of(rows[i].subject), NULL), rows[i].want);
		for (size_t g = 0; found && g < 3; g++) {
			struct span s = g < m.n ? m.group[g] : (struct span){NULL, 0};

			ck_assert_msg((s.p != NULL) == (rows[i].group[g] != NULL), "%s group %zu",
			    rows[i].pattern, g);
			if (s.p)
				ck_assert_msg(span_eq(s, span_of(rows[i].group[g])), "%s group %zu",
				    rows[i].pattern, g);
		}
	}
	arena_free(&a);
}
END_TEST

START_TEST(more_groups_than_kept)
{
	const char *error = NULL, *subject = "abcdefghijkl";
	struct regex_match m;
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	const struct regex *re =
	    regex_compile(&a, "(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)(l)", 0, &error);

	ck_assert(re != NULL);
	ck_assert(regex_find(re, span_of(subject), &m));
	ck_assert_uint_eq(m.n, REGEX_GROUPS);
	ck_assert(span_eq(m.group[9], SPAN("i")));
	/* Only what was asked to be looked at is. */
	ck_assert(!regex_find(re, (struct span){subject, 11}, &m));
	arena_free(&a);
}
END_TEST

START_TEST(named)
{
	const char *error = NULL, *name;
	struct arena a;
	size_t group;

	arena_init_heap(&a, 1 << 20);
	const struct regex *re = regex_compile(&a, "(x)(?<user>a)(?<b>b)", 0, &error);

	ck_assert_uint_eq(regex_groups(re), 3);
	ck_assert(regex_named(re, 0, &name, &group));
	ck_assert_str_eq(name, "b");
	ck_assert_uint_eq(group, 3);
	ck_assert(regex_named(re, 1, &name, &group));
	ck_assert_str_eq(name, "user");
	ck_assert_uint_eq(group, 2);
	ck_assert(!regex_named(re, 2, &name, &group));
	arena_free(&a);
}
END_TEST

START_TEST(errors)
{
	static const char *const rows[] = {
	    "(", "[a", "a**", "(?<n", "\\", "(?P<1>a)", "a{2,1}", "(a{60000}){60000}", "(?C1", "*"};
	struct arena a;
	char deep[1001];

	arena_init_heap(&a, 1 << 20);
	memset(deep, '(', 500);
	memset(deep + 500, ')', 500);
	deep[1000] = '\0';
	for (size_t i = 0; i <= sizeof(rows) / sizeof(rows[0]); i++) {
		const char *pattern = i < sizeof(rows) / sizeof(rows[0]) ? rows[i] : deep;
		const char *error = NULL;

		ck_assert_msg(!regex_compile(&a, pattern, 0, &error), "%s", pattern);
		ck_assert_ptr_nonnull(error);
		ck_assert_ptr_nonnull(strstr(error, "at offset"));
	}
	arena_free(&a);
}
END_TEST

/* A pattern that never ends with a subject that never matches: no match, and soon. */
START_TEST(limits)
{
	static const char *const rows[] = {"^(a+)+$", "^(a|a)*$", "^(?:.*)*(?:.*)*x$", "^(?R)?a*b"};
	const char *error = NULL;
	char subject[8000];
	struct timespec t0, t1;
	struct arena a;

	memset(subject, 'a', sizeof(subject));
	subject[sizeof(subject) - 1] = '!';
	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct regex *re = regex_compile(&a, rows[i], 0, &error);

		ck_assert_msg(re != NULL, "%s: %s", rows[i], error);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
		ck_assert(!regex_find(re, (struct span){subject, sizeof(subject)}, NULL));
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
		ck_assert_msg(t1.tv_sec - t0.tv_sec < 10, "%s", rows[i]);
	}
	arena_free(&a);
}
END_TEST

#define REGION 65536

/*
 * The words of the region that are addresses of the program or its heap become nonsense. Mappings
 * without a name are AddressSanitizer's, and nearly the whole address space.
 */
static unsigned poison(char *region)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long from, to, base = (unsigned long)region;
	char line[512];
	unsigned n = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		ck_assert_int_eq(sscanf(line, "%lx-%lx", &from, &to), 2);
		if (!strpbrk(line, "/["))
			continue;
		for (size_t i = 0; i + sizeof(long) <= REGION; i += sizeof(long)) {
			unsigned long word;

			memcpy(&word, region + i, sizeof(word));
			if (word < from || word >= to)
				continue;
			if (word >= base && word < base + REGION)
				continue;
			memset(region + i, 0x5a, sizeof(word));
			n++;
		}
	}
	fclose(f);
	return n;
}

START_TEST(another_program)
{
	static const char *const patterns[] = {
	    "^/([a-z]+)/(\\w+)\\.php$", "[^[:space:]]{2,}x", "(?i)\\bstra(\xdf|ss)e\\b"};
	static const char *const subjects[] = {"/blog/index.php", "..yyx", "a STRASSE b"};
	char *region =
	    mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct regex *re[3];
	const char *error = NULL;
	int pipefd[2], status;
	struct arena a;

	ck_assert(region != MAP_FAILED);
	ck_assert_int_eq(pipe(pipefd), 0);
	arena_init_fixed(&a, region, REGION);
	pid_t compiler = fork();

	if (compiler == 0) {
		for (size_t i = 0; i < 3; i++) {
			re[i] = regex_compile(&a, patterns[i], i == 1 ? REGEX_ICASE : 0, &error);
			if (!re[i] || a.used > REGION / 8)
				_exit(1);
		}
		/* The patterns note the memory functions; nothing else of the program. */
		if (poison(region) == 0)
			_exit(2);
		_exit(write(pipefd[1], re, sizeof(re)) == sizeof(re) ? 0 : 3);
	}
	ck_assert_int_eq(waitpid(compiler, &status, 0), compiler);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(read(pipefd[0], re, sizeof(re)), sizeof(re));
	ck_assert_int_eq(mprotect(region, REGION, PROT_READ), 0);
	for (size_t i = 0; i < 3; i++) {
		struct regex_match m;

		ck_assert_msg(regex_find(re[i], span_of(subjects[i]), &m), "%s", patterns[i]);
		ck_assert(!regex_find(re[i], SPAN("no"), NULL));
	}
	close(pipefd[0]);
	close(pipefd[1]);
	munmap(region, REGION);
}
END_TEST

START_TEST(expand)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"", ""},
	    {"x", "x"},
	    {"$0", "ab"},
	    {"$1-$2-$3", "a--b"},
	    {"$9", ""},
	    {"$", "$"},
	    {"a$", "a$"},
	    {"$x", "$x"},
	    {"\\$1", "$1"},
	    {"\\\\$1", "\\a"},
	    {"\\", "\\"},
	    {"a\\bc", "abc"},
	    {"&", "&"},
	    {"$10", "a0"},
	};
	const char *error = NULL;
	struct regex_match m, none = {.n = 0};
	struct arena a;
	char big[2 * 40000 + 1];

	arena_init_heap(&a, 1 << 20);
	const struct regex *re = regex_compile(&a, "(a)(x?)(b)(y)?", 0, &error);

	ck_assert(regex_find(re, SPAN("-ab-"), &m));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(regex_expand(&a, rows[i].text, &m), rows[i].want);
	ck_assert_str_eq(regex_expand(&a, "\\$1", NULL), "\\$1");
	ck_assert_str_eq(regex_expand(&a, "\\$1", &none), "\\$1");
	for (size_t i = 0; i < sizeof(big) - 1; i += 2)
		memcpy(big + i, "$0", 2);
	big[sizeof(big) - 1] = '\0';
	ck_assert_str_eq(regex_expand(&a, big, &m), "");
	arena_free(&a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    finds, more_groups_than_kept, named, errors, limits, another_program, expand};

	return vector_run("regex", tests, sizeof(tests) / sizeof(tests[0]));
}
