/*
 * Coders: gzip (RFC 1952) by zlib, br (RFC 7932) by libbrotli, and gzip undone. Streams of pure
 * bytes; they know nothing of a request.
 */
#ifndef ITKD_CHILD_ENCODE_H
#define ITKD_CHILD_ENCODE_H

#include "child_filter.h"
#include "itkd/conf_filter.h"

struct arena;
struct child_coder;

/* Unpacking: how much may come out, and of how little. */
struct coder_limits {
	int64_t body; /* bytes; 0: no limit */
	int32_t ratio, burst;
};
enum coder_error {
	CODER_OK,
	CODER_BAD,   /* not what it should be, or cut */
	CODER_LARGE, /* over limits.body */
	CODER_RATIO, /* over limits.ratio too often in a row */
};

/*
 * NULL: the library did not take the settings; *code says why. The struct lies in a, the library's
 * memory does not: child_coder_end().
 */
struct child_coder *child_coder_deflate(
	struct arena *a, const struct conf_deflate *conf, int *code);
struct child_coder *child_coder_brotli(struct arena *a, const struct conf_brotli *conf);
struct child_coder *child_coder_inflate(
	struct arena *a, int window, const struct coder_limits *limits, int *code);
void child_coder_end(struct child_coder *coder);

/* As child_filter_data(). */
enum child_filter_result child_coder_run(struct child_coder *coder, struct span *in,
	enum child_filter_mode mode, char *out, size_t room, size_t *n);

enum filter_kind child_coder_kind(const struct child_coder *coder);
/* Bytes so far, without gzip's own head and end. */
uint64_t child_coder_in(const struct child_coder *coder);
uint64_t child_coder_out(const struct child_coder *coder);
/* After FILTER_FAILED: what was wrong, and the library's words for it. */
enum coder_error child_coder_error(const struct child_coder *coder, int *code, const char **text);
/* Unpacking: the end of the packed bytes was seen. */
bool child_coder_done(const struct child_coder *coder);

#endif
