/* What the files of child_headers*.c share: an answer's fields while rules change them. */
#ifndef ITKD_CHILD_HEADERS_H
#define ITKD_CHILD_HEADERS_H

#include "child_internal.h"
#include "child_table.h"

struct header_rule;

struct child_headers {
	struct child_table out, err; /* Apache's headers_out and err_headers_out */
	struct span type;            /* Content-Type; p NULL: none */
};

/* What mod_mime says of a file; p NULL: nothing. */
struct headers_file {
	struct span encoding, language;
};

/* A walk over rules. */
struct headers_run {
	struct child *c;
	struct child_request *r;
	struct child_headers *h;   /* NULL: the fields are the request's */
	struct child_table *table; /* which the rules are for */
	bool failed;               /* a value grew too large */
};

/* child_headers_value.c */
/* The condition of a rule. */
bool child_headers_wanted(struct headers_run *run, const struct header_rule *rule);
/* The value of a rule, in the request's arena; never with p NULL. */
struct span child_headers_value(struct headers_run *run, const struct header_rule *rule);
/* edit, edit*: what becomes of value. */
struct span child_headers_edit(
	struct headers_run *run, const struct header_rule *rule, struct span value);

/* child_headers_file.c: what a file's name says of it, before the rules and over them. */
void child_headers_file(
	const struct child_request *r, const struct child_headers *h, struct headers_file *file);
/* The file's own languages, and of the others those that are none of them. */
struct span child_headers_languages(struct arena *a, struct span own, struct span other);
void child_headers_file_over(
	struct child *c, struct child_headers *h, const struct headers_file *file);

/* child_vary.c: one Vary of all that there are, each name once. */
void child_vary_fix(struct child *c, const struct child_request *r, struct child_headers *h);

/* child_expires.c: Expires and Cache-Control, where no Expires is there yet. */
void child_expires(struct child *c, struct child_request *r, struct child_headers *h);

#endif
