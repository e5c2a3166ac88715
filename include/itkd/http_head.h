/*
 * The head of an HTTP/1.x request (RFC 9112): a strict scan of the raw bytes, then http-parser.
 * Run by the front on peeked bytes and by the child again after the drop, the same code. The
 * bytes are the client's: nothing of them is trusted.
 */
#ifndef ITKD_HTTP_HEAD_H
#define ITKD_HTTP_HEAD_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define HTTP_HEAD_MAX 65536 /* bytes of a whole head: it must fit a socket's receive buffer */

struct http_limits {
	size_t line;       /* LimitRequestLine: bytes of the request-line without CRLF */
	size_t fields;     /* LimitRequestFields: 0 is no limit */
	size_t field_size; /* LimitRequestFieldSize: bytes of one field line without CRLF */
};

struct http_field {
	struct span name, value; /* value without the white space around it */
};

enum http_method {
	HTTP_METHOD_OTHER, /* a valid token that we do not know: 501 when it comes to serving it */
	HTTP_METHOD_GET,
	HTTP_METHOD_HEAD,
	HTTP_METHOD_POST,
	HTTP_METHOD_PUT,
	HTTP_METHOD_DELETE,
	HTTP_METHOD_OPTIONS,
	HTTP_METHOD_TRACE,
	HTTP_METHOD_CONNECT,
	HTTP_METHOD_PATCH,
	/* and those of WebDAV, for CGI programs */
	HTTP_METHOD_EXTENSION,
};

struct http_head {
	size_t size;               /* bytes of the head with its empty line */
	struct span line;          /* request-line without CRLF */
	struct span method, target;
	enum http_method method_id;
	unsigned major, minor;     /* 1.0 or 1.1 (a higher minor is read as 1.1) */
	size_t nfields;
	const struct http_field *fields; /* in the arena; spans lead into the caller's buffer */

	struct span path, query;   /* of the target, still encoded; path "*" for OPTIONS * */
	bool has_query;
	struct span host;          /* in any case; empty for HTTP/1.0 without Host */
	uint16_t host_port;        /* 0: none given */
	bool absolute;             /* absolute-form: host is its (RFC 9112 section 3.2.2) */
	bool https;                /* of that scheme */

	bool keep_alive;           /* what version and Connection say (RFC 9112 section 9.3) */
	bool chunked;
	int64_t content_length;    /* -1: no Content-Length */
	bool expect_continue;
	bool expect_unknown;       /* an expectation other than 100-continue: 417 */
};

enum http_head_result {
	HTTP_HEAD_MORE, /* not complete yet */
	HTTP_HEAD_DONE,
	HTTP_HEAD_BAD,  /* *status and *why say what to answer and to log */
};

/*
 * Looks at n bytes at p. *scanned is 0 at first and is the scan's own between calls with more of
 * the same bytes. Bad bytes are told as soon as they stand there, before the head is complete.
 * status: 400, 405 (never here), 413, 414, 417 (never here), 431, 501, 505. why: a constant text
 * with the RFC section. Empty lines before the request-line are skipped (RFC 9112 section 2.2),
 * head->size counts them. On HTTP_HEAD_BAD head->line is what stands there of the request-line, for
 * the log; nothing else in head counts then.
 */
enum http_head_result http_head_parse(struct arena *a, const char *p, size_t n, size_t *scanned,
	const struct http_limits *limits, struct http_head *head, int *status, const char **why);

/* Whether a whole line stands there, behind empty ones: who ends then is told (section 8). */
bool http_head_has_line(const char *p, size_t n);

/* The first field of that name, or NULL. */
const struct http_field *http_head_field(const struct http_head *head, struct span name);
/* The values of all fields of that name joined by ", " (RFC 9110 section 5.3); p NULL: none. */
struct span http_head_joined(struct arena *a, const struct http_head *head, struct span name);
/* Whether token is an element of the list of the field of that name. */
bool http_head_has_token(const struct http_head *head, struct span name, struct span token);

/*
 * The chunked coding (RFC 9112 section 7.1), read incrementally and strictly: chunk-size with
 * bounds, extensions and trailers read, limited and dropped; a bare LF or CR is an error.
 */
struct http_chunked {
	uint8_t state;
	uint64_t left;     /* bytes of the current chunk */
	uint32_t overhead; /* bytes of extensions, trailers and useless zeros so far, bounded */
	size_t line;       /* bytes of the current line of framing */
	size_t fields;     /* trailers so far */
	const struct http_limits *limits; /* the caller's: of a line, and of trailers */
};

enum http_chunked_result {
	HTTP_CHUNKED_MORE,  /* all input used */
	HTTP_CHUNKED_DATA,  /* *data is a piece of the body */
	HTTP_CHUNKED_END,   /* last chunk and trailers read */
	HTTP_CHUNKED_BAD,   /* 400 */
	HTTP_CHUNKED_LARGE, /* 413: a size beyond counting, or more framing than is allowed */
};

void http_chunked_init(struct http_chunked *c, const struct http_limits *limits);
/* Takes from *in (which moves on) up to the next piece of data, the end or an error. */
enum http_chunked_result http_chunked_next(
	struct http_chunked *c, struct span *in, struct span *data);

#endif
