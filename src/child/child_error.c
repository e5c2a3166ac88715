/*
 * What is answered when nothing else is: an error page with its fields (RFC 9110 section 15), or
 * what ErrorDocument says instead. Runs as the vhost's user.
 */
#include "child_internal.h"

#include "itkd/error_page.h"
#include "itkd/http_status.h"

static const char *error_text(struct child *c, const struct child_request *r, int status)
{
	struct error_page page = {.status = status,
	    .first = r->error_status,
	    .admin = c->vhost->server_admin,
	    .location = r->location,
	    .notes = r->error_notes,
	    .signature = child_signature(c, r, "<hr>\n")};

	page.reason = r->reason;
	if (r->parsed) {
		page.method = r->method;
		page.expect = http_head_joined(&c->arena, &r->head, SPAN("Expect"));
	}
	return error_page(&c->arena, &page);
}

/* Apache's make_allow: TRACE is the server's matter. */
static void error_allow(struct child *c, const struct child_request *r)
{
	const char *allow = r->allow ? r->allow : "";
	bool trace = c->vhost->trace != TRACE_OFF;

	child_head_add(c, SPAN("Allow"),
	    span_of(arena_printf(
	        &c->arena, "%s%s%s", allow, *allow && trace ? "," : "", trace ? "TRACE" : "")));
}

static void error_fields(struct child *c, struct child_request *r, int status)
{
	if (status == 503 && c->start->over_cap)
		child_head_add(c, SPAN("Retry-After"), SPAN("1"));
	if (r->location && status >= 300 && status < 400)
		child_head_add(c, SPAN("Location"), span_of(r->location));
	if (status == 405 || (status == 501 && r->parsed))
		error_allow(c, r);
	if (r->content_range)
		child_head_add(c, SPAN("Content-Range"), span_of(r->content_range));
}

/* An ErrorDocument that is a URL: the client will see another status than what has happened. */
static int error_elsewhere(struct child *c, struct child_request *r, int status)
{
	const char *url = child_error_text(c, r, status, DOCUMENT_URL);

	if (!url)
		return status;
	r->location = url;
	return 302;
}

void child_error(struct child *c, struct child_request *r, int status)
{
	const char *page;
	bool quiet;

	/* A page of the server's own goes through none of what the answer would have. */
	child_filter_end(r);
	/* Of a document that failed, too: the first error counts. */
	if (r->error_status)
		status = r->error_status;
	/* A rule's, perhaps (R=100): no client takes that for an answer (RFC 9110 section 15.2). */
	if (status < 200) {
		child_log(c, LOG_ERR, "core", "%d cannot be an answer's status: 500", status);
		status = 500;
	}
	if (http_status_closes(status))
		r->close = true;
	status = error_elsewhere(c, r, status);
	page = child_error_text(c, r, status, DOCUMENT_TEXT);
	if (!page)
		page = error_text(c, r, status);
	r->vary = (struct span){NULL, 0};
	/* What is left of an answer that is no error is the answer's (RFC 9110 section 15.4.5). */
	if (status != 304)
		r->auth_info = NULL;
	child_head_start(c, r, status, r->reason.p ? r->reason : child_reason(status));
	r->error_page = true;
	error_fields(c, r, status);
	r->no_charset = child_env_get(r, "suppress-error-charset") != NULL;
	if (status != 204 && status != 304)
		child_head_add(c, SPAN("Content-Type"),
		    r->no_charset ? SPAN("text/html") : SPAN("text/html; charset=iso-8859-1"));
	quiet = r->head_only || status == 204 || status == 304;
	/* Apache has not made the page when it answers HEAD, and so knows no length. */
	if (!quiet)
		child_reply(c, r, page, strlen(page));
	else if (child_head_finish(c, r, -1))
		r->aborted = !child_send(c, c->out, c->out_n, 0);
}
