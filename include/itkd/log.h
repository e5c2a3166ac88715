/*
 * The error log: lines as Apache 2.4's default ErrorLogFormat has them,
 *   [Thu May 12 08:28:57.652118 2026] [core:error] [pid 8777] [client ::1:58619] text
 * one write(2) a line, at most LOG_LINE_MAX bytes, so that lines through a pipe stay whole.
 * Whatever is not printable is escaped as \xhh.
 */
#ifndef ITKD_LOG_H
#define ITKD_LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <syslog.h>

#define LOG_LINE_MAX 4096 /* PIPE_BUF */
/* Apache's trace1..8 are LOG_DEBUG + 1 .. LOG_DEBUG + 8. */
#define LOG_TRACE1 (LOG_DEBUG + 1)
#define LOG_TRACE8 (LOG_DEBUG + 8)

/* The line with its '\n' in line[], as log_vto() writes it; its length. */
size_t log_line(char line[static LOG_LINE_MAX], int level, const char *module, const char *client,
	const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));
/* Writes to fd. module as Apache names it without "mod_" and may be NULL; client may be NULL. */
void log_to(int fd, int level, const char *module, const char *client, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void log_vto(int fd, int level, const char *module, const char *client, const char *fmt,
	va_list ap) __attribute__((format(printf, 5, 0)));

/* The process's own log: stderr until log_open(). Lines above its level are dropped. */
void log_open(int fd, int level);
int log_fd(void);
int log_level(void);
void log_msg(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The environment is at fault and the process cannot go on: logs at LOG_CRIT and exits 1. */
_Noreturn void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same with ": strerror(errno)" behind it. */
_Noreturn void fatal_errno(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fatal_oom(void);

/*
 * One whole line (with its '\n') by one write(2). A full pipe is waited for as long as
 * log_patience() says: not at all, unless it was called; and once, until lines are taken again. A
 * line that is not taken is lost, and a later one says how many were.
 */
void log_patience(int ms);
/* Says now how many were lost: for a process that may write no later line. */
void log_tell_lost(void);
void log_write(int fd, const char *line, size_t n);
/* How many lines a file did not take (a full disk) since this was asked last: where, and why. */
unsigned long log_take_failed(int *fd, int *error);

/* text escaped as for an error log, at most cap bytes and no half of an escape; its length. */
size_t log_escape(char *out, size_t cap, const char *text);

/* "warn" for LOG_WARNING and so on, "trace1" .. "trace8"; -1 for a name that is none. */
const char *log_level_name(int level);
int log_level_parse(const char *name);

#endif
