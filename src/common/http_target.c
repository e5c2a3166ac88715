/*
 * The request-line and the forms of its target. Run by the front, and by the child after the drop.
 * The bytes are the client's, scanned for bad ones before (http_head_scan.c). RFC 9112 section 3.
 */
#include "http_head_scan.h"

#include "itkd/conf_method.h"
#include "itkd/host.h"

static const struct {
	struct span name;
	enum http_method id;
} methods[] = {
    {{"GET", 3}, HTTP_METHOD_GET},
    {{"HEAD", 4}, HTTP_METHOD_HEAD},
    {{"POST", 4}, HTTP_METHOD_POST},
    {{"PUT", 3}, HTTP_METHOD_PUT},
    {{"DELETE", 6}, HTTP_METHOD_DELETE},
    {{"OPTIONS", 7}, HTTP_METHOD_OPTIONS},
    {{"TRACE", 5}, HTTP_METHOD_TRACE},
    {{"CONNECT", 7}, HTTP_METHOD_CONNECT},
    /* RFC 5789 */
    {{"PATCH", 5}, HTTP_METHOD_PATCH},
};

/* RFC 9110 section 9.1: methods are case-sensitive. */
static enum http_method method_id(struct span method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (span_eq(methods[i].name, method))
			return methods[i].id;
	if (conf_method_bit(method) & CONF_METHODS_BUILT_IN)
		return HTTP_METHOD_EXTENSION;
	return HTTP_METHOD_OTHER;
}

static void set_path_and_query(struct http_head *head, struct span s)
{
	const char *mark = memchr(s.p, '?', s.n);

	head->path = s;
	if (!mark)
		return;
	head->path.n = (size_t)(mark - s.p);
	head->has_query = true;
	head->query = (struct span){mark + 1, s.n - head->path.n - 1};
}

/* RFC 9112 section 3.2.2: absolute-form, of the two schemes that an origin server answers for. */
static struct http_fault absolute_form(struct http_head *head)
{
	struct span rest = head->target;

	head->https = rest.n > 8 && span_ieq((struct span){rest.p, 8}, SPAN("https://"));
	if (!head->https && (rest.n <= 7 || !span_ieq((struct span){rest.p, 7}, SPAN("http://"))))
		return http_fault(400, "RFC 9112 section 3.2: a request-target of no known form");

	size_t scheme = head->https ? 8 : 7;

	rest = (struct span){rest.p + scheme, rest.n - scheme};
	struct span authority = {rest.p, 0};

	while (authority.n < rest.n && rest.p[authority.n] != '/' && rest.p[authority.n] != '?')
		authority.n++;
	/* RFC 9110 section 4.2.1: an empty host is invalid; 4.2.4: so is userinfo ('@'). */
	if (!host_parse(authority, &head->host, &head->host_port) || head->host.n == 0)
		return http_fault(400, "RFC 9110 section 4.2: no valid host in the absolute-form");
	head->absolute = true;
	set_path_and_query(head, (struct span){rest.p + authority.n, rest.n - authority.n});
	if (head->path.n == 0) {
		/* RFC 9112 section 3.2.4: OPTIONS without a path is about the server. */
		bool server = head->method_id == HTTP_METHOD_OPTIONS && !head->has_query;

		/* RFC 9110 section 4.2.3: else an empty path is the same as "/". */
		head->path = server ? SPAN("*") : SPAN("/");
	}
	return HTTP_NO_FAULT;
}

/* RFC 9112 section 3.2.3: authority-form: host and port, nothing else. */
static struct http_fault authority_form(struct http_head *head)
{
	if (!host_parse(head->target, &head->host, &head->host_port) || head->host.n == 0 ||
	    head->host_port == 0)
		return http_fault(400, "RFC 9112 section 3.2.3: CONNECT without host and port");
	return HTTP_NO_FAULT;
}

struct http_fault http_target_parse(struct http_head *head)
{
	/* RFC 9112 section 3.2: a request-target has no fragment; what comes behind '#' is in
	 * doubt. */
	if (memchr(head->target.p, '#', head->target.n))
		return http_fault(400, "RFC 9112 section 3.2: a fragment in the request-target");
	if (head->method_id == HTTP_METHOD_CONNECT)
		return authority_form(head);
	/* RFC 9112 section 3.2.1: origin-form */
	if (head->target.p[0] == '/') {
		set_path_and_query(head, head->target);
		return HTTP_NO_FAULT;
	}
	/* RFC 9112 section 3.2.4: asterisk-form, for OPTIONS only */
	if (head->method_id == HTTP_METHOD_OPTIONS && span_eq(head->target, SPAN("*"))) {
		head->path = head->target;
		return HTTP_NO_FAULT;
	}
	return absolute_form(head);
}

/* The bytes up to the next SP; *rest moves behind it. n == 0 where there is no SP. */
static struct span word(struct span *rest)
{
	const char *sp = memchr(rest->p, ' ', rest->n);
	struct span w = {rest->p, sp ? (size_t)(sp - rest->p) : 0};

	if (sp) {
		rest->p = sp + 1;
		rest->n -= w.n + 1;
	}
	return w;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9112 section 2.3: HTTP-version, in capitals, one digit each; then which we speak. */
static struct http_fault version(struct span s, struct http_head *head)
{
	if (s.n != 8 || memcmp(s.p, "HTTP/", 5) != 0 || !is_digit(s.p[5]) || s.p[6] != '.' ||
	    !is_digit(s.p[7]))
		return http_fault(
		    400, "RFC 9112 section 2.3: no HTTP-version at the end of the line");
	/* RFC 9110 section 15.6.6: another major version; the preface of HTTP/2 ends here, too. */
	if (s.p[5] != '1')
		return http_fault(505, "RFC 9110 section 15.6.6: not HTTP/1.x");
	head->major = 1;
	/* RFC 9110 section 2.5: a higher minor version is read as the highest that we know. */
	head->minor = s.p[7] == '0' ? 0 : 1;
	return HTTP_NO_FAULT;
}

/*
 * RFC 9112 section 3: method SP request-target SP HTTP-version, with exactly these two SP.
 * Section 3 allows to be lenient with white space; none who is can be sure of the target.
 */
struct http_fault http_request_line(struct span line, struct http_head *head)
{
	struct span rest = line;
	struct http_fault fault;

	head->line = line;
	head->method = word(&rest);
	if (!http_is_token(head->method))
		return http_fault(400, "RFC 9112 section 3.1: the method is no token");
	head->target = word(&rest);
	if (head->target.n == 0)
		return http_fault(400, "RFC 9112 section 3: not method SP target SP version");
	fault = version(rest, head);
	if (fault.status)
		return fault;
	head->method_id = method_id(head->method);
	return http_target_parse(head);
}
