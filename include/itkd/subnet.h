/*
 * Networks of addresses in the forms that Require ip and Allow from take: 10.1.2.3, 10.1 (the
 * network of what is written), 10.1.0.0/16, 10.1.0.0/255.255.0.0, 2001:db8::/32.
 */
#ifndef ITKD_SUBNET_H
#define ITKD_SUBNET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct subnet {
	bool ip6;
	uint8_t size;     /* bytes of the two */
	uint8_t net[16], mask[16];
};

enum subnet_result {
	SUBNET_OK,
	SUBNET_NONE,     /* looks nothing like an address: perhaps a name */
	SUBNET_BAD,      /* an address that is none */
	SUBNET_BAD_MASK, /* what follows the '/' */
};

enum subnet_result subnet_parse(const char *text, struct subnet *net);
/* An IPv4 address in an IPv6 one counts as the IPv4 address that it is. */
bool subnet_holds(const struct subnet *net, const struct sockaddr *sa);

#define SUBNET_WIRE 33 /* bytes of one on the wire */
struct wire;
void subnet_put(struct wire *w, const struct subnet *net);
/* Sets w->bad for what no subnet_parse() makes. */
void subnet_get(struct wire *w, struct subnet *net);

#endif
