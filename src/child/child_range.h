/* Ranges of a file's bytes as an answer (RFC 9110 section 14). A part of child_internal.h. */
#ifndef ITKD_CHILD_RANGE_H
#define ITKD_CHILD_RANGE_H

#include "child_internal.h"
#include "itkd/range.h"

struct child_ranges {
	int64_t size; /* of the representation */
	off_t base;   /* where in the file it begins */
	struct span type; /* its Content-Type; p NULL: none */

	/* By child_range(): */
	size_t n;
	const struct range *v;
	struct range whole;
	int64_t length;       /* bytes of the answer's body */
	const char *boundary; /* of several ranges; NULL: at most one */
};

/*
 * What of x->size bytes, whose validators are etag (n 0: none) and modified, the client gets: 200
 * with the whole, 206, or 416 with r->content_range.
 */
int child_range(struct child *c, struct child_request *r, struct child_ranges *x,
	struct span etag, time_t modified);
/* Content-Range and Content-Type of the answer, and Accept-Ranges. */
void child_range_accept(struct child *c);
void child_range_fields(struct child *c, struct child_request *r, const struct child_ranges *x);
/* The head in c->out and the body, from fd. False: it could not be sent whole. */
bool child_range_send(struct child *c, int fd, const struct child_ranges *x);

/*
 * child_static.c: the answer, with bytes of r->target. etag: with Last-Modified and this tag (n 0:
 * none); NULL: without validators.
 */
void child_static_answer(struct child *c, struct child_request *r, int status,
	struct span *etag, const struct child_ranges *x);

#endif
