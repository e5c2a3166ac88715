/*
 * Expiry codes (conf_expires.h), read as mod_expires reads them. Run by the loader, and by the
 * child as the vhost's user.
 */
#include "itkd/conf_expires.h"

#include "itkd/arena.h"
#include "itkd/conf_lex.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Seconds of a unit by its first letters; 0: it is none. */
static int32_t unit_seconds(const char *word)
{
	static const struct {
		const char *name;
		size_t n;
		int32_t seconds;
	} units[] = {
	    {"years", 1, 365 * 86400},
	    {"months", 2, 30 * 86400},
	    {"weeks", 1, 7 * 86400},
	    {"days", 1, 86400},
	    {"hours", 1, 3600},
	    {"minutes", 2, 60},
	    {"seconds", 1, 1},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strncasecmp(word, units[i].name, units[i].n) == 0)
			return units[i].seconds;
	return 0;
}

/* Apache's sums are an int that wraps around: what exceeds 68 years is in the past. */
static int32_t code_wrap(int64_t seconds)
{
	return (int32_t)(uint32_t)(uint64_t)seconds;
}

static int32_t code_number(const char *text)
{
	return code_wrap(strtoll(text, NULL, 10));
}

/* {number unit}*, from the number in word on. */
static const char *code_sum(
    struct arena *tmp, const char *word, const char *rest, struct expires_code *code)
{
	int64_t sum = 0;

	while (*word) {
		if (*word < '0' || *word > '9')
			return arena_printf(
			    tmp, "bad expires code, numeric value expected <num> '%s'", word);
		int64_t number = code_number(word);

		word = conf_lex_word(tmp, &rest);
		if (!*word)
			return "bad expires code, missing <type>";
		if (!unit_seconds(word))
			return arena_printf(tmp, "bad expires code, unrecognised <type>'%s'", word);
		sum = code_wrap(sum + number * unit_seconds(word));
		word = conf_lex_word(tmp, &rest);
	}
	code->seconds = (int32_t)sum;
	return NULL;
}

const char *conf_expires_code(struct arena *tmp, const char *text, struct expires_code *code)
{
	const char *word;

	if (*text == 'A' || *text == 'M') {
		code->base = *text == 'A' ? EXPIRES_ACCESS : EXPIRES_MODIFICATION;
		code->seconds = code_number(text + 1);
		return NULL;
	}
	word = conf_lex_word(tmp, &text);
	/* Apache looks at the first letter: "now", "access", "modification". */
	switch (*word | 0x20) {
	case 'n':
	case 'a':
		code->base = EXPIRES_ACCESS;
		break;
	case 'm':
		code->base = EXPIRES_MODIFICATION;
		break;
	default:
		return arena_printf(tmp, "bad expires code, unrecognised <base> '%s'", word);
	}
	word = conf_lex_word(tmp, &text);
	if ((*word | 0x20) == 'p')
		word = conf_lex_word(tmp, &text);
	return code_sum(tmp, word, text, code);
}

void conf_expires_merge(struct arena *a, struct conf_expires **base, const struct conf_expires *add)
{
	if (!add)
		return;
	struct conf_expires *new = ARENA_NEW(a, struct conf_expires);
	const struct conf_expires *old = *base ? *base : new;
	uint32_t n = old->ntypes + add->ntypes;
	struct expires_type *types = arena_array(a, n, sizeof(*types));

	if (add->ntypes)
		memcpy(types, add->types, add->ntypes * sizeof(*types));
	if (old->ntypes)
		memcpy(types + add->ntypes, old->types, old->ntypes * sizeof(*types));
	*new = (struct conf_expires){
	    .active = add->active == EXPIRES_DONTCARE ? old->active : add->active,
	    /* Not old's: wildcards above a section with other lines do not count any more. */
	    .wildcards = add->wildcards,
	    .standard = add->standard.base ? add->standard : old->standard,
	    .ntypes = n,
	    .types = types};
	*base = new;
}

static const struct expires_code *find_type(
    const struct conf_expires *e, const char *type, size_t n)
{
	for (uint32_t i = 0; i < e->ntypes; i++)
		if (strncasecmp(e->types[i].type, type, n) == 0 && !e->types[i].type[n])
			return &e->types[i].code;
	return NULL;
}

static const struct expires_code *find_wildcard(const struct conf_expires *e, const char *type)
{
	size_t n = strcspn(type, "/") + 1;

	for (uint32_t i = 0; i < e->ntypes; i++) {
		const char *t = e->types[i].type;

		if (strncasecmp(t, type, n) == 0 && strcmp(t + n, "*") == 0)
			return &e->types[i].code;
	}
	return NULL;
}

const struct expires_code *conf_expires_find(const struct conf_expires *e, const char *type)
{
	const struct expires_code *code = NULL;

	if (type) {
		size_t n = strcspn(type, ";");

		while (n && (type[n - 1] == ' ' || type[n - 1] == '\t'))
			n--;
		code = find_type(e, type, n);
		if (!code && e->wildcards && strchr(type, '/'))
			code = find_wildcard(e, type);
	}
	if (!code && e->standard.base)
		code = &e->standard;
	return code;
}
