/*
 * Accept-Encoding (RFC 9110 section 12.5.3) as Apache's filters read it: the first element of the
 * name counts, with its first parameter where that is q=0 in one of five spellings; "*" is none.
 * Runs as the vhost's user on a client's bytes.
 */
#include "child_filter_own.h"

/* ap_get_token: up to ';' or ',' (or a blank), with quoted strings in it. */
static struct span next_token(struct span *rest, bool blanks)
{
	struct span s = *rest, token;
	size_t i = 0;

	while (s.n && (*s.p == ' ' || *s.p == '\t'))
		s = (struct span){s.p + 1, s.n - 1};
	while (i < s.n && s.p[i] != ';' && s.p[i] != ',' &&
	       (blanks || (s.p[i] != ' ' && s.p[i] != '\t'))) {
		if (s.p[i++] != '"')
			continue;
		while (i < s.n && s.p[i++] != '"')
			;
	}
	token = (struct span){s.p, i};
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	*rest = (struct span){s.p + i, s.n - i};
	return token;
}

static bool skip(struct span *rest, char c)
{
	if (!rest->n || *rest->p != c)
		return false;
	*rest = (struct span){rest->p + 1, rest->n - 1};
	return true;
}

static bool is_zero(struct span q)
{
	static const char zero[] = "q=0.000";

	return q.n >= 3 && q.n < sizeof(zero) && memcmp(q.p, zero, q.n) == 0;
}

bool child_filter_accepts(struct span list, struct span name)
{
	struct span rest = list, token = next_token(&rest, false);

	while (token.n && !span_ieq(token, name)) {
		while (skip(&rest, ';'))
			next_token(&rest, true);
		skip(&rest, ',');
		token = next_token(&rest, false);
	}
	if (!token.n)
		return false;
	while (skip(&rest, ';'))
		;
	return !is_zero(next_token(&rest, true));
}
