/*
 * The lines of a section or of a .htaccess into a conf_dir (conf_dir.h): whether each may stand
 * there, then its setter. Run by the loader as root on the administrator's words, and by the child
 * as the vhost's user on those of a .htaccess, where what is not allowed must never be passed over
 * (Apache: invoke_cmd).
 */
#include "itkd/conf_dir.h"
#include "itkd/conf_parse.h"
#include <string.h>
#include <strings.h>

static const char *node_name(struct arena *a, const struct conf_node *n)
{
	const char *name = n->directive ? n->directive->name : n->name;

	return n->section ? arena_printf(a, "<%s", name) : name;
}

#define GUESSES_MAX 200 /* each is a look at the whole table */

static bool report_unknown(struct conf_dir_build *b, const struct conf_node *n)
{
	const struct conf_directive *near = NULL;
	const char *guess = "";

	if (b->allow && b->allow->classes & NONFATAL_UNKNOWN) {
		conf_report(b->report, CONF_WARNING, n,
		    "AH02296: Unknown directive %s perhaps misspelled or defined by a module not "
		    "included in the server configuration",
		    node_name(b->tmp, n));
		return false;
	}
	if (b->context != CTX_HTACCESS && b->report->errors < GUESSES_MAX)
		near = conf_table_nearest(n->name, n->section);
	if (near)
		guess = arena_printf(b->tmp, "; did you mean %s%s%s?", n->section ? "<" : "",
		    near->name, n->section ? ">" : "");
	conf_report(b->report, CONF_ERROR, n,
	    "Invalid command '%s', perhaps misspelled or defined by a module not included in the "
	    "server configuration%s",
	    node_name(b->tmp, n), guess);
	return false;
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
static void report_accepted(struct conf_dir_build *b, const struct conf_node *n)
{
	const struct conf_directive *d = n->directive;

	if (d->initial && !one_of(d->initial, n->raw)) {
		conf_report(b->report, CONF_ERROR, n,
		    "'%s' is not implemented (%s); only %s is possible", n->raw, d->manual,
		    d->initial);
		return;
	}
	if (!b->noted)
		return;
	void **noted = conf_map_at(b->noted, d->name);

	if (!*noted)
		conf_report(b->report, CONF_NOTE, n, "has no effect: %s", d->manual);
	*noted = b;
}

static bool in_list(const struct conf_allow *allow, enum conf_id id)
{
	for (uint32_t i = 0; i < allow->nlist; i++)
		if (allow->list[i] == id)
			return true;
	return false;
}

static bool may_stand(const struct conf_dir_build *b, const struct conf_directive *d)
{
	if (!(d->contexts & b->context))
		return false;
	return !b->allow || b->allow->classes & d->override || in_list(b->allow, d->id);
}

static bool report_place(struct conf_dir_build *b, const struct conf_node *n)
{
	const char *name = node_name(b->tmp, n);

	if (b->allow && b->allow->classes & NONFATAL_OVERRIDE)
		conf_report(b->report, CONF_WARNING, n,
		    "AH02295: %s in .htaccess forbidden by AllowOverride", name);
	else if (b->context == CTX_VHOST && n->directive->contexts & CTX_SERVER)
		conf_report(b->report, CONF_ERROR, n,
		    "%s%s cannot occur within <VirtualHost> section", name, n->section ? ">" : "");
	else if (b->section)
		conf_report(b->report, CONF_ERROR, n, "%s not allowed in %s> context", name,
		    node_name(b->tmp, b->section));
	else if (b->context == CTX_VHOST)
		conf_report(
		    b->report, CONF_ERROR, n, "%s not allowed in <VirtualHost> context", name);
	else
		conf_report(b->report, CONF_ERROR, n, "%s not allowed here", name);
	return false;
}

bool conf_dir_allowed(struct conf_dir_build *b, const struct conf_node *n)
{
	const struct conf_directive *d = n->directive;

	if (!d)
		return report_unknown(b, n);
	if (!may_stand(b, d))
		return report_place(b, n);
	if (d->status == CONF_REFUSED) {
		/* The line in a site's log has nothing but this text. */
		bool named = b->context != CTX_HTACCESS;

		conf_report(b->report, CONF_ERROR, n, "%s%s%s", named ? "" : node_name(b->tmp, n),
		    named ? "" : ": ", d->manual);
		return false;
	}
	if (d->status == CONF_ACCEPTED) {
		report_accepted(b, n);
		return false;
	}
	return true;
}

void conf_dir_read(struct conf_dir_build *b, const struct conf_node *nodes)
{
	struct conf_value value;

	for (const struct conf_node *n = nodes; n; n = n->next) {
		if (b->context == CTX_HTACCESS && b->report->errors)
			return;
		if (!conf_dir_allowed(b, n))
			continue;
		const char *error = conf_table_value(b->tmp, b->server_root, n, &value);

		if (!error)
			error = n->section ? conf_dir_section(b, n) : conf_dir_set(b, &value);
		if (error)
			conf_report(b->report, CONF_ERROR, n, "%s", error);
	}
}
