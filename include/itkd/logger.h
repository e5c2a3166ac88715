/*
 * `itkd: log`: appends to the files that several identities share. It runs as LogUser without any
 * right; what it reads are lines of vhosts' users, which it does not look at.
 */
#ifndef ITKD_LOGGER_H
#define ITKD_LOGGER_H

#include <stdint.h>

struct logger_log {
	int pipe; /* read end, O_NONBLOCK */
	int file; /* O_APPEND */
};

/* Writes a byte to ready, then copies until every pipe has ended; ends the process. */
_Noreturn void logger_run(struct logger_log *logs, uint32_t n, int ready);

#endif
