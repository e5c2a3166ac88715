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
 * RFC 9110 section 14.1.2: "-" suffix-length: the last bytes, of a shorter representation all.
 */
static enum range_result suffix_range(struct span s, int64_t size, struct range *r)
{
	int64_t length;

	if (!take_position(&s, &length) || s.n)
		return RANGE_IGNORE;
	if (length == 0 || size == 0)
		return RANGE_UNSATISFIABLE;
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

/* What a list of ranges comes to while it is read. */
struct range_list {
	struct range *v;
	size_t n;
	int64_t sum; /* bytes of all but the last one */
	uint32_t overlaps, reversals;
};

/*
 * Section 14.2: a client that asks for the same bytes again and again, or to and fro, is broken or
 * means harm. Counted as Apache does: a range that touches or overlaps the one before it joins it.
 */
static void range_add(struct range_list *list, struct range r)
{
	struct range *last = list->n ? &list->v[list->n - 1] : NULL;
	bool inside = last && r.start >= last->start && r.end <= last->end;
	bool before = last && r.start < last->start && r.end >= last->start;
	bool after = last && r.end >= last->end && r.start <= last->end;

	if (!inside && !before && !after) {
		if (last)
			list->sum += last->end - last->start;
		list->v[list->n++] = r;
		return;
	}
	list->overlaps++;
	if (before) {
		last->start = r.start;
		list->reversals++;
	}
	if (after)
		last->end = r.end;
}

/* Whether it is worth it: all of them together are no more than the whole. */
static bool range_allowed(
    const struct range_list *list, int64_t size, const struct range_limits *limits)
{
	const struct range *last = &list->v[list->n - 1];

	return list->n <= limits->ranges && list->overlaps <= limits->overlaps &&
	       list->reversals <= limits->reversals &&
	       list->sum <= size - (last->end - last->start);
}

size_t range_room(struct span value)
{
	size_t n = 1;

	for (size_t i = 0; i < value.n; i++)
		n += value.p[i] == ',';
	return n;
}

enum range_result range_parse(struct span value, int64_t size, const struct range_limits *limits,
    struct range *ranges, size_t *n)
{
	struct span unit = SPAN("bytes="), rest, element;
	struct range_list list = {.v = ranges};
	bool some = false, whole = false;

	*n = 0;
	/* RFC 9110 section 14.1: range units are compared without regard to case. */
	if (value.n < unit.n || !span_ieq((struct span){value.p, unit.n}, unit))
		return RANGE_IGNORE;
	rest = (struct span){value.p + unit.n, value.n - unit.n};
	while (span_list_next(&rest, &element)) {
		struct range r = {0, 0};
		enum range_result result = range_spec(element, size, &r);

		if (result == RANGE_IGNORE)
			return RANGE_IGNORE;
		some = true;
		whole |= span_eq(element, SPAN("0-"));
		if (result == RANGE_OK)
			range_add(&list, r);
	}
	/* Of nothing there is no part; nothing is also what a player that begins at 0 gets. */
	if (!some || size == 0)
		return RANGE_IGNORE;
	if (list.n == 0)
		return RANGE_UNSATISFIABLE;
	if (whole) {
		ranges[0] = (struct range){0, size};
		list = (struct range_list){.v = ranges, .n = 1};
	}
	if (!range_allowed(&list, size, limits))
		return RANGE_IGNORE;
	*n = list.n;
	return RANGE_OK;
}
