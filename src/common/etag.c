/*
 * Entity-tags. Run by the child after the drop. The lists are the client's bytes. RFC 9110 sections
 * 8.8.3 and 13.1. Not a list of quoted-strings: in an entity-tag a backslash escapes nothing.
 */
#include "itkd/etag.h"

/* RFC 9110 section 8.8.3: etagc, any visible character but the double quote, and obs-text. */
static bool is_etagc(char c)
{
	unsigned char u = (unsigned char)c;

	return u == 0x21 || (u >= 0x23 && u != 0x7f);
}

/* Bytes of the entity-tag at the front of s; 0: there is none. */
static size_t etag_length(struct span s)
{
	size_t i = s.n >= 2 && s.p[0] == 'W' && s.p[1] == '/' ? 2 : 0;

	if (i == s.n || s.p[i] != '"')
		return 0;
	do
		i++;
	while (i < s.n && is_etagc(s.p[i]));
	return i < s.n && s.p[i] == '"' ? i + 1 : 0;
}

bool etag_valid(struct span s)
{
	return s.n && etag_length(s) == s.n;
}

static bool is_weak(struct span s)
{
	return s.p[0] == 'W';
}

static struct span opaque_tag(struct span s)
{
	return is_weak(s) ? (struct span){s.p + 2, s.n - 2} : s;
}

/* RFC 9110 section 8.8.3.2 */
bool etag_equal(struct span a, struct span b, enum etag_compare how)
{
	if (!etag_valid(a) || !etag_valid(b))
		return false;
	if (how == ETAG_STRONG && (is_weak(a) || is_weak(b)))
		return false;
	return span_eq(opaque_tag(a), opaque_tag(b));
}

enum etag_result etag_match(struct span value, struct span current, enum etag_compare how)
{
	struct span rest = span_trim(value);

	/* As Apache: what follows, where the field came twice, changes nothing. */
	if (rest.n && rest.p[0] == '*')
		return ETAG_ANY;
	while (rest.n) {
		size_t n = etag_length(rest);

		if (n && etag_equal((struct span){rest.p, n}, current, how))
			return ETAG_MATCHES;
		rest = span_trim((struct span){rest.p + n, rest.n - n});
		/* RFC 9110 section 5.6.1: empty elements are passed over; so n may be 0 at a comma.
		 */
		if (rest.n == 0 || rest.p[0] != ',')
			break;
		rest = span_trim((struct span){rest.p + 1, rest.n - 1});
	}
	return ETAG_DIFFERS;
}
