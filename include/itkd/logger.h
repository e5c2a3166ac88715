/*
 * `itkd: log`: appends to the files that several identities share, and passes on to syslog. It runs
 * as LogUser without any right; what it reads are lines of vhosts' users, which it does not trust.
 */
#ifndef ITKD_LOGGER_H
#define ITKD_LOGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGGER_TAG_MAX 64

struct logger_log {
	int pipe;    /* read end, O_NONBLOCK */
	int file;    /* O_APPEND; of syslog a connected datagram socket, -1: it is not there */
	bool syslog;
	int facility;
	char tag[LOGGER_TAG_MAX];
};

/*
 * Writes a byte to ready, then copies until every pipe has ended; ends the process. It ends
 * earlier, to be started again, when a line is for syslog and that has gone.
 */
_Noreturn void logger_run(struct logger_log *logs, uint32_t n, int ready);

/* logger_syslog.c: what was read from the pipe of such a log. False: syslog is not there. */
bool logger_syslog(struct logger_log *log, const char *p, size_t n);

#endif
