/*
 * What a proxy changes in URLs and cookies (proxy_map.h). Run by the child after the drop; paths
 * are the client's, locations and cookies the backend's.
 */
#include "itkd/proxy_map.h"

#include "itkd/arena.h"
#include <ctype.h>

static bool is_hex(const char *p)
{
	return isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1]);
}

char *proxy_map_encode(struct arena *a, const char *path, bool keep_slashes)
{
	static const char digits[] = "0123456789ABCDEF", plain[] = "/~$-_.+!*'(),;:@&=";
	char *out = arena_alloc(a, strlen(path) * 3 + 1), *q = out;

	for (const char *p = path; *p; p++) {
		unsigned char ch = (unsigned char)*p;
		bool slash = keep_slashes && ch == '%' && is_hex(p + 1) && p[1] == '2' &&
		             (p[2] | 0x20) == 'f';

		if (slash || isalnum(ch) || strchr(plain, ch)) {
			*q++ = (char)ch;
			continue;
		}
		*q++ = '%';
		*q++ = digits[ch >> 4];
		*q++ = digits[ch & 15];
	}
	return out;
}

bool proxy_map_is_sendable(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char ch = (unsigned char)text.p[i];

		if (ch <= ' ' || ch == 0x7f)
			return false;
	}
	return true;
}

/* From the path on, where the entry is one; the whole otherwise. */
static const char *compared_part(const char *url, const char *from)
{
	const char *host = *from == '/' ? strstr(url, "://") : NULL;
	const char *path = host ? strchr(host + 3, '/') : NULL;

	return path ? path : url;
}

const char *proxy_map_location(struct arena *a, const struct proxy_reverses *list, const char *url)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct proxy_reverse *e = &list->v[i];
		const char *part = compared_part(url, e->from);
		size_t n = strlen(e->from);

		if (n && strncasecmp(e->from, part, n) == 0)
			return arena_printf(a, "%s%s", e->to, part + n);
	}
	return NULL;
}

/* The entry that an attribute's value begins with; NULL: none. */
static const struct proxy_reverse *attribute_entry(
    const struct proxy_reverses *list, struct span value, bool any_case)
{
	for (uint32_t i = 0; i < list->n; i++) {
		struct span from = span_of(list->v[i].from), begin = {value.p, from.n};

		if (from.n <= value.n && (any_case ? span_ieq(begin, from) : span_eq(begin, from)))
			return &list->v[i];
	}
	return NULL;
}

/* The value of the first attribute of that name behind the cookie's own; p NULL: none. */
static struct span attribute(struct span cookie, struct span name)
{
	const char *semicolon;

	while ((semicolon = memchr(cookie.p, ';', cookie.n))) {
		cookie.n -= (size_t)(semicolon - cookie.p) + 1;
		cookie.p = semicolon + 1;
		const char *end = memchr(cookie.p, ';', cookie.n);
		struct span part = {cookie.p, end ? (size_t)(end - cookie.p) : cookie.n};
		const char *equals = memchr(part.p, '=', part.n);
		struct span key = {part.p, equals ? (size_t)(equals - part.p) : 0};

		if (equals && span_ieq(span_trim(key), name))
			return (struct span){equals + 1, part.n - key.n - 1};
	}
	return (struct span){NULL, 0};
}

/* The whole value, as in Apache: what follows its beginning is nothing of ours. */
static struct span replace(struct arena *a, struct span text, struct span value, const char *to)
{
	size_t before = (size_t)(value.p - text.p), after = before + value.n;

	return span_of(arena_printf(
	    a, "%.*s%s%.*s", (int)before, text.p, to, (int)(text.n - after), text.p + after));
}

struct span proxy_map_cookie(struct arena *a, const struct proxy_reverses *paths,
    const struct proxy_reverses *domains, struct span cookie)
{
	const struct proxy_reverses *lists[] = {paths, domains};

	for (size_t i = 0; i < 2; i++) {
		struct span name = i ? SPAN("domain") : SPAN("path");
		struct span value = lists[i]->n ? attribute(cookie, name) : (struct span){NULL, 0};
		const struct proxy_reverse *e =
		    value.p ? attribute_entry(lists[i], value, i == 1) : NULL;

		if (e)
			cookie = replace(a, cookie, value, e->to);
	}
	return cookie;
}
