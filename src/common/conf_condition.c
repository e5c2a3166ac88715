/*
 * Conditions that are decided while reading (conf_parse.h): <IfModule>, <IfDefine>, <IfFile>,
 * <IfDirective>, <IfSection>, <IfVersion>. Run by the loader as root on the administrator's words,
 * and by the child as the vhost's user on those of a .htaccess.
 */
#include "common/conf_parse_frame.h"
#include "itkd/conf_lex.h"
#include "itkd/regex.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The Apache whose language is spoken, for <IfVersion>. */
static const int64_t apache_version[3] = {CONF_APACHE_MAJOR, CONF_APACHE_MINOR, CONF_APACHE_PATCH};

/* <0: Apache is older than text, >0: newer. False where text is no version. */
static bool compare_version(const char *text, int *outcome)
{
	*outcome = 0;
	for (int i = 0; i < 3; i++) {
		int64_t n = 0;

		if (*text < '0' || *text > '9')
			return false;
		while (*text >= '0' && *text <= '9' && n < INT32_MAX)
			n = n * 10 + (*text++ - '0');
		if (*outcome == 0)
			*outcome = (apache_version[i] > n) - (apache_version[i] < n);
		if (*text == '.' && i < 2 && text[1])
			text++;
		else if (*text)
			return false;
		else
			text = "0";
	}
	return true;
}

/* NULL, or what is wrong. */
static const char *match_version(struct conf_parser *p, const char *pattern, bool *match)
{
	const char *error, *version = arena_printf(p->a, "%d.%d.%d", CONF_APACHE_MAJOR,
	                       CONF_APACHE_MINOR, CONF_APACHE_PATCH);
	const struct regex *re = regex_compile(p->a, pattern, 0, &error);

	if (!re)
		return arena_printf(p->a, "Unable to compile regular expression: %s", error);
	*match = regex_find(re, span_of(version), NULL);
	return NULL;
}

/* =, ==, >, >=, <, <= with a version; = with /pattern/ and ~ with a pattern. */
static const char *test_version(
    struct conf_parser *p, const char *op, const char *version, bool *match)
{
	static const char bad[] = "Version appears to be invalid. It must have the format "
	                          "major[.minor[.patch]] where major, minor and patch are numbers.";
	bool equal = strcmp(op, "=") == 0 || strcmp(op, "==") == 0;
	size_t n = strlen(version);
	int outcome;

	if (strcmp(op, "~") == 0)
		return match_version(p, version, match);
	if (equal && *version == '/') {
		if (n < 2 || version[n - 1] != '/')
			return "Missing delimiting / of regular expression.";
		return match_version(p, arena_strndup(p->a, version + 1, n - 2), match);
	}
	if (!equal && strcmp(op, "<") != 0 && strcmp(op, "<=") != 0 && strcmp(op, ">") != 0 &&
	    strcmp(op, ">=") != 0)
		return arena_printf(p->a, "unrecognized operator '%s'", op);
	if (!compare_version(version, &outcome))
		return bad;
	*match = equal          ? outcome == 0
	         : outcome == 0 ? op[1] == '='
	         : *op == '<'   ? outcome < 0
	                        : outcome > 0;
	return NULL;
}

static bool version_holds(struct conf_parser *p, const char *argument)
{
	uint32_t n;
	char **words = conf_lex_words(p->a, argument, &n);
	const char *op = n == 2 ? words[0] : "=", *error;
	bool negated = n == 2 && op[0] == '!', match = false;

	if (n > 2) {
		conf_parse_error(p, "<IfVersion>",
		    "takes one or two arguments: a comparison operator and a version");
		return false;
	}
	/* "!=" is a negated "=". */
	error = test_version(p, op + (negated && op[1]), n ? words[n - 1] : "", &match);
	if (error)
		conf_parse_error(p, "<IfVersion>", error);
	return !error && match != negated;
}

static bool is_there(const struct conf_parser *p, const char *name, bool section)
{
	const struct conf_directive *d = conf_table_find(&p->names, name, section);

	return d && d->status != CONF_REFUSED;
}

/* mod_php.c, php_module, and the names of its versions. */
static bool is_mod_php(const char *word)
{
	bool file = strncmp(word, "mod_php", 7) == 0, module = strncmp(word, "php", 3) == 0;
	const char *rest = word + (file ? 7 : module ? 3 : 0);

	if (strcmp(word, "sapi_apache2.c") == 0)
		return true;
	rest += strspn(rest, "0123456789");
	return (file && strcmp(rest, ".c") == 0) || (module && strcmp(rest, "_module") == 0);
}

bool conf_parse_is_php(
    const struct conf_parser *p, const struct conf_directive *d, const char *argument)
{
	return d->id == CONF_ID_SECTION_IfModule && is_mod_php(conf_lex_word(p->a, &argument));
}

/*
 * mod_php is there as far as its directives go, once something runs PHP. Its absence is what
 * Debian's files for php-fpm ask for: as a module it is never there. A .htaccess asks who runs its
 * programs, and for it both answers must fit.
 */
static bool mod_php_holds(struct conf_parser *p, bool negated)
{
	p->asked_php = true;
	return negated ? !p->htaccess || !p->php : p->php;
}

static bool word_holds(struct conf_parser *p, enum conf_id id, const char *word)
{
	struct stat st;

	switch (id) {
	case CONF_ID_SECTION_IfModule:
		return conf_table_module(word);
	case CONF_ID_SECTION_IfDefine:
		return conf_map_get(&p->defines, word) != NULL;
	case CONF_ID_SECTION_IfFile:
		return stat(conf_parse_path(p, word), &st) == 0;
	case CONF_ID_SECTION_IfDirective:
		return is_there(p, word + (*word == '<'), *word == '<');
	default:
		return is_there(p, word, true);
	}
}

bool conf_parse_condition(
    struct conf_parser *p, const struct conf_directive *d, const char *argument, bool *holds)
{
	const char *name = arena_printf(p->a, "<%s>", d->name);
	bool negated = *argument == '!';

	switch (d->id) {
	case CONF_ID_SECTION_IfVersion:
		*holds = version_holds(p, argument);
		return true;
	case CONF_ID_SECTION_IfModule:
	case CONF_ID_SECTION_IfDefine:
	case CONF_ID_SECTION_IfFile:
	case CONF_ID_SECTION_IfDirective:
	case CONF_ID_SECTION_IfSection:
		break;
	default:
		return false;
	}
	argument += negated;
	const char *word = conf_lex_word(p->a, &argument);

	if (d->id == CONF_ID_SECTION_IfModule && is_mod_php(word))
		*holds = mod_php_holds(p, negated);
	else
		*holds = *word && word_holds(p, d->id, word) != negated;
	if (!*word)
		conf_parse_error(p, name, "directive requires additional arguments");
	return true;
}
