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

/* RFC 9110 section 14.1.2: the last `length` bytes; of a shorter representation all. */
static struct range suffix_range(int64_t length, int64_t size)
{
	return (struct range){length < size ? size - length : 0, length ? size : 0};
}

/*
 * RFC 9110 section 14.1.1: first-pos "-" [ last-pos ], or "-" suffix-length. *r is empty where it
 * is not satisfiable.
 */
static bool range_spec(struct span s, int64_t size, struct range *r)
{
	int64_t first, last = INT64_MAX - 1;

	if (s.n && s.p[0] == '-') {
		s.p++;
		s.n--;
		if (!take_position(&s, &first) || s.n)
			return false;
		*r = suffix_range(first, size);
		return true;
	}
	if (!take_position(&s, &first) || s.n == 0 || s.p[0] != '-')
		return false;
	s.p++;
	s.n--;
	if (s.n && (!take_position(&s, &last) || s.n))
		return false;
	if (last < first)
		return false;
	*r = (struct range){first, last < size ? last + 1 : size};
	return true;
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
		struct range r;

		if (++specs > max || !range_spec(element, size, &r))
			return RANGE_IGNORE;
		if (r.start < r.end)
			ranges[(*n)++] = r;
		/* The end of nothing is nothing, but it was asked for rightly (section 14.1.2). */
		else if (size == 0 && element.p[0] == '-')
			return RANGE_IGNORE;
	}
	if (specs == 0)
		return RANGE_IGNORE;
	return *n ? RANGE_OK : RANGE_UNSATISFIABLE;
}
