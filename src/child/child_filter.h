/*
 * Filters on the bodies of answers (Apache's output filters DEFLATE, BROTLI_COMPRESS and INFLATE)
 * and of requests (the input filter DEFLATE). A part of child_internal.h.
 *
 * Who answers with a body knows of them by three calls:
 *	child_head_finish(c, r, length)  decides which filters act, changes the fields that they
 *	                                 change, and forgets the length where one does
 *	child_filter_on(r)               whether the bytes of the body must go through
 *	child_filter_data(...)           them, and only what comes out is sent, in chunks where
 *	                                 r->chunked; an answer without a body (HEAD) needs no call
 * Whoever has the whole body before its head (child_reply, child_static) says so in r->whole, so
 * that a short result gets its Content-Length.
 *
 * An answer without a filter costs a look at r->filter, which is NULL.
 */
#ifndef ITKD_CHILD_FILTER_H
#define ITKD_CHILD_FILTER_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child;
struct child_request;
struct child_headers;
struct child_filter;

/* A program that said nothing for so long (milliseconds) has paused: what it said must leave. */
#define CHILD_FILTER_PAUSE 20

enum child_filter_mode {
	FILTER_MORE,  /* more is to come: keep back what makes the result smaller */
	FILTER_FLUSH, /* the program paused: nothing of what it said may stay inside */
	FILTER_END,   /* that was the last of the body */
};
enum child_filter_result {
	FILTER_IDLE,   /* *in is used up; FLUSH, END: and nothing is held back */
	FILTER_FULL,   /* out is full: send it and call again, in the same mode */
	FILTER_FAILED, /* logged: the answer cannot be completed, it must end as aborted */
};

/* insert_filter: which filters the merged settings have for what is about to be handled. */
void child_filter_insert(struct child *c, struct child_request *r);
/* Gives back what they hold: at the request's end, and at an internal redirect. */
void child_filter_end(struct child_request *r);

/* While the answer's rules are applied, behind Expires and before Header: see above. */
void child_filter_start(struct child *c, struct child_request *r, struct child_headers *h);

/*
 * A program's answer, before its head is finished: whether to wait with it until more than n bytes
 * of its body are there, or it has ended, or paused for CHILD_FILTER_PAUSE. DEFLATE leaves alone
 * what is smaller than its own overhead. Then r->whole.n = n and r->whole.all = it has ended.
 */
bool child_filter_wants(const struct child_request *r, uint64_t n);

bool child_filter_on(const struct child_request *r);
/* Takes from the front of *in, writes at most room bytes at out: *n of them. */
enum child_filter_result child_filter_data(struct child *c, struct child_request *r,
	struct span *in, enum child_filter_mode mode, char *out, size_t room, size_t *n);

/* child_piece.c: a body that is sent in pieces behind its head, filtered and framed. */
/* p NULL and n 0 with FILTER_END: only the end. False: the answer is aborted. */
bool child_piece(struct child *c, struct child_request *r, const char *p, size_t n,
	enum child_filter_mode mode);

/* A body that is known before its head. */
struct child_whole {
	bool all;      /* there is nothing behind these n bytes */
	bool sized;    /* n bytes will come, not here yet */
	bool range;    /* a part of a file, by the request's Range: it is never encoded */
	const char *p; /* in memory; NULL: in the file */
	int fd;
	off_t at;
	uint64_t n;
};
/* Encodes the beginning of r->whole: the length of the result where that is all of it, or -1. */
int64_t child_whole_length(struct child *c, struct child_request *r);
/* The head in c->out, and r->whole through the filters. False: the answer is aborted. */
bool child_whole_send(struct child *c, struct child_request *r);

/* child_inflate.c: the request's body, unpacked where r->inflate; as child_body_next(). */
struct child_inflate;
/* Whether it is: its length will be another one than the client said. */
bool child_filter_input(const struct child_request *r);
/* Whether child_body_next() has something without reading. */
bool child_inflate_pending(const struct child_request *r);

#endif
