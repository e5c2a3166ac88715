/*
 * Regular expressions by PCRE2 (regex.h), with Apache's options (ap_regcomp: DUPNAMES, DOTALL,
 * DOLLAR_ENDONLY). Any process. The patterns are the administrator's or, from a .htaccess, a
 * user's; the subjects are the client's: neither may cost more than the limits below.
 *
 * A pattern that the loader compiled is matched by other programs, where PCRE2 lies elsewhere. So
 * its character tables are in the arena with it, and matching has memory functions of its own:
 * those that are noted in the pattern are the loader's.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "itkd/regex.h"

#include "itkd/arena.h"
#include "itkd/log.h"
#include <pcre2.h>
#include <stdlib.h>

#define REGEX_OPTIONS (PCRE2_DUPNAMES | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY)
#define REGEX_PARENS_MAX 250           /* nested in each other: bounds the compiler's stack */
#define REGEX_MATCH_MAX 10000000       /* steps: PCRE2's default, which is what Apache has */
#define REGEX_DEPTH_MAX 1000000        /* steps to go back to */
#define REGEX_HEAP_MAX_KIB (32 * 1024) /* for these */
#define REGEX_EXPAND_MAX (64 * 1024)   /* AP_PREGSUB_MAXLEN */

struct regex {
	const pcre2_code *code;
};

/* What a process compiles and matches with: made when it first does, kept to its end. */
static struct {
	struct arena *arena; /* what is being compiled goes there */
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *data;
} regex_state;

static void *take(size_t n, void *data)
{
	(void)data;
	return arena_alloc(regex_state.arena, n);
}

/* The arena gives it back. */
static void give(void *p, void *data)
{
	(void)p;
	(void)data;
}

static void *heap_take(size_t n, void *data)
{
	(void)data;
	return malloc(n);
}

static void heap_give(void *p, void *data)
{
	(void)data;
	free(p);
}

/* The context itself outlives any arena, but notes take() as the memory of what it compiles. */
static void compile_start(struct arena *a)
{
	static struct arena own;

	if (!regex_state.compile) {
		arena_init_heap(&own, 4096);
		regex_state.arena = &own;
		pcre2_general_context *general = pcre2_general_context_create(take, give, NULL);

		regex_state.compile = pcre2_compile_context_create(general);
		pcre2_set_parens_nest_limit(regex_state.compile, REGEX_PARENS_MAX);
	}
	regex_state.arena = a;
	if (!a->regex_tables) {
		pcre2_general_context *general = pcre2_general_context_create(take, give, NULL);

		a->regex_tables = pcre2_maketables(general);
	}
	pcre2_set_character_tables(regex_state.compile, a->regex_tables);
}

const struct regex *regex_compile(
    struct arena *a, const char *pattern, unsigned flags, const char **error)
{
	uint32_t options = REGEX_OPTIONS | (flags & REGEX_ICASE ? PCRE2_CASELESS : 0);
	PCRE2_SIZE at = 0;
	int code = 0;
	struct regex *re = ARENA_NEW(a, struct regex);

	compile_start(a);
	re->code = pcre2_compile(
	    (PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &at, regex_state.compile);
	if (re->code)
		return re;
	unsigned char text[160] = "";

	pcre2_get_error_message(code, text, sizeof(text));
	*error = arena_printf(a, "%s (at offset %zu)", (const char *)text, (size_t)at);
	return NULL;
}

static void match_start(void)
{
	pcre2_general_context *general = pcre2_general_context_create(heap_take, heap_give, NULL);

	if (!general)
		fatal_oom();
	regex_state.match = pcre2_match_context_create(general);
	regex_state.data = pcre2_match_data_create(REGEX_GROUPS, general);
	if (!regex_state.match || !regex_state.data)
		fatal_oom();
	pcre2_general_context_free(general);
	pcre2_set_match_limit(regex_state.match, REGEX_MATCH_MAX);
	pcre2_set_depth_limit(regex_state.match, REGEX_DEPTH_MAX);
	pcre2_set_heap_limit(regex_state.match, REGEX_HEAP_MAX_KIB);
}

size_t regex_groups(const struct regex *re)
{
	uint32_t groups = 0;

	pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	return groups;
}

/* Each entry of PCRE2's table: the group's number in two bytes, and its name. */
bool regex_named(const struct regex *re, size_t i, const char **name, size_t *group)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &count);
	if (i >= count)
		return false;
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &table);
	table += i * size;
	*group = (size_t)table[0] << 8 | table[1];
	*name = (const char *)table + 2;
	return true;
}

/* n: how many groups took part; 0 where the pattern has more than there is room for. */
static void match_copy(
    const struct regex *re, struct span subject, unsigned n, struct regex_match *m)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(regex_state.data);
	size_t groups = regex_groups(re);

	*m = (struct regex_match){.n = groups < REGEX_GROUPS ? groups + 1 : REGEX_GROUPS};
	if (n == 0)
		n = REGEX_GROUPS;
	for (size_t i = 0; i < n && i < m->n; i++) {
		if (at[2 * i] == PCRE2_UNSET)
			continue;
		m->group[i] = (struct span){subject.p + at[2 * i], at[2 * i + 1] - at[2 * i]};
	}
}

enum regex_result regex_try(const struct regex *re, struct span subject, struct regex_match *m)
{
	if (!regex_state.match)
		match_start();
	if (!subject.p)
		subject = SPAN("");
	int n = pcre2_match(
	    re->code, (PCRE2_SPTR)subject.p, subject.n, 0, 0, regex_state.data, regex_state.match);

	if (n < 0)
		return n == PCRE2_ERROR_NOMATCH ? REGEX_NOT_FOUND : REGEX_LIMIT;
	if (m)
		match_copy(re, subject, (unsigned)n, m);
	return REGEX_FOUND;
}

bool regex_find(const struct regex *re, struct span subject, struct regex_match *m)
{
	return regex_try(re, subject, m) == REGEX_FOUND;
}

/* One piece of the text: a character, or a group. Moves *s on. */
static struct span expand_next(const char **s, const struct regex_match *m)
{
	const char *p = *s;

	if (p[0] == '$' && p[1] >= '0' && p[1] <= '9') {
		unsigned i = (unsigned)(p[1] - '0');

		*s += 2;
		return i < m->n ? m->group[i] : (struct span){NULL, 0};
	}
	if (p[0] == '\\' && p[1])
		p++;
	*s = p + 1;
	return (struct span){p, 1};
}

char *regex_expand(struct arena *a, const char *text, const struct regex_match *m)
{
	size_t n = 0;

	if (!m || m->n == 0)
		return arena_strdup(a, text);
	for (const char *s = text; *s;)
		n += expand_next(&s, m).n;
	if (n >= REGEX_EXPAND_MAX)
		return arena_strdup(a, "");
	char *out = arena_alloc(a, n + 1), *to = out;

	for (const char *s = text; *s;) {
		struct span piece = expand_next(&s, m);

		if (piece.n)
			memcpy(to, piece.p, piece.n);
		to += piece.n;
	}
	return out;
}
