/* Entity-tags and the fields that hold them (RFC 9110 sections 8.8.3 and 13.1). */
#ifndef ITKD_ETAG_H
#define ITKD_ETAG_H

#include "itkd/span.h"

enum etag_compare {
	ETAG_WEAK,   /* If-None-Match: the same opaque tag, whoever is weak */
	ETAG_STRONG, /* If-Match, If-Range: neither is weak */
};

enum etag_result {
	ETAG_DIFFERS, /* no member of the list is the current entity-tag */
	ETAG_MATCHES,
	ETAG_ANY, /* "*": matches where a current representation exists, which the caller knows */
};

/*
 * Whether value, If-Match or If-None-Match with all its fields joined, names the entity-tag
 * current ("W/" and quotes included; n == 0 where there is none). A malformed member ends the list.
 */
enum etag_result etag_match(struct span value, struct span current, enum etag_compare how);

/* Whether s is exactly one well-formed entity-tag: how If-Range tells a tag from a date. */
bool etag_valid(struct span s);
/* Whether a and b are entity-tags that are equal in that sense (section 8.8.3.2). */
bool etag_equal(struct span a, struct span b, enum etag_compare how);

#endif
