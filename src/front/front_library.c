/*
 * Whether the OpenSSL that is linked in is still the machine's. Linked static, a handshake costs a
 * third less (a shared library calls itself and others through tables), but a security update of
 * the package does not reach this program: the administrator has to be told. Run by `itkd-front
 * --check`, as root, at each (re)load; reads the machine's own library, and runs nothing of it.
 */
#include "front_tls.h"

#include "itkd/build.h"
#include "itkd/fd.h"
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Whether the file has what our OpenSSL says of itself. One that is not there is no newer one. */
static bool library_has(const char *file, const char *version, const char *built)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p = MAP_FAILED;

	if (fd < 0)
		return true;
	if (fstat(fd, &st) == 0 && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	fd_close(&fd);
	if (p == MAP_FAILED)
		return true;
	/* Debian repairs a version without a new number: its date tells. */
	bool has = memmem(p, (size_t)st.st_size, version, strlen(version) + 1) &&
	           memmem(p, (size_t)st.st_size, built, strlen(built) + 1);

	return munmap(p, (size_t)st.st_size) == 0 && has;
}

void front_library_look(void)
{
	const char *version = OpenSSL_version(OPENSSL_VERSION);
	const char *built = OpenSSL_version(OPENSSL_BUILT_ON);

	if (!library_has(ITKD_LIBCRYPTO, version, built))
		fprintf(stderr,
		    "itkd: warning: itkd-front has %s (%s) linked in, " ITKD_LIBCRYPTO
		    " is another: build and install itkd again\n",
		    version, built);
}
