/*
 * http-parser as a second reader of a head that the strict scan has let through. Run by the front,
 * and by the child after the drop. It is lenient in many ways, so nothing is taken from it: it can
 * only object. It knows nothing of http_head.h, whose `enum http_method` it has, too.
 */
#include "http_head_second.h"

#include <http_parser.h>

struct reading {
	struct http_opinion *opinion;
	bool complete;
};

static int on_url(http_parser *parser, const char *at, size_t n)
{
	struct reading *r = parser->data;

	(void)at;
	r->opinion->ntarget += n;
	return 0;
}

static int on_headers_complete(http_parser *parser)
{
	struct reading *r = parser->data;
	struct http_opinion *o = r->opinion;

	o->method = http_method_str((enum http_method)parser->method);
	o->major = parser->http_major;
	o->minor = parser->http_minor;
	o->chunked = parser->flags & F_CHUNKED;
	o->content_length = parser->flags & F_CONTENTLENGTH ? (int64_t)parser->content_length : -1;
	r->complete = true;
	return 0;
}

bool http_second_opinion(const struct span *pieces, size_t n, struct http_opinion *opinion)
{
	static const http_parser_settings settings = {
	    .on_url = on_url,
	    .on_headers_complete = on_headers_complete,
	};
	struct reading reading = {.opinion = opinion};
	http_parser parser;

	memset(opinion, 0, sizeof(*opinion));
	http_parser_init(&parser, HTTP_REQUEST);
	parser.data = &reading;
	for (size_t i = 0; i < n; i++) {
		/* To the library, no bytes are the end of the connection. */
		if (pieces[i].n == 0)
			continue;
		if (reading.complete)
			return false;
		size_t used = http_parser_execute(&parser, &settings, pieces[i].p, pieces[i].n);

		if (HTTP_PARSER_ERRNO(&parser) != HPE_OK || used != pieces[i].n)
			return false;
	}
	return reading.complete;
}
