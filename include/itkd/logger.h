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
	char *path;

	bool torn;          /* its last line is not whole */
	bool late;          /* what reads it was waited for in vain */
	unsigned long lost; /* lines that it did not take, and of which nothing was said yet */
	int error;          /* why */
	int64_t told;       /* when that was said last; 0: never */
};

struct logger {
	uint32_t n;
	struct logger_log *logs;
	struct logger_log *main; /* the main error log; NULL: a program has it, and 2 leads there */
	struct logger_log last;  /* where it is said that the main error log takes no lines */
};

/*
 * Writes a byte to ready, then copies until every pipe has ended; ends the process. It ends
 * earlier, to be started again, when a line is for syslog and that has gone.
 */
_Noreturn void logger_run(struct logger *l, int ready);

/* logger_file.c: what was read from the pipe of such a log */
void logger_append(struct logger_log *log, const char *p, size_t n);

/* logger_lost.c: says once a minute at most what a log lost; at the end, at once. */
void logger_tell_lost(struct logger *l, struct logger_log *log, bool end);
/* Milliseconds until there is something to say; -1: nothing. */
int logger_next_tell(const struct logger *l);

/* logger_syslog.c: what was read from the pipe of such a log. False: syslog is not there. */
bool logger_syslog(struct logger_log *log, const char *p, size_t n);

#endif
