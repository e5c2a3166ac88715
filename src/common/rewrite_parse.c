/*
 * The lines of RewriteRule and RewriteCond (Apache's mod_rewrite reads them itself, not as other
 * directives). Run by the loader on the administrator's words, and by the child as the vhost's user
 * on those of a .htaccess.
 */
#include "itkd/conf_rewrite.h"

#include "itkd/arena.h"
#include "itkd/expr.h"
#include "itkd/http_status.h"
#include "itkd/regex.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
	return isspace((unsigned char)c) != 0;
}

/* Where an argument that starts at s ends: at a space, or at the quote it began with. */
static char *word_end(char *s, char quote)
{
	for (; *s; s++) {
		if ((is_space(*s) && !quote) || *s == quote)
			break;
		if (*s == '\\' && is_space(s[1]))
			s++;
	}
	return s;
}

static char *skip_spaces(char *s)
{
	while (is_space(*s))
		s++;
	return s;
}

/* The argument at *s, which moves on; a backslash stays what it is. *ended: the line did, too. */
static char *next_word(char **s, bool *ended)
{
	char *word = skip_spaces(*s), quote = '\0';

	if (*word == '"' || *word == '\'')
		quote = *word++;
	char *end = word_end(word, quote);

	*ended = *end == '\0';
	*s = *ended ? end : end + 1;
	*end = '\0';
	return word;
}

/* Two or three arguments; false where there are fewer. */
static bool split_line(char *line, char *words[3])
{
	bool ended;

	words[0] = next_word(&line, &ended);
	if (ended)
		return false;
	words[1] = next_word(&line, &ended);
	words[2] = NULL;
	if (!ended && *skip_spaces(line))
		words[2] = next_word(&line, &ended);
	return true;
}

typedef const char *set_flag(struct rewrite_reader *rd, void *to, const char *key, char *value);

/* [flag,flag=value,...] */
static const char *parse_flags(struct rewrite_reader *rd, void *to, char *text, set_flag *set)
{
	size_t n = strlen(text);

	if (n == 0 || *text != '[' || text[n - 1] != ']')
		return "bad flag delimiters";
	/* "[" is both delimiters, as in Apache. */
	text[n - 1] = ',';
	for (char *key = text + (n > 1);;) {
		key = skip_spaces(key);
		char *next = strchr(key, ',');

		if (!*key || !next)
			return NULL;
		char *end = next;

		while (end > key && is_space(end[-1]))
			end--;
		*end = '\0';
		char *value = strchr(key, '=');

		if (value)
			*value++ = '\0';
		else
			value = end;
		const char *error = set(rd, to, key, value);

		if (error)
			return error;
		key = next + 1;
	}
}

static const char *unknown_flag(struct rewrite_reader *rd, const char *key)
{
	return arena_printf(rd->tmp, "unknown flag '%s'", key);
}

/* Flags without a value: any of two names. */
struct plain_flag {
	const char *name, *alias;
	uint32_t flags;
};

static const struct plain_flag plain_flags[] = {
    {"BNP", "backrefernoplus", RULE_ESCAPE_SPACE},
    {"BCTLS", NULL, RULE_ESCAPE_CONTROLS | RULE_ESCAPE},
    {"C", "chain", RULE_CHAIN},
    {"DPI", "discardpath", RULE_DISCARD_PATH},
    {"D", NULL, RULE_DISCARD_PATH},
    {"END", NULL, RULE_END},
    {"L", "last", RULE_LAST},
    {"NE", "noescape", RULE_NO_ESCAPE},
    {"NS", "nosubreq", RULE_NO_SUBREQUEST},
    {"NC", "nocase", RULE_NOCASE},
    {"P", "proxy", RULE_PROXY},
    {"PT", "passthrough", RULE_PASS},
    {"QSA", "qsappend", RULE_QUERY_APPEND},
    {"QSD", "qsdiscard", RULE_QUERY_DISCARD},
    {"QSL", "qslast", RULE_QUERY_LAST},
    {"UnsafePrefixStat", NULL, RULE_UNSAFE_STAT},
    {"UnsafeAllow3F", NULL, RULE_UNSAFE_3F},
    {"UNC", NULL, RULE_KEEP_SLASHES},
};

static bool is_flag(const char *key, const char *name, const char *alias)
{
	return strcasecmp(key, name) == 0 || (alias && strcasecmp(key, alias) == 0);
}

