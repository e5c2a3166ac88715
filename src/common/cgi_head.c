/*
 * Reading the head that a CGI program or a FastCGI application writes (cgi_head.h). May run in any
 * process; the child uses it as the vhost's user. The program may echo what a client sent: a field
 * that could end its line or smuggle another answer is an error (RFC 9110 section 5.5).
 */
#include "itkd/cgi_head.h"

#include "itkd/date.h"
#include "itkd/http_field.h"
#include "itkd/http_status.h"
#include <ctype.h>
#include <string.h>

size_t cgi_head_end(const char *p, size_t n, size_t from)
{
	const char *lf = p + from;

	while ((lf = memchr(lf, '\n', n - (size_t)(lf - p)))) {
		size_t at = (size_t)(lf - p);

		/* An empty line, with or without CR. */
		if (at == 0 || p[at - 1] == '\n' ||
		    (p[at - 1] == '\r' && (at == 1 || p[at - 2] == '\n')))
			return at + 1;
		lf++;
	}
	return 0;
}

bool cgi_head_line(struct span *rest, struct span *line)
{
	const char *lf = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = lf ? (size_t)(lf - rest->p) : rest->n;

	*line = (struct span){rest->p, n};
	if (lf)
		n++;
	*rest = (struct span){rest->p + n, rest->n - n};
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return line->n > 0;
}

bool cgi_head_field(struct span line, struct span *name, struct span *value)
{
	const char *colon = memchr(line.p, ':', line.n);

	if (!colon)
		return false;
	*name = (struct span){line.p, (size_t)(colon - line.p)};
	*value = span_trim((struct span){colon + 1, line.n - name->n - 1});
	return http_field_name(*name) && http_field_value(*value);
}

/* "404 Not Found", "404". */
static bool head_status(struct span value, struct cgi_head *f)
{
	struct span digits = {value.p, value.n < 3 ? value.n : 3};
	long long status = span_number(digits, 999);

	/* An interim answer cannot stand for the final one, nor 2000 for 200. */
	if (status < 200 || status > 599 || (value.n > 3 && isdigit((unsigned char)value.p[3])))
		return false;
	f->status = (int)status;
	f->reason = span_trim((struct span){value.p + digits.n, value.n - digits.n});
	/* What is no reason-phrase is not passed on, but the number counts. */
	if (f->reason.n == 0 || value.p[3] != ' ')
		f->reason = http_status_reason(f->status);
	return true;
}

static bool head_note(struct span name, struct span value, struct cgi_head *f)
{
	if (span_ieq(name, SPAN("Status")))
		return head_status(value, f);
	if (span_ieq(name, SPAN("Location")))
		f->location = value;
	if (span_ieq(name, SPAN("Content-Type")))
		f->type = value;
	if (span_ieq(name, SPAN("ETag")))
		f->etag = value;
	if (span_ieq(name, SPAN("X-Sendfile")))
		f->sendfile = value;
	if (span_ieq(name, SPAN("Last-Modified")))
		f->modified = date_parse(value, time(NULL));
	if (span_ieq(name, SPAN("Content-Length"))) {
		f->length = span_number(value, INT64_MAX);
		return f->length >= 0;
	}
	return true;
}

bool cgi_head_scan(struct span head, struct cgi_head *f, struct span *bad)
{
	struct span name, value;

	*f = (struct cgi_head){.length = -1, .modified = -1};
	while (cgi_head_line(&head, bad))
		if (!cgi_head_field(*bad, &name, &value) || !head_note(name, value, f))
			return false;
	return true;
}
