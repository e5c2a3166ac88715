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

#define STATIC_ALLOW "HEAD,GET,POST,OPTIONS"

/* Validators of the file, in the forms of the answer's fields. */
struct static_file {
	char etag_text[CHILD_ETAG_MAX];
	struct span etag;
	char modified[DATE_LEN + 1];
	int64_t size;
};

/* RFC 9110 section 8.8.2.1: not later than the answer. */
static time_t static_modified(const struct child_request *r)
{
	time_t modified = r->target.st.st_mtim.tv_sec;

	return modified < r->start.tv_sec ? modified : r->start.tv_sec;
}

void child_static_validators(struct child *c, struct child_request *r)
{
	char modified[DATE_LEN + 1], text[CHILD_ETAG_MAX];
	struct span etag = child_etag(c, r, text);

	date_format(static_modified(r), modified);
	child_head_add(c, SPAN("Last-Modified"), (struct span){modified, DATE_LEN});
	if (etag.n)
		child_head_add(c, SPAN("ETag"), etag);
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
	if (r->method_id != HTTP_METHOD_GET || r->error_status)
		return 200;
	value = http_head_joined(&c->arena, &r->head, SPAN("Range"));
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

/* 412 is the file's answer here, not an error page's (Apache's default_handler). */
static void static_answer(struct child *c, struct child_request *r, const struct static_file *f,
    int status, const struct range *range)
{
	bool bare = status == 304 || status == 412;

	child_head_start(c, r, status, child_reason(status));
	child_head_add(c, SPAN("Last-Modified"), (struct span){f->modified, DATE_LEN});
	if (f->etag.n)
		child_head_add(c, SPAN("ETag"), f->etag);
	child_head_add(c, SPAN("Accept-Ranges"), SPAN("bytes"));
	if (status == 206)
		child_head_add(
		    c, SPAN("Content-Range"), span_of(static_content_range(c, f, range)));
	if (r->target.type && status != 304)
		child_head_add(c, SPAN("Content-Type"), span_of(r->target.type));
	if (r->target.encoding && status != 304)
		child_head_add(c, SPAN("Content-Encoding"), span_of(r->target.encoding));
	if (r->target.language && status != 304)
		child_head_add(c, SPAN("Content-Language"), span_of(r->target.language));
	if (bare)
		child_reply(c, r, "", 0);
	else if (child_head_finish(c, r, range->end - range->start))
		static_send(c, r, range);
}

static int method_options(struct child *c, struct child_request *r)
{
	bool trace = c->vhost->trace != TRACE_OFF;

	child_head_start(c, r, 200, child_reason(200));
	child_head_add(c, SPAN("Allow"), trace ? SPAN(STATIC_ALLOW ",TRACE") : SPAN(STATIC_ALLOW));
	if (S_ISDIR(r->target.st.st_mode))
		child_head_add(c, SPAN("Content-Type"), SPAN("httpd/unix-directory"));
	else if (r->target.type)
		child_head_add(c, SPAN("Content-Type"), span_of(r->target.type));
	if (r->target.encoding)
		child_head_add(c, SPAN("Content-Encoding"), span_of(r->target.encoding));
	if (r->target.language)
		child_head_add(c, SPAN("Content-Language"), span_of(r->target.language));
	child_reply(c, r, "", 0);
	return 200;
}

int child_method(struct child *c, struct child_request *r)
{
	r->allow = STATIC_ALLOW;
	switch (r->method_id) {
	case HTTP_METHOD_GET:
	case HTTP_METHOD_HEAD:
		return 0;
	case HTTP_METHOD_POST:
		if (!S_ISDIR(r->target.st.st_mode))
			return 0;
		child_log(
		    c, LOG_INFO, "core", "AH00129: Attempt to serve directory: %s", r->target.file);
		return 404;
	case HTTP_METHOD_OTHER:
		child_log(c, LOG_ERR, "core", "AH00135: Invalid method in request %.*s",
		    (int)r->head.line.n, r->head.line.p);
		return 501;
	case HTTP_METHOD_OPTIONS:
		return method_options(c, r);
	default:
		return 405;
	}
}

/* AcceptPathInfo: what stands behind a file's name is not the file. */
static bool static_path_info(struct child *c, const struct child_request *r)
{
	if (!r->target.path_info[0] || c->dir.merged.answer.path_info == PATH_INFO_ON)
		return true;
	child_log(c, LOG_INFO, "core", "AH00130: File does not exist: %s%s", r->target.file,
	    r->target.path_info);
	return false;
}

int child_static(struct child *c, struct child_request *r)
{
	struct static_file f = {.size = r->target.st.st_size};
	struct range range = {0, r->target.st.st_size};
	int status;

	status = child_method(c, r);
	if (status)
		return status == 200 ? 0 : status;
	if (!static_path_info(c, r))
		return 404;
	f.etag = child_etag(c, r, f.etag_text);
	date_format(static_modified(r), f.modified);
	/* An ErrorDocument is no representation of what was asked for. */
	status = r->error_status ? 0 : child_conditions(c, r, f.etag, static_modified(r));
	if (status == 0)
		status = static_range(c, r, &f, &range);
	if (status == 416) {
		r->content_range = arena_printf(&c->arena, "bytes */%lld", (long long)f.size);
		return status;
	}
	if (status == 412 || status == 304)
		range = (struct range){0, 0};
	static_answer(c, r, &f, status, &range);
	return 0;
}
