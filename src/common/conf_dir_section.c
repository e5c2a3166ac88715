/*
 * Sections among the lines of directory context: <Files>, <FilesMatch>, <If>, <ElseIf>, <Else>,
 * <Limit>, <LimitExcept> (Apache: filesection, ifsection, ap_limit_section). Run by the loader on
 * the administrator's words and by the child on those of a .htaccess.
 */
#include "itkd/conf_dir.h"
#include "itkd/conf_method.h"
#include "itkd/conf_parse.h"
#include "itkd/regex.h"
#include <string.h>
#include <strings.h>

#define NESTED_MAX 32 /* sections in each other: bounds the stack for a hostile .htaccess */

void conf_dir_inherit(struct conf_dir_build *b, const struct conf_dir_build *from)
{
	conf_dir_begin(b, from->tmp, from->a, from->secret, from->report);
	b->server_root = from->server_root;
	b->context = from->context;
	b->within = from->within;
	b->section = from->section;
	b->directory = from->directory;
	b->rewrites = from->rewrites;
	b->allow = from->allow;
	b->methods = from->methods;
	b->noted = from->noted;
	b->depth = from->depth;
}

/* What mod_rewrite takes away from a path and puts before a substitution there. */
static const char *section_directory(const struct conf_node *node)
{
	switch (node->directive->id) {
	case CONF_ID_SECTION_If:
	case CONF_ID_SECTION_ElseIf:
	case CONF_ID_SECTION_Else:
		return "*If";
	default:
		return node->nargs ? node->args[node->nargs - 1] : "";
	}
}

const struct conf_dir *conf_dir_nested(
    struct conf_dir_build *b, const struct conf_node *node, unsigned within)
{
	struct conf_dir_build inner;
	struct conf_dir *dir = ARENA_NEW(b->a, struct conf_dir);

	conf_dir_inherit(&inner, b);
	/* Within a section of the server's own files, everything that a directory takes. */
	if (inner.context != CTX_HTACCESS)
		inner.context = CTX_DIRECTORY;
	inner.section = node;
	inner.directory = section_directory(node);
	inner.within |= within;
	inner.depth++;
	conf_dir_read(&inner, node->children);
	conf_dir_done(&inner, node);
	*dir = inner.dir;
	return dir;
}

/* apr_fnmatch_test: whether there are wildcards in it. */
static bool has_wildcard(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '?' || *p == '*')
			return true;
		if (*p == '\\' && *++p == '\0')
			return false;
		if (*p == '[' && strchr(p + 1, ']'))
			return true;
	}
	return false;
}

const char *conf_dir_match(
    struct conf_dir_build *b, const struct conf_node *node, bool regex, struct conf_match *match)
{
	uint32_t at = 0;
	const char *error;

	if (!regex && node->nargs > 1 && strcmp(node->args[0], "~") == 0) {
		regex = true;
		at = 1;
	}
	if (node->nargs > at + 1)
		return arena_printf(
		    b->tmp, "Multiple <%s> arguments not (yet) supported.", node->directive->name);
	if (node->nargs <= at)
		return arena_printf(
		    b->tmp, "<%s> directive requires additional arguments", node->directive->name);
	*match = (struct conf_match){.text = arena_strdup(b->a, node->args[at])};
	if (!regex) {
		match->kind = has_wildcard(match->text) ? MATCH_GLOB : MATCH_TEXT;
		return NULL;
	}
	match->kind = MATCH_REGEX;
	match->regex = regex_compile(b->a, match->text, 0, &error);
	return match->regex ? NULL : arena_printf(b->tmp, "Regex could not be compiled: %s", error);
}

static const char *too_deep(struct conf_dir_build *b)
{
	return arena_printf(b->tmp, "more than %d sections in each other", NESTED_MAX);
}

static const char *within_error(
    struct conf_dir_build *b, const struct conf_node *node, unsigned forbidden)
{
	const char *name = node->directive->name;

	if (b->depth >= NESTED_MAX)
		return too_deep(b);
	if (b->within & forbidden & WITHIN_LIMIT)
		return arena_printf(
		    b->tmp, "<%s> cannot occur within <Limit> or <LimitExcept> section", name);
	if (b->within & forbidden & WITHIN_LOCATION)
		return arena_printf(b->tmp, "<%s> cannot occur within <Location> section", name);
	return NULL;
}

static const char *section_files(struct conf_dir_build *b, const struct conf_node *node)
{
	struct conf_match match = {0}, *added;
	bool regex = node->directive->id == CONF_ID_SECTION_FilesMatch;
	const char *error = within_error(b, node, WITHIN_LOCATION | WITHIN_LIMIT);

	if (!error)
		error = conf_dir_match(b, node, regex, &match);
	if (error)
		return error;
	if (b->within & WITHIN_FILES && b->section)
		conf_report(b->report, CONF_WARNING, node,
		    "has no effect within <%s>, as in Apache", b->section->name);
	match.dir = conf_dir_nested(b, node, WITHIN_FILES);
	added = conf_dir_push(b->a, &b->dir.files.v, &b->dir.files.n, sizeof(*added));
	*added = match;
	return NULL;
}

