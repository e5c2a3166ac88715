/*
 * Reads the rules of Header and RequestHeader (conf_headers.h). Run by the loader on the
 * administrator's words, and by the child as the vhost's user on those of a .htaccess.
 */
#include "itkd/conf_headers.h"

#include "itkd/arena.h"
#include "itkd/expr.h"
#include "itkd/regex.h"
#include <string.h>
#include <strings.h>

static const char *rule_action(const char *word, enum header_action *action)
{
	static const char *const names[] = {[HEADER_ADD] = "add",
	    [HEADER_SET] = "set",
	    [HEADER_APPEND] = "append",
	    [HEADER_MERGE] = "merge",
	    [HEADER_SETIFEMPTY] = "setifempty",
	    [HEADER_UNSET] = "unset",
	    [HEADER_ECHO] = "echo",
	    [HEADER_EDIT] = "edit",
	    [HEADER_EDIT_ALL] = "edit*",
	    [HEADER_NOTE] = "note"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(word, names[i]) == 0) {
			*action = (enum header_action)i;
			return NULL;
		}
	return "first argument must be 'add', 'set', 'setifempty', 'append', 'merge', 'unset', "
	       "'echo', 'note', 'edit', or 'edit*'.";
}

/* Text up to the next '%'; \\, \r, \n and \t are what they are in C. */
static char *format_text(struct arena *a, const char **at)
{
	const char *s = *at;
	char *text = arena_alloc(a, strcspn(s, "%") + 1), *to = text;

	for (; *s && *s != '%'; s++) {
		static const char escapes[] = "\\rnt", meant[] = "\\\r\n\t";
		const char *escape = s[0] == '\\' && s[1] ? strchr(escapes, s[1]) : NULL;

		*to++ = escape ? meant[escape - escapes] : *s;
		s += escape != NULL;
	}
	*to = '\0';
	*at = s;
	return text;
}

/* What stands at the '%' at *at. */
static const char *format_tag(
    struct arena *a, struct arena *tmp, const char **at, struct header_tag *tag)
{
	static const char letters[] = "Dtles";
	static const enum header_tag_kind kinds[] = {
	    HEADER_DURATION, HEADER_TIME, HEADER_LOAD, HEADER_ENV, HEADER_SSL};
	const char *s = *at + 1, *end;

	tag->text = "";
	if (*s == '{') {
		end = strchrnul(++s, '}');
		tag->text = arena_strndup(a, s, (size_t)(end - s));
		s = end + strspn(end, "}"); /* ap_getword */
	} else if (*s == '%' || *s == '\0') {
		*tag = (struct header_tag){HEADER_TEXT, arena_strndup(a, "%", 1)};
		*at = *s ? s + 1 : s;
		return NULL;
	}
	const char *letter = *s ? strchr(letters, *s) : NULL;

	if (*s == 'i' || *s == 'b')
		return arena_printf(
		    tmp, "%%%c is not possible: no process knows how busy the others are", *s);
	if (!letter)
		return arena_printf(tmp, "Unrecognized header format %%%c", *s);
	tag->kind = kinds[letter - letters];
	if (!*tag->text)
		tag->text = arena_strndup(a, "", 0);
	*at = s + 1;
	return NULL;
}

const char *conf_headers_format(
    struct arena *a, struct arena *tmp, const char *text, struct header_rule *rule)
{
	uint32_t most = 1;

	/* A '%' ends one piece and begins two at the most. */
	for (const char *p = text; *p; p++)
		most += *p == '%' ? 2 : 0;
	struct header_tag *tags = arena_array(a, most, sizeof(*tags));

	rule->tags = tags;
	rule->ntags = 0;
	while (*text) {
		struct header_tag *tag = &tags[rule->ntags++];

		if (*text == '%') {
			const char *error = format_tag(a, tmp, &text, tag);

			if (error)
				return error;
			continue;
		}
		*tag = (struct header_tag){HEADER_TEXT, format_text(a, &text)};
	}
	return NULL;
}

static const struct expr *rule_expr(
    const struct header_reader *hr, const char *text, enum expr_kind kind, const char **error)
{
	return hr->restricted ? expr_parse_restricted(hr->a, text, kind, error)
	                      : expr_parse(hr->a, text, kind, error);
}

