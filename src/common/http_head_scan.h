/* What the files of the request head share. Private to http_head*.c, http_target.c and
 * http_reply.c. */
#ifndef ITKD_HTTP_HEAD_SCAN_H
#define ITKD_HTTP_HEAD_SCAN_H

#include "itkd/http_head.h"

/* Why a head is refused. status 0: it is not. */
struct http_fault {
	int status;
	const char *why;
};

static inline struct http_fault http_fault(int status, const char *why)
{
	return (struct http_fault){status, why};
}

#define HTTP_NO_FAULT ((struct http_fault){0, NULL})

/* How far a head is read. All zero at its start. */
struct http_scan {
	size_t at;    /* the bytes before it are checked */
	size_t line;  /* where the line begins that at lies in */
	size_t lines; /* whole lines before that one, from the request-line on */
};

/*
 * The rules for bytes and lines, from s->at on: HTTP_HEAD_DONE with s->at behind the empty line,
 * HTTP_HEAD_MORE, or HTTP_HEAD_BAD with *fault.
 */
enum http_head_result http_scan_lines(struct http_scan *s, struct span in,
    const struct http_limits *limits, struct http_fault *fault);

/* tchar (RFC 9110 section 5.6.2). */
bool http_is_tchar(char c);
/* A token: one tchar or more. */
bool http_is_token(struct span s);
/* What a field value may hold (RFC 9110 section 5.5): HTAB, SP, VCHAR, obs-text. */
bool http_is_field_char(char c);

/* The request-line without its CRLF, into head: method, version, target and its parts. */
struct http_fault http_request_line(struct span line, struct http_head *head);
/* The four forms of a request-target (RFC 9112 section 3.2); method and target are set in head. */
struct http_fault http_target_parse(struct http_head *head);

#endif
