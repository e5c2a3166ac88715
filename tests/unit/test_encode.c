/*
 * The coders of src/child/child_encode.c: whatever the pieces that a body comes in, and the rooms
 * that it leaves through, it is the same body, and bytes once flushed can be read.
 */
#include "child/child_encode.h"
#include "itkd/arena.h"
#include "suite.h"

#include <brotli/decode.h>
#include <string.h>
#include <zlib.h>

#define TEXT 60000
#define OUT (TEXT * 2 + 1024)

static char text[TEXT], out[OUT], back[OUT];
static struct arena arena;

static void setup(void)
{
	unsigned seed = 1;

	arena_init_heap(&arena, (size_t)64 << 20);
	for (size_t i = 0; i < TEXT; i++) {
		seed = seed * 1103515245u + 12345u;
		text[i] = "abcdefgh the and of\n"[(seed >> 16) % 20];
	}
}

static void teardown(void)
{
	arena_free(&arena);
}

static struct child_coder *make(enum filter_kind kind)
{
	int code = 0;
	struct child_coder *coder = kind == FILTER_BROTLI
	                                ? child_coder_brotli(&arena, &conf_brotli_default)
	                                : child_coder_deflate(&arena, &conf_deflate_default, &code);

	ck_assert_ptr_nonnull(coder);
	return coder;
}

/* One piece into the coder, everything that comes out appended at out[*n]. */
static void put(struct child_coder *coder, const char *p, size_t len, enum child_filter_mode mode,
    size_t room, size_t *n)
{
	struct span in = {p, len};
	enum child_filter_result result;

	do {
		size_t got;

		ck_assert_uint_le(*n + room, OUT);
		result = child_coder_run(coder, &in, mode, out + *n, room, &got);
		ck_assert_int_ne(result, FILTER_FAILED);
		ck_assert_uint_le(got, room);
		*n += got;
	} while (result == FILTER_FULL);
	ck_assert_uint_eq(in.n, 0);
}

/* What a client makes of the first n bytes; whole: and that they are all. */
static size_t decode(enum filter_kind kind, size_t n, bool whole)
{
	if (kind == FILTER_BROTLI) {
		BrotliDecoderState *s = BrotliDecoderCreateInstance(NULL, NULL, NULL);
		size_t left = n, room = OUT;
		const uint8_t *from = (const uint8_t *)out;
		uint8_t *to = (uint8_t *)back;
		BrotliDecoderResult result =
		    BrotliDecoderDecompressStream(s, &left, &from, &room, &to, NULL);

		BrotliDecoderDestroyInstance(s);
		ck_assert_int_eq(result,
		    whole ? BROTLI_DECODER_RESULT_SUCCESS : BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT);
		ck_assert_uint_eq(left, 0);
		return OUT - room;
	}
	z_stream z = {.next_in = (Bytef *)out,
	    .avail_in = (uInt)n,
	    .next_out = (Bytef *)back,
	    .avail_out = OUT};

	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	ck_assert_int_eq(inflate(&z, Z_SYNC_FLUSH), whole ? Z_STREAM_END : Z_OK);
	ck_assert_uint_eq(z.avail_in, 0);
	inflateEnd(&z);
	return z.total_out;
}

static const struct {
	enum filter_kind kind;
	size_t len, piece, room;
} cases[] = {
    {FILTER_DEFLATE, TEXT, TEXT, OUT / 2},
    {FILTER_DEFLATE, TEXT, 1, 1},
    {FILTER_DEFLATE, TEXT, 4096, 17},
    {FILTER_DEFLATE, TEXT, 7, 8096},
    {FILTER_DEFLATE, 1, 1, 1},
    {FILTER_DEFLATE, 0, 1, 3},
    {FILTER_BROTLI, TEXT, TEXT, OUT / 2},
    {FILTER_BROTLI, TEXT, 1, 1},
    {FILTER_BROTLI, TEXT, 4096, 17},
    {FILTER_BROTLI, TEXT, 7, 8096},
    {FILTER_BROTLI, 1, 1, 1},
    {FILTER_BROTLI, 0, 1, 3},
};

START_TEST(split)
{
	struct child_coder *coder = make(cases[_i].kind);
	size_t n = 0, at = 0, len = cases[_i].len;

	while (at < len) {
		size_t piece = len - at < cases[_i].piece ? len - at : cases[_i].piece;

		put(coder, text + at, piece, FILTER_MORE, cases[_i].room, &n);
		at += piece;
	}
	put(coder, NULL, 0, FILTER_END, cases[_i].room, &n);
	ck_assert_uint_eq(child_coder_in(coder), len);
	child_coder_end(coder);
	ck_assert_uint_eq(decode(cases[_i].kind, n, true), len);
	ck_assert_int_eq(memcmp(back, text, len), 0);
}
END_TEST