/* R=: a status that is no redirect's ends the request with it. */
static const char *flag_redirect(
    struct rewrite_reader *rd, struct rewrite_rule *rule, const char *value)
{
	static const struct {
		const char *name;
		uint16_t status;
	} names[] = {{"permanent", 301}, {"temp", 302}, {"seeother", 303}};

	rule->flags |= RULE_REDIRECT;
	if (!*value)
		return NULL;
	/* A word that is none is 302, but not where F or G have said what to answer. */
	if (!(rule->flags & RULE_STATUS))
		rule->status = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(value, names[i].name) == 0)
			rule->status = names[i].status;
	if (!isdigit((unsigned char)*value))
		return NULL;
	int status = atoi(value);

	if (!http_status_is_known(status))
		return arena_printf(rd->tmp, "invalid HTTP response code '%s' for flag 'R'", value);
	rule->status = (uint16_t)status;
	if (status < 300 || status > 399)
		rule->flags |= RULE_STATUS | RULE_NO_SUBSTITUTE;
	return NULL;
}

static void flag_status(struct rewrite_rule *rule, uint16_t status)
{
	rule->flags |= RULE_STATUS | RULE_NO_SUBSTITUTE;
	rule->status = status;
}

static void add_text(struct arena *tmp, struct arena *a, struct rewrite_texts *list, const char *s)
{
	const char **v = (const char **)(uintptr_t)list->v;

	/* It is full at each power of two. */
	if ((list->n & (list->n - 1)) == 0) {
		v = arena_array(tmp, list->n ? 2 * (size_t)list->n : 1, sizeof(*v));
		if (list->n)
			memcpy(v, list->v, list->n * sizeof(*v));
		list->v = v;
	}
	v[list->n++] = arena_strdup(a, s);
}

/* Flags whose value is kept as it is. False: it is none of them. */
static bool flag_text(
    struct rewrite_reader *rd, struct rewrite_rule *rule, const char *key, const char *value)
{
	if (is_flag(key, "E", "env"))
		add_text(rd->tmp, rd->secret, &rule->env, value);
	else if (is_flag(key, "CO", "cookie"))
		add_text(rd->tmp, rd->secret, &rule->cookies, value);
	else if (is_flag(key, "H", "handler"))
		rule->handler = arena_strdup(rd->a, value);
	else if (is_flag(key, "T", "type"))
		rule->type = arena_strdup(rd->a, value);
	else
		return false;
	return true;
}

/* The same for numbers and statuses. */
static bool flag_number(struct rewrite_rule *rule, const char *key, const char *value)
{
	if (is_flag(key, "F", "forbidden")) {
		flag_status(rule, 403);
	} else if (is_flag(key, "G", "gone")) {
		flag_status(rule, 410);
	} else if (is_flag(key, "N", "next")) {
		rule->flags |= RULE_NEXT;
		if (*value)
			rule->rounds = (uint32_t)(atoi(value) > 0 ? atoi(value) : 0);
	} else if (is_flag(key, "S", "skip")) {
		rule->skip = (uint32_t)(atoi(value) > 0 ? atoi(value) : 0);
	} else {
		return false;
	}
	return true;
}

static const char *rule_flag(struct rewrite_reader *rd, void *to, const char *key, char *value)
{
	struct rewrite_rule *rule = to;

	if (flag_text(rd, rule, key, value) || flag_number(rule, key, value))
		return NULL;
	if (is_flag(key, "R", "redirect"))
		return flag_redirect(rd, rule, value);
	if (is_flag(key, "B", "backrefescaping")) {
		rule->flags |= RULE_ESCAPE;
		if (*value)
			rule->escapes = arena_strdup(rd->a, value);
		return NULL;
	}
	if (is_flag(key, "BNE", NULL)) {
		if (!*value)
			return "flag 'BNE' wants a list of characters (i.e. [BNE=...])";
		rule->no_escapes = arena_strdup(rd->a, value);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(plain_flags) / sizeof(*plain_flags); i++)
		if (is_flag(key, plain_flags[i].name, plain_flags[i].alias)) {
			rule->flags |= plain_flags[i].flags;
			return NULL;
		}
	/* Apache takes anything that begins with a D. */
	return tolower((unsigned char)*key) == 'd' ? NULL : unknown_flag(rd, key);
}

