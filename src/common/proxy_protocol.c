/*
 * The PROXY protocol (proxy_protocol.h). Stricter than Apache's mod_remoteip, which takes numbers
 * of any size for a port and words that are no addresses for one; what both refuse has Apache's
 * number in the log. Sections are those of HAProxy's proxy-protocol.txt.
 */
#include "itkd/proxy_protocol.h"

#include "itkd/addr.h"
#include "itkd/span.h"

/* Section 2.1: the longest line of version 1, with its CRLF. */
#define V1_MAX 107
/* Section 2.2: what version 2 begins with, then version and command, family, length. */
#define V2_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V2_SIGNATURE_N 12
#define V2_FIXED 16
#define V2_TCP4_N 12
#define V2_TCP6_N 36

enum { V2_LOCAL = 0x20, V2_PROXY = 0x21, V2_TCP4 = 0x11, V2_TCP6 = 0x21 };

static enum proxy_result bad(const char **why, const char *text)
{
	*why = text;
	return PROXY_BAD;
}

/* What stands before the next single blank; empty where there is none or it is doubled. */
static struct span v1_word(struct span *rest)
{
	const char *blank = memchr(rest->p, ' ', rest->n);
	struct span word = {rest->p, blank ? (size_t)(blank - rest->p) : rest->n};

	rest->p += word.n + (blank != NULL);
	rest->n -= word.n + (blank != NULL);
	return word;
}

/* No leading zero, no sign. */
static bool v1_port(struct span word, uint16_t *port)
{
	long long n = span_number(word, UINT16_MAX);

	if (n < 0 || (word.n > 1 && *word.p == '0'))
		return false;
	*port = (uint16_t)n;
	return true;
}

static bool v1_address(struct span word, uint16_t port, int family, struct sockaddr_storage *addr)
{
	return word.n && *word.p != '[' && addr_parse(word, port, addr) &&
	       addr->ss_family == family;
}

/* The line between "PROXY " and CRLF. */
static enum proxy_result v1_line(struct span line, struct proxy_header *h, const char **why)
{
	struct span family = v1_word(&line);
	struct sockaddr_storage destination;
	uint16_t port, to_port;
	int af;

	if (span_eq(family, SPAN("UNKNOWN")))
		return PROXY_DONE; /* what follows is to be ignored */
	if (family.n == 0)
		return bad(why, "AH03497: RemoteIPProxyProtocol: no family found in header");
	if (span_eq(family, SPAN("TCP4")))
		af = AF_INET;
	else if (span_eq(family, SPAN("TCP6")))
		af = AF_INET6;
	else
		return bad(why, "AH03499: RemoteIPProxyProtocol: unknown family in header");

	const struct span client = v1_word(&line), to = v1_word(&line), from_port = v1_word(&line);

	if (!v1_port(from_port, &port) || !v1_port(line, &to_port))
		return bad(why, "AH03501: RemoteIPProxyProtocol: error parsing port in header");
	if (!v1_address(client, port, af, &h->client) || !v1_address(to, to_port, af, &destination))
		return bad(why, "AH03500: RemoteIPProxyProtocol: invalid address in header");
	h->named = true;
	return PROXY_DONE;
}

/* Section 2.1 */
static enum proxy_result v1_parse(const char *p, size_t n, struct proxy_header *h, const char **why)
{
	const size_t word = sizeof("PROXY ") - 1;
	size_t end = word;

	while (end < n && p[end] != '\r' && p[end] != '\n' && p[end] != '\0')
		end++;
	if (end + 2 > V1_MAX)
		return bad(why, "AH10185: RemoteIPProxyProtocol header too long");
	if (end == n || (p[end] == '\r' && end + 1 == n))
		return PROXY_MORE;
	if (p[end] != '\r' || p[end + 1] != '\n')
		return bad(why, "RemoteIPProxyProtocol: the header does not end with CRLF");
	h->size = end + 2;
	return v1_line((struct span){p + word, end - word}, h, why);
}

static uint16_t v2_number(const char *p)
{
	return (uint16_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}

static void v2_address4(const char *p, struct sockaddr_storage *addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(v2_number(p + 8))};

	memcpy(&in.sin_addr, p, 4);
	memcpy(addr, &in, sizeof(in));
}

static void v2_address6(const char *p, struct sockaddr_storage *addr)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(v2_number(p + 32))};

	memcpy(&in6.sin6_addr, p, 16);
	memcpy(addr, &in6, sizeof(in6));
}

/* Section 2.2. What stands behind the addresses is skipped: nothing in it is used. */
static enum proxy_result v2_parse(const char *p, size_t n, struct proxy_header *h, const char **why)
{
	if (n > V2_SIGNATURE_N && ((unsigned char)p[12] & 0xf0) != 0x20)
		return bad(why, "RemoteIPProxyProtocol: unsupported version");
	if (n > V2_SIGNATURE_N && p[12] != V2_LOCAL && p[12] != V2_PROXY)
		return bad(why, "AH03507: RemoteIPProxyProtocol: unsupported command");
	if (n < V2_FIXED)
		return PROXY_MORE;

	const size_t length = v2_number(p + 14);
	const bool four = p[13] == V2_TCP4;

	h->size = V2_FIXED + length;
	h->named = p[12] == V2_PROXY;
	if (h->size > PROXY_PROTOCOL_MAX)
		return bad(why, "AH10186: RemoteIPProxyProtocol protocol header length too long");
	if (h->named && !four && p[13] != V2_TCP6)
		return bad(why, "AH10183: RemoteIPProxyProtocol: unsupported protocol");
	if (h->named && four && length < V2_TCP4_N)
		return bad(
		    why, "AH10597: RemoteIPProxyProtocol: address length too short for TCPv4");
	if (h->named && !four && length < V2_TCP6_N)
		return bad(
		    why, "AH10598: RemoteIPProxyProtocol: address length too short for TCPv6");
	if (n < h->size)
		return PROXY_MORE;
	if (h->named)
		(four ? v2_address4 : v2_address6)(p + V2_FIXED, &h->client);
	return PROXY_DONE;
}

/* Whether p[0..n) and the text agree as far as both go. */
static bool begins(const char *p, size_t n, const char *text, size_t size)
{
	return memcmp(p, text, n < size ? n : size) == 0;
}

enum proxy_result proxy_protocol_parse(
    const char *p, size_t n, struct proxy_header *h, const char **why)
{
	const size_t word = sizeof("PROXY ") - 1;

	*h = (struct proxy_header){0};
	if (n == 0)
		return PROXY_MORE;
	if (begins(p, n, "PROXY ", word))
		return n < word ? PROXY_MORE : v1_parse(p, n, h, why);
	if (begins(p, n, V2_SIGNATURE, V2_SIGNATURE_N))
		return n < V2_SIGNATURE_N ? PROXY_MORE : v2_parse(p, n, h, why);
	return bad(why, "RemoteIPProxyProtocol: the connection does not begin with a PROXY header");
}