/* The program paused: the client can read all of what it said. */
START_TEST(flushed)
{
	static const struct {
		enum filter_kind kind;
		size_t room;
	} kinds[] = {
	    {FILTER_DEFLATE, 4096}, {FILTER_DEFLATE, 8}, {FILTER_BROTLI, 4096}, {FILTER_BROTLI, 8}};
	struct child_coder *coder = make(kinds[_i].kind);
	size_t n = 0, room = kinds[_i].room;

	for (size_t at = 0; at < 3000; at += 1000) {
		size_t before;

		put(coder, text + at, 500, FILTER_MORE, room, &n);
		put(coder, text + at + 500, 500, FILTER_FLUSH, room, &n);
		ck_assert_uint_eq(decode(kinds[_i].kind, n, false), at + 1000);
		ck_assert_int_eq(memcmp(back, text, at + 1000), 0);
		/* With nothing new there is nothing to flush. */
		before = n;
		put(coder, NULL, 0, FILTER_FLUSH, 4096, &n);
		ck_assert_uint_eq(n, before);
	}
	put(coder, text, 100, FILTER_END, room, &n);
	child_coder_end(coder);
	ck_assert_uint_eq(decode(kinds[_i].kind, n, true), 3100);
}
END_TEST

/* How an unpacking ends. */
static const struct {
	size_t cut; /* bytes that are missing at the end */
	size_t bad; /* a byte from the end that is another; 0: none */
	struct coder_limits limits;
	enum coder_error error;
} packed[] = {
    {0, 0, {0, 200, 3}, CODER_OK},
    {0, 0, {TEXT, 200, 3}, CODER_OK},
    {0, 0, {TEXT - 1, 200, 3}, CODER_LARGE},
    {0, 0, {0, 2, 100000}, CODER_OK},
    {0, 0, {0, 1, 3}, CODER_RATIO},
    {1, 0, {0, 200, 3}, CODER_BAD},
    {9, 0, {0, 200, 3}, CODER_BAD},
    {0, 1, {0, 200, 3}, CODER_BAD},
    {0, 8, {0, 200, 3}, CODER_BAD},
    {0, 5000, {0, 200, 3}, CODER_BAD},
};

static enum coder_error unpack(size_t n, size_t piece, size_t room, size_t row)
{
	const char *why;
	int code;
	size_t got, total = 0;
	struct child_coder *coder = child_coder_inflate(&arena, 15, &packed[row].limits, &code);
	enum child_filter_result result = FILTER_IDLE;

	ck_assert_ptr_nonnull(coder);
	for (size_t at = 0; result != FILTER_FAILED && at <= n; at += piece) {
		struct span in = {out + at, n - at < piece ? n - at : piece};

		do {
			result = child_coder_run(
			    coder, &in, in.n ? FILTER_MORE : FILTER_END, back + total, room, &got);
			total += got;
		} while (result == FILTER_FULL);
		if (at < n && at + piece > n)
			at = n - piece;
	}
	if (result != FILTER_FAILED) {
		ck_assert(child_coder_done(coder));
		ck_assert_uint_eq(total, TEXT);
		ck_assert_int_eq(memcmp(back, text, TEXT), 0);
	}
	child_coder_end(coder);
	return result == FILTER_FAILED ? child_coder_error(coder, &code, &why) : CODER_OK;
}

START_TEST(unpacked)
{
	struct child_coder *coder = make(FILTER_DEFLATE);
	size_t n = 0;

	put(coder, text, TEXT, FILTER_END, OUT / 2, &n);
	child_coder_end(coder);
	n -= packed[_i].cut;
	if (packed[_i].bad)
		out[n - packed[_i].bad] ^= 0x55;
	ck_assert_int_eq(unpack(n, n, 8096, (size_t)_i), packed[_i].error);
	ck_assert_int_eq(unpack(n, 100, 333, (size_t)_i), packed[_i].error);
	ck_assert_int_eq(unpack(n, 1, 64, (size_t)_i), packed[_i].error);
}
END_TEST

/* What Apache's logs show for the same text. */
START_TEST(bytes)
{
	static const unsigned char head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
	struct child_coder *coder = make(FILTER_DEFLATE);
	size_t n = 0;

	put(coder, text, 1000, FILTER_END, 4096, &n);
	ck_assert_int_eq(memcmp(out, head, sizeof(head)), 0);
	ck_assert_uint_eq(child_coder_out(coder), n - 18);
	child_coder_end(coder);
}
END_TEST

START_TEST(refused)
{
	struct conf_deflate conf = conf_deflate_default;
	int code = 0;

	/* Not raw: zlib's deflate has no such window. */
	conf.window = 8;
	ck_assert_ptr_null(child_coder_deflate(&arena, &conf, &code));
	ck_assert_int_eq(code, Z_STREAM_ERROR);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("encode");
	TCase *t = tcase_create("coders");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 600);
	tcase_add_loop_test(t, split, 0, sizeof(cases) / sizeof(*cases));
	tcase_add_loop_test(t, flushed, 0, 4);
	tcase_add_loop_test(t, unpacked, 0, sizeof(packed) / sizeof(*packed));
	tcase_add_test(t, bytes);
	tcase_add_test(t, refused);
	suite_add_tcase(s, t);
	return suite_main(s);
}
