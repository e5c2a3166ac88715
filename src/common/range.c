/*
 * Byte ranges. Run by the child after the drop. The bytes are the client's. RFC 9110 section 14.
 */
#include "itkd/range.h"

/* Takes 1*DIGIT from the front of *s. A number too large to count is as good as INT64_MAX. */
static bool take_position(struct span *s, int64_t *v)
{
	size_t n = 0;

	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	if (n == 0)
		return false;
	*v = span_number((struct span){s->p, n}, INT64_MAX);
	if (*v < 0)
		*v = INT64_MAX;
	s->p += n;
	s->n -= n;
	return true;
}

/*
 * RFC 9110 section 14.1.2: "-" suffix-length: the last bytes, of a shorter representation all. A
 * suffix of nothing is satisfiable, but no Content-Range can say so: the whole is sent.
 */
static enum range_result suffix_range(struct span s, int64_t size, struct range *r)
{
	int64_t length;

	if (!take_position(&s, &length) || s.n)
		return RANGE_IGNORE;
	if (length == 0)
		return RANGE_UNSATISFIABLE;
	if (size == 0)
		return RANGE_IGNORE;
	*r = (struct range){length < size ? size - length : 0, size};
	return RANGE_OK;
}

/* RFC 9110 section 14.1.2: first-pos "-" [ last-pos ] */
static enum range_result range_spec(struct span s, int64_t size, struct range *r)
{
	int64_t first, last = INT64_MAX;

	if (s.p[0] == '-')
		return suffix_range((struct span){s.p + 1, s.n - 1}, size, r);
	if (!take_position(&s, &first) || s.n == 0 || s.p[0] != '-')
		return RANGE_IGNORE;
	s.p++;
	s.n--;
	if (s.n && (!take_position(&s, &last) || s.n))
		return RANGE_IGNORE;
	if (last < first)
		return RANGE_IGNORE;
	if (first >= size)
		return RANGE_UNSATISFIABLE;
	*r = (struct range){first, last < size ? last + 1 : size};
	return RANGE_OK;
}

enum range_result range_parse(
    struct span value, int64_t size, struct range *ranges, size_t max, size_t *n)
{
	struct span unit = SPAN("bytes="), rest, element;
	size_t specs = 0;

	*n = 0;
	/* RFC 9110 section 14.1: range units are compared without regard to case. */
	if (value.n < unit.n || !span_ieq((struct span){value.p, unit.n}, unit))
		return RANGE_IGNORE;
	rest = (struct span){value.p + unit.n, value.n - unit.n};
	while (span_list_next(&rest, &element)) {
		struct range r = {0, 0};
		enum range_result result = RANGE_IGNORE;

		if (++specs <= max)
			result = range_spec(element, size, &r);
		if (result == RANGE_IGNORE)
			return RANGE_IGNORE;
		if (result == RANGE_OK)
			ranges[(*n)++] = r;
	}
	if (specs == 0)
		return RANGE_IGNORE;
	return *n ? RANGE_OK : RANGE_UNSATISFIABLE;
}
