/*
 * Texts of mod_rewrite (rewrite_uri.h): URLs and paths, without any request. Run by the child as
 * the vhost's user; the bytes are mostly the client's.
 */
#include "itkd/rewrite_uri.h"

#include "itkd/arena.h"
#include "itkd/conf_rewrite.h"
#include "itkd/path.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

size_t rewrite_absolute(const char *uri, bool *query)
{
	static const struct {
		const char *scheme;
		bool query;
	} schemes[] = {{"http://", true}, {"https://", true}, {"ajp://", true},
	    {"balancer://", true}, {"fcgi://", true}, {"scgi://", true}, {"ws://", true},
	    {"wss://", true}, {"h2://", true}, {"h2c://", true}, {"mailto:", true},
	    {"ftp://", false}, {"gopher://", false}, {"ldap://", false}, {"news:", false},
	    {"nntp://", false}, {"unix://", true}, {"unix:", true}};

	if (query)
		*query = false;
	if (*uri == '/' || strlen(uri) <= 5)
		return 0;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t n = strlen(schemes[i].scheme);

		if (strncasecmp(uri, schemes[i].scheme, n) != 0)
			continue;
		if (query)
			*query = schemes[i].query;
		return n;
	}
	return 0;
}

const char *rewrite_escape(struct arena *a, const char *text)
{
	/* Behind a slash a colon is nothing special. */
	return path_encode(a, arena_printf(a, "/%s", text)) + 1;
}

/* The parts of an LDAP URL are divided by question marks (RFC 4516); the fifth is the last. */
static const char *escape_ldap(struct arena *a, const char *text)
{
	const char *out = "";

	for (unsigned part = 0;; part++) {
		size_t n = part < 4 ? strcspn(text, "?") : strlen(text);

		out = arena_printf(a, "%s%s", out, rewrite_escape(a, arena_strndup(a, text, n)));
		if (!text[n])
			return out;
		out = arena_printf(a, "%s?", out);
		text += n + 1;
	}
}

const char *rewrite_escape_url(struct arena *a, const char *url, size_t scheme)
{
	size_t n = scheme;

	if (url[n - 1] == '/') {
		n += strcspn(url + n, "/");
		if (!url[n] || !url[n + 1])
			return url;
		n++;
		if (strncasecmp(url, "ldap", 4) == 0)
			return arena_printf(a, "%.*s%s", (int)n, url, escape_ldap(a, url + n));
	}
	return arena_printf(a, "%.*s%s", (int)n, url, rewrite_escape(a, url + n));
}

static bool is_visible(unsigned char c)
{
	return c > 0x20 && c != 0x7f;
}

static bool group_is_escaped(const struct rewrite_rule *rule, unsigned char c)
{
	bool all = rule->flags & RULE_ESCAPE_CONTROLS ? !is_visible(c) : !rule->escapes;

	if (rule->no_escapes && strchr(rule->no_escapes, c))
		return false;
	return all || (rule->escapes && strchr(rule->escapes, c));
}

const char *rewrite_escape_group(
    struct arena *a, const struct rewrite_rule *rule, const char *text, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	char *out = arena_alloc(a, 3 * n + 1), *to = out;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!group_is_escaped(rule, c) || isalnum(c) || c == '_') {
			*to++ = (char)c;
		} else if (c == ' ' && !(rule->flags & RULE_ESCAPE_SPACE)) {
			*to++ = '+';
		} else {
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	*to = '\0';
	return out;
}

const char *rewrite_unescape(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, text), *to = out;

	for (; *text; text++) {
		int high = *text == '%' ? path_hex(text[1]) : -1;
		int low = high >= 0 ? path_hex(text[2]) : -1;

		*to = low < 0 ? *text : (char)(high << 4 | low);
		to++;
		if (low >= 0)
			text += 2;
	}
	*to = '\0';
	return out;
}

size_t rewrite_prefix(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	if (n && prefix[n - 1] == '/')
		n--;
	return strncmp(path, prefix, n) == 0 && path[n] == '/' ? n + 1 : 0;
}

bool rewrite_is_visible(const char *text)
{
	for (; *text; text++)
		if (!is_visible((unsigned char)*text))
			return false;
	return true;
}

int rewrite_compare(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	if (n != m)
		return n > m ? 1 : -1;
	int order = memcmp(a, b, n);

	return order > 0 ? 1 : order < 0 ? -1 : 0;
}
