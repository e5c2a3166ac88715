/*
 * Spans: pieces of what a client or a file said, without copies. Any process; the bytes may be the
 * network's. RFC 9110 section 5.6 has the list syntax.
 */
#include "itkd/span.h"

static bool span_is_ows(char c)
{
	return c == ' ' || c == '\t';
}

struct span span_trim(struct span s)
{
	while (s.n && span_is_ows(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && span_is_ows(s.p[s.n - 1]))
		s.n--;
	return s;
}

long long span_number(struct span s, long long max)
{
	long long value = 0;

	if (s.n == 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		int digit = s.p[i] - '0';

		/* max may be LLONG_MAX: compared before the step that could overflow. */
		if (digit > max || value > (max - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	return value;
}

/* Length up to the next comma outside of a quoted-string; an open quote reaches to the end. */
static size_t span_element_len(struct span s)
{
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == ',' && !quoted)
			return i;
	}
	return s.n;
}

bool span_list_next(struct span *rest, struct span *element)
{
	while (rest->n) {
		size_t len = span_element_len(*rest);
		size_t step = len < rest->n ? len + 1 : len;

		*element = span_trim((struct span){rest->p, len});
		rest->p += step;
		rest->n -= step;
		if (element->n)
			return true;
	}
	return false;
}

struct span span_decimal(char buf[static SPAN_DECIMAL_MAX], uint64_t value)
{
	char *p = buf + SPAN_DECIMAL_MAX;

	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return (struct span){p, (size_t)(buf + SPAN_DECIMAL_MAX - p)};
}
