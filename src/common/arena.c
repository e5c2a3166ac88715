/*
 * Bump allocation (arena.h). Any process. Sizes may come from the network's bytes: every sum is
 * checked, and what exceeds the limit ends the process rather than give a short piece.
 */
#include "itkd/arena.h"

#include "itkd/log.h"
#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_ALIGN ((size_t)16)
#define ARENA_CHUNK_MIN ((size_t)4096 - 64) /* with malloc's own words in one page */
#define ARENA_CHUNK_MAX ((size_t)1 << 20)   /* chunks double up to here */

struct arena_chunk {
	struct arena_chunk *next;
	size_t size; /* bytes behind this header */
	alignas(16) char bytes[];
};

void arena_init_fixed(struct arena *a, void *base, size_t size)
{
	*a = (struct arena){.base = base, .size = size};
}

void arena_init_heap(struct arena *a, size_t limit)
{
	*a = (struct arena){.limit = limit};
}

void arena_init_first(struct arena *a, void *first, size_t size, size_t limit)
{
	*a = (struct arena){
	    .base = first, .size = size, .limit = limit, .first = first, .first_size = size};
}

static void arena_free_chunks(struct arena_chunk *c)
{
	while (c) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *keep = a->chunks;

	assert(a->limit > 0);
	a->regex_tables = NULL;
	if (!keep) {
		a->used = 0;
		return;
	}
	/* One oversized request must not stay with the connection for good. */
	if (a->first || keep->size > ARENA_CHUNK_MAX) {
		arena_free(a);
		return;
	}
	arena_free_chunks(keep->next);
	keep->next = NULL;
	a->total = keep->size;
	a->used = 0;
}

void arena_free(struct arena *a)
{
	arena_free_chunks(a->chunks);
	arena_init_first(a, a->first, a->first_size, a->limit);
}

/* A new chunk with room for n bytes, twice the last one where the limit has room for it. */
static void arena_grow(struct arena *a, size_t n)
{
	size_t size = a->chunks ? a->chunks->size * 2 : ARENA_CHUNK_MIN;
	size_t left = a->limit > a->total ? a->limit - a->total : 0;

	if (n > left)
		fatal_oom();
	if (size > ARENA_CHUNK_MAX)
		size = ARENA_CHUNK_MAX;
	if (size > left)
		size = left;
	if (size < n)
		size = n;
	if (size > SIZE_MAX - sizeof(struct arena_chunk))
		fatal_oom();
	struct arena_chunk *c = malloc(sizeof(*c) + size);

	if (!c)
		fatal_oom();
	c->next = a->chunks;
	c->size = size;
	a->chunks = c;
	a->base = c->bytes;
	a->size = size;
	a->used = 0;
	a->total += size;
}

/* Offset of the next aligned byte; beyond size when nothing is left. */
static size_t arena_next(const struct arena *a)
{
	size_t misaligned = ((uintptr_t)a->base + a->used) % ARENA_ALIGN;

	return misaligned ? a->used + (ARENA_ALIGN - misaligned) : a->used;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t at = arena_next(a);
	bool heap = a->limit > 0;

	if (n == 0)
		n = 1;
	if (at > a->size || n > a->size - at) {
		if (!heap)
			fatal_oom();
		arena_grow(a, n);
		at = 0;
	}
	char *p = a->base + at;

	a->used = at + n;
	/* A fixed region is a fresh mapping: to clear it again would only touch its pages. */
	if (heap)
		memset(p, 0, n);
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		fatal_oom();
	return arena_alloc(a, bytes);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	if (n == SIZE_MAX)
		fatal_oom();
	char *copy = arena_alloc(a, n + 1);

	if (n)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_span(struct arena *a, struct span s)
{
	return arena_strndup(a, s.p, s.n);
}

char *arena_lower(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s);

	for (char *p = copy; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	return copy;
}

/* Where it has room there it is written once, in place. */
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	size_t at = arena_next(a), room = at < a->size ? a->size - at : 0;
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(room ? a->base + at : NULL, room, fmt, ap);

	/* Only an encoding error or 2 GiB of text: neither comes from a format of ours. */
	assert(n >= 0);
	char *text = NULL;

	if ((size_t)n < room) {
		text = a->base + at;
		a->used = at + (size_t)n + 1;
	} else {
		text = arena_alloc(a, (size_t)n + 1);
		vsnprintf(text, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	return text;
}

char *arena_join(struct arena *a, const char *const *v, size_t n, const char *between)
{
	const size_t gap = strlen(between);
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += strlen(v[i]) + gap;
	char *text = arena_alloc(a, all + 1), *p = text;

	for (size_t i = 0; i < n; i++)
		p = stpcpy(i ? stpcpy(p, between) : p, v[i]);
	return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = arena_vprintf(a, fmt, ap);

	va_end(ap);
	return text;
}
