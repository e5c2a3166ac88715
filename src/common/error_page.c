/*
 * The pages that stand for an answer which is not there, in the words of Apache's own (RFC 9110
 * section 15). Pure. Used by the front for heads that are refused, and by the child. What a page
 * shows of the request is the client's, and escaped.
 */
#include "itkd/error_page.h"

#include "itkd/arena.h"
#include "itkd/http_status.h"
#include "itkd/path.h"
#include <string.h>

/* Text of a page: "%s" is what page_argument() says; "%n" Apache's error-notes. */
static const struct {
	int status;
	const char *text;
} pages[] = {
    {300, "%n"},
    {301, "<p>The document has moved <a href=\"%s\">here</a>.</p>\n"},
    {302, "<p>The document has moved <a href=\"%s\">here</a>.</p>\n"},
    {303, "<p>The answer to your request is located <a href=\"%s\">here</a>.</p>\n"},
    {305, "<p>This resource is only accessible through the proxy\n<br />\nYou will need to "
          "configure your client to use that proxy.</p>\n"},
    {307, "<p>The document has moved <a href=\"%s\">here</a>.</p>\n"},
    {308, "<p>The document has moved <a href=\"%s\">here</a>.</p>\n"},
    {400, "<p>Your browser sent a request that this server could not understand.<br />\n%n</p>\n"},
    {401, "<p>This server could not verify that you\nare authorized to access the document\n"
          "requested.  Either you supplied the wrong\ncredentials (e.g., bad password), or your\n"
          "browser doesn't understand how to supply\nthe credentials required.</p>\n"},
    {403, "<p>You don't have permission to access this resource.%n</p>\n"},
    {404, "<p>The requested URL was not found on this server.</p>\n"},
    {405, "<p>The requested method %s is not allowed for this URL.</p>\n"},
    {406, "<p>An appropriate representation of the requested resource could not be found on this "
          "server.</p>\n%n"},
    {407, "<p>This server could not verify that you\nare authorized to access the document\n"
          "requested.  Either you supplied the wrong\ncredentials (e.g., bad password), or your\n"
          "browser doesn't understand how to supply\nthe credentials required.</p>\n"},
    {408, "<p>Server timeout waiting for the HTTP request from the client.</p>\n"},
    {410, "<p>The requested resource is no longer available on this server and there is no "
          "forwarding address.\nPlease remove all references to this resource.</p>\n"},
    {411, "<p>A request of the requested method %s requires a valid Content-length.<br />\n"
          "%n</p>\n"},
    {412, "<p>The precondition on the request for this URL evaluated to false.</p>\n"},
    {413, "The requested resource does not allow request data with %s requests, or the amount of "
          "data provided in\nthe request exceeds the capacity limit.\n"},
    {414, "<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n"
          "%n</p>\n"},
    {415, "<p>The supplied request data is not in a format\nacceptable for processing by this "
          "resource.</p>\n"},
    {416, "<p>None of the range-specifier values in the Range\nrequest-header field overlap the "
          "current extent\nof the selected resource.</p>\n"},
    {417, "%s%n</p><p>Only the 100-continue expectation is supported.</p>\n"},
    {421, "<p>The client needs a new connection for this\nrequest as the requested host name does "
          "not match\nthe Server Name Indication (SNI) in use for this\nconnection.</p>\n"},
    {422, "<p>The server understands the media type of the\nrequest entity, but was unable to "
          "process the\ncontained instructions.</p>\n"},
    {423, "<p>The requested resource is currently locked.\nThe lock must be released or proper "
          "identification\ngiven before the method can be applied.</p>\n"},
    {424, "<p>The method could not be performed on the resource\nbecause the requested action "
          "depended on another\naction and that other action failed.</p>\n"},
    {426, "<p>The requested resource can only be retrieved\nusing SSL.  The server is willing to "
          "upgrade the current\nconnection to SSL, but your client doesn't support it.\nEither "
          "upgrade your client, or try requesting the page\nusing https://\n"},
    {428, "<p>The request is required to be conditional.</p>\n"},
    {429, "<p>The user has sent too many requests\nin a given amount of time.</p>\n"},
    {431, "<p>The server refused this request because\nthe request header fields are too "
          "large.</p>\n"},
    {451, "<p>Access to this URL has been denied for legal reasons.<br />\n%n</p>\n"},
    {501, "<p>%s not supported for current URL.<br />\n%n</p>\n"},
    {502, "<p>The proxy server received an invalid\r\nresponse from an upstream server.<br />\r\n"
          "%n</p>\n"},
    {503, "<p>The server is temporarily unable to service your\nrequest due to maintenance "
          "downtime or capacity\nproblems. Please try again later.</p>\n"},
    {504, "<p>The gateway did not receive a timely response\nfrom the upstream server or "
          "application.</p>\n"},
    {506, "<p>A variant for the requested resource\n<pre>\n\n</pre>\nis itself a negotiable "
          "resource. This indicates a configuration error.</p>\n"},
    {507, "<p>The method could not be performed on the resource\nbecause the server is unable to "
          "store the\nrepresentation needed to successfully complete the\nrequest.  There is "
          "insufficient free space left in\nyour storage allocation.</p>\n"},
    {508, "<p>The server terminated an operation because\nit encountered an infinite "
          "loop.</p>\n"},
    {510, "<p>A mandatory extension policy in the request is not\naccepted by the server for this "
          "resource.</p>\n"},
    {511, "<p>The client needs to authenticate to gain\nnetwork access.</p>\n"},
    /* All others, as 500. */
    {0, "<p>The server encountered an internal error or\nmisconfiguration and was unable to "
        "complete\nyour request.</p>\n<p>Please contact the server administrator at \n %s to "
        "inform them of the time this error occurred,\n and the actions you performed just before "
        "this error.</p>\n<p>More information about this error may be available\nin the server "
        "error log.</p>\n"},
};

