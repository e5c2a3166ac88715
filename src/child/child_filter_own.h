/* What the files child_filter*.c and child_inflate.c share. */
#ifndef ITKD_CHILD_FILTER_OWN_H
#define ITKD_CHILD_FILTER_OWN_H

#include "child_encode.h"
#include "child_headers.h"
#include "child_internal.h"

#define FILTER_STAGES 4   /* one behind the other: a program may say "gzip, gzip, gzip" */
#define FILTER_ROOM 16384 /* bytes of what comes out of a filter at once */

/* A filter that the settings put in: of one kind, or a smart one that will be known later. */
struct filter_use {
	struct filter_use *next;
	enum filter_kind kind;
	const struct filter_smart *smart;
	int place;
};

/* One that acts. Before the next one lies what came out of it and was not taken yet. */
struct filter_stage {
	struct filter_stage *next;
	struct child_coder *coder;
	char *room;
	struct span left;
	enum child_filter_result result; /* of the call that made it */
};

struct child_filter {
	struct filter_use *uses;
	struct filter_stage *stages; /* NULL: none acts */
	bool started; /* the head of an answer was made with them */
	bool ended;   /* the last byte of its body went in, and came out */
	/* child_piece.c */
	char *out;         /* a piece for the client, with room around it for a chunk's lines */
	char *file;        /* bytes of r->whole's file */
	struct span in;    /* of r->whole, not taken yet */
	uint64_t read;     /* bytes of r->whole that were in it */
	struct span ready; /* what came out before the head left */
};

/* child_filter_accepts.c: whether the list has the name, and not with q=0 (as Apache reads it). */
bool child_filter_accepts(struct span list, struct span name);

/* child_filter.c: without what is for the request. */
void child_filter_drop(struct child_request *r);

/* child_inflate.c */
void child_inflate_insert(struct child *c, struct child_request *r);
void child_inflate_end(struct child_request *r);
struct coder_limits child_inflate_limits(const struct child *c);
/* Takes gzip away where it is the last encoding of Content-Encoding. */
bool child_inflate_strip(struct arena *a, struct child_table *t);

#endif
