/*
 * From the path of a request target to a path below a document root, and back into a Location or
 * HTML. Run by the child after the drop. The bytes are the client's, or names from a user's
 * directory. RFC 3986 sections 2.1 and 5.2.4; what Apache 2.4 refuses is refused.
 */
#include "itkd/path.h"

#include "itkd/arena.h"

int path_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * RFC 3986 section 2.4: decoded once and never again. *n is the length of what is written to out,
 * which has room for raw.n bytes.
 */
static enum path_result percent_decode(struct span raw, unsigned flags, char *out, size_t *n)
{
	enum path_result result = PATH_OK;

	*n = 0;
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (c == '%') {
			int high = i + 2 < raw.n ? path_hex(raw.p[i + 1]) : -1;
			int low = high >= 0 ? path_hex(raw.p[i + 2]) : -1;

			if (low < 0)
				return PATH_BAD;
			c = (char)(high << 4 | low);
			if (c == '/' && flags & PATH_LEAVE_SLASHES) {
				memcpy(out + *n, raw.p + i, 2);
				*n += 2;
				c = raw.p[i + 2];
			} else if (c == '/' && !(flags & PATH_DECODE_SLASHES)) {
				/* A name that holds a slash is none that a file can have. */
				result = PATH_NOT_FOUND;
			}
			i += 2;
		}
		/* It would end the path early for the kernel, but not for the checks before. */
		if (c == '\0')
			return PATH_BAD;
		out[(*n)++] = c;
	}
	return result;
}

/* Takes away the last segment of p[0..*n), which ends with a slash. False at the root. */
static bool drop_segment(const char *p, size_t *n)
{
	if (*n == 1)
		return false;
	do
		(*n)--;
	while (p[*n - 1] != '/');
	return true;
}

/*
 * RFC 3986 section 5.2.4, on decoded bytes, in place: what is written never overtakes what is
 * read. Section 5.2.4 lets ".." at the root stay at the root; Apache refuses it, and so it is here.
 */
static enum path_result remove_dots(char *p, size_t n, unsigned flags)
{
	size_t out = 1, i = 1;

	while (i < n) {
		const char *slash = memchr(p + i, '/', n - i);
		size_t len = slash ? (size_t)(slash - p) - i : n - i;
		struct span segment = {p + i, len};

		i += len + 1;
		if ((len == 0 && !(flags & PATH_KEEP_SLASHES)) || span_eq(segment, SPAN(".")))
			continue;
		if (span_eq(segment, SPAN(".."))) {
			if (!drop_segment(p, &out) && !(flags & PATH_DECODE_SLASHES))
				return PATH_BAD;
			continue;
		}
		memmove(p + out, segment.p, len);
		out += len;
		if (slash)
			p[out++] = '/';
	}
	p[out] = '\0';
	return PATH_OK;
}

enum path_result path_decode(struct arena *a, struct span raw, char **path)
{
	return path_decode_as(a, raw, 0, path);
}

enum path_result path_decode_as(struct arena *a, struct span raw, unsigned flags, char **path)
{
	enum path_result result;
	size_t n;

	*path = NULL;
	/* Only dots between slashes that were encoded may be too many: they stay at the root. */
	if (flags & PATH_DECODE_SLASHES) {
		result = path_decode_as(a, raw, PATH_LEAVE_SLASHES, path);
		if (result != PATH_OK)
			return result;
	}
	if (raw.n == 0 || raw.p[0] != '/')
		return PATH_BAD;
	char *p = arena_alloc(a, raw.n + 1);

	result = percent_decode(raw, flags, p, &n);
	if (result == PATH_OK)
		result = remove_dots(p, n, flags);
	if (result == PATH_OK)
		*path = p;
	return result;
}

/* RFC 3986 section 2.3. */
static bool is_unreserved(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c != '\0' && strchr("-._~", c));
}

char *path_refused(struct arena *a, struct span raw)
{
	char *p = arena_alloc(a, raw.n + 1);
	size_t n = 0;

	if (raw.n == 0 || raw.p[0] != '/')
		return NULL;
	for (size_t i = 0; i < raw.n; i++) {
		int high = raw.p[i] == '%' && i + 2 < raw.n ? path_hex(raw.p[i + 1]) : -1;
		int low = high >= 0 ? path_hex(raw.p[i + 2]) : -1;
		bool plain = low >= 0 && is_unreserved((char)(high << 4 | low));

		p[n++] = plain ? (char)(high << 4 | low) : raw.p[i];
		i += plain ? 2 : 0;
	}
	remove_dots(p, n, PATH_DECODE_SLASHES);
	return p;
}

/* What a path may hold as it is: Apache's choice (ap_os_escape_path), a part of RFC 3986's pchar.
 */
static bool is_path_char(char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
		return true;
	return c != '\0' && strchr("$-_.+!*'(),:;@&=/~", c);
}

char *path_encode(struct arena *a, const char *path)
{
	static const char hex[] = "0123456789abcdef";
	size_t first = strcspn(path, "/:"), n = strlen(path);
	char *out = arena_alloc(a, 3 * n + 3), *q = out;

	/* RFC 3986 section 4.2: a colon in the first segment would make a scheme of it. */
	if (path[first] == ':') {
		*q++ = '.';
		*q++ = '/';
	}
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (is_path_char(*path)) {
			*q++ = *path;
			continue;
		}
		*q++ = '%';
		*q++ = hex[c >> 4];
		*q++ = hex[c & 15];
	}
	*q = '\0';
	return out;
}

size_t path_without_info(const char *uri, const char *info)
{
	size_t n = strlen(uri), m = strlen(info);

	while (n && m && uri[n - 1] == info[m - 1]) {
		n--;
		m--;
		while (uri[n] == '/' && n && uri[n - 1] == '/')
			n--;
	}
	/* Names are taken whole. */
	return n && m ? n - 1 + strcspn(uri + n - 1, "/") : n;
}

static struct span html_entity(char c)
{
	switch (c) {
	case '&':
		return SPAN("&amp;");
	case '<':
		return SPAN("&lt;");
	case '>':
		return SPAN("&gt;");
	case '"':
		return SPAN("&quot;");
	default:
		return (struct span){NULL, 0};
	}
}

char *html_escape(struct arena *a, const char *text)
{
	size_t n = 1;

	for (const char *p = text; *p; p++) {
		struct span e = html_entity(*p);

		n += e.n ? e.n : 1;
	}
	char *out = arena_alloc(a, n), *q = out;

	for (; *text; text++) {
		struct span e = html_entity(*text);

		if (e.n == 0) {
			*q++ = *text;
			continue;
		}
		memcpy(q, e.p, e.n);
		q += e.n;
	}
	*q = '\0';
	return out;
}
