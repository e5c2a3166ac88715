/*
 * The query of a list: ?C=S;O=D;F=2;V=1;P=*.gz, mod_autoindex's. Runs as the vhost's user; the
 * query is the client's. What is malformed ends it, and what was read before it holds.
 */
#include "child_index.h"

#include <string.h>

/* "X=v" at the start of *rest with v one of values, up to '&', ';' or the end: v, or NUL. */
static char query_letter(struct span *rest, char name, const char *values)
{
	const char *p = rest->p;

	if (rest->n < 3 || p[0] != name || p[1] != '=' || !p[2] || !strchr(values, p[2]))
		return '\0';
	if (rest->n > 3 && p[3] != '&' && p[3] != ';')
		return '\0';
	size_t n = rest->n > 3 ? 4 : 3;
	char value = p[2];

	*rest = (struct span){p + n, rest->n - n};
	return value;
}

static int query_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded; NULL where it is malformed, or holds what no name can hold. */
static const char *query_decode(struct arena *a, struct span s)
{
	char *out = arena_alloc(a, s.n + 1), *q = out;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			int high = i + 2 < s.n ? query_hex(s.p[i + 1]) : -1;
			int low = high < 0 ? -1 : query_hex(s.p[i + 2]);

			if (low < 0)
				return NULL;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0' || (c == '/' && s.p[i] != '/'))
			return NULL;
		*q++ = c;
	}
	*q = '\0';
	return out;
}

/* "P=pattern" */
static bool query_pattern(struct index *x, struct span *rest)
{
	size_t n = 2;

	if (rest->n < 2 || rest->p[0] != 'P' || rest->p[1] != '=')
		return false;
	while (n < rest->n && rest->p[n] != '&' && rest->p[n] != ';')
		n++;
	x->pattern = n == 2 ? NULL : query_decode(&x->c->arena, (struct span){rest->p + 2, n - 2});
	if (n < rest->n)
		n++;
	*rest = (struct span){rest->p + n, rest->n - n};
	return true;
}

static void query_format(struct index *x, char format)
{
	if (format == '0')
		x->options &= ~(INDEX_FANCY | INDEX_TABLE);
	else if (format == '1')
		x->options = (x->options | INDEX_FANCY) & ~INDEX_TABLE;
	else
		x->options |= INDEX_FANCY | INDEX_TABLE;
}

/* Encoded for a link; a colon in it is no scheme's. */
static const char *query_encode(struct arena *a, const char *pattern)
{
	const char *text = path_encode(a, pattern);

	return strncmp(text, "./", 2) == 0 && strncmp(pattern, "./", 2) != 0 ? text + 2 : text;
}

void child_index_query(struct index *x)
{
	struct span rest = x->r->query;
	struct arena *a = &x->c->arena;
	char value, format = '\0', versions = '\0';

	x->key = x->conf->key ? x->conf->key : 'N';
	x->direction = x->conf->direction ? x->conf->direction : 'A';
	x->args = "";
	if (x->options & INDEX_IGNORE_CLIENT) {
		x->options |= INDEX_NO_SORT;
		return;
	}
	while (rest.n) {
		if ((value = query_letter(&rest, 'C', "NMSD"))) {
			x->key = value;
		} else if ((value = query_letter(&rest, 'O', "AD"))) {
			x->direction = value;
		} else if ((value = query_letter(&rest, 'F', "012"))) {
			query_format(x, format = value);
		} else if ((value = query_letter(&rest, 'V', "01"))) {
			versions = value;
			x->options &= ~INDEX_VERSIONS;
			if (value == '1')
				x->options |= INDEX_VERSIONS;
		} else if (!query_pattern(x, &rest)) {
			break;
		}
	}
	x->args =
	    arena_printf(a, "%s%.1s%s%.1s%s%s", format ? ";F=" : "", &format, versions ? ";V=" : "",
	        &versions, x->pattern ? ";P=" : "", x->pattern ? query_encode(a, x->pattern) : "");
}
