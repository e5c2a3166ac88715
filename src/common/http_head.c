/*
 * The head of a request: scanned (http_head_scan.c), split into fields, checked rule by rule, and
 * read a second time by http-parser, which may only object. Run by the front on peeked bytes, and
 * by the child after the drop on the same bytes. The bytes are the client's; nobody is trusted.
 * RFC 9112 (framing), RFC 9110 (fields).
 */
#include "itkd/http_head.h"

#include "http_head_scan.h"
#include "http_head_second.h"
#include "itkd/arena.h"
#include "itkd/host.h"
#include <assert.h>

/* How often a Content-Length may be said again. */
#define REPEATS_MAX 3
/* Places of one head that http-parser is not shown. */
#define CUTS_MAX 8

/* The next field of that name at or behind *i, or NULL. */
static const struct http_field *next_field(
    const struct http_head *head, struct span name, size_t *i)
{
	while (*i < head->nfields) {
		const struct http_field *f = &head->fields[(*i)++];

		if (span_ieq(f->name, name))
			return f;
	}
	return NULL;
}

const struct http_field *http_head_field(const struct http_head *head, struct span name)
{
	size_t i = 0;

	return next_field(head, name, &i);
}

struct span http_head_joined(struct arena *a, const struct http_head *head, struct span name)
{
	const struct http_field *f;
	size_t n = 0, fields = 0;

	for (size_t i = 0; (f = next_field(head, name, &i)) != NULL; fields++)
		n += f->value.n + 2;
	if (fields == 0)
		return (struct span){NULL, 0};
	if (fields == 1)
		return http_head_field(head, name)->value;

	char *p = arena_alloc(a, n), *end = p;

	for (size_t i = 0; (f = next_field(head, name, &i)) != NULL;) {
		memcpy(end, f->value.p, f->value.n);
		memcpy(end + f->value.n, ", ", 2);
		end += f->value.n + 2;
	}
	return (struct span){p, n - 2};
}

bool http_head_has_token(const struct http_head *head, struct span name, struct span token)
{
	const struct http_field *f;

	for (size_t i = 0; (f = next_field(head, name, &i)) != NULL;) {
		struct span rest = f->value, element;

		while (span_list_next(&rest, &element))
			if (span_ieq(element, token))
				return true;
	}
	return false;
}

/* RFC 9112 section 5: name ":" OWS value OWS. The scan has seen that each line is one. */
static void split_fields(
    struct arena *a, struct http_head *head, const char *p, const char *end, size_t n)
{
	struct http_field *f = arena_array(a, n, sizeof(*f));

	for (size_t i = 0; i < n; i++) {
		const char *colon = memchr(p, ':', (size_t)(end - p));
		const char *cr = memchr(colon, '\r', (size_t)(end - colon));

		f[i].name = (struct span){p, (size_t)(colon - p)};
		f[i].value = span_trim((struct span){colon + 1, (size_t)(cr - colon - 1)});
		p = cr + 2;
	}
	head->fields = f;
	head->nfields = n;
}

/*
 * RFC 9112 section 3.2: a request of HTTP/1.1 without Host, and any with two or an invalid one, is
 * refused. Section 3.2.2: the host of an absolute-form wins. RFC 9110 section 4.2.1: an empty host
 * is none that http has; only HTTP/1.0 may leave the choice to the server (RFC 9112 section 3.3).
 */
static struct http_fault rule_host(struct http_head *head)
{
	size_t i = 0;
	const struct http_field *f = next_field(head, SPAN("Host"), &i);
	struct span host = {NULL, 0};
	uint16_t port = 0;

	if (!f)
		return head->minor ? http_fault(400, "RFC 9112 section 3.2: no Host")
		                   : HTTP_NO_FAULT;
	if (next_field(head, SPAN("Host"), &i))
		return http_fault(400, "RFC 9112 section 3.2: Host twice");
	if (f->value.n && (!host_parse(f->value, &host, &port) || host.n == 0))
		return http_fault(400, "RFC 9112 section 3.2: an invalid Host");
	if (f->value.n == 0 && head->minor && !head->absolute)
		return http_fault(400, "RFC 9110 section 4.2.1: an empty Host");
	if (head->host.n == 0) {
		head->host = host;
		head->host_port = port;
	}
	return HTTP_NO_FAULT;
}

/*
 * RFC 9112 section 6.1, 6.3: a body is framed by exactly one "chunked" or not by codings at all.
 * Without chunked at the end its length is unknown: 400, not 501.
 */
static struct http_fault rule_transfer_encoding(struct http_head *head)
{
	const struct http_field *f = http_head_field(head, SPAN("Transfer-Encoding"));
	size_t elements = 0, chunked = 0;
	bool last = false;

