/*
 * FastCGI's records (fcgi.h). May run in any process; the child uses it as the vhost's user. What
 * is written comes from a client, what is read from an application: neither is trusted, and no
 * length that a record names is believed further than the bytes that are there.
 */
#include "itkd/fcgi.h"

#include "itkd/arena.h"
#include <string.h>

#define FCGI_VERSION 1
#define FCGI_RESPONDER 1
#define FCGI_KEEP_CONN 1
#define FCGI_PAIR_SHORT 127 /* a length up to here is one byte */

#define PARAMS_AT (3 * FCGI_HEAD) /* the first pair, behind the begin and a record's head */
#define PARAMS_ROOM 1000          /* most requests need no more */
#define PARAMS_LENGTH 4           /* of a name or a value, at most */

void fcgi_head(char out[static FCGI_HEAD], enum fcgi_type type, size_t n)
{
	const unsigned char head[FCGI_HEAD] = {
	    FCGI_VERSION, type, 0, FCGI_ID, (unsigned char)(n >> 8), (unsigned char)n, 0, 0};

	memcpy(out, head, FCGI_HEAD);
}

static void params_room(struct fcgi_params *f, size_t n)
{
	if (f->room - f->n >= n)
		return;
	size_t room = 2 * (f->n + n);
	char *more = arena_alloc(f->a, room);

	if (f->n)
		memcpy(more, f->p, f->n);
	f->p = more;
	f->room = room;
}

static void params_put(struct fcgi_params *f, const void *p, size_t n)
{
	params_room(f, n);
	memcpy(f->p + f->n, p, n);
	f->n += n;
}

static void params_head(struct fcgi_params *f, enum fcgi_type type, size_t n)
{
	char head[FCGI_HEAD];

	fcgi_head(head, type, n);
	params_put(f, head, sizeof(head));
}

void fcgi_begin(struct fcgi_params *f, struct arena *a, bool keep)
{
	const unsigned char begin[FCGI_HEAD] = {0, FCGI_RESPONDER, keep ? FCGI_KEEP_CONN : 0};

	*f = (struct fcgi_params){.a = a};
	params_room(f, PARAMS_ROOM);
	params_head(f, FCGI_BEGIN_REQUEST, sizeof(begin));
	params_put(f, begin, sizeof(begin));
	/* Its length is known at the end. */
	params_head(f, FCGI_PARAMS, 0);
}

/* Section 3.4. */
static size_t params_length(char out[static 4], size_t n)
{
	const unsigned char bytes[4] = {(unsigned char)(n >> 24 | 0x80), (unsigned char)(n >> 16),
	    (unsigned char)(n >> 8), (unsigned char)n};

	if (n <= FCGI_PAIR_SHORT) {
		out[0] = (char)n;
		return 1;
	}
	memcpy(out, bytes, 4);
	return 4;
}

void fcgi_param(struct fcgi_params *f, struct span name, struct span value)
{
	params_room(f, 2 * PARAMS_LENGTH + name.n + value.n);
	f->n += params_length(f->p + f->n, name.n);
	f->n += params_length(f->p + f->n, value.n);
	params_put(f, name.p, name.n);
	params_put(f, value.p, value.n);
}

/* A stream: where one record ends and the next begins means nothing for what is in it. */
static void params_split(struct fcgi_params *f)
{
	struct span rest = {f->p + PARAMS_AT, f->n - PARAMS_AT};
	struct fcgi_params g = {.a = f->a};

	params_put(&g, f->p, PARAMS_AT - FCGI_HEAD);
	while (rest.n) {
		size_t n = rest.n < FCGI_CONTENT_MAX ? rest.n : FCGI_CONTENT_MAX;

		params_head(&g, FCGI_PARAMS, n);
		params_put(&g, rest.p, n);
		rest = (struct span){rest.p + n, rest.n - n};
	}
	*f = g;
}

struct span fcgi_params_end(struct fcgi_params *f, bool body)
{
	size_t n = f->n - PARAMS_AT;

