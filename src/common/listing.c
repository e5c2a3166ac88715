/*
 * Text of lists of directories (listing.h). Run by the child after the drop. Names are the site
 * owner's, patterns the owner's or a client's: work is bounded by a name's length.
 */
#include "itkd/listing.h"

#include <stddef.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char fold(char c, bool nocase, char from, char to)
{
	return nocase && c >= from && c <= to ? (char)(c ^ 0x20) : c;
}

/* Two numbers: the longer run of digits is the greater one; else the first digit that differs. */
static int compare_number(const char *a, const char *b)
{
	int first = 0;

	for (;; a++, b++) {
		if (!is_digit(*a) && !is_digit(*b))
			return first;
		if (!is_digit(*a))
			return -1;
		if (!is_digit(*b))
			return 1;
		if (first == 0)
			first = (*a > *b) - (*a < *b);
	}
}

/* Two fractions: digit by digit. */
static int compare_fraction(const char *a, const char *b)
{
	for (;; a++, b++) {
		if (!is_digit(*a) && !is_digit(*b))
			return 0;
		if (!is_digit(*a) || !is_digit(*b))
			return is_digit(*b) ? -1 : 1;
		if (*a != *b)
			return *a < *b ? -1 : 1;
	}
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\n\v\f\r");
}

int listing_natural(const char *a, const char *b, bool nocase)
{
	for (;; a++, b++) {
		int result = 0;

		a = skip_blanks(a);
		b = skip_blanks(b);
		if (is_digit(*a) && is_digit(*b))
			result =
			    *a == '0' || *b == '0' ? compare_fraction(a, b) : compare_number(a, b);
		if (result)
			return result;
		if (!*a && !*b)
			return 0;
		char x = fold(*a, nocase, 'a', 'z'), y = fold(*b, nocase, 'a', 'z');

		if (x != y)
			return x < y ? -1 : 1;
		/* Only equal texts end at the same place. */
	}
}

/* The last '*' is the only one that need be tried again. */
bool listing_match(const char *text, const char *pattern, bool nocase)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			again = text;
		} else if (*pattern && (*pattern == '?' || fold(*pattern, nocase, 'A', 'Z') ==
		                                               fold(*text, nocase, 'A', 'Z'))) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++again;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

/* number right-aligned in three places. */
static void put_number(char *p, unsigned number)
{
	for (int i = 2; i >= 0; i--, number /= 10)
		p[i] = number || i == 2 ? (char)('0' + number % 10) : ' ';
}

void listing_size(int64_t size, char buf[static LISTING_SIZE_LEN + 1])
{
	const char *unit = "KMGTPE";
	unsigned rest;

	memcpy(buf, "  - ", LISTING_SIZE_LEN + 1);
	if (size < 0)
		return;
	if (size < 973) {
		put_number(buf, (unsigned)size);
		return;
	}
	for (;; unit++) {
		rest = (unsigned)(size & 1023);
		size >>= 10;
		if (size < 973)
			break;
	}
	buf[3] = *unit;
	if (size < 9 || (size == 9 && rest < 973)) {
		rest = (rest * 5 + 256) / 512;
		if (rest >= 10) {
			size++;
			rest = 0;
		}
		buf[0] = (char)('0' + size % 10);
		buf[1] = '.';
		buf[2] = (char)('0' + rest);
		return;
	}
	put_number(buf, (unsigned)(size + (rest >= 512)));
}
