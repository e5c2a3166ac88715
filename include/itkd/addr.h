/*
 * Socket addresses as text and on the wire. Numeric only: nothing here asks a name service. An
 * IPv4-mapped IPv6 address is shown as the IPv4 address that it is.
 */
#ifndef ITKD_ADDR_H
#define ITKD_ADDR_H

#include "itkd/wire.h"
#include <netinet/in.h>
#include <sys/socket.h>

#define ADDR_IP_MAX INET6_ADDRSTRLEN /* with its NUL */
#define ADDR_TEXT_MAX (INET6_ADDRSTRLEN + 8)

/* "192.0.2.1", "::1"; "-" for what is no IP address. Returns buf. */
const char *addr_ip(const struct sockaddr *sa, char buf[static ADDR_IP_MAX]);
/* "192.0.2.1:80", "[::1]:80", "-". Returns buf. */
const char *addr_text(const struct sockaddr *sa, char buf[static ADDR_TEXT_MAX]);
/* Host order; 0 for what is no IP address. */
uint16_t addr_port(const struct sockaddr *sa);
/* What bind(2) and connect(2) want; 0 for what is no IP address. */
socklen_t addr_len(const struct sockaddr *sa);

/* A numeric address, IPv6 with or without brackets; false for anything else. */
bool addr_parse(struct span ip, uint16_t port, struct sockaddr_storage *addr);

/* Family 0 (none), AF_INET or AF_INET6. A get of another family sets w->bad. */
void addr_put(struct wire *w, const struct sockaddr_storage *addr);
void addr_get(struct wire *w, struct sockaddr_storage *addr);

#endif
