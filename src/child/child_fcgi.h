/* A request to a FastCGI application, for the files child_fcgi*.c. */
#ifndef ITKD_CHILD_FCGI_H
#define ITKD_CHILD_FCGI_H

#include "child_backend.h"
#include "child_stream.h"
#include "itkd/fcgi.h"

#define FCGI_IN 32768  /* of what it sends, read at once */
#define FCGI_LINE 2048 /* of its standard error in one line of the log */

struct fcgi {
	struct child_stream s; /* first: its functions are given no more */
	int fd;
	bool keep;           /* its connection may be the next request's, too */
	bool kept;           /* it was used before: it may have been closed meanwhile */
	bool heard;          /* a byte came of it */
	bool said;           /* and the last that came were not for the log alone */
	bool soon;           /* its first read may wait for a moment */
	bool again;          /* it had been closed: nothing was answered */
	bool clean;          /* nothing is left to be read behind the answer */
	int64_t look;        /* when a kept one is looked at that says nothing; 0: not any more */
	char head[FCGI_HEAD];
	bool eof, ended;     /* its connection; its answer */
	struct span got;     /* of in: read, not taken apart yet */
	struct span held;    /* of in: taken apart, but c->out was full */
	struct fcgi_reader reader;
	size_t line_n;
	char *line, *in;     /* FCGI_LINE, FCGI_IN: not to be cleared for each request */
};

/*
 * child_fcgi_params.c: the start of the request, its variables included, in the request's arena.
 * length: of a body that was spooled; -1: it was not.
 */
struct span child_fcgi_params(struct child *c, struct child_request *r,
	const struct child_backend *b, int64_t length, bool body, bool keep);

/* child_fcgi_stream.c: until the answer is whole, or cannot become so. */
void child_fcgi_stream(struct fcgi *g);

/* child_fcgi_hold.c: whether this request's connection may be the next one's, too. */
bool child_fcgi_may_hold(const struct fcgi *g, const struct child_backend *b);
/* g->fd: the one of the request before, or a new one; s.status where there is none. */
void child_fcgi_open(struct fcgi *g, const struct child_backend *b);
/* Its end: it is closed, or held for a moment. */
void child_fcgi_close(struct fcgi *g, const struct child_backend *b);
/* A kept one has said nothing yet: whether it has read the request at all. */
void child_fcgi_look(struct fcgi *g);

#endif
