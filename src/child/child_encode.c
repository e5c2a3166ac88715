/*
 * The coders of child_encode.h. Run in the child, as the vhost's user. What is packed is an
 * answer's body; what is unpacked may be a client's: its size is bounded here, as it comes out.
 */
#include "child_encode.h"

#include "itkd/arena.h"
#include <brotli/encode.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define GZIP_HEAD 10
#define GZIP_WRAP 16 /* added to a window: zlib reads the gzip format itself */

struct child_coder {
	enum filter_kind kind;
	bool done;
	bool failed;
	z_stream z;
	BrotliEncoderState *br;
	unsigned long crc;
	uint64_t in, out;
	struct coder_limits limits;
	int32_t hits; /* of limits.ratio, in a row */
	enum coder_error error;
	int code;
	const char *text;
	char own[GZIP_HEAD]; /* gzip's head, then its end: what of it has not left yet */
	size_t own_at, own_n;
};

static struct child_coder *coder_new(struct arena *a, enum filter_kind kind)
{
	struct child_coder *coder = ARENA_NEW(a, struct child_coder);

	coder->kind = kind;
	return coder;
}

struct child_coder *child_coder_deflate(struct arena *a, const struct conf_deflate *conf, int *code)
{
	/* No time, no flags; made on Unix: byte for byte what Apache writes. */
	static const char head[GZIP_HEAD] = {0x1f, (char)0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 0, 3};
	struct child_coder *coder = coder_new(a, FILTER_DEFLATE);

	*code = deflateInit2(
	    &coder->z, conf->level, Z_DEFLATED, -conf->window, conf->memory, Z_DEFAULT_STRATEGY);
	if (*code != Z_OK)
		return NULL;
	coder->crc = crc32(0, NULL, 0);
	memcpy(coder->own, head, sizeof(head));
	coder->own_n = sizeof(head);
	return coder;
}

struct child_coder *child_coder_brotli(struct arena *a, const struct conf_brotli *conf)
{
	struct child_coder *coder = coder_new(a, FILTER_BROTLI);

	coder->br = BrotliEncoderCreateInstance(NULL, NULL, NULL);
	if (!coder->br)
		return NULL;
	if (BrotliEncoderSetParameter(coder->br, BROTLI_PARAM_QUALITY, (uint32_t)conf->quality) &&
	    BrotliEncoderSetParameter(coder->br, BROTLI_PARAM_LGWIN, (uint32_t)conf->window) &&
	    BrotliEncoderSetParameter(coder->br, BROTLI_PARAM_LGBLOCK, (uint32_t)conf->block))
		return coder;
	child_coder_end(coder);
	return NULL;
}

struct child_coder *child_coder_inflate(
    struct arena *a, int window, const struct coder_limits *limits, int *code)
{
	struct child_coder *coder = coder_new(a, FILTER_INFLATE);

	*code = inflateInit2(&coder->z, window + GZIP_WRAP);
	if (*code != Z_OK)
		return NULL;
	coder->limits = *limits;
	return coder;
}

void child_coder_end(struct child_coder *coder)
{
	switch (coder->kind) {
	case FILTER_DEFLATE:
		deflateEnd(&coder->z);
		return;
	case FILTER_INFLATE:
		inflateEnd(&coder->z);
		return;
	default:
		BrotliEncoderDestroyInstance(coder->br);
		coder->br = NULL;
		return;
	}
}

static enum child_filter_result coder_fail(
    struct child_coder *coder, enum coder_error error, int code)
{
	coder->failed = true;
	coder->error = error;
	coder->code = code;
	coder->text = coder->z.msg ? coder->z.msg : "(null)";
	return FILTER_FAILED;
}

/* Gzip's head and end, through a room of any size. True: all of it has left. */
static bool coder_put_own(struct child_coder *coder, char *out, size_t room, size_t *n)
{
	size_t part = coder->own_n - coder->own_at;

	if (part > room - *n)
		part = room - *n;
	memcpy(out + *n, coder->own + coder->own_at, part);
	coder->own_at += part;
	*n += part;
	return coder->own_at == coder->own_n;
}

static void coder_put_long(struct child_coder *coder, uint64_t value)
{
	for (int i = 0; i < 4; i++)
		coder->own[coder->own_n++] = (char)(value >> 8 * i);
}

/* One call of zlib over what is there and fits; what it took and gave is accounted for. */
static int coder_z(struct child_coder *coder, int (*run)(z_stream *, int), int flush,
    struct span *in, char *out, size_t room, size_t *n)
{
	z_stream *z = &coder->z;
	uInt taken = in->n > INT_MAX ? INT_MAX : (uInt)in->n;
	uInt given = room - *n > INT_MAX ? INT_MAX : (uInt)(room - *n);
	int code;

	z->next_in = (z_const Bytef *)(uintptr_t)in->p;
	z->avail_in = taken;
	z->next_out = (Bytef *)out + *n;
	z->avail_out = given;
	code = run(z, taken == in->n ? flush : Z_NO_FLUSH);
	taken -= z->avail_in;
	given -= z->avail_out;
	if (coder->kind == FILTER_DEFLATE && taken)
		coder->crc = crc32(coder->crc, (const Bytef *)in->p, taken);
	*in = (struct span){in->p + taken, in->n - taken};
	*n += given;
	coder->in += taken;
	coder->out += given;
	return code;
}