static const char *rule_condition(
    const struct header_reader *hr, const char *clause, struct header_rule *rule)
{
	const char *error = NULL;

	if (strcasecmp(clause, "early") == 0) {
		rule->early = true;
		return NULL;
	}
	if (strncasecmp(clause, "env=", 4) == 0) {
		if (clause[4 + (clause[4] == '!')] == '\0')
			return "error: missing environment variable name. envclause should be in "
			       "the form env=envar ";
		rule->env = arena_strdup(hr->a, clause + 4);
		return NULL;
	}
	if (strncasecmp(clause, "expr=", 5) != 0)
		return arena_printf(hr->tmp, "Unknown parameter: %s", clause);
	rule->condition = rule_expr(hr, clause + 5, EXPR_CONDITION, &error);
	if (!rule->condition)
		return arena_printf(hr->tmp, "Can't parse envclause/expression: %s", error);
	return NULL;
}

static const char *rule_value(
    const struct header_reader *hr, const char *value, struct header_rule *rule)
{
	const char *error = NULL;

	if (strncmp(value, "expr=", 5) != 0)
		return conf_headers_format(hr->secret, hr->tmp, value, rule);
	rule->value = rule_expr(hr, value + 5, EXPR_STRING, &error);
	if (!rule->value)
		return arena_printf(hr->tmp, "Can't parse value expression : %s", error);
	return NULL;
}

static const char *rule_regex(
    const struct header_reader *hr, const char *pattern, struct header_rule *rule)
{
	const char *error = NULL;

	rule->regex = regex_compile(hr->a, pattern, 0, &error);
	return rule->regex ? NULL
	                   : arena_printf(hr->tmp, "Header %s regex could not be compiled: %s",
	                         rule->action == HEADER_ECHO ? "echo" : "edit", error);
}

/* What stands behind the field's name: [match] value [clause]. */
static const char *rule_arguments(
    char *const *words, uint32_t n, const struct header_rule *rule, const char *argument[3])
{
	const char *value = n > 0 ? words[0] : NULL, *next = n > 1 ? words[1] : NULL;
	bool edit = rule->action == HEADER_EDIT || rule->action == HEADER_EDIT_ALL;
	const char *clause = n > 2 ? words[2] : NULL;

	if (n > 3)
		return "too many arguments";
	if (edit && !next)
		return "Header edit requires a match and a substitution";
	if (!edit && clause)
		return "Too many arguments to directive";
	argument[0] = edit ? value : NULL;
	argument[1] = edit ? next : value;
	argument[2] = edit ? clause : next;
	if (rule->action != HEADER_UNSET && rule->action != HEADER_ECHO)
		return value ? NULL : "Header requires three arguments";
	if (value && next)
		return rule->action == HEADER_UNSET ? "header unset takes two arguments"
		                                    : "Header echo takes two arguments";
	argument[1] = NULL;
	argument[2] = value;
	return NULL;
}

const char *conf_headers_rule(
    const struct header_reader *hr, char *const *words, uint32_t n, struct header_rule *rule)
{
	const char *name = n > 1 ? words[1] : "", *argument[3] = {NULL, NULL, NULL};
	const char *error = rule_action(n ? words[0] : "", &rule->action);

	if (!error)
		error = rule_arguments(words + 2, n > 2 ? n - 2 : 0, rule, argument);
	if (error)
		return error;
	if (rule->action == HEADER_ECHO && hr->in)
		return "Header echo only valid on Header directives";
	if (rule->action == HEADER_ECHO)
		error = rule_regex(hr, name, rule);
	else if (argument[0])
		error = rule_regex(hr, argument[0], rule);
	if (!error && argument[2])
		error = rule_condition(hr, argument[2], rule);
	rule->name = arena_strndup(hr->a, name, strcspn(name, ":"));
	if (!error && argument[1])
		error = rule_value(hr, argument[1], rule);
	return error;
}

static void append(struct arena *a, struct header_rules *to, const struct header_rules *base,
    const struct header_rules *add)
{
	if (base->n == 0 || add->n == 0) {
		*to = base->n ? *base : *add;
		return;
	}
	struct header_rule *v = arena_array(a, (size_t)base->n + add->n, sizeof(*v));

	memcpy(v, base->v, base->n * sizeof(*v));
	memcpy(v + base->n, add->v, add->n * sizeof(*v));
	*to = (struct header_rules){base->n + add->n, v};
}

void conf_headers_merge(struct arena *a, struct conf_headers **base, const struct conf_headers *add)
{
	const struct conf_headers none = {.early = false}, *old = *base ? *base : &none;

	if (!add)
		return;
	struct conf_headers *new = ARENA_NEW(a, struct conf_headers);

	append(a, &new->in, &old->in, &add->in);
	append(a, &new->success, &old->success, &add->success);
	append(a, &new->always, &old->always, &add->always);
	new->early = old->early || add->early;
	*base = new;
}
