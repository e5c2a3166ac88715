/*
 * Notes of a request (Apache's r->notes): what Header note keeps for a log format's %{NAME}n. Runs
 * as the vhost's user; values may be a client's or a CGI program's.
 */
#include "child_internal.h"

struct child_note {
	struct child_note *next;
	struct span name, value;
};

void child_note_set(struct child *c, struct child_request *r, struct span name, struct span value)
{
	struct child_note *note = ARENA_NEW(&c->arena, struct child_note);

	note->name = name;
	note->value = value;
	/* A later one of the same name is found first. */
	note->next = r->notes;
	r->notes = note;
}

const char *child_note_get(const struct child_request *r, struct arena *a, const char *name)
{
	for (const struct child_note *note = r->notes; note; note = note->next)
		if (span_ieq(note->name, span_of(name)))
			return note->value.p ? arena_span(a, note->value) : NULL;
	return NULL;
}
