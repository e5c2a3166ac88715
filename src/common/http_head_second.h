/*
 * A second opinion on a request head: what http-parser makes of it. Private to http_head.c; the
 * only way to that library, so that another one can take its place in http_head_second.c.
 */
#ifndef ITKD_HTTP_HEAD_SECOND_H
#define ITKD_HTTP_HEAD_SECOND_H

#include "itkd/span.h"
#include <stdint.h>

struct http_opinion {
	const char *method;
	unsigned major, minor;
	bool chunked;
	int64_t content_length; /* -1: none */
	size_t ntarget;         /* bytes of the request-target */
};

/* Reads a head given in n pieces. False where http-parser refuses it or sees another end. */
bool http_second_opinion(const struct span *pieces, size_t n, struct http_opinion *opinion);

#endif