/* A '?' at the end of what is written says that no query is wanted. */
static void rule_output(struct rewrite_reader *rd, struct rewrite_rule *rule, char *output)
{
	size_t n = strlen(output);

	if (strcmp(output, "-") == 0)
		rule->flags |= RULE_NO_SUBSTITUTE;
	if (n && output[n - 1] == '?') {
		if (rule->flags & RULE_QUERY_APPEND) {
			rule->flags |= RULE_QUERY_LAST;
		} else {
			rule->flags |= RULE_QUERY_NONE;
			output[n - 1] = '\0';
		}
	} else if (rule->flags & RULE_QUERY_DISCARD && !strchr(output, '?')) {
		rule->flags |= RULE_QUERY_NONE;
	}
	rule->output = arena_strdup(rd->a, output);
}

static struct rewrite_texts settled(struct arena *a, struct rewrite_texts list)
{
	if (list.n == 0)
		return list;
	const char **v = arena_array(a, list.n, sizeof(*v));

	memcpy(v, list.v, list.n * sizeof(*v));
	return (struct rewrite_texts){list.n, v};
}

const char *rewrite_parse_rule(
    struct rewrite_reader *rd, const char *line, struct rewrite_rule *rule)
{
	char *words[3], *text = arena_strdup(rd->tmp, line);
	const char *error = NULL;

	*rule = (struct rewrite_rule){.status = 302, .rounds = REWRITE_ROUNDS};
	if (!split_line(text, words))
		return arena_printf(rd->tmp, "RewriteRule: bad argument line '%s'", line);
	if (words[2])
		error = parse_flags(rd, rule, words[2], rule_flag);
	if (error)
		return arena_printf(rd->tmp, "RewriteRule: %s", error);
	rule->env = settled(rd->secret, rule->env);
	rule->cookies = settled(rd->secret, rule->cookies);
	if (*words[0] == '!') {
		rule->flags |= RULE_NEGATED;
		words[0]++;
	}
	rule->pattern = arena_strdup(rd->a, words[0]);
	rule->regex =
	    regex_compile(rd->a, words[0], rule->flags & RULE_NOCASE ? REGEX_ICASE : 0, &error);
	if (!rule->regex)
		return arena_printf(
		    rd->tmp, "RewriteRule: cannot compile regular expression '%s'", words[0]);
	rule_output(rd, rule, words[1]);
	return NULL;
}

static const char *cond_flag(struct rewrite_reader *rd, void *to, const char *key, char *value)
{
	struct rewrite_cond *cond = to;

	(void)value;
	if (is_flag(key, "NC", "nocase"))
		cond->nocase = true;
	else if (is_flag(key, "OR", "ornext"))
		cond->ornext = true;
	else if (is_flag(key, "NV", "novary"))
		cond->novary = true;
	else
		return unknown_flag(rd, key);
	return NULL;
}

/* -f and its like: a '-' and one letter. */
static bool test_file(const char *text, enum rewrite_test *test)
{
	static const struct {
		char letter;
		enum rewrite_test test;
	} tests[] = {{'f', REWRITE_IS_FILE}, {'s', REWRITE_HAS_SIZE}, {'d', REWRITE_IS_DIRECTORY},
	    {'x', REWRITE_EXECUTABLE}, {'h', REWRITE_IS_LINK}, {'L', REWRITE_IS_LINK},
	    {'l', REWRITE_IS_LINK}, {'U', REWRITE_URL}, {'F', REWRITE_FILE_ACCESS}};

	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		if (text[1] == tests[i].letter) {
			*test = tests[i].test;
			return true;
		}
	return false;
}

/* -lt and its like, with a number behind. */
static const char *test_integer(const char *text, struct rewrite_cond *cond)
{
	static const struct {
		const char *name;
		enum rewrite_test test;
	} tests[] = {{"-lt", REWRITE_INT_LESS}, {"-le", REWRITE_INT_LESS_EQUAL},
	    {"-gt", REWRITE_INT_GREATER}, {"-ge", REWRITE_INT_GREATER_EQUAL},
	    {"-eq", REWRITE_INT_EQUAL}, {"-ne", REWRITE_INT_EQUAL}};

	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		if (strncmp(text, tests[i].name, 3) == 0) {
			cond->test = tests[i].test;
			cond->negated ^= tests[i].name[1] == 'n';
			return text + 3;
		}
	return text;
}

