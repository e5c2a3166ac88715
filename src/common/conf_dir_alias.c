/*
 * Alias and Redirect with their forms (mod_alias) into a struct conf_alias_dir: of a server, of a
 * section, of a .htaccess. Run by the loader on the administrator's words, and by the child, after
 * the drop, on the vhost user's own.
 */
#include "common/conf_dir_set.h"

#include "itkd/conf_alias.h"
#include "itkd/conf_parse.h"
#include "itkd/regex.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct conf_alias_dir *own(struct conf_dir_build *b)
{
	if (!b->dir.alias)
		b->dir.alias = ARENA_NEW(b->a, struct conf_alias_dir);
	return b->dir.alias;
}

/* A server's or virtual host's own line: it stands in no section and in no .htaccess. */
static bool is_server(const struct conf_dir_build *b)
{
	return !b->section && (b->context & (CTX_SERVER | CTX_VHOST));
}

static struct conf_alias *push(struct conf_dir_build *b, struct conf_aliases *list)
{
	return conf_dir_push(b->a, &list->v, &list->n, sizeof(struct conf_alias));
}

/* An argument that is empty is none, as in Apache. */
static const char *word(const struct conf_value *v, uint32_t i)
{
	return i < v->n && *v->words[i] ? v->words[i] : NULL;
}

static const char *pattern(struct conf_dir_build *b, const char *text, struct conf_alias *out)
{
	const char *error = NULL;

	out->regex = regex_compile(b->a, text, 0, &error);
	return out->regex ? NULL : "Regular expression could not be compiled.";
}

/* An earlier one that takes all that this one could take. */
static void warn_overlap(
    struct conf_dir_build *b, const struct conf_value *v, const struct conf_aliases *list)
{
	const char *from = v->words[0];

	for (uint32_t i = 0; i + 1 < list->n; i++) {
		const struct conf_alias *a = &list->v[i];

		if (a->regex ? !regex_find(a->regex, span_of(from), NULL)
		             : conf_alias_match(from, a->from) == 0)
			continue;
		conf_report(b->report, CONF_WARNING, v->node,
		    "AH00671: The %s directive will probably never match because it overlaps an "
		    "earlier %sAlias%s.",
		    v->node->directive->name, a->script ? "Script" : "", a->regex ? "Match" : "");
		return;
	}
}

static const char *add_server_alias(
    struct conf_dir_build *b, const struct conf_value *v, bool script, bool regex)
{
	struct conf_alias_dir *d = own(b);
	struct conf_alias alias = {.script = script};
	const char *error = regex ? pattern(b, v->words[0], &alias) : NULL;

	if (error)
		return error;
	alias.from = arena_strdup(b->a, v->words[0]);
	alias.to = arena_strdup(b->a, v->words[1]);
	*push(b, &d->aliases) = alias;
	if (!regex)
		warn_overlap(b, v, &d->aliases);
	/* Apache takes it, and a request never has such a path: a mistake. */
	if (!regex && *alias.from != '/')
		conf_report(b->report, CONF_WARNING, v->node,
		    "'%s' is no URL path, so it never matches: it should begin with '/'",
		    alias.from);
	return NULL;
}

/* The path of the <Location>, where it is one and no pattern. */
static const char *location_path(const struct conf_dir_build *b)
{
	const struct conf_node *n = b->section;

	if (!n || !n->directive || n->directive->id != CONF_ID_SECTION_Location || n->nargs != 1)
		return NULL;
	return n->args[0];
}

static const char *add_location_alias(struct conf_dir_build *b, const char *text, bool script)
{
	struct conf_alias_dir *d;
	const char *error = NULL, *path = location_path(b);
	const struct expr *e;

	if (is_server(b))
		return "Alias must have two arguments when used globally";
	if ((b->within & WITHIN_FILES) || !(b->within & WITHIN_LOCATION))
		return "Alias with one argument can only occur within <Location>";
	e = conf_dir_expr(b, b->a, text, EXPR_STRING, &error);
	if (!e)
		return arena_printf(b->tmp, "Cannot parse alias expression '%s': %s", text, error);
	d = own(b);
	d->alias = e;
	d->alias_script = script;
	d->alias_path = path ? arena_strdup(b->a, path) : NULL;
	return NULL;
}

static const char *add_alias(struct conf_dir_build *b, const struct conf_value *v, bool script)
{
	if (!word(v, 0))
		return "takes 1-2 arguments, a fakename and a realname, or a realname in a "
		       "Location";
	if (!word(v, 1))
		return add_location_alias(b, v->words[0], script);
	if (!is_server(b))
		return "cannot occur within directory context";
	return add_server_alias(b, v, script, false);
}

const char *dir_alias(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_alias(b, v, false);
}

const char *dir_script_alias(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_alias(b, v, true);
}

static const char *add_alias_match(
    struct conf_dir_build *b, const struct conf_value *v, bool script)
{
	if (!word(v, 0) || !word(v, 1))
		return "takes two arguments, a regular expression and a filename";
	if (!is_server(b))
		return "cannot occur within directory context";
	return add_server_alias(b, v, script, true);
}

