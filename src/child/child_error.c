/*
 * The pages that stand for an answer which is not there, in the words of Apache's own. Runs as the
 * vhost's user. What a page shows of the request is escaped.
 */
#include "child_internal.h"

/* Paragraphs of a page; "%s" is the method, or what page_argument() says. */
static const struct {
	int status;
	const char *text;
} pages[] = {
    {301, "<p>The document has moved <a href=\"%s\">here</a>.</p>\n"},
    {302, "<p>The document has moved <a href=\"%s\">here</a>.</p>\n"},
    {400, "<p>Your browser sent a request that this server could not understand.<br />\n</p>\n"},
    {403, "<p>You don't have permission to access this resource.</p>\n"},
    {404, "<p>The requested URL was not found on this server.</p>\n"},
    {405, "<p>The requested method %s is not allowed for this URL.</p>\n"},
    {408, "<p>Server timeout waiting for the HTTP request from the client.</p>\n"},
    {411, "<p>A request of the requested method %s requires a valid Content-length.<br />\n"
          "</p>\n"},
    {412, "<p>The precondition on the request for this URL evaluated to false.</p>\n"},
    {413, "<p>The requested resource does not allow request data with %s requests, or the amount "
          "of data provided in\nthe request exceeds the capacity limit.</p>\n"},
    {414, "<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n"
          "</p>\n"},
    {416, "<p>None of the range-specifier values in the Range\nrequest-header field overlap the "
          "current extent\nof the selected resource.</p>\n"},
    {417, "<p>The expectation given in the Expect request-header\nfield could not be met by this "
          "server.\nOnly the 100-continue expectation is supported.</p>\n"},
    {421, "<p>The client needs a new connection for this\nrequest as the requested host name does "
          "not match\nthe Server Name Indication (SNI) in use for this\nconnection.</p>\n"},
    {431, "<p>The server refused this request because\nthe request header fields are too "
          "large.</p>\n"},
    {500, "<p>The server encountered an internal error or\nmisconfiguration and was unable to "
          "complete\nyour request.</p>\n<p>Please contact the server administrator at \n %s to "
          "inform them of the time this error occurred,\n and the actions you performed just "
          "before this error.</p>\n<p>More information about this error may be available\nin the "
          "server error log.</p>\n"},
    {501, "<p>%s not supported for current URL.<br />\n</p>\n"},
    {502, "<p>The proxy server received an invalid\nresponse from an upstream server.<br />\n"
          "</p>\n"},
    {503, "<p>The server is temporarily unable to service your\nrequest due to maintenance "
          "downtime or capacity\nproblems. Please try again later.</p>\n"},
    {504, "<p>The gateway did not receive a timely response\nfrom the upstream server or "
          "application.</p>\n"},
    {505, "<p>The version of HTTP that the request was made in is not supported.</p>\n"},
};

static const char *error_text(int status)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		if (pages[i].status == status)
			return pages[i].text;
	return "";
}

static const char *error_argument(struct child *c, const struct child_request *r, int status)
{
	const char *text = r->location;

	if (status == 500)
		text = c->vhost->server_admin ? c->vhost->server_admin : "[no address given]";
	else if (status >= 400)
		text = r->parsed ? arena_span(&c->arena, r->head.method) : "-";
	return html_escape(&c->arena, text ? text : "");
}

static const char *error_page(struct child *c, const struct child_request *r, int status)
{
	struct span reason = child_reason(status);
	const char *text = error_text(status), *argument = strstr(text, "%s");
	size_t before = argument ? (size_t)(argument - text) : strlen(text);

	return arena_printf(&c->arena,
	    "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n"
	    "<title>%d %.*s</title>\n</head><body>\n<h1>%.*s</h1>\n%.*s%s%s</body></html>\n",
	    status, (int)reason.n, reason.p, (int)reason.n, reason.p, (int)before, text,
	    argument ? error_argument(c, r, status) : "", argument ? argument + 2 : "");
}

/* Apache's ap_status_drops_connection: what follows on such a connection cannot be relied on. */
static bool error_closes(int status)
{
	switch (status) {
	case 400:
	case 408:
	case 411:
	case 413:
	case 414:
	case 431:
	case 500:
	case 501:
	case 503:
	case 505:
		return true;
	default:
		return false;
	}
}

void child_error(struct child *c, struct child_request *r, int status)
{
	const char *page = status == 304 ? "" : error_page(c, r, status);

	if (error_closes(status))
		r->close = true;
	child_head_start(c, r, status, child_reason(status));
	if (status == 503)
		child_head_add(c, SPAN("Retry-After"), SPAN("1"));
	if (r->location && status < 400)
		child_head_add(c, SPAN("Location"), span_of(r->location));
	if (r->allow && status == 405)
		child_head_add(c, SPAN("Allow"), span_of(r->allow));
	if (r->content_range)
		child_head_add(c, SPAN("Content-Range"), span_of(r->content_range));
	child_head_add(c, SPAN("Content-Type"), SPAN("text/html; charset=iso-8859-1"));
	child_reply(c, r, page, strlen(page));
}
