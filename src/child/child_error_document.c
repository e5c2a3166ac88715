/*
 * ErrorDocument: what is answered instead of the server's own page (Apache's ap_die). A path of
 * this server is an internal redirect; of what fails there the original error is told. Runs as the
 * vhost's user; the documents are the administrator's or the site owner's, the path that failed is
 * the client's.
 */
#include "child_internal.h"

#include "itkd/expr.h"

static const char *document_text(
    struct child *c, struct child_request *r, const struct error_document *d)
{
	const char *text;

	if (!d->expr)
		return d->text;
	struct expr_source source = child_expr_source(c, r);

	text = expr_string(d->expr, &source);
	if (!text)
		child_log(c, LOG_ERR, "core",
		    "AH02841: core: ErrorDocument: can't evaluate require expression: %s",
		    source.error ? source.error : "");
	return text;
}

const char *child_error_text(
    struct child *c, struct child_request *r, int status, enum error_document_kind kind)
{
	const struct error_document *d =
	    r->error_status ? NULL : conf_answer_document(&c->dir.merged.answer, status);

	return d && d->kind == kind ? document_text(c, r, d) : NULL;
}

static void redirect_to(struct child *c, struct child_request *r, const char *path,
    struct span query, bool has_query, int status)
{
	if (!r->redirects)
		r->first_uri = r->uri;
	/* One too many: what led to it is what is told of (child_too_deep). */
	if (r->redirects++ >= c->vhost->redirects_max)
		return;
	r->redirect_url = r->uri;
	r->redirect_query = child_query(r);
	r->redirect_status = status;
	r->before = (struct child_grant){true, c->dir.merged.print, r->user, r->auth_type};
	r->redirect_user = r->user ? r->user : r->redirect_user;
	r->granted.set = false;
	r->user = r->auth_type = r->auth_info = NULL;
	r->uri = path;
	r->query = query;
	r->has_query = has_query;
	child_filter_end(r);
	r->whole = (struct child_whole){0};
	r->parts_type = (struct span){NULL, 0};
	/* Of what only led elsewhere. */
	if (!r->first_status)
		r->first_status = 200;
	child_env_redirect(c, r, status);
	child_env_server(c, r);
}

void child_internal_redirect(struct child *c, struct child_request *r, const char *path,
    struct span query, bool has_query, int status)
{
	r->method = SPAN("GET");
	if (r->method_id != HTTP_METHOD_HEAD)
		r->method_id = HTTP_METHOD_GET;
	redirect_to(c, r, path, query, has_query, status);
}

int child_redirect_inside(
    struct child *c, struct child_request *r, const char *path, struct span query, bool has_query)
{
	redirect_to(c, r, path, query, has_query, r->error_status ? r->error_status : 200);
	return CHILD_REDIRECT;
}

/* What the failed document's own settings were must not decide how the first error is told. */
static void document_failed(struct child *c, struct child_request *r, int status)
{
	r->document_status = status;
	r->document_uri = r->uri;
	r->document_type = r->target.type;
	r->uri = r->error_uri;
	child_target_close(&r->target);
	child_dir_server(c);
	if (*r->uri == '/')
		child_map_quiet(c, r->uri, &r->target);
}

bool child_error_redirect(struct child *c, struct child_request *r, int status)
{
	const char *to, *path, *mark;
	char *decoded;

	if (r->error_status) {
		document_failed(c, r, status);
		return false;
	}
	to = child_error_text(c, r, status, DOCUMENT_LOCAL);
	if (!to)
		return false;
	r->error_status = status;
	if (!r->first_status)
		r->first_status = status;
	r->error_uri = r->uri ? r->uri : "";
	/* A fragment is the client's matter, and the client sees nothing of this. */
	to = arena_strndup(&c->arena, to, strcspn(to, "#"));
	mark = strchr(to, '?');
	path = mark ? arena_strndup(&c->arena, to, (size_t)(mark - to)) : to;
	/* What no path can be is an error of the document, told with the first one. */
	if (*to != '/' || path_decode(&c->arena, span_of(path), &decoded) != PATH_OK) {
		child_log(
		    c, LOG_ERR, "core", "AH01580: Invalid error redirection directive: %s", to);
		return false;
	}
	if (!r->uri)
		r->uri = "";
	r->location = NULL;
	child_env_set(c, r, "REQUEST_METHOD", arena_span(&c->arena, r->method));
	/* A list of variants is none of them. */
	if (r->error_notes && status != 406 && status != 300)
		child_env_set(c, r, "ERROR_NOTES", r->error_notes);
	child_internal_redirect(
	    c, r, decoded, mark ? span_of(mark + 1) : SPAN(""), mark != NULL, status);
	return true;
}
