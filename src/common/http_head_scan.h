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

/* What a byte may be part of: bits. */
extern const unsigned char http_byte_class[256];

#define HTTP_TCHAR 1u /* tchar: RFC 9110 section 5.6.2 */
#define HTTP_FIELD 2u /* HTAB, SP, VCHAR, obs-text: RFC 9110 section 5.5 */
/*
 * SP, VCHAR and obs-text. No URI has the last (RFC 3986 section 2), but clients that do not encode
 * what their user typed have it; it can be no delimiter, and Apache's strict reading takes it, too.
 */
#define HTTP_LINE 4u

static inline bool http_is(char c, unsigned class)
{
	return http_byte_class[(unsigned char)c] & class;
}

static inline bool http_is_tchar(char c)
{
	return http_is(c, HTTP_TCHAR);
}

static inline bool http_is_field_char(char c)
{
	return http_is(c, HTTP_FIELD);
}

/* A token: one tchar or more. */
bool http_is_token(struct span s);

/* The request-line without its CRLF, into head: method, version, target and its parts. */
struct http_fault http_request_line(struct span line, struct http_head *head);
/* The four forms of a request-target (RFC 9112 section 3.2); method and target are set in head. */
struct http_fault http_target_parse(struct http_head *head);

#endif
