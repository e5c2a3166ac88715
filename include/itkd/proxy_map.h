/* What a proxy changes in URLs and cookies on their way: text only (mod_proxy's proxy_util.c). */
#ifndef ITKD_PROXY_MAP_H
#define ITKD_PROXY_MAP_H

#include "itkd/conf_proxy.h"
#include "itkd/span.h"

/*
 * A decoded path as a backend gets it (ap_proxy_canonenc): what may not stand in one is encoded.
 * keep_slashes: %2F in it is left as it is (AllowEncodedSlashes NoDecode).
 */
char *proxy_map_encode(struct arena *a, const char *path, bool keep_slashes);
/* Whether it is sendable as it is: no control characters, no spaces. */
bool proxy_map_is_sendable(struct span text);

/* ProxyPassReverse: a path or a URL for that URL of the backend; NULL: none is for it. */
const char *proxy_map_location(
	struct arena *a, const struct proxy_reverses *list, const char *url);
/* A Set-Cookie with its Path and Domain replaced. */
struct span proxy_map_cookie(struct arena *a, const struct proxy_reverses *paths,
	const struct proxy_reverses *domains, struct span cookie);

#endif
