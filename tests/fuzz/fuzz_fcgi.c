/* What a FastCGI application sends, in pieces; and parameters, which must be read as written. */
#include "fuzz.h"
#include "itkd/arena.h"
#include "itkd/fcgi.h"

#define SAID_MAX (1 << 16)

static const char letters[] = "moOeE!?vi";

/* All that a reader says of a stream: its events, and the bytes behind them. */
struct said {
	size_t n;
	char text[SAID_MAX];
};

static void say(struct said *s, const char *p, size_t n)
{
	must(n <= SAID_MAX - s->n, "no more comes out than went in");
	memcpy(s->text + s->n, p, n);
	s->n += n;
}

/* Ends where nothing more may be read. first, step: how large the pieces are. */
static void read_all(struct span stream, size_t step, struct said *s)
{
	struct fcgi_reader f = {.nhead = 0};
	size_t at = 0, left;

	s->n = 0;
	while (at < stream.n) {
		struct span in = {stream.p + at, stream.n - at < step ? stream.n - at : step}, data;

		at += in.n;
		for (;;) {
			left = in.n;
			enum fcgi_event event = fcgi_read(&f, &in, &data);

			must(in.n <= left, "nothing is given back");
			must(data.n == 0 ||
			         (data.p >= stream.p && data.p + data.n <= stream.p + stream.n),
			    "data lies in the stream");
			if (event == FCGI_MORE) {
				must(in.n == 0, "MORE has taken all");
				break;
			}
			if (event == FCGI_OUT || event == FCGI_ERR)
				say(s, data.p, data.n);
			else
				say(s, &letters[event], 1);
			if (event == FCGI_END || event == FCGI_BAD_VERSION || event == FCGI_BAD_ID)
				return;
		}
	}
}

static uint32_t pair_length(const unsigned char *p, size_t *at)
{
	uint32_t n = p[(*at)++];

	if (n < 128)
		return n;
	n = (n & 0x7f) << 24 | (uint32_t)p[*at] << 16 | (uint32_t)p[*at + 1] << 8 | p[*at + 2];
	*at += 3;
	return n;
}

/* The input as name and value, written and put together again. */
static void write_pair(struct span s)
{
	static unsigned char got[1 << 17];
	struct span name = {s.p, s.n / 3}, value = {s.p + s.n / 3, s.n - s.n / 3}, text;
	struct fcgi_params f;
	struct arena a;
	size_t n = 0, at = 16;

	arena_init_heap(&a, 1 << 20);
	fcgi_begin(&f, &a, false);
	fcgi_param(&f, name, value);
	text = fcgi_params_end(&f, true);
	for (;;) {
		const unsigned char *h = (const unsigned char *)text.p + at;
		size_t length = (size_t)h[4] << 8 | h[5];

		must(h[1] == FCGI_PARAMS && at + FCGI_HEAD + length <= text.n, "a whole record");
		memcpy(got + n, h + FCGI_HEAD, length);
		n += length;
		at += FCGI_HEAD + length;
		if (length == 0)
			break;
	}
	must(at == text.n, "the empty record is the last");
	at = 0;
	must(pair_length(got, &at) == name.n && pair_length(got, &at) == value.n, "the lengths");
	must(n == at + s.n && memcmp(got + at, s.p, s.n) == 0, "name and value");
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct said whole, pieces;
	struct span s = {(const char *)data, n};

	if (n == 0 || n > SAID_MAX / 2)
		return 0;
	read_all(s, n, &whole);
	for (size_t step = 1; step < 12; step += 3) {
		read_all(s, step, &pieces);
		must(whole.n == pieces.n && memcmp(whole.text, pieces.text, whole.n) == 0,
		    "pieces say what the whole says");
	}
	write_pair(s);
	return 0;
}
