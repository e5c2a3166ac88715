/*
 * A backend that speaks HTTP/1.x and one exchange with it, for the files child_proxy*.c. The child
 * runs as the vhost's user; the backend is trusted as little as the client.
 */
#ifndef ITKD_CHILD_PROXY_H
#define ITKD_CHILD_PROXY_H

#include "child_backend.h"
#include "child_stream.h"
#include "itkd/conf_proxy.h"
#include "itkd/http_reply.h"

#define PROXY_FIELD_SIZE 8192 /* bytes of a line of its head: ResponseFieldSize */
#define PROXY_INTERIM_MAX 10  /* 1xx before the answer, as in Apache */

enum proxy_framing { PROXY_NONE, PROXY_LENGTH, PROXY_CHUNKED, PROXY_CLOSE };

struct proxy {
	struct child_stream s; /* first: its functions are given no more */
	const struct child_backend *b;
	const struct conf_proxy *conf; /* never NULL */
	int fd;
	bool kept;            /* it was used before: it may have been closed meanwhile */
	bool keep;            /* it may be used again */
	bool again;           /* it had been closed: nothing was answered */
	const char *path;     /* with the query, as sent */
	const char *upgrade;  /* the protocol that was asked for; NULL: none */
	bool expect;          /* the backend decides whether the body is wanted */

	enum proxy_framing to; /* how the request's body is sent */
	int64_t length;
	struct span early;     /* of the body: read before the head was sent, goes with it */
	struct span head;      /* the request's */
	bool chunks;          /* one was begun */
	char line[24];        /* of a chunk */

	uint64_t before;      /* c->bytes_out when the answer began */
	struct http_reply reply;
	struct span connection; /* its Connection: names of fields that are not passed on */
	unsigned interim;
	enum proxy_framing from;
	uint64_t left;
	struct http_chunked chunked;
	bool whole;           /* the last byte of its answer came */
	bool switched;        /* 101: the rest is nobody's HTTP */
	char in[CHILD_CGI_PIECE];
};

/* child_proxy_http.c: a handler, as child_cgi(). */
int child_proxy_http(struct child *c, struct child_request *r, const struct child_backend *b,
	const struct conf_proxy *conf, const char *path);

/* child_proxy_body.c: decides p->to, p->length and p->early. */
void child_proxy_body(struct proxy *p);

/*
 * child_proxy_ask.c: the head of the request to the backend, into p->head. Where it cannot be one
 * s.status is set, logged.
 */
void child_proxy_ask(struct proxy *p);
/* What Via says of this server behind the version of the message it received. */
struct span child_proxy_via(struct child *c, unsigned major, unsigned minor);

/* child_proxy_reply.c */
/* c->cgi[0..s.head_n) has its first `from` bytes looked at: all heads in it that are complete. */
void child_proxy_heads(struct proxy *p, size_t from);
/* Why there is no answer, for log and page, in Apache's words; the same with s.status = status. */
void child_proxy_why(struct child *c, struct child_request *r, const char *why);
void child_proxy_failed(struct proxy *p, int status, const char *why);

/* child_proxy_tunnel.c: bytes both ways, until both ends have closed, or nothing moves. */
void child_proxy_tunnel(struct proxy *p);

#endif
