/*
 * One request, from its head to its answer, as a sequence of steps: what the head alone decides,
 * the file that the path leads to, the handler. Runs as the vhost's user; all of it is the
 * client's.
 */
#include "child_internal.h"
#include "itkd/status_page.h"

#include <string.h>

/* The status that the head alone gets, or 0. */
static int request_check(struct child *c, struct child_request *r)
{
	static const unsigned slashes[] = {
	    [SLASHES_DECODED] = PATH_DECODE_SLASHES, [SLASHES_KEPT] = PATH_LEAVE_SLASHES};
	const struct conf_vhost *v = c->vhost,
	                        *first = c->start->conf->vhosts[host_group_default(c->group)];
	unsigned flags = slashes[v->encoded_slashes] | (v->keep_slashes ? PATH_KEEP_SLASHES : 0);
	char *path = NULL;

	if (r->head.expect_unknown)
		return 417;
	/* Apache reads a head before it knows whose it is: the default one's setting counts. */
	if (r->method_id == HTTP_METHOD_OTHER && first->registered_methods)
		return 501;
	if (r->method_id == HTTP_METHOD_CONNECT)
		return 405;
	switch (path_decode_as(&c->arena, r->head.path, flags, &path)) {
	case PATH_OK:
		r->path = r->uri = path;
		return 0;
	case PATH_NOT_FOUND:
		child_log(c, LOG_INFO, "core",
		    "AH00026: found %%2f (encoded '/') in URI path (%.*s), returning 404",
		    (int)r->head.path.n, r->head.path.p);
		return 404;
	default:
		child_log(c, LOG_ERR, "core", "AH10244: invalid URI path (%.*s)",
		    (int)r->head.path.n, r->head.path.p);
		return 400;
	}
}

/* OPTIONS * asks of the server, not of a file (RFC 9110 section 9.3.7). */
static bool request_is_server(struct child *c, struct child_request *r)
{
	if (!span_eq(r->head.path, SPAN("*")) || r->method_id != HTTP_METHOD_OPTIONS)
		return false;
	r->plain = true;
	child_head_start(c, r, 200, child_reason(200));
	child_reply(c, r, "", 0);
	return true;
}

/* LimitRequestBody: told at once where the length is known. */
static int request_limit(struct child *c, struct child_request *r)
{
	const struct conf_dir *dir = &c->dir.merged;
	struct child_body *b = &r->body;

	if (!(dir->set & DIR_LIMIT_BODY) || dir->limit_body <= 0 || r->no_body)
		return 0;
	b->limit = (uint64_t)dir->limit_body;
	if (b->kind != BODY_LENGTH || b->left <= b->limit)
		return 0;
	child_log(c, LOG_ERR, "http",
	    "AH01588: Requested content-length of %lld is larger than the configured limit of %lld",
	    (long long)b->left, (long long)b->limit);
	r->no_body = true;
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
	if (t->handler && strcmp(t->handler, "server-status") == 0)
		return child_status_page(c, r);
	if (child_index_wants(r))
		return child_index(c, r);
	status = child_action(c, r);
	if (status)
		return status;
	if (!child_handler_is_program(c, t))
		return S_ISDIR(t->st.st_mode) ? child_index(c, r) : child_static(c, r);
	/* Served as it is, the source of a program would be shown. */
	child_log(c, LOG_ERR, "core",
	    "handler \"%s\" is not known here, the source is not sent: %s",
	    t->handler ? t->handler : "PHP", t->file);
	return 500;
}

/* Looks for the target and lets its handler answer: 0, a status, or CHILD_REDIRECT. */
static int request_once(struct child *c, struct child_request *r)
{
	int method, status = child_resolve(c, r);

	if (status == 0) {
		child_env_fixup(c, r);
		child_headers_request(c, r, false);
		return request_handle(c, r);
	}
	/* What is not there may have a method that is not possible either: Apache tells that. */
	if (status != 404 || !r->target.error)
		return status;
	method = child_method(c, r);
	return method == 200 ? 0 : method ? method : status;
}

static int request_serve(struct child *c, struct child_request *r)
{
	int status;

	child_env_server(c, r);
	status = request_check(c, r);
	if (status == 0)
		status = r->method_id == HTTP_METHOD_TRACE ? child_trace(c, r) : request_once(c, r);
	for (;;) {
		if (status > 0 && child_error_redirect(c, r, status))
			status = CHILD_REDIRECT;
		child_target_close(&r->target);
		if (status != CHILD_REDIRECT)
			return status;
		if (r->redirects > c->vhost->redirects_max)
			break;
		status = request_once(c, r);
	}
	child_log(c, LOG_ERR, "core",
	    "AH00124: Request exceeded the limit of %u internal redirects due to probable "
	    "configuration error. Use 'LimitInternalRecursion' to increase the limit if necessary. "
	    "Use 'LogLevel debug' to get a backtrace.",
	    c->vhost->redirects_max);
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
	child_headers_request(c, r, true);
	if (request_is_server(c, r))
		return;
	status = request_serve(c, r);
	if (status)
		child_error(c, r, status);
}
