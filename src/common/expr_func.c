/*
 * Functions of expressions (expr.h) that need nothing but their argument, with the results of
 * Apache's. Any process; the argument is mostly the client's.
 */
#include "common/expr_node.h"

#include "itkd/arena.h"
#include "itkd/base64.h"
#include "itkd/hash.h"
#include "itkd/path.h"

static const char *to_case(struct arena *a, const char *arg, char first)
{
	char *out = arena_strdup(a, arg);

	for (char *p = out; *p; p++)
		if (*p >= first && *p <= first + 25)
			*p ^= 0x20;
	return out;
}

static const char *encode(struct arena *a, const char *arg)
{
	return base64_encode(a, arg, strlen(arg));
}

static const char *decode(struct arena *a, const char *arg)
{
	size_t n;

	return base64_decode(a, arg, &n);
}

static const char *digest(enum hash_kind kind, struct arena *a, const char *arg)
{
	char *digits = arena_alloc(a, HASH_HEX_MAX);

	hash_text(kind, arg, digits);
	return digits;
}

/* ap_unescape_url_keep2f: an encoded slash stays so; nothing where an escape is wrong or a NUL. */
static const char *unescape(struct arena *a, const char *arg)
{
	char *out = arena_alloc(a, strlen(arg) + 1), *to = out;

	for (const char *p = arg; *p; p++) {
		if (*p != '%') {
			*to++ = *p;
			continue;
		}
		int high = path_hex(p[1]), low = high < 0 ? -1 : path_hex(p[2]);

		if (low < 0 || (high == 0 && low == 0))
			return "";
		if ((high << 4 | low) == '/') {
			memcpy(to, p, 3);
			to += 3;
		} else {
			*to++ = (char)(high << 4 | low);
		}
		p += 2;
	}
	*to = '\0';
	return out;
}

/* apr_escape_ldap: for a filter (RFC 4515 section 3) as well as for a name (RFC 4514). */
static const char *escape_ldap(struct arena *a, const char *arg)
{
	static const char digits[] = "0123456789abcdef";
	char *out = arena_alloc(a, 3 * strlen(arg) + 1), *to = out;

	for (const char *p = arg; *p; p++) {
		if (*p >= ' ' && *p <= '~' && !strchr("\"()*+,;<>\\", *p)) {
			*to++ = *p;
			continue;
		}
		*to++ = '\\';
		*to++ = digits[(unsigned char)*p >> 4];
		*to++ = digits[*p & 0xf];
	}
	return out;
}

const char *expr_func_call(enum expr_func func, struct arena *a, const char *arg)
{
	switch (func) {
	case EXPR_FUNC_LOWER:
		return to_case(a, arg, 'A');
	case EXPR_FUNC_UPPER:
		return to_case(a, arg, 'a');
	case EXPR_FUNC_ESCAPE:
		return path_encode(a, arg);
	case EXPR_FUNC_UNESCAPE:
		return unescape(a, arg);
	case EXPR_FUNC_BASE64:
		return encode(a, arg);
	case EXPR_FUNC_UNBASE64:
		return decode(a, arg);
	case EXPR_FUNC_MD5:
		return digest(HASH_MD5, a, arg);
	case EXPR_FUNC_SHA1:
		return digest(HASH_SHA1, a, arg);
	case EXPR_FUNC_LDAP:
		return escape_ldap(a, arg);
	case EXPR_FUNC_ASK:
		break;
	}
	return "";
}
