/*
 * What the libraries of a front could ask the C library for and none of its connections needs:
 * modules, and names of hosts and services. A program that is linked static would load the
 * machine's libraries for it, of whatever version they are. So there is none, by construction.
 * Run by `itkd-front`; only in a static one (CMakeLists.txt).
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stddef.h>

/* Linked in the place of dlopen(3), which libc.a has already where it asks for a name of its own.
 */
void *__wrap_dlopen(const char *file, int mode);

void *__wrap_dlopen(const char *file, int mode)
{
	(void)file, (void)mode;
	return NULL;
}

char *dlerror(void)
{
	static char why[] = "itkd-front loads no modules";

	return why;
}

int getaddrinfo(const char *restrict node, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict res)
{
	(void)node, (void)service, (void)hints;
	*res = NULL;
	return EAI_FAIL;
}

void freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}

struct hostent *gethostbyname(const char *name)
{
	(void)name;
	return NULL;
}

struct servent *getservbyname(const char *name, const char *protocol)
{
	(void)name, (void)protocol;
	return NULL;
}

struct protoent *getprotobynumber(int protocol)
{
	(void)protocol;
	return NULL;
}
