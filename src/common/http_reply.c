/*
 * The head of a backend's answer (http_reply.h), read strictly. Run by the child, after the drop;
 * the bytes are the backend's. RFC 9112 sections 4 to 6.
 */
#include "itkd/http_reply.h"

#include "http_head_scan.h"
#include "itkd/arena.h"
#include "itkd/http_field.h"
#include <ctype.h>

/* Its next line without its end. */
static struct span next_line(char *p, size_t n, size_t *at)
{
	const char *lf = memchr(p + *at, '\n', n - *at);
	size_t end = lf ? (size_t)(lf - p) : n;
	struct span line = {p + *at, end - *at};

	*at = lf ? end + 1 : n;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* Section 4: HTTP/1.x SP 3DIGIT [SP reason-phrase]. */
static bool status_line(struct span line, struct http_reply *r)
{
	const char *p = line.p;

	if (line.n < 12 || strncasecmp(p, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)p[7]) ||
	    p[8] != ' ' || (line.n > 12 && p[12] != ' '))
		return false;
	r->minor = p[7] != '0';
	r->status = (int)span_number((struct span){p + 9, 3}, 999);
	r->reason = span_trim((struct span){p + 12, line.n - 12});
	for (size_t i = 0; i < r->reason.n; i++)
		if (!http_is_field_char(r->reason.p[i]))
			return false;
	return r->status >= 100;
}

/*
 * Section 5.2: a line that begins with white space goes on with the field before it. Its end and
 * the white space become spaces in place. Returns the whole line.
 */
static struct span unfold(char *p, size_t n, size_t *at, struct span line)
{
	while (line.n && *at < n && (p[*at] == ' ' || p[*at] == '\t')) {
		size_t end = (size_t)(line.p - p) + line.n;

		memset(p + end, ' ', *at - end);
		struct span more = next_line(p, n, at);

		line.n = (size_t)(more.p - line.p) + more.n;
	}
	return line;
}

static bool field_line(struct span line, struct http_field *f)
{
	const char *colon = memchr(line.p, ':', line.n);

	if (!colon)
		return false;
	f->name = (struct span){line.p, (size_t)(colon - line.p)};
	f->value = span_trim((struct span){colon + 1, line.n - f->name.n - 1});
	for (size_t i = 0; i < f->value.n; i++)
		if (!http_is_field_char(f->value.p[i]))
			return false;
	return http_field_name(f->name);
}

/* Section 6.3: lengths that are all the same are one. */
static bool content_length(struct span value, struct http_reply *r)
{
	struct span rest = value, one;
	bool any = false;

	while (span_list_next(&rest, &one)) {
		long long n = span_number(one, INT64_MAX);

		if (n < 0 || (r->length >= 0 && r->length != n))
			return false;
		r->length = n;
		any = true;
	}
	return any;
}

/* Section 6.1: what cannot be decoded cannot be passed on; chunked comes last, and once. */
static bool transfer_encoding(struct span value, struct http_reply *r)
{
	if (r->chunked || !span_ieq(value, SPAN("chunked")))
		return false;
	r->chunked = true;
	return true;
}

static void connection(struct span value, struct http_reply *r)
{
	struct span rest = value, token;

	while (span_list_next(&rest, &token)) {
		if (span_ieq(token, SPAN("close")))
			r->keep_alive = false;
		else if (span_ieq(token, SPAN("keep-alive")) && r->minor == 0)
			r->keep_alive = true;
	}
}

static bool field_framing(const struct http_field *f, struct http_reply *r)
{
	if (span_ieq(f->name, SPAN("Content-Length")))
		return content_length(f->value, r);
	if (span_ieq(f->name, SPAN("Transfer-Encoding")))
		return transfer_encoding(f->value, r);
	if (span_ieq(f->name, SPAN("Connection")))
		connection(f->value, r);
	return true;
}

static size_t count_lines(const char *p, size_t n)
{
	size_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

static enum http_reply_result finish(struct http_reply *r, size_t size)
{
	r->size = size;
	r->both = r->chunked && r->length >= 0;
	if (r->chunked)
		r->length = -1;
	/* RFC 9112 section 6.1: nobody knows how a sender of 1.0 means it. */
	if (r->both || (r->chunked && r->minor == 0))
		r->keep_alive = false;
	return HTTP_REPLY_OK;
}

enum http_reply_result http_reply_parse(struct arena *a, char *p, size_t n, size_t field_size,
    enum http_reply_bad bad, struct http_reply *r, struct span *line)
{
	size_t at = 0, start;
	struct http_field *fields;

	*r = (struct http_reply){.length = -1};
	*line = next_line(p, n, &at);
	if (line->n > field_size || !status_line(*line, r))
		return HTTP_REPLY_NO_STATUS;
	r->keep_alive = r->minor > 0;
	fields = arena_array(a, count_lines(p, n), sizeof(*fields));
	r->fields = fields;
	for (;;) {
		struct http_field *f = &fields[r->nfields];

		start = at;
		*line = next_line(p, n, &at);
		if (line->n == 0)
			return finish(r, at);
		*line = unfold(p, n, &at, *line);
		if (line->n > field_size)
			return HTTP_REPLY_FIELD;
		if (field_line(*line, f)) {
			if (!field_framing(f, r))
				return HTTP_REPLY_FRAMING;
			r->nfields++;
		} else if (memchr(line->p, ':', line->n) || bad == HTTP_REPLY_BAD) {
			return HTTP_REPLY_FIELD;
		} else if (bad == HTTP_REPLY_BODY) {
			return finish(r, start);
		}
	}
}

struct span http_reply_joined(struct arena *a, const struct http_reply *r, struct span name)
{
	struct http_head head = {.nfields = r->nfields, .fields = r->fields};

	return http_head_joined(a, &head, name);
}
