/*
 * The chunked coding: every file of vectors/http_chunked (ok-*.txt with the body in ok-*.body,
 * more-*.txt, bad-*.txt, large-*.txt), whole, byte by byte, and cut in two at every place.
 */
#include "itkd/http_head.h"
#include "vectors.h"

#include <dirent.h>

static const struct http_limits limits = {.line = 8190, .fields = 100, .field_size = 8190};

struct decoded {
	struct http_chunked c;
	enum http_chunked_result result;
	char *body;
	size_t n;
};

/* On a copy of exactly these bytes; how many of them were used. */
static size_t feed(struct decoded *d, const char *p, size_t n)
{
	char *copy = malloc(n ? n : 1);
	struct span in = {copy, n}, data;

	if (!copy)
		abort();
	memcpy(copy, p, n);
	while ((d->result = http_chunked_next(&d->c, &in, &data)) == HTTP_CHUNKED_DATA) {
		memcpy(d->body + d->n, data.p, data.n);
		d->n += data.n;
	}
	free(copy);
	if (d->result == HTTP_CHUNKED_MORE && in.n)
		ck_abort_msg("MORE, and %zu bytes are left", in.n);
	return n - in.n;
}

/* In pieces of `step` bytes, the first of `first` bytes. */
static struct decoded decode(struct span s, size_t first, size_t step, size_t *used)
{
	struct decoded d = {.body = malloc(s.n + 1), .result = HTTP_CHUNKED_MORE};

	ck_assert(d.body != NULL);
	http_chunked_init(&d.c, &limits);
	*used = 0;
	for (size_t len = first; d.result == HTTP_CHUNKED_MORE && *used < s.n; len = step)
		*used += feed(&d, s.p + *used, len < s.n - *used ? len : s.n - *used);
	return d;
}

static void check_end(
    const char *name, struct span s, const struct decoded *d, struct span body, size_t used)
{
	ck_assert_msg(span_eq((struct span){d->body, d->n}, body), "%s: body", name);
	/* What comes behind the last empty line belongs to the next request. */
	ck_assert_msg(used >= 5 && memcmp(s.p + used - 4, "\r\n\r\n", 4) == 0, "%s: its end", name);
}

static void check_file(const char *name)
{
	char path[512];
	struct span s, body = {NULL, 0};
	enum http_chunked_result want = HTTP_CHUNKED_BAD;

	snprintf(path, sizeof(path), "%s/http_chunked/%s", VECTORS, name);
	s = vector_file(path);
	if (strncmp(name, "more-", 5) == 0)
		want = HTTP_CHUNKED_MORE;
	if (strncmp(name, "large-", 6) == 0)
		want = HTTP_CHUNKED_LARGE;
	if (strncmp(name, "ok-", 3) == 0) {
		want = HTTP_CHUNKED_END;
		memcpy(strrchr(path, '.'), ".body", sizeof(".body"));
		body = vector_file(path);
	}
	for (size_t cut = 1; cut <= s.n && cut < (s.n > 1000 ? 4 : 40); cut++) {
		size_t used, steps[] = {1, s.n};

		for (size_t i = 0; i < 2; i++) {
			struct decoded d = decode(s, cut, steps[i], &used);

			ck_assert_msg(d.result == want, "%s: cut at %zu: %d", name, cut, d.result);
			if (want == HTTP_CHUNKED_END)
				check_end(name, s, &d, body, used);
			free(d.body);
		}
	}
	free((char *)(size_t)s.p);
	free((char *)(size_t)body.p);
}

START_TEST(vector_files)
{
	DIR *dir = opendir(VECTORS "/http_chunked");
	struct dirent *e;
	unsigned n = 0;

	ck_assert(dir != NULL);
	while ((e = readdir(dir)) != NULL)
		if (strstr(e->d_name, ".txt")) {
			check_file(e->d_name);
			n++;
		}
	ck_assert_int_eq(closedir(dir), 0);
	ck_assert_uint_ge(n, 50);
}
END_TEST

/* An end and an error stay what they are, and touch nothing more. */
START_TEST(final_states)
{
	static const char *const texts[] = {"0\r\n\r\nnext", "xnext"};
	static const enum http_chunked_result results[] = {HTTP_CHUNKED_END, HTTP_CHUNKED_BAD};

	for (size_t i = 0; i < 2; i++) {
		struct http_chunked c;
		struct span in = span_of(texts[i]), data;

		http_chunked_init(&c, &limits);
		ck_assert_int_eq(http_chunked_next(&c, &in, &data), results[i]);
		ck_assert(span_eq(in, SPAN("next")));
		ck_assert_int_eq(http_chunked_next(&c, &in, &data), results[i]);
		ck_assert(span_eq(in, SPAN("next")));
	}
}
END_TEST

/* Extensions are bounded over the whole body, not only in one chunk. */
START_TEST(overhead_adds_up)
{
	static const char chunk[] = "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n";
	struct http_chunked c;
	size_t chunks = 0;

	http_chunked_init(&c, &limits);
	for (bool bad = false; !bad; chunks++) {
		struct span in = SPAN(chunk), data;
		enum http_chunked_result r;

		while ((r = http_chunked_next(&c, &in, &data)) == HTTP_CHUNKED_DATA)
			;
		bad = r == HTTP_CHUNKED_LARGE;
		ck_assert_uint_le(chunks, 65536 / 31 + 1);
	}
	ck_assert_uint_ge(chunks, 65536 / 34);
}
END_TEST

/* Zeros before sizes, too, but not sizes. */
START_TEST(sizes_are_free)
{
	static const char *const chunks[] = {
	    "0000000000000001\r\nx\r\n", "00000000000000001\r\nx\r\n"};

	for (size_t i = 0; i < 2; i++) {
		struct http_chunked c;
		enum http_chunked_result r = HTTP_CHUNKED_MORE;

		http_chunked_init(&c, &limits);
		for (size_t k = 0; k < 70000 && r == HTTP_CHUNKED_MORE; k++) {
			struct span in = span_of(chunks[i]), data;

			while ((r = http_chunked_next(&c, &in, &data)) == HTTP_CHUNKED_DATA)
				;
		}
		ck_assert_int_eq(r, i ? HTTP_CHUNKED_LARGE : HTTP_CHUNKED_MORE);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {vector_files, final_states, overhead_adds_up, sizes_are_free};

	return vector_run("http_chunked", tests, sizeof(tests) / sizeof(tests[0]));
}
