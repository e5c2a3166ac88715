/*
 * <Macro name $a $b>, Use and UndefMacro, as Apache's mod_macro: the macro's lines are kept as they
 * stand, and read in the place of each Use with the arguments replaced. Run by the loader as root
 * on the administrator's words, and by the child as the vhost's user on those of a .htaccess.
 */
#include "common/conf_parse_frame.h"
#include "itkd/conf_lex.h"
#include <string.h>
#include <strings.h>

struct conf_macro {
	const char *name; /* lower case */
	const char *where;
	uint32_t nargs;
	char *const *args;
	struct conf_vec lines; /* const char * */
};

static void warn(struct conf_parser *p, const char *text)
{
	conf_report_at(
	    p->report, CONF_WARNING, p->frame->file, p->frame->line, "<Macro>", "%s", text);
}

/* The lines up to </Macro>, continued ones in one, comments left out. False: the text ends first.
 */
static bool read_body(struct conf_parser *p, struct conf_macro *m)
{
	struct conf_lines *l = p->frame->lines;
	enum conf_line_result r;
	uint32_t line;
	int macros = 1, sections = 0;
	char *text;

	while ((r = conf_lex_line(l, p->a, &text, &line)) != CONF_LINE_END) {
		const char *rest = text;

		if (r != CONF_LINE_OK) {
			p->frame->line = line;
			conf_parse_error(p, "<Macro>", "a line is too long or holds a NUL byte");
			continue;
		}
		if (*text == '#')
			continue;
		const char *word = conf_lex_word(p->a, &rest);

		macros += strcasecmp(word, "<Macro") == 0;
		macros -= strcasecmp(word, "</Macro>") == 0;
		if (macros == 0) {
			if (sections && !p->quiet_macros)
				warn(p,
				    arena_printf(p->a, "AH02795: bad cumulated nesting (%+d) in %s",
				        sections, m->where));
			return true;
		}
		if (*word == '<')
			sections += word[1] == '/' ? -1 : 1;
		*(const char **)conf_vec_push(&m->lines, p->a, sizeof(char *)) = text;
	}
	return false;
}

/* NULL, or what is wrong with the names of the arguments. */
static const char *check_args(struct conf_parser *p, const struct conf_macro *m)
{
	if (m->nargs > CONF_MACRO_ARGS)
		return arena_printf(p->a, "%s: more than %d arguments", m->where, CONF_MACRO_ARGS);
	for (uint32_t i = 0; i < m->nargs; i++) {
		const char *arg = m->args[i];

		if (!*arg)
			return arena_printf(p->a, "%s: empty argument #%u name", m->where, i + 1);
		if (!strchr("$%@", *arg))
			warn(p, arena_printf(p->a,
			            "AH02796: %s argument name '%s' (#%u) without expected prefix, "
			            "better "
			            "prefix argument names with one of '$%%@'.",
			            m->where, arg, i + 1));
		for (uint32_t j = 0; j < i; j++)
			if (strcmp(m->args[j], arg) == 0)
				return arena_printf(p->a,
				    "argument name conflict in %s: argument '%s': #%u and #%u, "
				    "change argument names!",
				    m->where, arg, j + 1, i + 1);
	}
	return NULL;
}

static void check_used(struct conf_parser *p, const struct conf_macro *m)
{
	const char *const *lines = m->lines.v;

	if (m->lines.n == 0)
		warn(p, arena_printf(p->a, "AH02799: %s: empty contents!", m->where));
	for (uint32_t i = 0; i < m->nargs && m->lines.n; i++) {
		bool used = false;

		for (uint32_t j = 0; j < m->lines.n && !used; j++)
			used = strstr(lines[j], m->args[i]) != NULL;
		if (!used)
			warn(p, arena_printf(p->a, "AH02800: %s: argument '%s' (#%u) never used",
			            m->where, m->args[i], i + 1));
	}
}

static void **macro_at(struct conf_parser *p, const char *name)
{
	if (!p->macros.a)
		conf_map_init(&p->macros, p->a, true);
	return conf_map_at(&p->macros, name);
}

void conf_macro_define(struct conf_parser *p, const char *argument)
{
	struct conf_macro *m = ARENA_NEW(p->a, struct conf_macro), *before;
	uint32_t n, begin = p->frame->line;
	char **words = conf_lex_words(p->a, argument, &n);
	const char *error = NULL;

	m->name = n ? arena_lower(p->a, words[0]) : "";
	m->where = arena_printf(
	    p->a, "macro '%s' (defined on line %u of \"%s\")", m->name, begin, p->frame->file);
	m->nargs = n ? n - 1 : 0;
	m->args = n ? words + 1 : words;
	if (!*m->name)
		error = "macro definition: empty name";
	if (!error)
		error = check_args(p, m);
	if (!read_body(p, m) && !error)
		error = arena_printf(p->a, "%s: no </Macro>", m->where);
	p->frame->line = begin;
	if (error) {
		conf_parse_error(p, "<Macro>", error);
		return;
	}
	check_used(p, m);
	void **at = macro_at(p, m->name);

	before = *at;
	if (before)
		warn(p, arena_printf(p->a, "AH02802: %s: multiply defined, the first: %s", m->where,
		            before->where));
	*at = m;
}

