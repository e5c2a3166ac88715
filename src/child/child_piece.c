/*
 * A body behind its head: what its filters make of it, and the chunks that it travels in (RFC 9112
 * section 7.1). Runs as the vhost's user.
 */
#include "child_filter_own.h"

#include <errno.h>
#include <unistd.h>

#define PIECE_LINE 18           /* a chunk-size and its line's end */
#define PIECE_END 7             /* the end of a chunk, and the last chunk */
#define PIECE_READY 16384       /* for the beginning of a whole body; doubled as long as it grows */
#define PIECE_READY_MAX 131072  /* what is shorter, compressed, gets a Content-Length */
#define PIECE_WHOLE_MAX 4194304 /* of what is longer the client gets the beginning at once */
#define PIECE_FILE 65536

/* The chunk-size of n before at; where it begins. */
static char *piece_line(char *at, size_t n)
{
	*--at = '\n';
	*--at = '\r';
	do
		*--at = "0123456789abcdef"[n & 15];
	while (n >>= 4);
	return at;
}

/* Bytes that lie where there is no room around them. */
static bool piece_plain(struct child *c, struct child_request *r, const char *p, size_t n, bool end)
{
	char line[PIECE_LINE], *at = piece_line(line + sizeof(line), n);
	const char *tail = end ? n ? "\r\n0\r\n\r\n" : "0\r\n\r\n" : n ? "\r\n" : "";

	r->body_bytes += n;
	if (!r->chunked)
		return n == 0 || child_send(c, p, n, 0);
	if (n && !(child_send(c, at, (size_t)(line + sizeof(line) - at), MSG_MORE) &&
	             child_send(c, p, n, MSG_MORE)))
		return false;
	return !*tail || child_send(c, tail, strlen(tail), 0);
}

/* The room for a piece that will be sent at once with its lines. */
static char *piece_room(struct child_filter *f)
{
	return f->out + PIECE_LINE;
}

/* With the head: whoever sends the pieces may have put the request's arena aside (child_index.c).
 */
static int64_t piece_begin(struct child *c, struct child_filter *f)
{
	f->out = arena_alloc(&c->arena, PIECE_LINE + FILTER_ROOM + PIECE_END);
	return -1;
}

static bool piece_send(struct child *c, struct child_request *r, size_t n, bool end)
{
	char *at = piece_room(r->filter), *stop = at + n;

	r->body_bytes += n;
	if (r->chunked) {
		if (n) {
			at = piece_line(at, n);
			*stop++ = '\r';
			*stop++ = '\n';
		}
		if (end) {
			memcpy(stop, "0\r\n\r\n", 5);
			stop += 5;
		}
	}
	return at == stop || child_send(c, at, (size_t)(stop - at), 0);
}

bool child_piece(
    struct child *c, struct child_request *r, const char *p, size_t n, enum child_filter_mode mode)
{
	struct span in = {p, n};
	enum child_filter_result result;

	if (!child_filter_on(r)) {
		r->aborted |= !piece_plain(c, r, p, n, mode == FILTER_END);
		return !r->aborted;
	}
	do {
		size_t got;

		result =
		    child_filter_data(c, r, &in, mode, piece_room(r->filter), FILTER_ROOM, &got);
		r->aborted |= result == FILTER_FAILED ||
		              !piece_send(c, r, got, result == FILTER_IDLE && mode == FILTER_END);
	} while (result == FILTER_FULL && !r->aborted);
	return !r->aborted;
}

/* The next bytes of r->whole into f->in. False: the file has become shorter. */
static bool whole_read(struct child *c, struct child_request *r, struct child_filter *f)
{
	const struct child_whole *w = &r->whole;
	uint64_t left = w->n - f->read;
	ssize_t n;

	if (f->in.n || left == 0)
		return true;
	if (w->p) {
		f->in = (struct span){w->p, (size_t)w->n};
		f->read = w->n;
		return true;
	}
	if (!f->file)
		f->file = arena_alloc(&c->arena, PIECE_FILE);
	do
		n = pread(w->fd, f->file, left < PIECE_FILE ? (size_t)left : PIECE_FILE,
		    w->at + (off_t)f->read);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	f->in = (struct span){f->file, (size_t)n};
	f->read += (uint64_t)n;
	return true;
}

static enum child_filter_result whole_encode(
    struct child *c, struct child_request *r, char *out, size_t room, size_t *n)
{
	struct child_filter *f = r->filter;

	for (*n = 0;;) {
		enum child_filter_result result;
		enum child_filter_mode mode;
		size_t part;

		if (!whole_read(c, r, f))
			return FILTER_FAILED;
		mode = f->read == r->whole.n ? FILTER_END : FILTER_MORE;
		result = child_filter_data(c, r, &f->in, mode, out + *n, room - *n, &part);
		*n += part;
		if (result != FILTER_IDLE || mode == FILTER_END)
			return result;
	}
}

int64_t child_whole_length(struct child *c, struct child_request *r)
{
	struct child_filter *f = r->filter;
	enum child_filter_result result = FILTER_FULL;
	size_t n = 0, part;
	char *out = NULL;

	if (!r->whole.all || r->whole.n > PIECE_WHOLE_MAX)
		return piece_begin(c, f);
	for (size_t room = PIECE_READY; room <= PIECE_READY_MAX && result == FILTER_FULL;
	     room *= 2) {
		char *grown = arena_alloc(&c->arena, room);

		if (n)
			memcpy(grown, out, n);
		out = grown;
		result = whole_encode(c, r, out + n, room - n, &part);
		n += part;
	}
	r->aborted |= result == FILTER_FAILED;
	f->ready = (struct span){out, n};
	return f->ended ? (int64_t)n : piece_begin(c, f);
}

bool child_whole_send(struct child *c, struct child_request *r)
{
	struct child_filter *f = r->filter;
	enum child_filter_result result;
	size_t n;

	if (r->head_only)
		return child_send(c, c->out, c->out_n, 0);
	if (!child_send(c, c->out, c->out_n, MSG_MORE) ||
	    !piece_plain(c, r, f->ready.p, f->ready.n, f->ended))
		return false;
	while (!f->ended && !r->aborted) {
		result = whole_encode(c, r, piece_room(f), FILTER_ROOM, &n);
		if (result == FILTER_FAILED || !piece_send(c, r, n, f->ended))
			return false;
	}
	return !r->aborted;
}
