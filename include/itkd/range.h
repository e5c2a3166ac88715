/* Byte ranges of a Range field (RFC 9110 section 14). */
#ifndef ITKD_RANGE_H
#define ITKD_RANGE_H

#include "itkd/span.h"
#include <stdint.h>

/* Bytes start <= i < end of the representation; never empty. Content-Range says end - 1. */
struct range {
	int64_t start, end;
};

enum range_result {
	RANGE_IGNORE,        /* another unit, malformed, too many: answer 200 with the whole */
	RANGE_OK,            /* *n ranges, in the order of the field: 206 */
	RANGE_UNSATISFIABLE, /* 416 with Content-Range: bytes asterisk/size */
};

/*
 * The ranges that value (of all Range fields joined) asks for of size bytes. Those that lie beyond
 * the end are left out; where none is left the result is RANGE_UNSATISFIABLE. A field with more
 * than max range-specs is ignored: with max 1 a client that wants several gets the whole.
 */
enum range_result range_parse(
	struct span value, int64_t size, struct range *ranges, size_t max, size_t *n);

#endif
