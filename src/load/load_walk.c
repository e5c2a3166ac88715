/*
 * Applies the directives of one server in the order written, each checked against the table first:
 * known, implemented, in its place, its arguments of the right type. Run by the loader.
 */
#include "load/load.h"

#include <string.h>
#include <strings.h>

static const char *context_name(unsigned context)
{
	switch (context) {
	case CTX_VHOST:
		return "<VirtualHost>";
	case CTX_DIRECTORY:
		return "<Directory>";
	default:
		return "server config";
	}
}

static void report_unknown(struct loader *l, const struct conf_node *n)
{
	const struct conf_directive *near = conf_table_nearest(n->name, n->section);
	const char *open = n->section ? "<" : "", *guess = "";

	if (near)
		guess = arena_printf(l->tmp, "; did you mean %s%s?", open, near->name);
	conf_report(l->report, CONF_ERROR, n,
	    "Invalid command '%s%s', perhaps misspelled or defined by a module not included in the "
	    "server configuration%s",
	    open, n->name, guess);
}

/* Whether text is one of the alternatives "a|b|c", without case. */
static bool one_of(const char *alternatives, const char *text)
{
	for (const char *p = alternatives;; p++) {
		size_t n = strcspn(p, "|");

		if (strlen(text) == n && strncasecmp(p, text, n) == 0)
			return true;
		p += n;
		if (!*p)
			return false;
	}
}

/* A directive without effect: a note for its first use, an error for a value that means more. */
static void report_accepted(struct loader *l, const struct conf_node *n)
{
	const struct conf_directive *d = n->directive;
	void **noted = conf_map_at(&l->noted, d->name);

	if (d->initial && !one_of(d->initial, n->raw)) {
		conf_report(l->report, CONF_ERROR, n,
		    "'%s' is not implemented (%s); only %s is possible", n->raw, d->manual,
		    d->initial);
		return;
	}
	if (!*noted)
		conf_report(l->report, CONF_NOTE, n, "has no effect: %s", d->manual);
	*noted = l;
}

bool load_allowed(struct loader *l, const struct conf_node *n, unsigned context)
{
	const struct conf_directive *d = n->directive;

	if (!d) {
		report_unknown(l, n);
		return false;
	}
	if (d->status == CONF_REFUSED) {
		conf_report(l->report, CONF_ERROR, n, "%s", d->manual);
		return false;
	}
	if (!(d->contexts & context)) {
		conf_report(
		    l->report, CONF_ERROR, n, "cannot occur within %s", context_name(context));
		return false;
	}
	if (d->status == CONF_ACCEPTED) {
		report_accepted(l, n);
		return false;
	}
	return true;
}

void load_walk(struct loader *l, struct load_server *s, const struct conf_node *nodes)
{
	unsigned context = s->node ? CTX_VHOST : CTX_SERVER;
	struct conf_value value;

	for (const struct conf_node *n = nodes; n; n = n->next) {
		if (!load_allowed(l, n, context))
			continue;
		const char *error = conf_table_value(l->tmp, l->parser.server_root, n, &value);

		if (!error && !n->section)
			error = load_set(l, s, &value);
		if (error)
			conf_report(l->report, CONF_ERROR, n, "%s", error);
		else if (n->directive->id == CONF_ID_SECTION_Directory)
			load_section_add(l, s, n);
	}
}