const char *dir_alias_match(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_alias_match(b, v, false);
}

const char *dir_script_alias_match(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_alias_match(b, v, true);
}

static bool is_redirect(long status)
{
	return status >= 300 && status < 400;
}

/* Whether the word says a status, and which. */
static bool read_status(const char *text, long *status)
{
	static const struct {
		const char *name;
		int status;
	} names[] = {{"permanent", 301}, {"temp", 302}, {"seeother", 303}, {"gone", 410}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(text, names[i].name) == 0) {
			*status = names[i].status;
			return true;
		}
	if (!isdigit((unsigned char)*text))
		return false;
	*status = strtol(text, NULL, 10);
	return true;
}

/* Of all that the section holds for: url NULL where the status needs none. */
static const char *set_redirect(struct conf_dir_build *b, const char *url, long status)
{
	struct conf_alias_dir *d;
	const struct expr *e = NULL;
	const char *error = NULL;

	if (url) {
		e = conf_dir_expr(b, b->a, url, EXPR_STRING, &error);
		if (!e)
			return arena_printf(
			    b->tmp, "Cannot parse redirect expression '%s': %s", url, error);
	}
	d = own(b);
	d->redirect_set = true;
	d->redirect_status = (uint16_t)status;
	d->redirect = e;
	return NULL;
}

/* What is redirected, and whereto. */
struct redirect_words {
	const char *from, *url;
	long status;
	bool regex;
};

static const char *push_redirect(
    struct conf_dir_build *b, const struct conf_value *v, const struct redirect_words *w)
{
	struct conf_alias alias = {.status = (uint16_t)w->status};
	const char *error = w->regex ? pattern(b, w->from, &alias) : NULL;

	if (error)
		return error;
	if (is_redirect(w->status) && !w->url)
		return "URL to redirect to is missing";
	if (is_redirect(w->status) && !w->regex && !conf_is_url(w->url) && *w->url != '/')
		return "Redirect to non-URL";
	if (!is_redirect(w->status) && w->url)
		return "Redirect URL not valid for this status";
	if (!w->regex && *w->from != '/')
		conf_report(b->report, CONF_WARNING, v->node,
		    "'%s' is no URL path, so it never matches, as in Apache: it should begin with "
		    "'/', or be left out",
		    w->from);
	alias.from = arena_strdup(b->a, w->from);
	alias.to = w->url ? arena_strdup(b->a, w->url) : NULL;
	*push(b, &own(b)->redirects) = alias;
	return NULL;
}

static const char *add_redirect(
    struct conf_dir_build *b, const struct conf_value *v, long status, bool regex)
{
	const char *first = word(v, 0), *second = word(v, 1), *third = word(v, 2);

	if (!first)
		return "takes one, two or three arguments, an optional status, then document to be "
		       "redirected and destination URL";
	bool known = read_status(first, &status);

	if (status < 100 || status > 999)
		return arena_printf(b->tmp, "'%s' is no status", first);
	if (third && !known)
		return "Redirect: invalid first argument (of three)";
	if (third)
		return push_redirect(b, v, &(struct redirect_words){second, third, status, regex});
	/* In a section or .htaccess what is redirected need not be said. */
	if (!is_server(b) && known && (second ? is_redirect(status) : !is_redirect(status)))
		return set_redirect(b, second, status);
	if (!is_server(b) && !known && !second)
		return set_redirect(b, first, status);
	if (!second)
		return known && !is_redirect(status)
		           ? "what is gone is missing: write its URL path behind the status"
		           : "URL to redirect to is missing";
	return push_redirect(b, v,
	    known ? &(struct redirect_words){second, NULL, status, regex}
	          : &(struct redirect_words){first, second, status, regex});
}

const char *dir_redirect(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_redirect(b, v, 302, false);
}

const char *dir_redirect_match(struct conf_dir_build *b, const struct conf_value *v)
{
	if (!word(v, 1))
		return "takes two or three arguments, an optional status, then a regular "
		       "expression and destination URL";
	return add_redirect(b, v, 302, true);
}

static const char *add_redirect_two(
    struct conf_dir_build *b, const struct conf_value *v, long status)
{
	if (!word(v, 1))
		return "takes two arguments, a document to be redirected, then the destination URL";
	return add_redirect(b, v, status, false);
}

const char *dir_redirect_temp(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_redirect_two(b, v, 302);
}

const char *dir_redirect_permanent(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_redirect_two(b, v, 301);
}

const char *dir_redirect_relative(struct conf_dir_build *b, const struct conf_value *v)
{
	own(b)->relative = v->flag ? ALIAS_FLAG_ON : ALIAS_FLAG_OFF;
	return NULL;
}

const char *dir_alias_preserve_path(struct conf_dir_build *b, const struct conf_value *v)
{
	own(b)->preserve = v->flag ? ALIAS_FLAG_ON : ALIAS_FLAG_OFF;
	return NULL;
}
