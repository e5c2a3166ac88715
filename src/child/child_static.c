/*
 * A file as it is: methods, preconditions, a range, then its bytes (RFC 9110 sections 9, 13, 14).
 * Runs as the vhost's user; what was opened and its fstat decide, never its name.
 */
#include "child_internal.h"

#include "itkd/etag.h"
#include "itkd/range.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define STATIC_ALLOW "GET,HEAD,OPTIONS"

/* Validators of the file, in the forms of the answer's fields. */
struct static_file {
	char etag_text[48];
	struct span etag;
	char modified[DATE_LEN + 1];
	int64_t size;
};

static char *static_hex(char *p, uint64_t value)
{
	char digits[16];
	size_t n = 0;

	do
		digits[n++] = "0123456789abcdef"[value & 15];
	while (value >>= 4);
	while (n)
		*p++ = digits[--n];
	return p;
}

/*
 * Apache's FileETag MTime Size. Weak where the file has just changed: within the clock's step it
 * could change again and keep both (RFC 9110 section 8.8.3.1).
 */
static void static_etag(struct static_file *f, const struct stat *st, const struct timespec *now)
{
	int64_t age = (int64_t)now->tv_sec - st->st_mtim.tv_sec;
	char *p = f->etag_text;

	if (age <= 1) {
		*p++ = 'W';
		*p++ = '/';
	}
	*p++ = '"';
	p = static_hex(p, (uint64_t)st->st_size);
	*p++ = '-';
	p = static_hex(
	    p, (uint64_t)st->st_mtim.tv_sec * 1000000 + (uint64_t)st->st_mtim.tv_nsec / 1000);
	*p++ = '"';
	f->etag = (struct span){f->etag_text, (size_t)(p - f->etag_text)};
}

static struct span static_field(struct child *c, const struct child_request *r, struct span name)
{
	return http_head_joined(&c->arena, &r->head, name);
}

/* RFC 9110 section 13.1.4 and 13.1.3: false where there is no such field, or no date in it. */
static bool static_date(const struct child_request *r, struct span name, time_t *date)
{
	const struct http_field *field = http_head_field(&r->head, name);

	if (!field)
		return false;
	*date = date_parse(field->value, r->start.tv_sec);
	return *date != -1;
}

/* RFC 9110 section 13.2.2, steps 1 to 4: 0, 304 or 412. */
static int static_conditions(
    struct child *c, const struct child_request *r, const struct static_file *f)
{
	time_t modified = r->target.st.st_mtim.tv_sec, date;
	struct span match = static_field(c, r, SPAN("If-Match"));
	struct span none = static_field(c, r, SPAN("If-None-Match"));

	if (match.p) {
		if (etag_match(match, f->etag, ETAG_STRONG) == ETAG_DIFFERS)
			return 412;
	} else if (static_date(r, SPAN("If-Unmodified-Since"), &date) && modified > date) {
		return 412;
	}
	if (none.p)
		return etag_match(none, f->etag, ETAG_WEAK) == ETAG_DIFFERS ? 0 : 304;
	if (static_date(r, SPAN("If-Modified-Since"), &date) && modified <= date)
		return 304;
	return 0;
}

/* RFC 9110 section 13.1.5: without If-Range, or where it names exactly this file as it is. */
static bool static_range_holds(const struct child_request *r, const struct static_file *f)
{
	const struct http_field *field = http_head_field(&r->head, SPAN("If-Range"));

	if (!field)
		return true;
	if (etag_valid(field->value))
		return etag_equal(field->value, f->etag, ETAG_STRONG);
	/* A date is as strong as a tag only where the file has been at rest since. */
	return r->start.tv_sec - r->target.st.st_mtim.tv_sec > 1 &&
	       date_parse(field->value, r->start.tv_sec) == r->target.st.st_mtim.tv_sec;
}

/* 200, 206 with *range, or 416. */
static int static_range(struct child *c, const struct child_request *r, const struct static_file *f,
    struct range *range)
{
	struct span value;
	size_t n = 0;

