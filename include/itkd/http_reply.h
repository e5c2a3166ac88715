/*
 * The head of an HTTP/1.x answer (RFC 9112 section 4), as a backend sends it. Read by the child;
 * the bytes are the backend's, which is trusted as little as a client: what could end a line of our
 * own answer, or be framed in two ways, is refused. Lines may end in a bare LF, as in Apache and
 * nginx: nothing of the framing is passed on.
 */
#ifndef ITKD_HTTP_REPLY_H
#define ITKD_HTTP_REPLY_H

#include "itkd/http_head.h"

/* What a line that is no field means (ProxyBadHeader). */
enum http_reply_bad {
	HTTP_REPLY_BAD,  /* the head is refused */
	HTTP_REPLY_SKIP, /* it is passed over */
	HTTP_REPLY_BODY, /* the body begins with it */
};

struct http_reply {
	size_t size;        /* bytes of the head with its empty line */
	unsigned minor;     /* 0 or 1 */
	int status;         /* 100 to 999 */
	struct span reason; /* may be empty */
	size_t nfields;
	const struct http_field *fields; /* in the arena; spans lead into the caller's buffer */
	bool chunked;
	int64_t length;     /* -1: no Content-Length, or Transfer-Encoding overrides it */
	bool both;          /* it gave both: the connection is not to be used again */
	bool keep_alive;    /* what version and Connection say */
};

enum http_reply_result {
	HTTP_REPLY_OK,
	HTTP_REPLY_NO_STATUS, /* the first line is no status-line of HTTP/1.x */
	HTTP_REPLY_FIELD,     /* a line that is no field, or too long */
	HTTP_REPLY_FRAMING,   /* Content-Length or Transfer-Encoding that mean nothing */
};

/*
 * The head that is p[0..n), with its empty line. Folded lines become one (the bytes are changed).
 * *line is the one that is wrong.
 */
enum http_reply_result http_reply_parse(struct arena *a, char *p, size_t n, size_t field_size,
	enum http_reply_bad bad, struct http_reply *reply, struct span *line);

/* The values of all fields of that name joined by ", "; p NULL: none. */
struct span http_reply_joined(
	struct arena *a, const struct http_reply *reply, struct span name);

#endif
