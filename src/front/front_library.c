/*
 * Whether the OpenSSL that is linked in is still the machine's. Linked static, a handshake costs a
 * fifth less (its shared library calls itself through a table), but a security update of the
 * package does not reach this program: the administrator has to be told. Run by `itkd-front
 * --check`, as root, at each (re)load; looks at nothing but the machine's own library.
 */
#include "front_tls.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY_TEXT(x) #x
#define LIBRARY_NAME(major) "libcrypto.so." LIBRARY_TEXT(major)

typedef const char *version_fn(int what);

/* OpenSSL_version() of the machine's library; NULL: it has none, so nothing is newer. */
static version_fn *library_version(void)
{
	void *library = dlopen(LIBRARY_NAME(OPENSSL_SHLIB_VERSION), RTLD_NOW | RTLD_LOCAL);
	void *symbol = library ? dlsym(library, "OpenSSL_version") : NULL;
	version_fn *f = NULL;

	/* ISO C has no cast from one to the other; dlsym(3) says that they are alike. */
	memcpy(&f, &symbol, sizeof(f));
	return f;
}

void front_library_look(void)
{
	version_fn *theirs = library_version();

	/* Debian repairs a version without a new number: its date tells. */
	if (!theirs ||
	    (strcmp(theirs(OPENSSL_VERSION), OpenSSL_version(OPENSSL_VERSION)) == 0 &&
	        strcmp(theirs(OPENSSL_BUILT_ON), OpenSSL_version(OPENSSL_BUILT_ON)) == 0))
		return;
	fprintf(stderr,
	    "itkd: warning: itkd-front has %s (%s) linked in, this machine has %s (%s): "
	    "build and install itkd again\n",
	    OpenSSL_version(OPENSSL_VERSION), OpenSSL_version(OPENSSL_BUILT_ON),
	    theirs(OPENSSL_VERSION), theirs(OPENSSL_BUILT_ON));
}
