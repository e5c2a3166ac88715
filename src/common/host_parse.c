/*
 * The host and port of a Host field or of an absolute-form target (host.h): the client's bytes,
 * read in the front and again in the child. RFC 9110 section 7.2, RFC 3986 section 3.2.
 */
#include "itkd/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* RFC 3986 section 3.2.2: a registered name is limited to 255 characters, as in DNS. */
#define HOST_MAX 255

/* unreserved of RFC 3986 section 2.3. No name that we serve has sub-delims in it. */
static bool host_is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

/* What lies between the brackets: an IPv6 address (there is no IPvFuture yet). */
static bool host_is_ipv6(struct span s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET6, text, &addr) == 1;
}

/* Length of the host at the start of s; 0 where there is none. */
static size_t host_length(struct span s)
{
	size_t n = 0;

	if (s.n && s.p[0] == '[') {
		const char *close = memchr(s.p, ']', s.n);

		if (!close || !host_is_ipv6((struct span){s.p + 1, (size_t)(close - s.p) - 1}))
			return 0;
		return (size_t)(close - s.p) + 1;
	}
	/* An empty label is no name of the DNS (RFC 1034 section 3.1). */
	while (
	    n < s.n && host_is_unreserved(s.p[n]) && (n == 0 || s.p[n] != '.' || s.p[n - 1] != '.'))
		n++;
	return n <= HOST_MAX ? n : 0;
}

bool host_parse(struct span authority, struct span *host, uint16_t *port)
{
	*host = (struct span){authority.p, 0};
	*port = 0;
	if (authority.n == 0)
		return true;
	size_t n = host_length(authority);

	if (n == 0)
		return false;
	struct span rest = {authority.p + n, authority.n - n};

	host->n = n;
	if (rest.n == 0)
		return true;
	if (rest.p[0] != ':' || rest.n > 6)
		return false;
	/* port = *DIGIT (RFC 3986 section 3.2.3): "example.com:" is valid and says none. */
	if (rest.n == 1)
		return true;
	long long number = span_number((struct span){rest.p + 1, rest.n - 1}, 65535);

	if (number <= 0)
		return false;
	*port = (uint16_t)number;
	return true;
}
