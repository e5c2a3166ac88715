/*
 * Networks of addresses (subnet.h), with the forms that apr_ipsubnet_create takes and no other: a
 * mask of 0 bits is an error there, too. Run by the loader and, for .htaccess, by the child.
 */
#include "itkd/subnet.h"

#include "itkd/conf_table.h"
#include "itkd/wire.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define SUBNET_TEXT_MAX 64

static bool looks_like_address(const char *text)
{
	return strchr(text, ':') || text[strspn(text, "0123456789.")] == '\0';
}

/* "10", "10.1.": as many bytes as are written are the network. */
static bool parse_partial(const char *text, struct subnet *net)
{
	unsigned at = 0;

	memset(net->mask, 0, sizeof(net->mask));
	while (*text) {
		unsigned byte = 0, digits = 0;

		for (; *text >= '0' && *text <= '9' && digits < 4; digits++)
			byte = byte * 10 + (unsigned)(*text++ - '0');
		if (digits == 0 || byte > 255 || at == 4 || (*text && *text != '.'))
			return false;
		if (*text)
			text++;
		net->net[at] = (uint8_t)byte;
		net->mask[at++] = 0xff;
	}
	return at > 0;
}

static bool parse_address(const char *text, struct subnet *net)
{
	struct in6_addr ip6;

	memset(net->mask, 0xff, sizeof(net->mask));
	net->size = 4;
	if (inet_pton(AF_INET, text, net->net) == 1)
		return true;
	/* One that is IPv4 in truth must be written as such. */
	if (inet_pton(AF_INET6, text, &ip6) != 1 || IN6_IS_ADDR_V4MAPPED(&ip6))
		return false;
	net->ip6 = true;
	net->size = 16;
	memcpy(net->net, &ip6, sizeof(ip6));
	return true;
}

static bool parse_mask(const char *text, struct subnet *net)
{
	int64_t bits;

	if (!conf_number(text, 1, net->size * 8, &bits))
		return !net->ip6 && inet_pton(AF_INET, text, net->mask) == 1;
	for (int i = 0; i < net->size; i++, bits -= 8)
		net->mask[i] = bits >= 8 ? 0xff : bits <= 0 ? 0 : (uint8_t)(0xff00 >> bits);
	return true;
}

enum subnet_result subnet_parse(const char *text, struct subnet *net)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char address[SUBNET_TEXT_MAX];

	*net = (struct subnet){0};
	if (n >= sizeof(address))
		return looks_like_address(text) ? SUBNET_BAD : SUBNET_NONE;
	memcpy(address, text, n);
	address[n] = '\0';
	if (!looks_like_address(address))
		return SUBNET_NONE;
	if (!parse_address(address, net) && (slash || !parse_partial(address, net)))
		return SUBNET_BAD;
	if (slash && !parse_mask(slash + 1, net))
		return SUBNET_BAD_MASK;
	for (int i = 0; i < net->size; i++)
		net->net[i] &= net->mask[i];
	return SUBNET_OK;
}

bool subnet_holds(const struct subnet *net, const struct sockaddr *sa)
{
	struct sockaddr_in6 ip6;
	struct sockaddr_in ip4;
	const uint8_t *bytes = (const uint8_t *)&ip4.sin_addr;
	bool six = sa->sa_family == AF_INET6;

	if (six)
		memcpy(&ip6, sa, sizeof(ip6));
	else if (sa->sa_family == AF_INET)
		memcpy(&ip4, sa, sizeof(ip4));
	else
		return false;
	if (six) {
		bytes = ip6.sin6_addr.s6_addr;
		six = !IN6_IS_ADDR_V4MAPPED(&ip6.sin6_addr);
		bytes += six ? 0 : 12;
	}
	if (six != net->ip6)
		return false;
	for (int i = 0; i < net->size; i++)
		if ((bytes[i] & net->mask[i]) != net->net[i])
			return false;
	return true;
}

void subnet_put(struct wire *w, const struct subnet *net)
{
	wire_put_u8(w, net->size);
	for (size_t i = 0; i < sizeof(net->net); i++)
		wire_put_u8(w, net->net[i]);
	for (size_t i = 0; i < sizeof(net->mask); i++)
		wire_put_u8(w, net->mask[i]);
}

void subnet_get(struct wire *w, struct subnet *net)
{
	net->size = wire_get_u8(w);
	net->ip6 = net->size == 16;
	for (size_t i = 0; i < sizeof(net->net); i++)
		net->net[i] = wire_get_u8(w);
	for (size_t i = 0; i < sizeof(net->mask); i++)
		net->mask[i] = wire_get_u8(w);
	if (net->size != 4 && net->size != 16)
		w->bad = true;
}
