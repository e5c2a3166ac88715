/*
 * The address of a backend, as ProxyPass, SetHandler and a RewriteRule with [P] write it:
 * "http://host:port/path", "ws://...", "fcgi://...", each also behind "unix:/path|". Text only: it
 * is the administrator's, a .htaccess's, or what a pattern made of a client's path.
 */
#ifndef ITKD_BACKEND_H
#define ITKD_BACKEND_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stdint.h>

struct arena;

enum backend_scheme { BACKEND_HTTP, BACKEND_WS, BACKEND_FCGI };

#define BACKEND_HOST_MAX 256
#define BACKEND_SOCKET_MAX 107 /* bytes of a socket's path that sun_path takes with its NUL */

struct backend {
	enum backend_scheme scheme;
	const char *socket; /* path of a unix socket; NULL: TCP */
	const char *host;   /* lower case, IPv6 without brackets; of a socket only a name */
	uint16_t port;      /* of the scheme where none was written */
	bool port_given;
	const char *path;   /* from its '/' on, still as written, with the query; "": none */
};

/* NULL, or what is wrong with it. Strings are put into a, or lead into url. */
const char *backend_parse(struct arena *a, const char *url, struct backend *b);
/* "http", "ws", "fcgi". */
const char *backend_scheme_name(enum backend_scheme scheme);
/* host:port as a Host field has it: brackets around IPv6, the scheme's own port left out. */
const char *backend_authority(struct arena *a, const struct backend *b);

#endif
