/* A table of header fields (child_table.c), for the files that change those of an answer. */
#ifndef ITKD_CHILD_TABLE_H
#define ITKD_CHILD_TABLE_H

#include "itkd/http_field.h"
#include "itkd/arena.h"
#include "itkd/http_head.h"

/* Names and values live at least as long as the arena a. */
struct child_table {
	struct arena *a;
	struct http_field *v;
	size_t n, room;
};

/* One field more of that name. */
void child_table_add(struct child_table *t, struct span name, struct span value);
/* The first one, or NULL. */
struct http_field *child_table_find(const struct child_table *t, struct span name);
void child_table_unset(struct child_table *t, struct span name);
/* The only one of that name, at the place of the first one. */
void child_table_set(struct child_table *t, struct span name, struct span value);
/* Behind the first one's value and a comma. */
void child_table_merge(struct child_table *t, struct span name, struct span value);

#endif
