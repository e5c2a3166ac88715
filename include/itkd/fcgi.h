/*
 * FastCGI 1.0, a responder's records (the specification's sections 3, 5 and 8): text only, no
 * connection. One request at a time on a connection, so each record has the id FCGI_ID.
 */
#ifndef ITKD_FCGI_H
#define ITKD_FCGI_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stdint.h>

#define FCGI_HEAD 8            /* bytes of a record's head */
#define FCGI_CONTENT_MAX 65535 /* of one record */
#define FCGI_ID 1

enum fcgi_type {
	FCGI_BEGIN_REQUEST = 1,
	FCGI_ABORT_REQUEST,
	FCGI_END_REQUEST,
	FCGI_PARAMS,
	FCGI_STDIN,
	FCGI_STDOUT,
	FCGI_STDERR,
};

/* What an application's end means for a request that it did not answer (section 5.5). */
enum fcgi_protocol { FCGI_COMPLETE, FCGI_CANT_MULTIPLEX, FCGI_OVERLOADED, FCGI_UNKNOWN_ROLE };

/* The head of a record of n bytes of content, without padding. */
void fcgi_head(char out[static FCGI_HEAD], enum fcgi_type type, size_t n);

/*
 * The start of a request: FCGI_BEGIN_REQUEST for a responder, which closes the connection behind
 * its answer but with keep, then its parameters as a stream of records with its end. Grows in an
 * arena.
 */
struct arena;
struct fcgi_params {
	struct arena *a;
	char *p;
	size_t n, room;
};

void fcgi_begin(struct fcgi_params *f, struct arena *a, bool keep);
void fcgi_param(struct fcgi_params *f, struct span name, struct span value);
/* body: a stream of FCGI_STDIN follows; without one its end is written here, too. */
struct span fcgi_params_end(struct fcgi_params *f, bool body);

/* What an application sends, in pieces as they come. */
enum fcgi_event {
	FCGI_MORE,         /* all was taken, nothing is complete */
	FCGI_OUT,          /* *data is output */
	FCGI_OUT_END,
	FCGI_ERR,          /* *data is of its stderr; reader->left == 0: the record's last */
	FCGI_END,          /* the request's: reader->protocol, reader->app */
	FCGI_OTHER,        /* a record of reader->type, which is passed over */
	FCGI_BAD_VERSION,  /* reader->version */
	FCGI_BAD_ID,       /* reader->id */
};

struct fcgi_reader {
	unsigned char head[FCGI_HEAD], end[FCGI_HEAD];
	unsigned nhead, nend;
	uint8_t version, type, padding, protocol;
	uint16_t id, left; /* of the content */
	uint32_t app;
};

/* Takes from *in. After FCGI_END and the bad ones nothing more may be read. */
enum fcgi_event fcgi_read(struct fcgi_reader *f, struct span *in, struct span *data);
/* At FCGI_END: nothing else belongs to that record, another request may follow. */
bool fcgi_ends_cleanly(const struct fcgi_reader *f);

#endif