static const char *page_text(int status)
{
	size_t i = 0;

	while (pages[i].status && pages[i].status != status)
		i++;
	return pages[i].text;
}

static const char *page_escape(struct arena *a, struct span s, const char *otherwise)
{
	return s.p ? html_escape(a, arena_span(a, s)) : otherwise;
}

static const char *page_expect(struct arena *a, struct span value)
{
	if (!value.p)
		return "<p>No expectation was seen, the Expect request-header \nfield was not "
		       "presented by the client.\n";
	return arena_printf(a,
	    "<p>The expectation given in the Expect request-header\nfield could not be met by this "
	    "server.\nThe client sent<pre>\n    Expect: %s\n</pre>\n",
	    page_escape(a, value, ""));
}

static const char *page_argument(struct arena *a, const struct error_page *p)
{
	switch (p->status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return html_escape(a, p->location ? p->location : "");
	case 405:
	case 411:
	case 413:
	case 501:
		return page_escape(a, p->method, "-");
	case 417:
		return page_expect(a, p->expect);
	default:
		return html_escape(a, p->admin ? p->admin : "[no address given]");
	}
}

/* The page's own text, with its "%s" and "%n" filled in. */
static const char *page_paragraphs(struct arena *a, const struct error_page *p)
{
	const char *text = page_text(p->status), *done = "", *mark;

	while ((mark = strchr(text, '%'))) {
		const char *value = mark[1] == 's' ? page_argument(a, p) : p->notes ? p->notes : "";

		done = arena_printf(a, "%s%.*s%s", done, (int)(mark - text), text, value);
		text = mark + 2;
	}
	return arena_printf(a, "%s%s", done, text);
}

const char *error_page(struct arena *a, const struct error_page *p)
{
	/* It may be a backend's. */
	const char *reason =
	    page_escape(a, p->reason.p ? p->reason : http_status_reason(p->status), "");
	struct span first = http_status_reason(p->first);
	const char *also = "";

	if (p->first)
		also = arena_printf(a,
		    "<p>Additionally, a %d %.*s\nerror was encountered while trying to use an "
		    "ErrorDocument to handle the request.</p>\n",
		    p->first, (int)first.n, first.p);
	return arena_printf(a,
	    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" "
	    "\"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n"
	    "<title>%d %s</title>\n</head><body>\n<h1>%s</h1>\n%s%s%s</body></html>\n",
	    p->status, reason, reason, page_paragraphs(a, p), also, p->signature);
}

const char *error_signature(struct arena *a, const struct error_signature *s, const char *prefix)
{
	const char *name = html_escape(a, s->name), *link = "", *end = "";

	if (s->kind <= SIGNATURE_OFF)
		return "";
	if (s->kind == SIGNATURE_EMAIL) {
		const char *to = html_escape(a, s->admin ? s->admin : "[no address given]");

		link = arena_printf(a, "<a href=\"%s%s\">", strstr(to, "://") ? "" : "mailto:", to);
		end = "</a>";
	}
	return arena_printf(a, "%s<address>%s Server at %s%s%s Port %u</address>\n", prefix,
	    s->server, link, name, end, s->port);
}
