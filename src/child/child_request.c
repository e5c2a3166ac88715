/*
 * One request, from its head to its answer, as a sequence of steps: what the head alone decides,
 * the file that the path leads to, the handler. Runs as the vhost's user; all of it is the
 * client's.
 */
#include "child_internal.h"
#include "itkd/status_page.h"

#include <string.h>

int child_path_decode(struct child *c, struct span raw, char **path)
{
	static const unsigned slashes[] = {
	    [SLASHES_DECODED] = PATH_DECODE_SLASHES, [SLASHES_KEPT] = PATH_LEAVE_SLASHES};
	const struct conf_vhost *v = c->vhost;
	unsigned flags = slashes[v->encoded_slashes] | (v->keep_slashes ? PATH_KEEP_SLASHES : 0);

	switch (path_decode_as(&c->arena, raw, flags, path)) {
	case PATH_OK:
		return 0;
	case PATH_NOT_FOUND:
		path_decode_as(&c->arena, raw, flags | PATH_DECODE_SLASHES, path);
		child_log(c, LOG_INFO, "core",
		    "AH00026: found %%2f (encoded '/') in URI path (%.*s), returning 404",
		    (int)raw.n, raw.p);
		return 404;
	default:
		*path = path_refused(&c->arena, raw);
		child_log(
		    c, LOG_ERR, "core", "AH10244: invalid URI path (%.*s)", (int)raw.n, raw.p);
		return 400;
	}
}

/* The status that the head alone gets, or 0. */
static int request_check(struct child *c, struct child_request *r)
{
	char *path = NULL;

	/* RFC 9110 section 7.4: an https resource is asked for over TLS, or by a trusted gateway.
	 */
	if (r->head.https && !c->relay && !child_remoteip_gateway(c)) {
		child_log(c, LOG_INFO, "core",
		    "an https target on a connection without TLS that is no listed proxy's");
		return 421;
	}
	int status =
	    r->method_id == HTTP_METHOD_CONNECT ? 405 : child_path_decode(c, r->head.path, &path);

	r->path = r->uri = path;
	if (r->head.expect_unknown)
		return 417;
	/* Apache reads a head before it knows whose it is: the default one's setting counts. */
	if (r->method_id == HTTP_METHOD_OTHER && c->first->registered_methods)
		return 501;
	return status;
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

/* The server's own handlers read no body. */
static int request_handle_own(struct child *c, struct child_request *r)
{
	const struct child_target *t = &r->target;
	int status = child_body_skip(c, r);

	if (status)
		return status;
	if (t->handler && strcmp(t->handler, "server-status") == 0)
		return child_status_page(c, r);
	return S_ISDIR(t->st.st_mode) ? child_index(c, r) : child_static(c, r);
}

static int request_handle(struct child *c, struct child_request *r)
{
	const struct child_target *t = &r->target;
	int status = request_limit(c, r);

	if (!status)
		status = child_php_check(c, r);
	if (status)
		return status;
	child_filter_insert(c, r);
	if (r->proxy || child_handler_is_proxy(t->handler))
		return child_proxy(c, r);
	if (t->handler && strcmp(t->handler, "cgi-script") == 0)
		return child_cgi(c, r);
	if (child_is_type_map(t))
		return child_type_map(c, r);
	if ((t->handler && strcmp(t->handler, "server-status") == 0) || child_index_wants(r))
		return request_handle_own(c, r);
	status = child_action(c, r);
	if (status)
		return status;
	if (!child_handler_is_program(c, t))
		return request_handle_own(c, r);
	/* Served as it is, the source of a program would be shown. */
	child_log(c, LOG_ERR, "core",
	    "handler \"%s\" is not known here, the source is not sent: %s",
	    t->handler ? t->handler : "PHP", t->file);
	return 500;
}

/* Looks for the target and lets its handler answer: 0, a status, or CHILD_REDIRECT. */
static int request_once(struct child *c, struct child_request *r)
{
	int method, status;

	if (r->php_redirect != r->redirects)
		r->php_arguments = NULL;
	status = child_resolve(c, r);
	if (r->choice)
		child_negotiated(c, r);
	if (status == 0) {
		child_negotiate_encoding(c, r, &r->target);
		child_env_fixup(c, r);
		status = child_auth_fake(c, r);
		if (status)
			return status;
		child_headers_request(c, r, false);
		return request_handle(c, r);
	}
	/* What is not there may have a method that is not possible either: Apache tells that. */
	if (status != 404 || !r->target.error || r->target.status)
		return status;
	child_headers_request(c, r, false);
	method = request_limit(c, r);
	if (!method)
		method = child_body_skip(c, r);
	if (!method)
		method = child_method(c, r);
	return method == 200 ? 0 : method ? method : status;
}

int child_too_deep(struct child *c, const char *number, const char *what)
{
	child_log(c, LOG_ERR, "core",
	    "%s: Request exceeded the limit of %u %s due to probable configuration error. Use "
	    "'LimitInternalRecursion' to increase the limit if necessary. Use 'LogLevel debug' to "
	    "get a backtrace.",
	    number, c->vhost->redirects_max, what);
	return 500;
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
	status = child_too_deep(c, "AH00124", "internal redirects");
	/* A document for that is one more. */
	return child_error_redirect(c, r, status)
	           ? child_too_deep(c, "AH00124", "internal redirects")
	           : status;
}

/* One that RegisterHttpMethod names is known, too. */
static enum http_method request_method(struct child *c, const struct http_head *head)
{
	const struct conf_strings *known = &c->start->conf->methods;

	if (head->method_id == HTTP_METHOD_OTHER)
		for (uint32_t i = 0; i < known->n; i++)
			if (span_eq(head->method, span_of(known->v[i])))
				return HTTP_METHOD_EXTENSION;
	return head->method_id;
}

void child_request(struct child *c, struct child_request *r)
{
	int status;

	r->target.fd = -1;
	r->method = r->head.method;
	r->method_id = request_method(c, &r->head);
	r->query = r->head.query;
	r->has_query = r->head.has_query;
	r->head_only = r->method_id == HTTP_METHOD_HEAD;
	child_body_init(c, r);
	child_headers_request(c, r, true);
	child_remoteip_request(c, r);
	if (request_is_server(c, r))
		return;
	status = request_serve(c, r);
	if (status)
		child_error(c, r, status);
}
