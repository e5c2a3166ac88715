/* What a list of a directory needs of text: how names are compared and matched, how sizes look. */
#ifndef ITKD_LISTING_H
#define ITKD_LISTING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * "file9" before "file10": runs of digits count as numbers, or as fractions where one begins with
 * 0; blanks do not count (apr_strnatcmp). <0, 0, >0.
 */
int listing_natural(const char *a, const char *b, bool nocase);
/* '*' and '?' alone, for any character (ap_strcmp_match). */
bool listing_match(const char *text, const char *pattern, bool nocase);

#define LISTING_SIZE_LEN 4
/* Four characters: "123 ", "1.2K", " 12M", or "  - " for a negative one (apr_strfsize). */
void listing_size(int64_t size, char buf[static LISTING_SIZE_LEN + 1]);

#endif