static enum child_filter_result run_deflate(struct child_coder *coder, struct span *in,
    enum child_filter_mode mode, char *out, size_t room, size_t *n)
{
	static const int flush[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};

	if (!coder_put_own(coder, out, room, n))
		return FILTER_FULL;
	while (!coder->done && (in->n || mode != FILTER_MORE)) {
		if (*n == room)
			return FILTER_FULL;
		int code = coder_z(coder, deflate, flush[mode], in, out, room, n);

		if (code == Z_STREAM_END) {
			coder->done = true;
			coder->own_at = coder->own_n = 0;
			coder_put_long(coder, coder->crc);
			coder_put_long(coder, coder->in);
		} else if (code == Z_BUF_ERROR) {
			break; /* it was flushed before */
		} else if (code != Z_OK) {
			return coder_fail(coder, CODER_BAD, code);
		} else if (mode == FILTER_FLUSH && in->n == 0 && *n < room) {
			break;
		}
	}
	return coder_put_own(coder, out, room, n) ? FILTER_IDLE : FILTER_FULL;
}

static enum child_filter_result run_brotli(struct child_coder *coder, struct span *in,
    enum child_filter_mode mode, char *out, size_t room, size_t *n)
{
	static const BrotliEncoderOperation operations[] = {
	    BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_FINISH};

	while (!coder->done && (in->n || mode != FILTER_MORE)) {
		size_t taken = in->n, given = room - *n;
		const uint8_t *from = (const uint8_t *)in->p;
		uint8_t *to = (uint8_t *)out + *n;

		if (given == 0)
			return FILTER_FULL;
		if (!BrotliEncoderCompressStream(
		        coder->br, operations[mode], &taken, &from, &given, &to, NULL))
			return coder_fail(coder, CODER_BAD, 0);
		coder->in += in->n - taken;
		coder->out += room - *n - given;
		*in = (struct span){in->p + (in->n - taken), taken};
		*n = room - given;
		coder->done = BrotliEncoderIsFinished(coder->br);
		if (mode == FILTER_FLUSH && in->n == 0 && !BrotliEncoderHasMoreOutput(coder->br))
			break;
	}
	return FILTER_IDLE;
}

/* Apache's check_ratio. */
static bool inflate_is_bomb(struct child_coder *coder)
{
	if (coder->in == 0 || coder->out / coder->in < (uint64_t)coder->limits.ratio) {
		coder->hits = 0;
		return false;
	}
	return ++coder->hits > coder->limits.burst;
}

static enum child_filter_result run_inflate(struct child_coder *coder, struct span *in,
    enum child_filter_mode mode, char *out, size_t room, size_t *n)
{
	for (;;) {
		size_t before = *n;
		int code;

		if (coder->done)
			return FILTER_IDLE;
		if (*n == room)
			return FILTER_FULL;
		/* Zlib may hold more than fitted before: it is asked even where nothing came. */
		code = coder_z(coder, inflate, Z_SYNC_FLUSH, in, out, room, n);
		if (code == Z_BUF_ERROR && in->n == 0 && *n == before)
			return mode == FILTER_END ? coder_fail(coder, CODER_BAD, code)
			                          : FILTER_IDLE;
		if (code != Z_OK && code != Z_STREAM_END)
			return coder_fail(coder, CODER_BAD, code);
		if (coder->limits.body && coder->out > (uint64_t)coder->limits.body)
			return coder_fail(coder, CODER_LARGE, code);
		if (inflate_is_bomb(coder))
			return coder_fail(coder, CODER_RATIO, code);
		coder->done = code == Z_STREAM_END;
		if (!coder->done && in->n == 0 && *n < room && mode != FILTER_END)
			return FILTER_IDLE;
	}
}

enum child_filter_result child_coder_run(struct child_coder *coder, struct span *in,
    enum child_filter_mode mode, char *out, size_t room, size_t *n)
{
	*n = 0;
	if (coder->failed)
		return FILTER_FAILED;
	switch (coder->kind) {
	case FILTER_DEFLATE:
		return run_deflate(coder, in, mode, out, room, n);
	case FILTER_INFLATE:
		return run_inflate(coder, in, mode, out, room, n);
	default:
		return run_brotli(coder, in, mode, out, room, n);
	}
}

enum filter_kind child_coder_kind(const struct child_coder *coder)
{
	return coder->kind;
}

uint64_t child_coder_in(const struct child_coder *coder)
{
	return coder->in;
}

uint64_t child_coder_out(const struct child_coder *coder)
{
	return coder->out;
}

enum coder_error child_coder_error(const struct child_coder *coder, int *code, const char **text)
{
	*code = coder->code;
	*text = coder->text;
	return coder->error;
}

bool child_coder_done(const struct child_coder *coder)
{
	return coder->done;
}