/* <, <=, =, >=, > in front of a text; where it stands. */
static const char *test_text(const char *text, struct rewrite_cond *cond)
{
	bool equal = text[1] == '=';

	switch (*text) {
	case '>':
		cond->test = equal ? REWRITE_GREATER_EQUAL : REWRITE_GREATER;
		return text + 1 + equal;
	case '<':
		cond->test = equal ? REWRITE_LESS_EQUAL : REWRITE_LESS;
		return text + 1 + equal;
	case '=':
		cond->test = REWRITE_EQUAL;
		/* "" is the empty text. */
		return strcmp(text + 1, "\"\"") == 0 ? text + 3 : text + 1;
	default:
		return text;
	}
}

/* What the pattern is, and where it begins. */
static const char *cond_test(struct rewrite_cond *cond, const char *text)
{
	cond->test = REWRITE_REGEX;
	if (strcasecmp(cond->input, "expr") == 0) {
		cond->test = REWRITE_EXPR;
		return text;
	}
	if (!*text || !text[1])
		return text;
	if (*text != '-')
		return test_text(text, cond);
	if (!text[2]) {
		test_file(text, &cond->test);
		return text;
	}
	return text[3] ? test_integer(text, cond) : text;
}

static const char *cond_compile(struct rewrite_reader *rd, struct rewrite_cond *cond)
{
	const char *error = NULL;

	if (cond->test == REWRITE_REGEX) {
		cond->regex =
		    regex_compile(rd->a, cond->pattern, cond->nocase ? REGEX_ICASE : 0, &error);
		return cond->regex ? NULL
		                   : arena_printf(rd->tmp,
		                         "RewriteCond: cannot compile regular expression '%s'",
		                         cond->pattern);
	}
	if (cond->test != REWRITE_EXPR)
		return NULL;
	cond->expr = rd->restricted
	                 ? expr_parse_restricted(rd->a, cond->pattern, EXPR_CONDITION, &error)
	                 : expr_parse(rd->a, cond->pattern, EXPR_CONDITION, &error);
	return cond->expr
	           ? NULL
	           : arena_printf(rd->tmp, "RewriteCond: cannot compile expression%s \"%s\" %s",
	                 rd->restricted ? " in htaccess context" : "", cond->pattern, error);
}

const char *rewrite_parse_cond(
    struct rewrite_reader *rd, const char *line, struct rewrite_cond *cond)
{
	char *words[3], *text = arena_strdup(rd->tmp, line);
	const char *error = NULL;

	*cond = (struct rewrite_cond){.test = REWRITE_REGEX};
	rd->warn_nocase = false;
	if (!split_line(text, words))
		return arena_printf(rd->tmp, "RewriteCond: bad argument line '%s'", line);
	if (words[2])
		error = parse_flags(rd, cond, words[2], cond_flag);
	if (error)
		return arena_printf(rd->tmp, "RewriteCond: %s", error);
	cond->input = arena_strdup(rd->a, words[0]);
	cond->text = arena_strdup(rd->a, words[1]);
	cond->negated = *cond->text == '!';
	cond->pattern = cond_test(cond, cond->text + cond->negated);
	if (cond->nocase && cond->test != REWRITE_REGEX &&
	    (cond->test < REWRITE_LESS || cond->test > REWRITE_GREATER_EQUAL)) {
		rd->warn_nocase = true;
		cond->nocase = false;
	}
	return cond_compile(rd, cond);
}

const char *rewrite_parse_option(struct arena *tmp, const char *word, uint32_t *options)
{
	static const struct {
		const char *name;
		uint32_t option;
	} names[] = {{"inherit", REWRITE_INHERIT}, {"inheritbefore", REWRITE_INHERIT_BEFORE},
	    {"inheritdown", REWRITE_INHERIT_DOWN},
	    {"inheritdownbefore", REWRITE_INHERIT_DOWN_BEFORE},
	    {"ignoreinherit", REWRITE_IGNORE_INHERIT}, {"allownoslash", REWRITE_ALLOW_NO_SLASH},
	    {"allowanyuri", REWRITE_ALLOW_ANY_URI}, {"mergebase", REWRITE_MERGE_BASE},
	    {"ignorecontextinfo", REWRITE_IGNORE_CONTEXT},
	    {"legacyprefixdocroot", REWRITE_LEGACY_ROOT},
	    {"UnsafePrefixStat", REWRITE_UNSAFE_STAT}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(word, names[i].name) == 0) {
			*options |= names[i].option;
			return NULL;
		}
	return arena_printf(tmp, "RewriteOptions: unknown option '%s'", word);
}
