/*
 * Fields on a socket or in a memfd, one after the other: integers in network byte order, byte
 * strings with a 32-bit length before them. Never a struct. A get beyond the end, a string longer
 * than the reader allows, or bytes left over set `bad`, and every later get gives 0 / an empty
 * string: check wire_end() once, before the first value is used.
 */
#ifndef ITKD_WIRE_H
#define ITKD_WIRE_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
	uint8_t *p;
	size_t n;    /* bytes written so far, or bytes to read */
	size_t cap;  /* writer: room at p */
	size_t at;   /* reader: position */
	bool grow;   /* writer: p is malloc'ed and grows */
	bool bad;
};

/* A writer into the caller's buffer: `bad` when it is full. */
void wire_writer(struct wire *w, void *buf, size_t cap);
/* A writer that grows; free(w->p) is the caller's. */
void wire_writer_grow(struct wire *w);
/* A reader. Strings that it gives point into buf. */
void wire_reader(struct wire *w, const void *buf, size_t n);

void wire_put_u8(struct wire *w, uint8_t v);
void wire_put_u16(struct wire *w, uint16_t v);
void wire_put_u32(struct wire *w, uint32_t v);
void wire_put_u64(struct wire *w, uint64_t v);
void wire_put_bytes(struct wire *w, const void *p, size_t n);
void wire_put_str(struct wire *w, const char *s); /* NULL is written as "" */

uint8_t wire_get_u8(struct wire *w);
uint16_t wire_get_u16(struct wire *w);
uint32_t wire_get_u32(struct wire *w);
uint64_t wire_get_u64(struct wire *w);
struct span wire_get_bytes(struct wire *w, size_t max);

/* The reader read everything, nothing more and nothing less. */
bool wire_end(const struct wire *w);

#endif
