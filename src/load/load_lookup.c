/*
 * `itkd --lookup ADDRESS`: the name that the address has and that leads back to it;
 * `itkd --lookup NAME`: the addresses of a name, one a line; `itkd --lookup uid:N` or gid:N: the
 * name of a user or group. Run by a child, as the vhost's user, for Require host, Allow from and
 * Require file-owner: what serves requests is static and cannot ask NSS. The argument comes from
 * the client's address, from the configuration, or from a file's owner.
 */
#include "load/load_cli.h"

#include "itkd/addr.h"
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct addrinfo *lookup_addresses(const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;

	return getaddrinfo(name, NULL, &hints, &found) == 0 ? found : NULL;
}

static int lookup_name(const char *name)
{
	struct addrinfo *found = lookup_addresses(name);
	char text[ADDR_IP_MAX];

	for (const struct addrinfo *i = found; i; i = i->ai_next)
		puts(addr_ip(i->ai_addr, text));
	if (!found)
		return 1;
	freeaddrinfo(found);
	return 0;
}

/* Whoever owns an address can give it any name: only what leads back counts. */
static bool leads_back(const char *name, const char *address)
{
	struct addrinfo *found = lookup_addresses(name);
	char text[ADDR_IP_MAX];
	bool back = false;

	for (const struct addrinfo *i = found; i && !back; i = i->ai_next)
		back = strcmp(addr_ip(i->ai_addr, text), address) == 0;
	if (found)
		freeaddrinfo(found);
	return back;
}

static int lookup_address(const struct sockaddr *addr)
{
	char name[NI_MAXHOST], text[ADDR_IP_MAX];

	if (getnameinfo(addr, addr_len(addr), name, sizeof(name), NULL, 0, NI_NAMEREQD) != 0 ||
	    !leads_back(name, addr_ip(addr, text)))
		return 1;
	puts(name);
	return 0;
}

static int lookup_user(const char *id)
{
	const struct passwd *user = getpwuid((uid_t)strtoul(id, NULL, 10));

	return user && puts(user->pw_name) >= 0 ? 0 : 1;
}

static int lookup_group(const char *id)
{
	const struct group *group = getgrgid((gid_t)strtoul(id, NULL, 10));

	return group && puts(group->gr_name) >= 0 ? 0 : 1;
}

int load_lookup(int argc, char **argv)
{
	struct sockaddr_storage addr;

	if (argc != 3)
		return 1;
	if (strncmp(argv[2], "uid:", 4) == 0)
		return lookup_user(argv[2] + 4);
	if (strncmp(argv[2], "gid:", 4) == 0)
		return lookup_group(argv[2] + 4);
	if (addr_parse(span_of(argv[2]), 0, &addr))
		return lookup_address((const struct sockaddr *)&addr);
	return lookup_name(argv[2]);
}
