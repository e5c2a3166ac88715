/*
 * Vary: which fields of the request the answer depends on (RFC 9110 section 12.5.5). Runs as the
 * vhost's user.
 */
#include "child_headers.h"

/* More than any request has. */
#define VARY_MAX 4096 /* bytes */
#define VARY_NAMES 256

void child_vary(struct child *c, struct child_request *r, const char *name)
{
	struct span field = span_of(arena_strdup(&c->arena, name));

	if (r->headers) {
		child_table_merge(&r->headers->out, SPAN("Vary"), field);
		return;
	}
	for (struct span list = r->vary, known; span_list_next(&list, &known);)
		if (span_ieq(known, field))
			return;
	if (r->vary.n + field.n > VARY_MAX)
		return;
	if (r->vary.n)
		field =
		    span_of(arena_printf(&c->arena, "%.*s,%s", (int)r->vary.n, r->vary.p, field.p));
	r->vary = field;
}

static bool vary_has(const struct child_table *names, struct span name)
{
	return child_table_find(names, name) != NULL;
}

static void vary_collect(struct child_table *names, const struct child_table *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct span list = from->v[i].value, name;

		if (!span_ieq(from->v[i].name, SPAN("Vary")))
			continue;
		while (span_list_next(&list, &name))
			if (names->n < VARY_NAMES && !vary_has(names, name))
				child_table_add(names, name, SPAN(""));
	}
}

/* Apache's fixup_vary. */
void child_vary_fix(struct child *c, const struct child_request *r, struct child_headers *h)
{
	struct child_table names = {.a = &c->arena};

	if (!vary_has(&h->err, SPAN("Vary")) && !vary_has(&h->out, SPAN("Vary")))
		return;
	vary_collect(&names, &h->err);
	vary_collect(&names, &h->out);
	const char *texts[VARY_NAMES];

	for (size_t i = 0; i < names.n; i++)
		texts[i] = arena_span(&c->arena, names.v[i].name);
	child_table_unset(&h->err, SPAN("Vary"));
	child_table_unset(&h->out, SPAN("Vary"));
	if (child_env_get(r, "force-no-vary"))
		return;
	/* Where there may be more, no list would be whole. */
	child_table_set(&h->out, SPAN("Vary"),
	    names.n == VARY_NAMES ? SPAN("*")
	                          : span_of(arena_join(&c->arena, texts, names.n, ",")));
}