	if (!f)
		return HTTP_NO_FAULT;
	/* RFC 9112 section 6.1: HTTP/1.0 has no codings; who sends one is not to be believed. */
	if (head->minor == 0)
		return http_fault(400, "RFC 9112 section 6.1: Transfer-Encoding in HTTP/1.0");
	/* RFC 9112 section 6.1: with both, a request may be an attempt at smuggling. */
	if (http_head_field(head, SPAN("Content-Length")))
		return http_fault(
		    400, "RFC 9112 section 6.1: Transfer-Encoding and Content-Length");
	for (size_t i = 0, fields = 0;
	     (f = next_field(head, SPAN("Transfer-Encoding"), &i)) != NULL; fields++) {
		struct span rest = f->value, element;

		head->chunked = fields == 0 && span_ieq(f->value, SPAN("chunked"));
		while (span_list_next(&rest, &element)) {
			last = span_ieq(element, SPAN("chunked"));
			chunked += last;
			elements++;
		}
	}
	if (head->chunked)
		return HTTP_NO_FAULT;
	if (last && chunked == 1 && elements > 1)
		return http_fault(
		    501, "RFC 9112 section 6.1: a transfer coding other than chunked");
	return http_fault(400, "RFC 9112 section 6.3: Transfer-Encoding is not chunked");
}

/* RFC 9110 section 8.6: 1*DIGIT. Lists are refused, and repetitions that differ. */
static struct http_fault rule_content_length(struct http_head *head)
{
	size_t i = 0, repeats = 0;
	const struct http_field *f = next_field(head, SPAN("Content-Length"), &i), *again;

	head->content_length = -1;
	if (!f)
		return HTTP_NO_FAULT;
	for (size_t k = 0; k < f->value.n; k++)
		if (f->value.p[k] < '0' || f->value.p[k] > '9')
			return http_fault(400, "RFC 9110 section 8.6: Content-Length is no number");
	if (f->value.n == 0)
		return http_fault(400, "RFC 9110 section 8.6: an empty Content-Length");
	while ((again = next_field(head, SPAN("Content-Length"), &i)) != NULL)
		if (++repeats > REPEATS_MAX || !span_eq(again->value, f->value))
			return http_fault(400, "RFC 9112 section 6.3: Content-Length twice");
	/* RFC 9110 section 8.6: a number too large to count is not cut, but refused. */
	head->content_length = span_number(f->value, INT64_MAX);
	if (head->content_length < 0)
		return http_fault(413, "RFC 9110 section 8.6: Content-Length above 2^63 - 1");
	return HTTP_NO_FAULT;
}

/* RFC 9112 section 9.3: close wins; else HTTP/1.1 persists, HTTP/1.0 where it asks to. */
static void rule_connection(struct http_head *head)
{
	head->keep_alive =
	    !http_head_has_token(head, SPAN("Connection"), SPAN("close")) &&
	    (head->minor || http_head_has_token(head, SPAN("Connection"), SPAN("keep-alive")));
}

/* RFC 9110 section 10.1.1: ignored in HTTP/1.0; what is not 100-continue cannot be met. */
static void rule_expect(struct http_head *head)
{
	const struct http_field *f;

	if (head->minor == 0)
		return;
	for (size_t i = 0; (f = next_field(head, SPAN("Expect"), &i)) != NULL;) {
		struct span rest = f->value, element;

		while (span_list_next(&rest, &element))
			if (span_ieq(element, SPAN("100-continue")))
				head->expect_continue = true;
			else
				head->expect_unknown = true;
	}
}

/* A span of the head that http-parser is not shown. */
static struct span second_cut(const struct http_field *f, bool again, const char *end)
{
	const struct span te = SPAN("Transfer-Encoding");
	struct span value = f->value, name = f->name;
	const char *behind = value.p + value.n;
	const char *lf = memchr(behind, '\n', (size_t)(end - behind));
	bool length = span_ieq(name, SPAN("Content-Length"));

	/* It refuses a Content-Length that is said again, and takes "Transfer-Encodings" for ours.
	 */
	if ((length && again) || (name.n > te.n && span_ieq((struct span){name.p, te.n}, te)))
		return (struct span){name.p, (size_t)(lf + 1 - name.p)};
	/* Nor does it know that HTAB is white space behind a value (RFC 9112 section 5.1). */
	if (length || span_ieq(name, te))
		return (struct span){behind, (size_t)(lf - 1 - behind)};
	return (struct span){NULL, 0};
}

/*
 * The head in pieces for http-parser, without what it refuses though it is no error. A method that
 * it does not know: GET stands in. 0: there is more of that than anybody means well.
 */
