/* File descriptors (fd.h). Run by any process. */
#include "itkd/fd.h"

#include "itkd/log.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

void fd_close(int *fd)
{
	int error = errno;

	if (*fd >= 0 && close(*fd) != 0)
		log_msg(LOG_ERR, "close: %s", strerror(errno));
	*fd = -1;
	errno = error;
}