	*range = (struct range){0, f->size};
	/* Defined for GET only (section 14.2); of several ranges the whole is sent. */
	if (r->method_id != HTTP_METHOD_GET)
		return 200;
	value = static_field(c, r, SPAN("Range"));
	if (!value.p || !static_range_holds(r, f))
		return 200;
	switch (range_parse(value, f->size, range, 1, &n)) {
	case RANGE_OK:
		return 206;
	case RANGE_UNSATISFIABLE:
		return 416;
	default:
		*range = (struct range){0, f->size};
		return 200;
	}
}

static const char *static_content_range(
    struct child *c, const struct static_file *f, const struct range *range)
{
	return arena_printf(&c->arena, "bytes %lld-%lld/%lld", (long long)range->start,
	    (long long)range->end - 1, (long long)f->size);
}

/* A small file leaves with its head in one write; false where it has become shorter. */
static bool static_send_small(struct child *c, struct child_request *r, off_t at, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t part =
		    pread(r->target.fd, c->out + c->out_n + got, n - got, at + (off_t)got);

		if (part == 0 || (part < 0 && errno != EINTR))
			return false;
		if (part > 0)
			got += (size_t)part;
	}
	c->out_n += n;
	return child_send(c, c->out, c->out_n, 0);
}

static void static_send(struct child *c, struct child_request *r, const struct range *range)
{
	uint64_t n = r->head_only ? 0 : (uint64_t)(range->end - range->start), head = c->out_n;
	uint64_t before = c->bytes_out;
	bool sent;

	if (n <= CHILD_SMALL) {
		sent = static_send_small(c, r, range->start, (size_t)n);
	} else {
		child_nodelay(c);
		sent = child_send(c, c->out, c->out_n, MSG_MORE) &&
		       child_send_file(c, r->target.fd, range->start, n);
	}
	r->aborted = !sent;
	r->body_bytes = c->bytes_out - before > head ? c->bytes_out - before - head : 0;
}

static void static_answer(struct child *c, struct child_request *r, const struct static_file *f,
    int status, const struct range *range)
{
	child_head_start(c, r, status, child_reason(status));
	if (status != 304)
		child_head_add(c, SPAN("Last-Modified"), (struct span){f->modified, DATE_LEN});
	child_head_add(c, SPAN("ETag"), f->etag);
	if (status == 304) {
		child_reply(c, r, "", 0);
		return;
	}
	child_head_add(c, SPAN("Accept-Ranges"), SPAN("bytes"));
	if (status == 206)
		child_head_add(
		    c, SPAN("Content-Range"), span_of(static_content_range(c, f, range)));
	if (r->target.type)
		child_head_add(c, SPAN("Content-Type"), span_of(r->target.type));
	child_head_finish(c, r, range->end - range->start);
	static_send(c, r, range);
}

int child_method(struct child *c, struct child_request *r)
{
	switch (r->method_id) {
	case HTTP_METHOD_GET:
	case HTTP_METHOD_HEAD:
		return 0;
	case HTTP_METHOD_OTHER:
		return 501;
	case HTTP_METHOD_OPTIONS:
		child_head_start(c, r, 200, child_reason(200));
		child_head_add(c, SPAN("Allow"), SPAN(STATIC_ALLOW));
		child_reply(c, r, "", 0);
		return 200;
	default:
		r->allow = STATIC_ALLOW;
		return 405;
	}
}

int child_static(struct child *c, struct child_request *r)
{
	struct static_file f = {.size = r->target.st.st_size};
	struct range range = {0, r->target.st.st_size};
	int status;

	/* Apache's AcceptPathInfo Default. */
	if (r->target.path_info[0]) {
		child_log(c, LOG_INFO, "core", "AH00128: File does not exist: %s%s", r->target.file,
		    r->target.path_info);
		return 404;
	}
	status = child_method(c, r);
	if (status)
		return status == 200 ? 0 : status;
	static_etag(&f, &r->target.st, &r->start);
	date_format(r->target.st.st_mtim.tv_sec, f.modified);
	status = static_conditions(c, r, &f);
	if (status == 412)
		return status;
	if (status == 0)
		status = static_range(c, r, &f, &range);
	if (status == 416) {
		r->content_range = arena_printf(&c->arena, "bytes */%lld", (long long)f.size);
		return status;
	}
	static_answer(c, r, &f, status, &range);
	return 0;
}
