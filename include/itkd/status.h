/* `itkd -k status`: what the master's scoreboard says, read from outside (root) through /proc. */
#ifndef ITKD_STATUS_H
#define ITKD_STATUS_H

#include <sys/types.h>

/* Prints processes and the count of each site on stdout. 0, or 1 with the cause on stderr. */
int status_print(pid_t master);

#endif
