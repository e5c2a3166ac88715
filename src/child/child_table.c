/*
 * A table of header fields, in order, names in any case, with the operations that Apache's tables
 * have. Runs as the vhost's user; what is in it may be a client's or a CGI program's.
 */
#include "child_table.h"

void child_table_add(struct child_table *t, struct span name, struct span value)
{
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 16;
		struct http_field *v = arena_array(t->a, room, sizeof(*v));

		if (t->n)
			memcpy(v, t->v, t->n * sizeof(*v));
		t->v = v;
		t->room = room;
	}
	t->v[t->n++] = (struct http_field){name, value};
}

struct http_field *child_table_find(const struct child_table *t, struct span name)
{
	for (size_t i = 0; i < t->n; i++)
		if (span_ieq(t->v[i].name, name))
			return &t->v[i];
	return NULL;
}

/* All of that name from the field `from` on. */
static void table_remove(struct child_table *t, struct span name, size_t from)
{
	size_t n = from;

	for (size_t i = from; i < t->n; i++)
		if (!span_ieq(t->v[i].name, name))
			t->v[n++] = t->v[i];
	t->n = n;
}

void child_table_unset(struct child_table *t, struct span name)
{
	table_remove(t, name, 0);
}

void child_table_set(struct child_table *t, struct span name, struct span value)
{
	struct http_field *field = child_table_find(t, name);

	if (!field) {
		child_table_add(t, name, value);
		return;
	}
	*field = (struct http_field){name, value};
	table_remove(t, name, (size_t)(field - t->v) + 1);
}

void child_table_merge(struct child_table *t, struct span name, struct span value)
{
	struct http_field *field = child_table_find(t, name);

	if (!field) {
		child_table_add(t, name, value);
		return;
	}
	char *joined = arena_alloc(t->a, field->value.n + value.n + 3);
	size_t n = field->value.n;

	memcpy(joined, field->value.p, n);
	memcpy(joined + n, ", ", 2);
	if (value.n)
		memcpy(joined + n + 2, value.p, value.n);
	field->value = (struct span){joined, n + 2 + value.n};
}
