/*
 * The header that a proxy puts before the bytes of a connection to say whose connection it is: the
 * PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt). Read by the front, over TLS and
 * on peeked bytes, and on plain TCP by the child again after the drop, the same code. The bytes are
 * a proxy's, or those of anybody who reaches the port.
 */
#ifndef ITKD_PROXY_PROTOCOL_H
#define ITKD_PROXY_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define PROXY_PROTOCOL_MAX 4096 /* bytes of a header of version 2, with what is skipped in it */

enum proxy_result {
	PROXY_MORE, /* the beginning of a header */
	PROXY_DONE,
	PROXY_BAD,  /* *why says what is wrong: a constant text with Apache's number for it */
};

struct proxy_header {
	size_t size; /* bytes of it */
	bool named;  /* client is who is meant; false: the proxy speaks for itself or cannot say */
	struct sockaddr_storage client;
};

/* Bad bytes are told as soon as they stand there. h and *why count only for their results. */
enum proxy_result proxy_protocol_parse(
	const char *p, size_t n, struct proxy_header *h, const char **why);

#endif
