/* Dates of HTTP (RFC 9110 section 5.6.7). */
#ifndef ITKD_DATE_H
#define ITKD_DATE_H

#include "itkd/span.h"
#include <time.h>

#define DATE_LEN 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

void date_format(time_t t, char buf[static DATE_LEN + 1]);

#define DATE_CLF_LEN 28 /* "[10/Oct/2000:13:55:36 -0700]", Apache's common log format */

/* Local time, offset seconds east of UTC. Years 0 to 9999. */
void date_format_clf(time_t t, long offset, char buf[static DATE_CLF_LEN + 1]);
/*
 * Seconds east of UTC at t. libc looks at the zone once for each quarter of an hour, at whose ends
 * alone zones change; what is forked within it need not look again.
 */
long date_local_offset(time_t t);
/*
 * Any of the three formats; -1 where it is none. A two-digit year is at most 50 years ahead. A date
 * before 1970 is 0.
 */
time_t date_parse(struct span s, time_t now);

#endif
