/*
 * Variables and functions that expressions know (expr.h): those of Apache's core, and mod_ssl's
 * SSL_*. Any process.
 */
#include "common/expr_node.h"

#include "itkd/arena.h"

static const char *const variables[] = {"API_VERSION", "AUTH_TYPE", "CONN_LOG_ID",
    "CONN_REMOTE_ADDR", "CONTENT_TYPE", "CONTEXT_DOCUMENT_ROOT", "CONTEXT_PREFIX", "DOCUMENT_ROOT",
    "DOCUMENT_URI", "HANDLER", "HTTP2", "HTTPS", "HTTP_ACCEPT", "HTTP_COOKIE", "HTTP_FORWARDED",
    "HTTP_HOST", "HTTP_PROXY_CONNECTION", "HTTP_REFERER", "HTTP_USER_AGENT", "IPV6", "IS_SUBREQ",
    "LAST_MODIFIED", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_IDENT",
    "REMOTE_PORT", "REMOTE_USER", "REQUEST_FILENAME", "REQUEST_LOG_ID", "REQUEST_METHOD",
    "REQUEST_SCHEME", "REQUEST_STATUS", "REQUEST_URI", "SCRIPT_FILENAME", "SCRIPT_GROUP",
    "SCRIPT_USER", "SERVER_ADMIN", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
    "SERVER_SOFTWARE", "THE_REQUEST", "TIME", "TIME_DAY", "TIME_HOUR", "TIME_MIN", "TIME_MON",
    "TIME_SEC", "TIME_WDAY", "TIME_YEAR"};

/* HTTP_HOST is not among them: RFC 9110 section 12.5.5 has no use for Vary: Host. */
static const struct {
	const char *name, *field;
} fields[] = {
    {"HTTP_USER_AGENT", "User-Agent"},
    {"HTTP_PROXY_CONNECTION", "Proxy-Connection"},
    {"HTTP_REFERER", "Referer"},
    {"HTTP_COOKIE", "Cookie"},
    {"HTTP_FORWARDED", "Forwarded"},
    {"HTTP_ACCEPT", "Accept"},
};

static const struct expr_function functions[] = {
    {"osenv", EXPR_FUNC_ASK, false},
    {"env", EXPR_FUNC_ASK, false},
    {"resp", EXPR_FUNC_ASK, false},
    {"req", EXPR_FUNC_ASK, false},
    {"http", EXPR_FUNC_ASK, false},
    {"note", EXPR_FUNC_ASK, false},
    {"reqenv", EXPR_FUNC_ASK, false},
    {"req_novary", EXPR_FUNC_ASK, false},
    {"tolower", EXPR_FUNC_LOWER, false},
    {"toupper", EXPR_FUNC_UPPER, false},
    {"escape", EXPR_FUNC_ESCAPE, false},
    {"unescape", EXPR_FUNC_UNESCAPE, false},
    {"base64", EXPR_FUNC_BASE64, false},
    {"unbase64", EXPR_FUNC_UNBASE64, false},
    {"file", EXPR_FUNC_ASK, true},
    {"filesize", EXPR_FUNC_ASK, true},
    {"md5", EXPR_FUNC_MD5, false},
    {"sha1", EXPR_FUNC_SHA1, false},
    {"ldap", EXPR_FUNC_LDAP, false},
};

const char *expr_variable_name(struct arena *a, const char *name)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		if (strcasecmp(variables[i], name) == 0)
			return arena_strdup(a, variables[i]);
	if (strncasecmp(name, "SSL_", 4) != 0)
		return NULL;
	char *upper = arena_strdup(a, name);

	for (char *p = upper; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p &= ~0x20;
	return upper;
}

const char *expr_variable_field(const char *name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return fields[i].field;
	return NULL;
}

const struct expr_function *expr_function_find(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (strcasecmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}