void conf_macro_undefine(struct conf_parser *p, const char *name)
{
	void **at = macro_at(p, arena_lower(p->a, name));

	if (!*at)
		conf_parse_error(
		    p, "UndefMacro", arena_printf(p->a, "no macro '%s' is defined", name));
	*at = NULL;
}

/* What stands for an argument: with the prefix '@' in quotes. */
static const char *value_of(struct arena *a, const char *arg, const char *value)
{
	char *quoted, *out;

	if (*arg != '@')
		return value;
	out = quoted = arena_alloc(a, 2 * strlen(value) + 3);
	*out++ = '"';
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			*out++ = '\\';
		*out++ = *value;
	}
	*out = '"';
	return quoted;
}

/*
 * The argument that begins earliest in text, among those the longest; NULL: none is there. In one
 * pass: a .htaccess can have a line of a thousand times the same argument.
 */
static const char *next_argument(const struct conf_macro *m, const char *text, uint32_t *which)
{
	for (; *text; text++) {
		size_t longest = 0;

		for (uint32_t i = 0; i < m->nargs; i++) {
			const size_t n = *text == *m->args[i] ? strlen(m->args[i]) : 0;

			if (n <= longest || strncmp(text, m->args[i], n) != 0)
				continue;
			longest = n;
			*which = i;
		}
		if (longest)
			return text;
	}
	return NULL;
}

/* False when all Use together have given too much, or replaced too much by nothing. */
static bool count(struct conf_parser *p, size_t n)
{
	if (n > (p->htaccess ? CONF_MACRO_HTACCESS_MAX : CONF_MACRO_MAX) - p->used)
		return false;
	p->used += n;
	return true;
}

/* Appends; false as count(). */
static bool put(struct conf_parser *p, struct conf_vec *out, const char *s, size_t n)
{
	if (!count(p, n))
		return false;
	for (size_t i = 0; i < n; i++)
		*(char *)conf_vec_push(out, p->a, 1) = s[i];
	return true;
}

static bool put_line(struct conf_parser *p, struct conf_vec *out, const struct conf_macro *m,
    const char *line, const char *const *values)
{
	uint32_t which = 0;
	const char *at;

	while ((at = next_argument(m, line, &which))) {
		const size_t n = strlen(m->args[which]);

		if (!count(p, n) || !put(p, out, line, (size_t)(at - line)) ||
		    !put(p, out, values[which], strlen(values[which])))
			return false;
		line = at + n;
	}
	return put(p, out, line, strlen(line)) && put(p, out, "\n", 1);
}

static bool is_used(const struct conf_parser *p, const struct conf_macro *m)
{
	for (const struct conf_frame *f = p->frame; f; f = f->up)
		if (f->macro == m)
			return true;
	return false;
}

/* NULL, or what is wrong with this use. */
static const char *check_use(struct conf_parser *p, const struct conf_macro *m, uint32_t n)
{
	if (m->nargs != n)
		return arena_printf(
		    p->a, "%s used with %u arguments instead of %u", m->where, n, m->nargs);
	if (is_used(p, m))
		return arena_printf(p->a, "recursive use of macro '%s' is invalid", m->name);
	if (p->frame->depth + 1 >= CONF_INCLUDE_DEPTH)
		return arena_printf(p->a, "macros are used %d deep", CONF_INCLUDE_DEPTH);
	return NULL;
}

void conf_macro_use(struct conf_parser *p, uint32_t n, char *const *words)
{
	const struct conf_macro *m = conf_map_get(&p->macros, words[0]);
	const char *error =
	    m ? check_use(p, m, n - 1)
	      : arena_printf(p->a, "macro '%s' undefined", arena_lower(p->a, words[0]));
	struct conf_vec text = {0};
	bool fits = true;

	if (error) {
		conf_parse_error(p, "Use", error);
		return;
	}
	const char **values = arena_array(p->a, (size_t)n, sizeof(*values));

	for (uint32_t i = 0; i < m->nargs; i++) {
		values[i] = value_of(p->a, m->args[i], words[i + 1]);
		if (!*words[i + 1] && !p->quiet_macros)
			conf_report_at(p->report, CONF_WARNING, p->frame->file, p->frame->line,
			    "Use", "AH02798: %s: empty argument #%u", m->where, i + 1);
	}
	for (uint32_t i = 0; i < m->lines.n && fits; i++)
		fits = put_line(p, &text, m, ((const char **)m->lines.v)[i], values);
	if (!fits) {
		conf_parse_error(p, "Use", "what macros have given, all together, is too large");
		return;
	}
	conf_parse_macro(p, m,
	    arena_printf(
	        p->a, "%s used on line %u of \"%s\"", m->where, p->frame->line, p->frame->file),
	    text.v ? text.v : "", text.n);
}
