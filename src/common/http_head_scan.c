/*
 * The strict scan of a request head's raw bytes, line by line, before any parser sees them.
 * Run by the front, and by the child after the drop. The bytes are the client's; nobody is
 * trusted. RFC 9112 sections 2 to 5. It can stop at any byte and go on when there are more.
 */
#include "http_head_scan.h"

#define F (HTTP_FIELD | HTTP_LINE)
#define T (HTTP_TCHAR | F)

/* clang-format off */
const unsigned char http_byte_class[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, HTTP_FIELD, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	F, T, F, T, T, T, T, T, F, F, T, T, F, T, T, F, /*   ! " # $ % & ' ( ) * + , - . / */
	T, T, T, T, T, T, T, T, T, T, F, F, F, F, F, F, /* 0-9 : ; < = > ? */
	F, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* @ A-O */
	T, T, T, T, T, T, T, T, T, T, T, F, F, F, T, T, /* P-Z [ \ ] ^ _ */
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, /* ` a-o */
	T, T, T, T, T, T, T, T, T, T, T, F, T, F, T, 0, /* p-z { | } ~ DEL */
	F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
	F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
	F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
	F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
	F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
	F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
	F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
	F, F, F, F, F, F, F, F, F, F, F, F, F, F, F, F,
};
/* clang-format on */

#undef T
#undef F

/* Empty lines that may stand before a request-line, as many as in Apache; each is CRLF. */
#define EMPTY_LINES_MAX 10

bool http_is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!http_is_tchar(s.p[i]))
			return false;
	return s.n > 0;
}

/* The first byte from `at` on that may not stand in a request-line, or its CR. */
static size_t request_line_bytes(struct span in, size_t line, size_t at)
{
	if (at == line && at < in.n && !http_is_tchar(in.p[at]))
		return at;
	while (at < in.n && http_is(in.p[at], HTTP_LINE))
		at++;
	return at;
}

/* The same for a field line: a name of tchar only, a colon, then what a value may hold. */
static size_t field_line_bytes(struct span in, size_t line, size_t at)
{
	if (!memchr(in.p + line, ':', at - line)) {
		while (at < in.n && http_is_tchar(in.p[at]))
			at++;
		if (at == in.n || in.p[at] != ':' || at == line)
			return at;
		at++;
	}
	while (at < in.n && http_is_field_char(in.p[at]))
		at++;
	return at;
}

/* What is wrong with the byte at s->at, which is neither allowed there nor the CR of the line. */
static struct http_fault bad_byte(const struct http_scan *s, struct span in)
{
	char c = in.p[s->at];

	/* RFC 9112 section 2.2: a lone LF is not taken for the end of a line. */
	if (c == '\n')
		return http_fault(400, "RFC 9112 section 2.2: a bare LF");
	if (s->lines == 0 && s->at == s->line)
		return http_fault(400, "RFC 9112 section 3: no method at the start");
	/* RFC 9110 section 5.5: NUL and the other controls are dangerous; none is let through. */
	if (!http_is_field_char(c))
		return http_fault(400, "RFC 9110 section 5.5: a control character");
	if (s->lines == 0)
		return http_fault(
		    400, "RFC 9112 section 3.2: a byte that no request-line may hold");
	/* RFC 9112 section 5.2: a server must refuse obs-fold; section 2.2: the first line, too. */
	if (s->at == s->line && (c == ' ' || c == '\t'))
		return http_fault(400, "RFC 9112 section 5.2: a folded field line");
	/* RFC 9112 section 5.1: no white space between the name and the colon. */
	if (c == ' ' || c == '\t')
		return http_fault(400, "RFC 9112 section 5.1: white space in a field name");
	return http_fault(400, "RFC 9110 section 5.1: a field name that is no token");
}

/* What the administrator allows, told as soon as it is passed. */
static struct http_fault over_limit(const struct http_scan *s, const struct http_limits *limits)
{
	size_t n = s->at - s->line;

	/* RFC 9112 section 3: 414 for a request-target that is too long. */
	if (s->lines == 0 && n > limits->line)
		return http_fault(414, "RFC 9112 section 3: longer than LimitRequestLine");
	/* RFC 6585 section 5: 431 for one field or for all. */
	if (s->lines > 0 && n > limits->field_size)
		return http_fault(431, "RFC 6585 section 5: longer than LimitRequestFieldSize");
	if (n > 0 && limits->fields && s->lines > limits->fields)
		return http_fault(431, "RFC 6585 section 5: more than LimitRequestFields");
	if (s->at > HTTP_HEAD_MAX - 2)
		return s->lines ? http_fault(431, "RFC 6585 section 5: a head above 64 KiB")
		                : http_fault(414, "RFC 9112 section 3: a line above 64 KiB");
	return HTTP_NO_FAULT;
}

/* A line that ends at s->at, with its CRLF there. */
static struct http_fault whole_line(struct http_scan *s, struct span in)
{
	struct span line = {in.p + s->line, s->at - s->line};
	struct http_head head = {0};

	if (s->lines > 0) {
		if (line.n && !memchr(line.p, ':', line.n))
			return http_fault(400, "RFC 9112 section 5: a field line without a colon");
		return HTTP_NO_FAULT;
	}
	if (line.n)
		return http_request_line(line, &head);
	/* RFC 9112 section 2.2: ignore at least one empty line before the request-line. */
	if (s->line / 2 >= EMPTY_LINES_MAX)
		return http_fault(400, "RFC 9112 section 2.2: too many empty lines");
	return HTTP_NO_FAULT;
}

static void next_line(struct http_scan *s)
{
	if (s->at > s->line)
		s->lines++;
	s->at += 2;
	s->line = s->at;
}

enum http_head_result http_scan_lines(
    struct http_scan *s, struct span in, const struct http_limits *limits, struct http_fault *fault)
{
	for (;;) {
		s->at = s->lines ? field_line_bytes(in, s->line, s->at)
		                 : request_line_bytes(in, s->line, s->at);
		*fault = over_limit(s, limits);
		if (fault->status)
			return HTTP_HEAD_BAD;
		if (s->at == in.n)
			return HTTP_HEAD_MORE;
		if (in.p[s->at] != '\r') {
			*fault = bad_byte(s, in);
			return HTTP_HEAD_BAD;
		}
		if (s->at + 1 == in.n)
			return HTTP_HEAD_MORE;
		/* RFC 9112 section 2.2: a CR without LF is invalid. */
		if (in.p[s->at + 1] != '\n') {
			*fault = http_fault(400, "RFC 9112 section 2.2: a bare CR");
			return HTTP_HEAD_BAD;
		}
		*fault = whole_line(s, in);
		if (fault->status)
			return HTTP_HEAD_BAD;
		bool end = s->lines > 0 && s->at == s->line;
		next_line(s);
		if (end)
			return HTTP_HEAD_DONE;
	}
}
