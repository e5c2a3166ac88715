/* Dates of HTTP (RFC 9110 section 5.6.7). */
#ifndef ITKD_DATE_H
#define ITKD_DATE_H

#include "itkd/span.h"
#include <time.h>

#define DATE_LEN 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

void date_format(time_t t, char buf[static DATE_LEN + 1]);
/*
 * Any of the three formats; -1 where it is none. A two-digit year is at most 50 years ahead. A date
 * before 1970 is 0.
 */
time_t date_parse(struct span s, time_t now);

#endif
