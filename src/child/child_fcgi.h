/* A request to a FastCGI application, for the files child_fcgi*.c. */
#ifndef ITKD_CHILD_FCGI_H
#define ITKD_CHILD_FCGI_H

#include "child_backend.h"
#include "child_stream.h"
#include "itkd/fcgi.h"

#define FCGI_IN 32768  /* of what it sends, read at once */
#define FCGI_LINE 2048 /* of its standard error in one line of the log */

struct fcgi {
	struct child_stream s;
	int fd;
	struct span out;     /* records that are not sent yet, and heads of such */
	size_t record;       /* bytes of the feed that belong to the record whose head is in out */
	char head[FCGI_HEAD];
	bool no_input;       /* it takes no more of the body, or has all */
	bool eof, ended;     /* its connection; its answer */
	struct span got;     /* of in: read, not taken apart yet */
	struct span held;    /* of in: taken apart, but c->out was full */
	struct fcgi_reader reader;
	char line[FCGI_LINE];
	size_t line_n;
	char in[FCGI_IN];
};

/*
 * child_fcgi_params.c: the start of the request, its variables included, in the request's arena.
 * length: of a body that was spooled; -1: it was not.
 */
struct span child_fcgi_params(struct child *c, struct child_request *r,
	const struct child_backend *b, int64_t length, bool body);

/* child_fcgi_stream.c: until the answer is whole, or cannot become so. */
void child_fcgi_stream(struct fcgi *g);

#endif
