/*
 * Setters of Apache's core (conf_dir_set.h): Options, AllowOverride, AllowOverrideList, SetHandler,
 * ForceType. Run by the loader as root on the administrator's words, and by the child as the
 * vhost's user on those of a .htaccess. What is wrong is told in Apache's words.
 */
#include "common/conf_dir_set.h"
#include "itkd/conf_parse.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool option_bits(const char *word, size_t n, uint32_t *bits)
{
	static const struct {
		const char *name;
		uint32_t bits;
	} options[] = {
	    {"None", 0},
	    {"All", OPT_ALL},
	    {"Indexes", OPT_INDEXES},
	    {"FollowSymLinks", OPT_SYM_LINKS},
	    {"SymLinksIfOwnerMatch", OPT_SYM_OWNER},
	    {"ExecCGI", OPT_EXECCGI},
	    {"Includes", OPT_INCLUDES | OPT_INC_WITH_EXEC},
	    {"IncludesNOEXEC", OPT_INCLUDES},
	    {"MultiViews", OPT_MULTI},
	    {"RunScripts", OPT_MULTI | OPT_EXECCGI},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (strncasecmp(word, options[i].name, n) == 0 && options[i].name[n] == '\0') {
			*bits = options[i].bits;
			return true;
		}
	return false;
}

/* Of one line of Options, so far. */
struct options_line {
	bool first, relative, all_none;
};

/* What set_options of Apache's core has against this word in this place. */
static const char *option_place(struct options_line *line, char action, uint32_t bits)
{
	static const char mixed[] = "Either all Options must start with + or -, or no Option may.";
	bool none = bits == 0, all = bits == OPT_ALL;

	if (action && !line->relative && !line->first && !line->all_none)
		return mixed;
	if (!action && !line->first && line->relative)
		return mixed;
	line->relative = line->relative || action;
	if (!none && !all)
		return NULL;
	if (!line->first)
		return none ? "'Options None' must be the first Option given."
		            : "'Options All' must be the first option given.";
	if (line->relative)
		return none ? "You may not use 'Options +None' or 'Options -None'."
		            : "You may not use 'Options +All' or 'Options -All'.";
	line->all_none = true;
	return NULL;
}

static void option_set(struct conf_dir *d, char action, uint32_t bits)
{
	if (action == '-') {
		d->options_remove |= bits;
		d->options_add &= ~bits;
		d->options &= ~bits;
		return;
	}
	d->options |= bits;
	if (action == '+') {
		d->options_add |= bits;
		d->options_remove &= ~bits;
	}
}

const char *dir_options(struct conf_dir_build *b, const struct conf_value *v)
{
	struct options_line line = {.first = true};
	struct conf_dir *d = &b->dir;

	for (uint32_t i = 0; i < v->n; i++) {
		const char *w = v->words[i], *error;
		char action = *w == '+' || *w == '-' ? *w++ : '\0';
		uint32_t bits;

		if (!option_bits(w, strlen(w), &bits))
			return arena_printf(b->tmp, "Illegal option %s", w);
		if (line.first && !action)
			d->options = 0;
		error = option_place(&line, action, bits);
		if (error)
			return error;
		if (b->allow && bits & ~b->allow->options)
			return arena_printf(b->tmp, "Option %s not allowed here", w);
		if (bits & OPT_INCLUDES && action != '-' && bits != OPT_ALL)
			conf_report(b->report, CONF_NOTE, v->node, "%s has no effect", w);
		option_set(d, action, bits);
		line.first = false;
	}
	d->set |= DIR_OPTIONS;
	return NULL;
}

/* The list behind Options=; an empty one changes nothing, as in Apache. */
static const char *allow_options(struct conf_dir_build *b, const char *list)
{
	uint32_t all = 0, bits;
	bool any = false;

	while (*list) {
		size_t n = strcspn(list, ",");

		if (n && !option_bits(list, n, &bits))
			return arena_printf(b->tmp, "Illegal option %.*s", (int)n, list);
		if (n) {
			all |= bits;
			any = true;
		}
		list += n + (list[n] == ',');
	}
	if (any)
		b->dir.allow.options = all;
	return NULL;
}

static const char *allow_nonfatal(struct conf_allow *allow, const char *what)
{
	if (!what)
		return "=Override, =Unknown or =All expected after Nonfatal";
	if (strcasecmp(what, "Override") == 0)
		allow->classes |= NONFATAL_OVERRIDE;
	else if (strcasecmp(what, "Unknown") == 0)
		allow->classes |= NONFATAL_UNKNOWN;
	else if (strcasecmp(what, "All") == 0)
		allow->classes |= NONFATAL_OVERRIDE | NONFATAL_UNKNOWN;
	return NULL;
}

/* A class may have a list behind '=', which counts for Options and Nonfatal only. */
static const char *allow_class(struct conf_dir_build *b, const char *word)
{
	static const struct {
		const char *name;
		unsigned class;
	} classes[] = {
	    {"AuthConfig", OVERRIDE_AUTHCONFIG},
	    {"FileInfo", OVERRIDE_FILEINFO},
	    {"Indexes", OVERRIDE_INDEXES},
	    {"Limit", OVERRIDE_LIMIT},
	    {"Options", OVERRIDE_OPTIONS},
	};
	struct conf_allow *allow = &b->dir.allow;
	size_t n = strcspn(word, "=");
	const char *list = word[n] ? word + n + 1 : NULL, *name = arena_strndup(b->tmp, word, n);

	if (strcasecmp(name, "None") == 0)
		allow->classes = 0;
	else if (strcasecmp(name, "All") == 0)
		allow->classes = OVERRIDE_ALL;
	else if (strcasecmp(name, "Nonfatal") == 0)
		return allow_nonfatal(allow, list);
	else {
		unsigned class = 0;

		for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
			if (strcasecmp(name, classes[i].name) == 0)
				class = classes[i].class;
		if (!class)
			return arena_printf(b->tmp, "Illegal override option %s", name);
		allow->classes |= class;
		if (class == OVERRIDE_OPTIONS && list)
			return allow_options(b, list);
		if (class == OVERRIDE_OPTIONS)
			allow->options = OPT_ALL;
	}
	return NULL;
}

static void useless_allow(struct conf_dir_build *b, const struct conf_node *node)
{
	if (b->within & (WITHIN_LOCATION | WITHIN_FILES))
		conf_report(b->report, CONF_WARNING, node, "Useless use of %s: %s",
		    node->directive->name, "only <Directory> says what .htaccess files may hold");
}

const char *dir_allow_override(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *error = NULL;

	useless_allow(b, v->node);
	b->dir.allow.classes = 0;
	if (!(b->dir.set & DIR_ALLOW))
		b->dir.allow.options = OPT_ANY;
	b->dir.set |= DIR_ALLOW;
	for (uint32_t i = 0; i < v->n && !error; i++)
		error = allow_class(b, v->words[i]);
	return error;
}

static const struct conf_directive *find_directive(const char *word)
{
	bool section = *word == '<';

	for (int i = 0; i < CONF_IDS; i++)
		if (conf_table[i].section == section &&
		    strcasecmp(conf_table[i].name, word + section) == 0)
			return &conf_table[i];
	return NULL;
}

const char *dir_allow_override_list(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_allow *allow = &b->dir.allow;

	useless_allow(b, v->node);
	allow->nlist = 0;
	allow->list = NULL;
	b->dir.set |= DIR_ALLOW_LIST;
	for (uint32_t i = 0; i < v->n; i++) {
		const char *word = v->words[i];
		const struct conf_directive *d = find_directive(word);

		if (strcasecmp(word, "None") == 0)
			return v->n == 1 ? NULL
			                 : "'None' not allowed with other directives in "
			                   "AllowOverrideList";
		if (!d)
			conf_report(b->report, CONF_WARNING, v->node,
			    "AH00116: Discarding unrecognized directive `%s' in "
			    "AllowOverrideList",
			    word);
		else if (!(d->contexts & CTX_HTACCESS))
			conf_report(b->report, CONF_WARNING, v->node,
			    "AH02304: Discarding directive `%s' not allowed in "
			    "AllowOverrideList",
			    word);
		else
			*(uint16_t *)conf_dir_push(
			    b->a, &allow->list, &allow->nlist, sizeof(uint16_t)) = (uint16_t)d->id;
	}
	return NULL;
}

const char *dir_set_handler(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_dir *d = &b->dir;
	const char *error = NULL;

	d->set |= DIR_HANDLER;
	d->handler_expr = NULL;
	/* The name of a socket is a file's. */
	d->handler = strncmp(v->text, "proxy:unix:", 11) == 0 ? arena_strdup(b->a, v->text)
	                                                      : arena_lower(b->a, v->text);
	if (strcmp(d->handler, "none") == 0)
		d->handler = arena_strdup(b->a, "");
	if (!strchr(v->text, '%'))
		return NULL;
	d->handler_expr = conf_dir_expr(b, b->a, v->text, EXPR_STRING, &error);
	return d->handler_expr ? NULL : arena_printf(b->tmp, "Can't parse expression : %s", error);
}

const char *dir_force_type(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.type =
	    strcasecmp(v->text, "None") == 0 ? arena_strdup(b->a, "") : arena_lower(b->a, v->text);
	b->dir.set |= DIR_TYPE;
	return NULL;
}