static const char *if_condition(
    struct conf_dir_build *b, const struct conf_node *node, const struct expr **condition)
{
	const char *error = NULL;

	if (node->nargs == 0)
		return arena_printf(
		    b->tmp, "<%s> directive requires additional arguments", node->directive->name);
	if (node->nargs > 1)
		return arena_printf(
		    b->tmp, "Multiple <%s> arguments not supported.", node->directive->name);
	*condition = conf_dir_expr(b, b->a, node->args[0], EXPR_CONDITION, &error);
	return *condition ? NULL : arena_printf(b->tmp, "Cannot parse condition clause: %s", error);
}

static const char *section_if(
    struct conf_dir_build *b, const struct conf_node *node, enum conf_if_kind kind)
{
	struct conf_if section = {.kind = kind}, *added;
	const struct conf_ifs *ifs = &b->dir.ifs;
	const char *error = within_error(b, node, WITHIN_LIMIT);

	if (!error && kind == IF_ELSE && node->nargs)
		error = "<Else> does not take an argument";
	else if (!error && kind != IF_ELSE)
		error = if_condition(b, node, &section.condition);
	if (!error && kind != IF_IF && (ifs->n == 0 || ifs->v[ifs->n - 1].kind == IF_ELSE))
		error = "<Else> or <ElseIf> section without previous <If> or <ElseIf> section in "
		        "same scope";
	if (error)
		return error;
	section.dir = conf_dir_nested(b, node, WITHIN_FILES);
	added = conf_dir_push(b->a, &b->dir.ifs.v, &b->dir.ifs.n, sizeof(*added));
	*added = section;
	return NULL;
}

static const char *limit_methods(
    struct conf_dir_build *b, const struct conf_node *node, bool except, uint64_t *methods)
{
	const char *name = node->directive->name;
	uint64_t bits = 0;

	if (node->nargs == 0)
		return arena_printf(b->tmp, "<%s> directive requires additional arguments", name);
	for (uint32_t i = 0; i < node->nargs; i++) {
		const char *word = node->args[i];
		uint64_t bit = conf_method_bit(span_of(word));

		if (!except && bit == CONF_METHOD_TRACE)
			return "TRACE cannot be controlled by <Limit>, see TraceEnable";
		if (!(bit & CONF_METHODS_BUILT_IN) && b->context == CTX_HTACCESS)
			return arena_printf(b->tmp,
			    "Could not register method '%s' for <%s from .htaccess configuration",
			    word, name);
		if (bit == CONF_METHOD_OTHER)
			return arena_printf(b->tmp,
			    "there is no method '%s' here; their names are in upper case", word);
		bits |= bit;
	}
	*methods = except ? ~bits : bits;
	if (!(b->methods & *methods))
		return arena_printf(b->tmp, "<%s> directive excludes all methods", name);
	if ((b->methods & *methods) == b->methods)
		return arena_printf(
		    b->tmp, "<%s> directive specifies methods already excluded", name);
	return NULL;
}

/* Its lines are b's own, for fewer methods. */
static const char *section_limit(struct conf_dir_build *b, const struct conf_node *node)
{
	bool except = node->directive->id == CONF_ID_SECTION_LimitExcept;
	const struct conf_node *section = b->section;
	uint64_t methods = 0, before = b->methods;
	unsigned within = b->within;
	const char *error =
	    b->depth >= NESTED_MAX ? too_deep(b) : limit_methods(b, node, except, &methods);

	if (error)
		return error;
	b->methods &= methods;
	b->within |= WITHIN_LIMIT;
	b->section = node;
	b->depth++;
	conf_dir_read(b, node->children);
	b->depth--;
	b->section = section;
	b->within = within;
	b->methods = before;
	return NULL;
}

const char *conf_dir_section(struct conf_dir_build *b, const struct conf_node *node)
{
	switch (node->directive->id) {
	case CONF_ID_SECTION_Files:
	case CONF_ID_SECTION_FilesMatch:
		return section_files(b, node);
	case CONF_ID_SECTION_If:
		return section_if(b, node, IF_IF);
	case CONF_ID_SECTION_ElseIf:
		return section_if(b, node, IF_ELSEIF);
	case CONF_ID_SECTION_Else:
		return section_if(b, node, IF_ELSE);
	case CONF_ID_SECTION_Limit:
	case CONF_ID_SECTION_LimitExcept:
		return section_limit(b, node);
	default:
		return conf_access_section(b, node);
	}
}
