/*
 * Socket addresses (addr.h). Any process. The text that is parsed is the administrator's, the
 * bytes that are decoded are a front's.
 */
#include "itkd/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Copies: a sockaddr_storage of the caller's need not be aligned or typed as what is in it. */
static struct sockaddr_in addr_in(const struct sockaddr *sa)
{
	struct sockaddr_in in;

	memcpy(&in, sa, sizeof(in));
	return in;
}

static struct sockaddr_in6 addr_in6(const struct sockaddr *sa)
{
	struct sockaddr_in6 in6;

	memcpy(&in6, sa, sizeof(in6));
	return in6;
}

socklen_t addr_len(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return sizeof(struct sockaddr_in);
	return sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : 0;
}

uint16_t addr_port(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohs(addr_in(sa).sin_port);
	return sa->sa_family == AF_INET6 ? ntohs(addr_in6(sa).sin6_port) : 0;
}

static char *put_number(char *p, unsigned v)
{
	char digits[SPAN_DECIMAL_MAX];
	struct span s = span_decimal(digits, v);

	memcpy(p, s.p, s.n);
	return p + s.n;
}

/* As inet_ntop(3), which needs printf and with it a good part of what an address costs a child. */
static void put_ip4(char *p, uint32_t ip)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		p = put_number(p, ip >> shift & 0xff);
		*p++ = shift ? '.' : '\0';
	}
}

const char *addr_ip(const struct sockaddr *sa, char buf[static ADDR_IP_MAX])
{
	struct in6_addr ip6 = {0};
	struct in_addr ip4 = {0};

	if (sa->sa_family == AF_INET6)
		ip6 = addr_in6(sa).sin6_addr;
	else if (sa->sa_family == AF_INET)
		ip4 = addr_in(sa).sin_addr;
	else
		return memcpy(buf, "-", 2);
	if (sa->sa_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&ip6)) {
		if (!inet_ntop(AF_INET6, &ip6, buf, ADDR_IP_MAX))
			memcpy(buf, "-", 2);
		return buf;
	}
	if (sa->sa_family == AF_INET6)
		memcpy(&ip4, ip6.s6_addr + 12, sizeof(ip4));
	put_ip4(buf, ntohl(ip4.s_addr));
	return buf;
}

const char *addr_text(const struct sockaddr *sa, char buf[static ADDR_TEXT_MAX])
{
	char ip[ADDR_IP_MAX];

	addr_ip(sa, ip);
	const size_t n = strlen(ip);
	const bool brackets = strchr(ip, ':') != NULL;
	char *p = buf;

	if (brackets)
		*p++ = '[';
	memcpy(p, ip, n);
	p += n;
	if (brackets)
		*p++ = ']';
	if (addr_len(sa) > 0) {
		*p++ = ':';
		p = put_number(p, addr_port(sa));
	}
	*p = '\0';
	return buf;
}

bool addr_parse(struct span ip, uint16_t port, struct sockaddr_storage *addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool brackets = ip.n >= 2 && ip.p[0] == '[' && ip.p[ip.n - 1] == ']';
	char text[ADDR_IP_MAX];

	if (brackets)
		ip = (struct span){ip.p + 1, ip.n - 2};
	if (ip.n >= sizeof(text) || memchr(ip.p, '\0', ip.n))
		return false;
	memcpy(text, ip.p, ip.n);
	text[ip.n] = '\0';
	memset(addr, 0, sizeof(*addr));
	if (!brackets && inet_pton(AF_INET, text, &in.sin_addr) == 1)
		memcpy(addr, &in, sizeof(in));
	else if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(addr, &in6, sizeof(in6));
	else
		return false;
	return true;
}

void addr_put(struct wire *w, const struct sockaddr_storage *addr)
{
	const struct sockaddr *sa = (const struct sockaddr *)addr;

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in = addr_in(sa);

		wire_put_u8(w, 4);
		wire_put_u16(w, ntohs(in.sin_port));
		wire_put_u32(w, ntohl(in.sin_addr.s_addr));
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6 = addr_in6(sa);

		wire_put_u8(w, 6);
		wire_put_u16(w, ntohs(in6.sin6_port));
		wire_put_bytes(w, in6.sin6_addr.s6_addr, 16);
		wire_put_u32(w, in6.sin6_scope_id);
	} else {
		wire_put_u8(w, 0);
	}
}

static void addr_get_in(struct wire *w, struct sockaddr_storage *addr)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	in.sin_port = htons(wire_get_u16(w));
	in.sin_addr.s_addr = htonl(wire_get_u32(w));
	if (!w->bad)
		memcpy(addr, &in, sizeof(in));
}

static void addr_get_in6(struct wire *w, struct sockaddr_storage *addr)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	in6.sin6_port = htons(wire_get_u16(w));
	struct span ip = wire_get_bytes(w, 16);

	in6.sin6_scope_id = wire_get_u32(w);
	if (ip.n != 16)
		w->bad = true;
	if (w->bad)
		return;
	memcpy(in6.sin6_addr.s6_addr, ip.p, 16);
	memcpy(addr, &in6, sizeof(in6));
}

void addr_get(struct wire *w, struct sockaddr_storage *addr)
{
	uint8_t version = wire_get_u8(w);

	memset(addr, 0, sizeof(*addr));
	if (version == 4)
		addr_get_in(w, addr);
	else if (version == 6)
		addr_get_in6(w, addr);
	else if (version != 0)
		w->bad = true;
}
