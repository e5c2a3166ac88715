/*
 * The address of a backend taken apart (backend.h). Run by the loader on the administrator's words,
 * and by the child, after the drop, on those of a .htaccess and on what a rewrite made of a path.
 */
#include "itkd/backend.h"

#include "itkd/arena.h"
#include <ctype.h>

static const struct {
	const char *name;
	enum backend_scheme scheme;
	uint16_t port;
} schemes[] = {{"http", BACKEND_HTTP, 80}, {"ws", BACKEND_WS, 80}, {"fcgi", BACKEND_FCGI, 8000}};

static const struct {
	const char *name, *why;
} refused[] = {
    {"https", "a child has no TLS: let the backend listen on http:// or on a unix socket"},
    {"wss", "a child has no TLS: let the backend listen on ws:// or on a unix socket"},
    {"balancer", "there is no balancer here: name the one backend"},
    {"h2c", "HTTP/2 to a backend is not spoken here: write http://"},
    {"h2", "HTTP/2 to a backend is not spoken here: write http://"},
    {"ajp", "AJP is not spoken here: let Tomcat listen on http://"},
    {"scgi", "SCGI is not spoken here: let the backend speak http:// or fcgi://"},
    {"uwsgi", "uwsgi's protocol is not spoken here: write `http-socket` in uwsgi's file, and "
              "http:// here"},
    {"ftp", "FTP is not spoken here"},
};

#define NO_URL "no URL of a backend: http://, ws://, fcgi://, or one of them behind unix:/path|"

const char *backend_scheme_name(enum backend_scheme scheme)
{
	return schemes[scheme].name;
}

/* "unix:/path|": *url moves behind it, and the host may be left out (ap_proxy_de_socketfy). */
static const char *parse_socket(struct arena *a, const char **url, struct backend *b)
{
	const char *path = *url + 5, *bar = strchr(path, '|');
	size_t n = bar ? (size_t)(bar - path) : 0;

	if (!bar)
		return "a unix socket is written unix:/path|http://localhost";
	if (*path != '/' || n < 2)
		return "the path of a unix socket must be absolute";
	if (n > BACKEND_SOCKET_MAX)
		return "the path of a unix socket has at most 107 bytes";
	b->socket = arena_strndup(a, path, n);
	*url = bar + 1;
	const char *colon = strchr(*url, ':');

	if (colon && !colon[1])
		*url = arena_printf(a, "%s//localhost", *url);
	else if (colon && strcmp(colon + 1, "//") == 0)
		*url = arena_printf(a, "%slocalhost", *url);
	return NULL;
}

static const char *parse_scheme(struct span name, struct backend *b)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (span_ieq(name, span_of(schemes[i].name))) {
			b->scheme = schemes[i].scheme;
			b->port = schemes[i].port;
			return NULL;
		}
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (span_ieq(name, span_of(refused[i].name)))
			return refused[i].why;
	return NO_URL;
}

static bool is_host(struct span s, bool brackets)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];

		if (!(brackets ? isxdigit(ch) || ch == ':' || ch == '.'
		               : isalnum(ch) || strchr("-._", ch)) ||
		    ch == '\0')
			return false;
	}
	return s.n > 0 && s.n < BACKEND_HOST_MAX && *s.p != '-';
}

static const char *parse_port(struct span s, struct backend *b)
{
	long long port = s.n ? span_number(s, 65535) : b->port;

	if (port < 1)
		return "the port of a backend is a number from 1 to 65535";
	b->port_given = s.n > 0;
	b->port = (uint16_t)port;
	return NULL;
}

static const char *parse_authority(struct arena *a, struct span s, struct backend *b)
{
	bool brackets = s.n && *s.p == '[';
	const char *end = s.n ? memchr(s.p, brackets ? ']' : ':', s.n) : NULL;
	struct span host = s, port = {NULL, 0};

	if (s.n && memchr(s.p, '@', s.n))
		return "a user's name or password in the URL of a backend is not sent anywhere";
	if (brackets && !end)
		return "the address of a backend lacks its ']'";
	if (end)
		host.n = (size_t)(end - s.p);
	if (brackets) {
		host = (struct span){host.p + 1, host.n - 1};
		end++;
	}
	if (!is_host(host, brackets))
		return "the URL of a backend has no valid host";
	if (end && end < s.p + s.n) {
		if (*end != ':')
			return "the URL of a backend has no valid host";
		port = (struct span){end + 1, (size_t)(s.p + s.n - end) - 1};
	}
	b->host = arena_lower(a, arena_span(a, host));
	return parse_port(port, b);
}

const char *backend_parse(struct arena *a, const char *url, struct backend *b)
{
	const char *error = NULL, *rest;
	size_t n;

	*b = (struct backend){.path = ""};
	if (strncasecmp(url, "unix:", 5) == 0)
		error = parse_socket(a, &url, b);
	if (error)
		return error;
	n = strcspn(url, ":");
	error = parse_scheme((struct span){url, n}, b);
	if (error)
		return error;
	if (strncmp(url + n, "://", 3) != 0)
		return NO_URL;
	rest = url + n + 3;
	n = strcspn(rest, "/?#");
	b->path = rest + n;
	return parse_authority(a, (struct span){rest, n}, b);
}

const char *backend_authority(struct arena *a, const struct backend *b)
{
	bool brackets = strchr(b->host, ':') != NULL, port = b->port != schemes[b->scheme].port;

	return arena_printf(a, port ? "%s%s%s:%u" : "%s%s%s", brackets ? "[" : "", b->host,
	    brackets ? "]" : "", b->port);
}