	if (n > FCGI_CONTENT_MAX)
		params_split(f);
	else
		fcgi_head(f->p + PARAMS_AT - FCGI_HEAD, FCGI_PARAMS, n);
	/* One without content is the end of the stream itself. */
	if (n)
		params_head(f, FCGI_PARAMS, 0);
	if (!body)
		params_head(f, FCGI_STDIN, 0);
	return (struct span){f->p, f->n};
}

static struct span reader_take(struct span *in, size_t n)
{
	struct span piece = {in->p, n < in->n ? n : in->n};

	*in = (struct span){in->p + piece.n, in->n - piece.n};
	return piece;
}

/* Up to FCGI_HEAD bytes put together from what comes; false: not all is there. */
static bool reader_gather(unsigned char *to, unsigned *n, size_t want, struct span *in)
{
	struct span piece = reader_take(in, want - *n);

	if (piece.n)
		memcpy(to + *n, piece.p, piece.n);
	*n += (unsigned)piece.n;
	return *n == want;
}

/* A complete head: FCGI_MORE where its content is looked at next. */
static enum fcgi_event reader_head(struct fcgi_reader *f)
{
	const unsigned char *h = f->head;

	f->version = h[0];
	f->type = h[1];
	f->id = (uint16_t)(h[2] << 8 | h[3]);
	f->left = (uint16_t)(h[4] << 8 | h[5]);
	f->padding = h[6];
	if (f->version != FCGI_VERSION)
		return FCGI_BAD_VERSION;
	if (f->id != FCGI_ID)
		return FCGI_BAD_ID;
	if (f->type == FCGI_STDOUT && f->left == 0)
		return FCGI_OUT_END;
	if (f->type == FCGI_END_REQUEST && f->left < FCGI_HEAD)
		return FCGI_END;
	if (f->type == FCGI_STDOUT || f->type == FCGI_STDERR || f->type == FCGI_END_REQUEST)
		return FCGI_MORE;
	return FCGI_OTHER;
}

/* FCGI_MORE: there is none, or it was passed over. */
static enum fcgi_event reader_content(struct fcgi_reader *f, struct span *in, struct span *data)
{
	if (f->type == FCGI_END_REQUEST) {
		if (!reader_gather(f->end, &f->nend, FCGI_HEAD, in))
			return FCGI_MORE;
		f->app = (uint32_t)f->end[0] << 24 | (uint32_t)f->end[1] << 16 |
		         (uint32_t)f->end[2] << 8 | f->end[3];
		f->protocol = f->end[4];
		return FCGI_END;
	}
	*data = reader_take(in, f->left);
	f->left = (uint16_t)(f->left - data->n);
	if (data->n && f->type == FCGI_STDOUT)
		return FCGI_OUT;
	return data->n && f->type == FCGI_STDERR ? FCGI_ERR : FCGI_MORE;
}

enum fcgi_event fcgi_read(struct fcgi_reader *f, struct span *in, struct span *data)
{
	enum fcgi_event event;

	*data = (struct span){NULL, 0};
	for (;;) {
		if (f->nhead < FCGI_HEAD) {
			if (!reader_gather(f->head, &f->nhead, FCGI_HEAD, in))
				return FCGI_MORE;
			event = reader_head(f);
			if (event != FCGI_MORE)
				return event;
		}
		while (f->left) {
			if (in->n == 0)
				return FCGI_MORE;
			event = reader_content(f, in, data);
			if (event != FCGI_MORE)
				return event;
		}
		f->padding = (uint8_t)(f->padding - reader_take(in, f->padding).n);
		if (f->padding)
			return FCGI_MORE;
		f->nhead = 0;
	}
}

bool fcgi_ends_cleanly(const struct fcgi_reader *f)
{
	return f->nend == FCGI_HEAD && f->left == FCGI_HEAD && f->padding == 0 &&
	       f->protocol == FCGI_COMPLETE;
}
