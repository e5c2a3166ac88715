/*
 * LogFormat (mod_log_config): a format text compiled into items once, written for each request by
 * the child, and by the front for what it answers itself.
 */
#ifndef ITKD_LOG_FORMAT_H
#define ITKD_LOG_FORMAT_H

#include "itkd/http_head.h"
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct arena;
struct log_format;

#define LOG_FORMAT_COMMON "%h %l %u %t \"%r\" %>s %b"

/* One answered request. Strings may be NULL: "-" is written. */
struct log_record {
	const char *client;         /* %a: address text */
	const char *client_name;    /* %h: where it was looked up; NULL: client */
	const char *peer;           /* %{c}a */
	uint16_t client_port;       /* %{remote}p */
	const char *local;          /* %A */
	uint16_t local_port;        /* %{local}p */
	uint16_t server_port;       /* %p: canonical */
	const struct http_head *head; /* NULL where no head was understood */
	struct span request_line;   /* %r: as received */
	struct span method, query;  /* %m %q: where internal redirects led; query.p NULL: none */
	const char *path;           /* %U: decoded, without the query string */
	const char *final_path;     /* %>U: where internal redirects led */
	const char *user;           /* %u */
	const char *filename;       /* %f */
	const char *handler;        /* %R */
	const char *server_name;    /* %v: canonical ServerName */
	const char *host_name;      /* %V: by UseCanonicalName */
	int status;                 /* %>s */
	int first_status;           /* %s: of the original request */
	uint64_t body_bytes;        /* %b %B: bytes of the body, without fields and chunk framing */
	uint64_t bytes_in, bytes_out; /* %I %O: on the wire (plain text of TLS) */
	struct timespec start;      /* CLOCK_REALTIME: %t */
	int64_t duration_us;        /* %D, %T */
	unsigned keepalives;        /* %k */
	char connection;            /* %X: 'X' aborted, '+' kept, '-' closed */
	pid_t pid;                  /* %P */
	/* %{}o, %{}e, %{}n, %{}x, %{}C is read from head; NULL functions give "-" */
	/* what: 'o' 'e' 'n' 'x' */
	const char *(*lookup)(const void *ctx, char what, const char *name);
	const void *ctx;
};

/* NULL and *error (in a) for a directive that is unknown. */
const struct log_format *log_format_compile(struct arena *a, const char *text, const char **error);
const char *log_format_text(const struct log_format *f);
/* The line with its '\n' into buf, cut to cap bytes; returns its length. */
size_t log_format_line(
	const struct log_format *f, const struct log_record *r, char *buf, size_t cap);

#endif
