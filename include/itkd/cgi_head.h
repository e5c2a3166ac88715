/* The head that a CGI program or a FastCGI application writes (RFC 3875 section 6). */
#ifndef ITKD_CGI_HEAD_H
#define ITKD_CGI_HEAD_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The fields that decide; the others are passed on as they are. */
struct cgi_head {
	int status; /* 200 to 599; 0: no Status field */
	struct span reason, location, type, etag, sendfile;
	time_t modified; /* -1: none */
	int64_t length;  /* -1: none */
};

/* Length of the head with its empty line, 0 while it is incomplete; looked at up to `from`. */
size_t cgi_head_end(const char *p, size_t n, size_t from);
/* The next line without its end; false at the empty line. */
bool cgi_head_line(struct span *rest, struct span *line);
/* Its name and value; false where it is no field. */
bool cgi_head_field(struct span line, struct span *name, struct span *value);
/* The whole head. False: *bad is the line that is no field, or has a value that it cannot have. */
bool cgi_head_scan(struct span head, struct cgi_head *f, struct span *bad);

#endif
