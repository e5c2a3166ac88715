/*
 * ErrorLogFormat (core): a format text compiled once by the loader; lines are written by the child
 * for its site, and by a front for what it answers itself. Plain data, as log_format.h's.
 */
#ifndef ITKD_ERROR_FORMAT_H
#define ITKD_ERROR_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct arena;
struct error_format;

/* One message. Strings may be NULL: there is nothing to say. */
struct error_record {
	const char *message;
	const char *module; /* without "mod_" */
	int level;
	pid_t pid;
	struct timespec now;
	const char *client;      /* address:port */
	const char *local;       /* address:port */
	const char *server_name; /* canonical */
	const char *host_name;   /* as the client asked for it */
	unsigned keepalives;
	/* what: 'i' a field of the request, 'e' a variable, 'n' a note, 'L' a log's id */
	const char *(*lookup)(const void *ctx, char what, const char *name);
	const void *ctx;
};

/* NULL and *error (in a) for an item that is unknown. */
const struct error_format *error_format_compile(
	struct arena *a, const char *text, const char **error);
const char *error_format_text(const struct error_format *f);
/* The line with its '\n'; its length, or 0 where the format leaves this message out. */
size_t error_format_line(
	const struct error_format *f, const struct error_record *r, char *buf, size_t cap);

#endif
