/* mod_proxy as the configuration keeps it: what goes to which backend, and how. */
#ifndef ITKD_CONF_PROXY_H
#define ITKD_CONF_PROXY_H

#include "itkd/backend.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct regex;

/* ProxyPass, ProxyPassMatch. */
struct proxy_pass {
	const char *from;          /* URL path, or the pattern's text */
	const struct regex *regex; /* NULL: from is a path */
	const char *to;            /* URL, with $1 of a pattern; NULL: `!`, not for a backend */
	bool nocanon, interpolate;
};
struct proxy_passes {
	uint32_t n;
	const struct proxy_pass *v;
};

/* ProxyPassReverse and its like: what begins with from in an answer begins with to instead. */
struct proxy_reverse {
	const char *from, *to;
	bool interpolate;
};
struct proxy_reverses {
	uint32_t n;
	const struct proxy_reverse *v;
};

/* What ProxySet, <Proxy> and ProxyPass say of a backend; 0 or CONF_UNSET: nothing. */
struct proxy_worker {
	struct backend at;
	uint32_t timeout_ms, connect_ms;
	uint32_t field_size;  /* responsefieldsize */
	uint8_t reuse;        /* enum conf_switch */
	const char *upgrade;  /* "any", or a protocol */
};
struct proxy_workers {
	uint32_t n;
	const struct proxy_worker *v;
};

#define PROXY_STATUSES 8 /* of ProxyErrorOverride */

/* What stands in a directory context. A server's passes are moved to struct conf_vhost. */
struct conf_proxy {
	struct proxy_passes passes;
	const struct proxy_pass *pass; /* ProxyPass in <Location>; NULL: none */
	struct proxy_reverses reverses, cookie_paths, cookie_domains;
	struct proxy_workers workers;
	/* enum conf_switch */
	uint8_t preserve_host, add_headers, interpolate, forward_100, error_override;
	uint32_t nstatuses; /* ProxyErrorOverride On 404 ...; 0: all */
	uint16_t statuses[PROXY_STATUSES];
};

enum proxy_via { PROXY_VIA_OFF, PROXY_VIA_ON, PROXY_VIA_FULL, PROXY_VIA_BLOCK };
enum proxy_bad_header { PROXY_BAD_ERROR, PROXY_BAD_IGNORE, PROXY_BAD_BODY };

/* Of a whole server. */
struct conf_proxy_server {
	struct proxy_passes passes; /* the vhost's own, then the main server's */
	uint32_t timeout;           /* ProxyTimeout, milliseconds; 0: Timeout */
	int32_t max_forwards;       /* -1: not looked at */
	enum proxy_via via;
	enum proxy_bad_header bad_header;
	bool inherit;               /* ProxyPassInherit */
};

/* As mod_proxy merges: lists are appended, the rest is replaced. */
void conf_proxy_merge(struct arena *a, struct conf_proxy **base, const struct conf_proxy *add);

/* A parameter "key=value" of a backend. NULL, or what is wrong. */
const char *conf_proxy_parameter(struct arena *a, struct proxy_worker *w, const char *text);
/*
 * What the list says of the backend: its entries with the longest path that b's begins with. Where
 * none has b's socket, one side may leave it to the other. Without a host in *out, none is for b.
 */
void conf_proxy_worker(
	const struct proxy_workers *list, const struct backend *b, struct proxy_worker *out);

#endif
