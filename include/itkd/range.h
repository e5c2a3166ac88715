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
	RANGE_IGNORE,        /* another unit, malformed, beyond a limit: 200 with the whole */
	RANGE_OK,            /* *n ranges, in the order of the field: 206 */
	RANGE_UNSATISFIABLE, /* 416 with Content-Range: bytes asterisk/size */
};

/* MaxRanges, MaxRangeOverlaps, MaxRangeReversals. */
#define RANGE_UNLIMITED UINT32_MAX
struct range_limits {
	uint32_t ranges, overlaps, reversals;
};

/* How many ranges value asks for at most: the room that range_parse() needs. */
size_t range_room(struct span value);
/*
 * The ranges that value (of all Range fields joined) asks for of size bytes. Those that lie beyond
 * the end are left out; where none is left the result is RANGE_UNSATISFIABLE. Neighbours in the
 * field that touch or overlap become one, which counts against the limits, as in Apache.
 */
enum range_result range_parse(struct span value, int64_t size, const struct range_limits *limits,
	struct range *ranges, size_t *n);

#endif
