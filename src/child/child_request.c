/*
 * One request, from its head to its answer, as a sequence of steps: what the head alone decides,
 * the file that the path leads to, the handler. Runs as the vhost's user; all of it is the
 * client's.
 */
#include "child_internal.h"

#include <string.h>

/* The status that the head alone gets, or 0. */
static int request_check(struct child *c, struct child_request *r)
{
	char *path = NULL;

	if (r->head.expect_unknown)
		return 417;
	switch (r->method_id) {
	case HTTP_METHOD_TRACE:
	case HTTP_METHOD_CONNECT:
		r->allow = "GET,HEAD,OPTIONS";
		return 405;
	default:
		break;
	}
	switch (path_decode(&c->arena, r->head.path, &path)) {
	case PATH_OK:
		r->path = r->uri = path;
		return 0;
	case PATH_NOT_FOUND:
		child_log(c, LOG_INFO, "core", "AH00026: found %%2f (encoded '/') in URI path");
		return 404;
	default:
		child_log(c, LOG_ERR, "core", "AH00565: invalid URI path");
		return 400;
	}
}

/* OPTIONS * asks of the server, not of a file (RFC 9110 section 9.3.7). */
static bool request_is_server(struct child *c, struct child_request *r)
{
	if (!span_eq(r->head.path, SPAN("*")) || r->method_id != HTTP_METHOD_OPTIONS)
		return false;
	child_head_start(c, r, 200, child_reason(200));
	child_reply(c, r, "", 0);
	return true;
}

/* LimitRequestBody: told at once where the length is known. */
static int request_limit(struct child *c, struct child_request *r)
{
	const struct conf_dir *dir = &c->dir.merged;
	struct child_body *b = &r->body;

	if (!(dir->set & DIR_LIMIT_BODY) || dir->limit_body <= 0)
		return 0;
	b->limit = (uint64_t)dir->limit_body;
	if (b->kind != BODY_LENGTH || b->left <= b->limit)
		return 0;
	child_log(c, LOG_ERR, "http",
	    "AH01588: Requested content-length of %lld is larger than the configured limit of %lld",
	    (long long)b->left, (long long)b->limit);
	return 413;
}

static int request_handle(struct child *c, struct child_request *r)
{
	const struct child_target *t = &r->target;
	int status = request_limit(c, r);

	if (status)
		return status;
	if (t->handler && strcmp(t->handler, "cgi-script") == 0)
		return child_cgi(c, r);
	if (S_ISDIR(t->st.st_mode))
		return child_index(c, r);
	if (!t->handler || strcmp(t->handler, "default-handler") == 0)
		return child_static(c, r);
	/* Served as it is, the source of a program would be shown. */
	child_log(c, LOG_ERR, "core", "handler \"%s\" is not known here: %s", t->handler, t->file);
	return 500;
}

static int request_serve(struct child *c, struct child_request *r)
{
	int status = request_check(c, r);

	if (status)
		return status;
	do {
		status = child_resolve(c, r);
		if (status == 0)
			status = request_handle(c, r);
		child_target_close(&r->target);
	} while (status == CHILD_REDIRECT && r->redirects <= CHILD_REDIRECTS);
	if (status != CHILD_REDIRECT)
		return status;
	child_log(c, LOG_ERR, "core",
	    "AH00124: Request exceeded the limit of %d internal redirects due to probable "
	    "configuration error.",
	    CHILD_REDIRECTS);
	return 500;
}

void child_request(struct child *c, struct child_request *r)
{
	int status;

	r->target.fd = -1;
	r->method = r->head.method;
	r->method_id = r->head.method_id;
	r->query = r->head.query;
	r->has_query = r->head.has_query;
	r->head_only = r->method_id == HTTP_METHOD_HEAD;
	child_body_init(c, r);
	if (request_is_server(c, r))
		return;
	status = request_serve(c, r);
	if (status)
		child_error(c, r, status);
}
