/*
 * A file as it is: methods, preconditions, a range, then its bytes (RFC 9110 sections 9, 13, 14).
 * Runs as the vhost's user; what was opened and its fstat decide, never its name.
 */
#include "child_range.h"

/* RFC 9110 section 8.8.2.1: not later than the answer. */
static time_t static_modified(const struct child_request *r)
{
	time_t modified = r->target.st.st_mtim.tv_sec;

	return modified < r->start.tv_sec ? modified : r->start.tv_sec;
}

/* For the filters: the whole file, or a part that they leave alone. */
static void static_whole(struct child_request *r, const struct child_ranges *x, int status)
{
	r->whole = (struct child_whole){.all = status == 200,
	    .range = status == 206,
	    .fd = r->target.fd,
	    .at = x->base,
	    .n = (uint64_t)x->size};
}

static void static_send(struct child *c, struct child_request *r, const struct child_ranges *x)
{
	if (child_filter_on(r)) {
		r->aborted = !child_whole_send(c, r);
		return;
	}
	uint64_t head = c->out_n, before = c->bytes_out;
	bool sent = r->head_only ? child_send(c, c->out, c->out_n, 0)
	                         : child_range_send(c, r->target.fd, x);

	r->aborted = !sent;
	r->body_bytes = c->bytes_out - before > head ? c->bytes_out - before - head : 0;
}

static void static_validators(struct child *c, const struct child_request *r, struct span etag)
{
	char modified[DATE_LEN + 1];

	date_format(static_modified(r), modified);
	child_head_add(c, SPAN("Last-Modified"), (struct span){modified, DATE_LEN});
	if (etag.n)
		child_head_add(c, SPAN("ETag"), etag);
}

void child_static_answer(struct child *c, struct child_request *r, int status, struct span *etag,
    const struct child_ranges *x)
{
	const struct child_target *t = &r->target;

	child_head_start(c, r, status, child_reason(status));
	r->file_fields = true;
	if (etag)
		static_validators(c, r, *etag);
	child_range_accept(c);
	if (status != 304) {
		child_range_fields(c, r, x);
		if (t->encoding)
			child_head_add(c, SPAN("Content-Encoding"), span_of(t->encoding));
		if (t->language)
			child_head_add(c, SPAN("Content-Language"), span_of(t->language));
	}
	static_whole(r, x, status);
	if (status == 304 || status == 412)
		child_reply(c, r, "", 0);
	else if (child_head_finish(c, r, x->length))
		static_send(c, r, x);
}

/* What names say of a type is said of files; what is forced holds for a directory, too. */
static const char *method_type(const struct child *c, const struct child_request *r)
{
	const struct conf_dir *dir = &c->dir.merged;

	if (r->forced_type)
		return r->forced_type;
	if (!S_ISDIR(r->target.st.st_mode) || (dir->set & DIR_TYPE && *dir->type))
		return r->target.type;
	return CHILD_DIRECTORY_TYPE;
}

static int method_options(struct child *c, struct child_request *r)
{
	bool trace = c->vhost->trace != TRACE_OFF;
	const char *type = method_type(c, r);

	child_head_start(c, r, 200, child_reason(200));
	r->file_fields = true;
	child_head_add(c, SPAN("Allow"), trace ? SPAN(CHILD_ALLOW ",TRACE") : SPAN(CHILD_ALLOW));
	if (type)
		child_head_add(c, SPAN("Content-Type"), span_of(type));
	if (r->target.encoding)
		child_head_add(c, SPAN("Content-Encoding"), span_of(r->target.encoding));
	if (r->target.language)
		child_head_add(c, SPAN("Content-Language"), span_of(r->target.language));
	child_reply(c, r, "", 0);
	return 200;
}

int child_method(struct child *c, struct child_request *r)
{
	r->allow = CHILD_ALLOW;
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

void child_static_validators(struct child *c, struct child_request *r)
{
	char text[CHILD_ETAG_MAX];

	static_validators(c, r, child_etag(c, r, text));
}

int child_static(struct child *c, struct child_request *r)
{
	struct child_ranges x = {
	    .size = r->target.st.st_size, .type = child_type(c, r, span_of(r->target.type))};
	char text[CHILD_ETAG_MAX];
	struct span etag;
	int status = child_method(c, r);

	if (status)
		return status == 200 ? 0 : status;
	if (!static_path_info(c, r))
		return 404;
	status = child_target_denied(c, &r->target);
	if (status)
		return status;
	etag = child_etag(c, r, text);
	/* An ErrorDocument is no representation of what was asked for. */
	status = r->error_status ? 0 : child_conditions(c, r, etag, static_modified(r));
	if (status == 0)
		status = child_range(c, r, &x, etag, static_modified(r));
	if (status == 416)
		return status;
	/* 412 is the file's answer here, not an error page's (Apache's default_handler). */
	child_static_answer(c, r, status, &etag, &x);
	return 0;
}
