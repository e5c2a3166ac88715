/*
 * The methods that <Limit> can name (conf_method.h): those of HTTP, WebDAV and its versioning
 * (RFC 9110, 4918, 3253), which are also Apache's; then the other ones of IANA's registry, and
 * PURGE of caches. Used by the loader and by the child.
 */
#include "itkd/conf_method.h"

/* HEAD comes first and shares GET's bit. */
static const char *const methods[] = {"HEAD", "GET", "PUT", "POST", "DELETE", "CONNECT", "OPTIONS",
    "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
    "VERSION-CONTROL", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT",
    "MKWORKSPACE", "MKACTIVITY", "BASELINE-CONTROL", "MERGE", "ACL", "BIND", "LINK", "MKCALENDAR",
    "MKREDIRECTREF", "ORDERPATCH", "PURGE", "QUERY", "REBIND", "SEARCH", "SUBSCRIBE", "UNBIND",
    "UNLINK", "UNSUBSCRIBE", "UPDATEREDIRECTREF", "NOTIFY", "TRACK", "DEBUG"};

uint64_t conf_method_bit(struct span name)
{
	for (unsigned i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (span_eq(name, span_of(methods[i])))
			return 1ull << (i ? i - 1 : 0);
	return CONF_METHOD_OTHER;
}
