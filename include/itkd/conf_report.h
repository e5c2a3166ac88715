/*
 * What reading a configuration has to say: every error, warning and note is kept with its place
 * and printed at the end, so that one run shows them all. A line each:
 *   itkd: FILE:LINE: Directive: text
 */
#ifndef ITKD_CONF_REPORT_H
#define ITKD_CONF_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct arena;
struct conf_node;

enum conf_severity {
	CONF_ERROR,   /* the configuration is refused */
	CONF_WARNING, /* printed whenever it is loaded */
	CONF_NOTE,    /* printed by `itkd -t` only */
};

struct conf_message {
	struct conf_message *next;
	enum conf_severity severity;
	const char *text; /* the whole line, without its '\n' */
	const char *file; /* NULL: it has no place */
	uint32_t line;
	const char *what; /* without its place, and naming the directive */
	const char *said; /* the same as Apache says it, mostly without the directive's name */
};

struct conf_report {
	struct arena *a;
	unsigned errors, warnings, notes;
	bool muted; /* nothing is added */
	struct conf_message *first, *last;
};

void conf_report_init(struct conf_report *r, struct arena *a);

/* file NULL: the message has no place; directive NULL: it is about no directive. */
void conf_report_at(struct conf_report *r, enum conf_severity severity, const char *file,
	uint32_t line, const char *directive, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* About a directive or section of the tree. */
void conf_report(struct conf_report *r, enum conf_severity severity, const struct conf_node *node,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The messages that are at least as severe as least. */
void conf_report_print(const struct conf_report *r, FILE *out, enum conf_severity least);
/* The first error in Apache's words, which panels look for; nothing where there is none. */
void conf_report_print_apache(const struct conf_report *r, FILE *out);

#endif