static size_t second_pieces(const struct http_head *head, const char *end, struct span *pieces)
{
	bool known =
	    head->method_id != HTTP_METHOD_OTHER && head->method_id != HTTP_METHOD_EXTENSION;
	const char *p = head->method.p + head->method.n;
	bool again = false;
	size_t n = 0;

	pieces[n++] = known ? head->method : SPAN("GET");
	for (size_t i = 0; i < head->nfields; i++) {
		const struct http_field *f = &head->fields[i];
		struct span cut;

		if (f->name.n < SPAN("Content-Length").n)
			continue;
		cut = second_cut(f, again, end);
		again = again || span_ieq(f->name, SPAN("Content-Length"));
		if (cut.n == 0)
			continue;
		if (n > CUTS_MAX)
			return 0;
		pieces[n++] = (struct span){p, (size_t)(cut.p - p)};
		p = cut.p + cut.n;
	}
	pieces[n++] = (struct span){p, (size_t)(end - p)};
	return n;
}

/*
 * Two readers must see the same request: another method, version, length of the target or framing
 * is refused. About keep-alive it is not asked: it obeys Proxy-Connection, which no RFC has.
 */
static struct http_fault compare_second(const struct http_head *head, const char *end)
{
	struct span pieces[CUTS_MAX + 2];
	struct http_opinion o;
	size_t n = second_pieces(head, end, pieces);

	if (n == 0 || !http_second_opinion(pieces, n, &o) ||
	    !span_eq(pieces[0], span_of(o.method)) || o.major != head->major ||
	    (o.minor > 0) != (head->minor > 0) || o.ntarget != head->target.n ||
	    o.chunked != head->chunked || o.content_length != head->content_length)
		return http_fault(400, "parsers disagree");
	return HTTP_NO_FAULT;
}

/* The bytes at p are a head with nfields fields, scanned to its end. */
static struct http_fault read_head(
    struct arena *a, const char *p, size_t nfields, struct http_head *head)
{
	const char *end = p + head->size;
	struct http_fault fault;

	while (*p == '\r')
		p += 2;
	const char *cr = memchr(p, '\r', (size_t)(end - p));

	fault = http_request_line((struct span){p, (size_t)(cr - p)}, head);
	if (fault.status)
		return fault;
	split_fields(a, head, cr + 2, end, nfields);
	fault = rule_host(head);
	if (!fault.status)
		fault = rule_transfer_encoding(head);
	if (!fault.status)
		fault = rule_content_length(head);
	if (fault.status)
		return fault;
	rule_connection(head);
	rule_expect(head);
	return compare_second(head, end);
}

static struct span behind_empty_lines(const char *p, size_t n)
{
	while (n >= 2 && memcmp(p, "\r\n", 2) == 0) {
		p += 2;
		n -= 2;
	}
	return (struct span){p, n};
}

bool http_head_has_line(const char *p, size_t n)
{
	struct span rest = behind_empty_lines(p, n);

	return rest.n && memchr(rest.p, '\n', rest.n);
}

/* What stands there of a request-line, for the log line of a head that is refused. */
static struct span line_so_far(const char *p, size_t n)
{
	struct span rest = behind_empty_lines(p, n);
	size_t len = 0;

	while (len < rest.n && rest.p[len] != '\r' && rest.p[len] != '\n')
		len++;
	return (struct span){rest.p, len};
}

/* *scanned holds a struct http_scan between calls, 20 bits for each number. */
#define SCAN_BITS 20
static_assert(sizeof(size_t) == 8, "a scan's state is kept in a size_t");
static_assert(HTTP_HEAD_MAX < 1 << SCAN_BITS, "offsets into a head fit");

static struct http_scan scan_unpack(size_t v)
{
	const size_t mask = ((size_t)1 << SCAN_BITS) - 1;

	return (struct http_scan){
	    .at = v & mask,
	    .line = v >> SCAN_BITS & mask,
	    .lines = v >> 2 * SCAN_BITS & mask,
	};
}

static size_t scan_pack(const struct http_scan *s)
{
	return s->at | s->line << SCAN_BITS | s->lines << 2 * SCAN_BITS;
}

enum http_head_result http_head_parse(struct arena *a, const char *p, size_t n, size_t *scanned,
    const struct http_limits *limits, struct http_head *head, int *status, const char **why)
{
	struct http_scan scan = scan_unpack(*scanned);
	struct http_fault fault = HTTP_NO_FAULT;
	enum http_head_result result;

	memset(head, 0, sizeof(*head));
	assert(scan.at <= n);
	result = http_scan_lines(&scan, (struct span){p, n}, limits, &fault);
	*scanned = scan_pack(&scan);
	if (result == HTTP_HEAD_DONE) {
		head->size = scan.at;
		fault = read_head(a, p, scan.lines - 1, head);
		if (!fault.status)
			return HTTP_HEAD_DONE;
		result = HTTP_HEAD_BAD;
	}
	if (result == HTTP_HEAD_BAD) {
		head->line = line_so_far(p, n);
		*status = fault.status;
		*why = fault.why;
	}
	return result;
}
