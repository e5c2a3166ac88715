/* The chunked coding: any bytes, whole and in pieces. */
#include "fuzz.h"
#include "itkd/http_head.h"

/* As small as anybody would have them: a fuzzer reaches what is beyond. */
static const struct http_limits limits = {.line = 60, .fields = 5, .field_size = 60};

struct decoded {
	enum http_chunked_result result;
	char *body;
	size_t n, used;
};

static struct decoded decode(const char *p, size_t n, size_t step)
{
	struct decoded d = {.result = HTTP_CHUNKED_MORE, .body = malloc(n ? n : 1)};
	struct http_chunked c;

	if (!d.body)
		abort();
	http_chunked_init(&c, &limits);
	while (d.result == HTTP_CHUNKED_MORE && d.used < n) {
		size_t len = step < n - d.used ? step : n - d.used;
		struct span in = {p + d.used, len}, data;

		while ((d.result = http_chunked_next(&c, &in, &data)) == HTTP_CHUNKED_DATA) {
			must(data.n > 0 && d.n + data.n <= n, "data comes from the input");
			memcpy(d.body + d.n, data.p, data.n);
			d.n += data.n;
		}
		d.used += len - in.n;
		must(d.result != HTTP_CHUNKED_MORE || in.n == 0, "more: all is used");
	}
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	struct decoded whole = decode(p, n, n), bytes = decode(p, n, 1);

	must(whole.result == bytes.result && whole.used == bytes.used && whole.n == bytes.n,
	    "pieces say the same");
	must(memcmp(whole.body, bytes.body, whole.n) == 0, "pieces give the same body");
	if (whole.result == HTTP_CHUNKED_END)
		must(memcmp(p + whole.used - 4, "\r\n\r\n", 4) == 0, "the end is an empty line");
	free(whole.body);
	free(bytes.body);
	return 0;
}
