/*
 * The text of answers that are the server's own, as Apache has it: error pages and
 * ServerSignature. Pure; all memory is from the arena that is given.
 */
#ifndef ITKD_ERROR_PAGE_H
#define ITKD_ERROR_PAGE_H

#include "itkd/conf_answer.h"
#include "itkd/span.h"

struct arena;

/* What a page shows; what is not given has p or the pointer NULL. Escaped here but for notes. */
struct error_page {
	int status;
	int first;             /* the error whose ErrorDocument led to this one; 0: none */
	struct span reason;    /* of the page's title; p NULL: the status' */
	struct span method;    /* of the request */
	struct span expect;    /* its Expect */
	const char *admin;     /* ServerAdmin */
	const char *location;  /* of a redirect */
	const char *notes;     /* HTML (Apache's error-notes) */
	const char *signature; /* what error_signature() gave */
};

/* Who ServerSignature says that the server is. */
struct error_signature {
	enum answer_signature kind;
	const char *server; /* as in the Server field */
	const char *admin, *name;
	uint16_t port;
};

/* The whole page. */
const char *error_page(struct arena *a, const struct error_page *page);
/* ServerSignature's line behind prefix; "" where there is none. */
const char *error_signature(
	struct arena *a, const struct error_signature *signature, const char *prefix);

#endif
