/*
 * The text of an answer that the front makes itself, in the words that Apache's users know. Pure.
 * RFC 9110 section 15.
 */
#include "front.h"

#include "itkd/date.h"
#include <stdio.h>
#include <time.h>

struct page {
	int status;
	const char *reason, *text;
};

static const struct page pages[] = {
    {400, "Bad Request",
        "Your browser sent a request that this server could not understand.<br />\n"},
    {403, "Forbidden", "You don't have permission to access this resource."},
    {408, "Request Timeout", "Server timeout waiting for the HTTP request from the client."},
    {413, "Request Entity Too Large",
        "The amount of data in the request exceeds the capacity limit."},
    {414, "Request-URI Too Long",
        "The requested URL's length exceeds the capacity\nlimit for this server.<br />\n"},
    {421, "Misdirected Request",
        "The client needs a new connection for this\nrequest as the requested host name does not "
        "match\nthe Server Name Indication (SNI) in use for this\nconnection."},
    {431, "Request Header Fields Too Large",
        "The server refused this request because\nthe request header fields are too large."},
    {500, "Internal Server Error",
        "The server encountered an internal error or\nmisconfiguration and was unable to complete\n"
        "your request."},
    {501, "Not Implemented", "This server does not support what the request\nrequires of it."},
    {503, "Service Unavailable",
        "The server is temporarily unable to service your\nrequest due to maintenance downtime or "
        "capacity\nproblems. Please try again later."},
    {505, "HTTP Version Not Supported",
        "This server does not support the HTTP version\nthat was used in the request."},
};

static const struct page *page_of(int status)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (pages[i].status == status)
			return &pages[i];
	return &pages[0];
}

size_t front_page(
    int status, const char *more, bool head_only, char buf[static FRONT_PAGE_MAX], size_t *body)
{
	const struct page *page = page_of(status);
	char date[DATE_LEN + 1], text[FRONT_PAGE_MAX / 2];
	int n, size;

	date_format(time(NULL), date);
	size = snprintf(text, sizeof(text),
	    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" "
	    "\"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n"
	    "<title>%d %s</title>\n</head><body>\n<h1>%s</h1>\n<p>%s%s</p>\n</body></html>\n",
	    page->status, page->reason, page->reason, page->text, more ? more : "");
	n = snprintf(buf, FRONT_PAGE_MAX,
	    "HTTP/1.1 %d %s\r\nDate: %s\r\n%sContent-Length: %d\r\nConnection: close\r\n"
	    "Content-Type: text/html; charset=iso-8859-1\r\n\r\n%s",
	    page->status, page->reason, date, page->status == 503 ? "Retry-After: 1\r\n" : "", size,
	    head_only ? "" : text);
	*body = head_only ? 0 : (size_t)size;
	return (size_t)n;
}
