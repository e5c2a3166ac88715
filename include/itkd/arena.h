/*
 * Bump allocation. Two kinds with one interface: over a fixed region (the loader builds the config
 * into a memfd), or over chunks of the heap (a child's request, reset between requests).
 * Running out is never a NULL: it ends the process through fatal_oom(), which loses one load or one
 * connection. Nothing is freed singly.
 */
#ifndef ITKD_ARENA_H
#define ITKD_ARENA_H

#include "itkd/span.h"
#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
	char *base;                 /* fixed region: its start; heap: the newest chunk's bytes */
	size_t used, size;          /* bytes in it */
	struct arena_chunk *chunks; /* heap only, newest first */
	size_t total, limit;        /* heap only: bytes in all chunks; the most there may be */
	char *first;                /* heap only: memory of the caller's, used before any chunk */
	size_t first_size;
	const unsigned char *regex_tables; /* of the patterns in it (regex.c) */
};

/* An arena over memory that the caller owns (zeroed, as a new mapping is). */
void arena_init_fixed(struct arena *a, void *base, size_t size);
/* An arena on the heap that may grow to limit bytes. Nothing is allocated yet. */
void arena_init_heap(struct arena *a, size_t limit);
/*
 * The same, but the first bytes come from memory that the caller owns and that outlives the arena:
 * what fits there costs no malloc, and no page of its own.
 */
void arena_init_first(struct arena *a, void *first, size_t size, size_t limit);
/* Gives all back but the first memory or one chunk for the next request. Heap arenas only. */
void arena_reset(struct arena *a);
/* Gives everything back. Heap arenas only. */
void arena_free(struct arena *a);

/* Zeroed memory, aligned for any object. */
void *arena_alloc(struct arena *a, size_t n);
/* n objects of the given size; dies on overflow. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* NUL-terminated copies. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_span(struct arena *a, struct span s);
/* The same in lower case (ASCII). */
char *arena_lower(struct arena *a, const char *s);
/* n texts as one: lists are never grown by printf, which would copy them once for each element. */
char *arena_join(struct arena *a, const char *const *v, size_t n, const char *between);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
