/*
 * Messages about a configuration (conf_report.h). Run by the loader as root, and by the child for
 * .htaccess after the drop. The texts hold what the administrator or a vhost's user wrote.
 */
#include "itkd/conf_report.h"

#include "itkd/arena.h"
#include "itkd/conf_parse.h"
#include <stdarg.h>
#include <string.h>

void conf_report_init(struct conf_report *r, struct arena *a)
{
	*r = (struct conf_report){.a = a};
}

/* The text as a sentence of its own: "Listen takes one argument". */
static const char *sentence(struct arena *a, const char *directive, const char *text)
{
	static const char *const goes_on[] = {
	    "takes ", "must ", "cannot ", "directive ", "requires "};

	for (size_t i = 0; i < sizeof(goes_on) / sizeof(*goes_on); i++)
		if (strncmp(text, goes_on[i], strlen(goes_on[i])) == 0)
			return arena_printf(a, "%s %s", directive, text);
	return text;
}

/* It names the directive in any case. */
static const char *with_name(struct arena *a, const char *directive, const char *text)
{
	return strcasestr(text, directive) ? text : arena_printf(a, "%s: %s", directive, text);
}

static void report_add(struct conf_report *r, enum conf_severity severity, const char *file,
    uint32_t line, const char *directive, const char *text)
{
	static const char *const kinds[] = {"", "warning: ", "note: "};

	if (r->muted)
		return;
	struct conf_message *m = ARENA_NEW(r->a, struct conf_message);
	const char *colon = directive ? ": " : "";

	m->severity = severity;
	m->file = file;
	m->line = line;
	m->said = directive ? sentence(r->a, directive, text) : text;
	m->what = directive ? with_name(r->a, directive, m->said) : text;
	if (!directive)
		directive = "";
	if (file)
		m->text = arena_printf(r->a, "itkd: %s:%u: %s%s%s%s", file, line, directive, colon,
		    kinds[severity], text);
	else
		m->text =
		    arena_printf(r->a, "itkd: %s%s%s%s", directive, colon, kinds[severity], text);
	if (r->last)
		r->last->next = m;
	else
		r->first = m;
	r->last = m;
	r->errors += severity == CONF_ERROR;
	r->warnings += severity == CONF_WARNING;
	r->notes += severity == CONF_NOTE;
}

void conf_report_at(struct conf_report *r, enum conf_severity severity, const char *file,
    uint32_t line, const char *directive, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report_add(r, severity, file, line, directive, arena_vprintf(r->a, fmt, ap));
	va_end(ap);
}

void conf_report(struct conf_report *r, enum conf_severity severity, const struct conf_node *node,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = arena_vprintf(r->a, fmt, ap);

	va_end(ap);
	const char *name = node->directive ? node->directive->name : node->name;

	if (node->section)
		name = arena_printf(r->a, "<%s>", name);
	report_add(r, severity, node->file, node->line, name, text);
}

/* On a terminal, and what a site's user wrote may stand in it: as Apache writes such bytes. */
static void put_text(FILE *out, const char *text)
{
	while (*text) {
		const char *p = text;

		while (*p >= 0x20 && *p <= 0x7e)
			p++;
		fprintf(out, "%.*s", (int)(p - text), text);
		if (*p)
			fprintf(out, "\\x%02x", (unsigned char)*p++);
		text = p;
	}
	putc('\n', out);
}

void conf_report_print(const struct conf_report *r, FILE *out, enum conf_severity least)
{
	for (const struct conf_message *m = r->first; m; m = m->next)
		if (m->severity <= least)
			put_text(out, m->text);
}

void conf_report_print_apache(const struct conf_report *r, FILE *out)
{
	for (const struct conf_message *m = r->first; m; m = m->next)
		if (m->severity == CONF_ERROR && m->file) {
			fprintf(out, "AH00526: Syntax error on line %u of %s:\n", m->line, m->file);
			put_text(out, m->what);
			return;
		}
}
