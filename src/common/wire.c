/*
 * Fields one after the other (wire.h). Spares read a front's bytes with it, fronts the loader's: no
 * length is believed before it is compared with what there is.
 */
#include "itkd/wire.h"

#include "itkd/log.h"
#include <stdlib.h>

void wire_writer(struct wire *w, void *buf, size_t cap)
{
	*w = (struct wire){.p = buf, .cap = cap};
}

void wire_writer_grow(struct wire *w)
{
	*w = (struct wire){.grow = true};
}

void wire_reader(struct wire *w, const void *buf, size_t n)
{
	/* The getters never write: one struct serves both ways. */
	*w = (struct wire){.p = (uint8_t *)(uintptr_t)buf, .n = n};
}

static bool wire_grow(struct wire *w, size_t need)
{
	size_t cap = w->cap ? w->cap : 4096;

	while (cap < need) {
		if (__builtin_mul_overflow(cap, (size_t)2, &cap))
			fatal_oom();
	}
	uint8_t *p = realloc(w->p, cap);

	if (!p)
		fatal_oom();
	w->p = p;
	w->cap = cap;
	return true;
}

/* Room for n more bytes, or NULL and bad. */
static uint8_t *wire_room(struct wire *w, size_t n)
{
	size_t need;

	if (w->bad || __builtin_add_overflow(w->n, n, &need)) {
		w->bad = true;
		return NULL;
	}
	if (need > w->cap && !(w->grow && wire_grow(w, need))) {
		w->bad = true;
		return NULL;
	}
	uint8_t *p = w->p + w->n;

	w->n = need;
	return p;
}

static void wire_put_int(struct wire *w, uint64_t v, size_t bytes)
{
	uint8_t *p = wire_room(w, bytes);

	for (size_t i = 0; p && i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

void wire_put_u8(struct wire *w, uint8_t v)
{
	wire_put_int(w, v, 1);
}

void wire_put_u16(struct wire *w, uint16_t v)
{
	wire_put_int(w, v, 2);
}

void wire_put_u32(struct wire *w, uint32_t v)
{
	wire_put_int(w, v, 4);
}

void wire_put_u64(struct wire *w, uint64_t v)
{
	wire_put_int(w, v, 8);
}

void wire_put_bytes(struct wire *w, const void *p, size_t n)
{
	if (n > UINT32_MAX) {
		w->bad = true;
		return;
	}
	wire_put_u32(w, (uint32_t)n);
	uint8_t *to = wire_room(w, n);

	if (to && n)
		memcpy(to, p, n);
}

void wire_put_str(struct wire *w, const char *s)
{
	wire_put_bytes(w, s, s ? strlen(s) : 0);
}

/* The next n bytes, or NULL and bad. */
static const uint8_t *wire_take(struct wire *w, size_t n)
{
	if (w->bad || n > w->n - w->at) {
		w->bad = true;
		return NULL;
	}
	const uint8_t *p = w->p + w->at;

	w->at += n;
	return p;
}

static uint64_t wire_get_int(struct wire *w, size_t bytes)
{
	const uint8_t *p = wire_take(w, bytes);
	uint64_t v = 0;

	for (size_t i = 0; p && i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t wire_get_u8(struct wire *w)
{
	return (uint8_t)wire_get_int(w, 1);
}

uint16_t wire_get_u16(struct wire *w)
{
	return (uint16_t)wire_get_int(w, 2);
}

uint32_t wire_get_u32(struct wire *w)
{
	return (uint32_t)wire_get_int(w, 4);
}

uint64_t wire_get_u64(struct wire *w)
{
	return wire_get_int(w, 8);
}

struct span wire_get_bytes(struct wire *w, size_t max)
{
	uint32_t n = wire_get_u32(w);

	if (n > max)
		w->bad = true;
	const uint8_t *p = wire_take(w, n);

	return p ? (struct span){(const char *)p, n} : SPAN("");
}

bool wire_end(const struct wire *w)
{
	return !w->bad && w->at == w->n;
}
