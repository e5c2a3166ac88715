/*
 * The arguments of a CGI program: the search-string of an "indexed" query (RFC 3875 section 4.4),
 * or the settings of PHP for a php-cgi. Runs as the vhost's user; the words of a query are a
 * client's.
 */
#include "child_cgi.h"

#include "itkd/path.h"
#include <string.h>

#define ARGS_MAX 4096 /* _POSIX_ARG_MAX, as in Apache */

/* Decoded; what has a meaning to a shell gets a backslash, as in Apache. */
static char *args_word(struct arena *a, struct span word)
{
	static const char special[] = "&;`'\"|*?~<>^()[]{}$\\\n";
	char *text = arena_alloc(a, 2 * word.n + 1), *to = text;

	for (size_t i = 0; i < word.n; i++) {
		int ch = (unsigned char)word.p[i];

		if (ch == '%' && word.n - i > 2 && path_hex(word.p[i + 1]) >= 0 &&
		    path_hex(word.p[i + 2]) >= 0) {
			ch = path_hex(word.p[i + 1]) << 4 | path_hex(word.p[i + 2]);
			i += 2;
		}
		if (ch == '\0')
			break;
		if (strchr(special, ch))
			*to++ = '\\';
		*to++ = (char)ch;
	}
	*to = '\0';
	return text;
}

static size_t args_count(struct span query)
{
	size_t n = 1;

	for (size_t i = 0; i < query.n; i++)
		n += query.p[i] == '+';
	return n < ARGS_MAX ? n : ARGS_MAX;
}

/* Of GET and HEAD alone, and not where there is an unencoded '='. */
static bool args_indexed(const struct child_request *r)
{
	return r->query.n && !memchr(r->query.p, '=', r->query.n) &&
	       (r->method_id == HTTP_METHOD_GET || r->method_id == HTTP_METHOD_HEAD);
}

static char **args_query(struct arena *a, struct span query, char *name)
{
	size_t room = args_count(query), n = 0;
	char **v = arena_array(a, room + 2, sizeof(*v));

	v[n++] = name;
	for (bool more = true; more && n <= room;) {
		const char *plus = memchr(query.p, '+', query.n);
		size_t len = plus ? (size_t)(plus - query.p) : query.n;

		v[n++] = args_word(a, (struct span){query.p, len});
		more = plus != NULL;
		len += more;
		query = (struct span){query.p + len, query.n - len};
	}
	v[n] = NULL;
	return v;
}

/* Options for an interpreter never come with a query (CVE-2012-1823) where it has some of ours. */
char **child_cgi_arguments(struct child *c, const struct child_request *r, char *name)
{
	char *const *php = r->php_arguments;
	size_t n = 0;

	if (!php && args_indexed(r))
		return args_query(&c->arena, r->query, name);
	while (php && php[n])
		n++;
	char **v = arena_array(&c->arena, n + 2, sizeof(*v));

	v[0] = name;
	if (n)
		memcpy(v + 1, php, n * sizeof(*v));
	v[n + 1] = NULL;
	return v;
}
