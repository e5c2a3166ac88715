/* FastCGI's records: what is written, and what comes in pieces of any size. */
#include "itkd/arena.h"
#include "itkd/fcgi.h"
#include "vectors.h"

static struct arena a;

/* A text with "\x" for the bytes of records. */
#define BYTES(text)                                                                                \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

/* What a reader says of a stream: a letter an event, data behind it. */
static const struct {
	struct span stream;
	const char *said;
} streams[] = {
    {BYTES(""), ""},
    {BYTES("\1\6\0\1\0\2\0\0hi"), "O(hi)"},
    {BYTES("\1\6\0\1\0\2\3\0hi..."), "O(hi)"},
    {BYTES("\1\6\0\1\0\0\0\0"), "o"},
    {BYTES("\1\6\0\1\0\1\0\0a\1\6\0\1\0\1\7\0b.......\1\6\0\1\0\0\10\0........"), "O(a)O(b)o"},
    {BYTES("\1\7\0\1\0\3\0\0err\1\6\0\1\0\0\0\0"), "E(err)o"},
    {BYTES("\1\7\0\1\0\0\0\0\1\6\0\1\0\1\0\0x"), "O(x)"},
    {BYTES("\1\3\0\1\0\10\0\0\0\0\1\2\3\0\0\0"), "e258/3"},
    {BYTES("\1\6\0\1\0\0\0\0\1\3\0\1\0\10\0\0\0\0\0\0\0\0\0\0more"), "oe0/0"},
    {BYTES("\1\3\0\1\0\4\0\0\0\0\0\0"), "e0/0"},
    {BYTES("\1\3\0\1\0\0\0\0"), "e0/0"},
    {BYTES("\1\13\0\1\0\2\1\0xy.\1\6\0\1\0\1\0\0z"), "?11O(z)"},
    {BYTES("\2\6\0\1\0\1\0\0a"), "v2"},
    {BYTES("\1\6\0\2\0\1\0\0a"), "i2"},
    {BYTES("\1\6\1\1\0\1\0\0a"), "i257"},
    {BYTES("\1\6\0\1\0\1\0\0a\1\6\0\3\0\1\0\0b"), "O(a)i3"},
    {BYTES("\1\6\0"), ""},
    {BYTES("\1\6\0\1\0\11\0\0half"), "O(half)"},
    {BYTES("HTTP/1.1 200 OK"), "v72"},
};

/* Neighbouring pieces of data are one. */
static const char *said_data(const char *said, char kind, struct span data)
{
	size_t n = strlen(said);
	char begin[] = {kind, '(', '\0'};
	const char *open = strrchr(said, '(');

	if (n && said[n - 1] == ')' && open > said && open[-1] == kind)
		return arena_printf(&a, "%.*s%.*s)", (int)n - 1, said, (int)data.n, data.p);
	return arena_printf(&a, "%s%s%.*s)", said, begin, (int)data.n, data.p);
}

static const char *read_in_pieces(struct span stream, size_t size, bool joined)
{
	struct fcgi_reader f = {.nhead = 0};
	const char *said = "";
	struct span data;

	for (size_t at = 0; at < stream.n; at += size) {
		struct span in = {stream.p + at, stream.n - at < size ? stream.n - at : size};

		while (in.n) {
			enum fcgi_event event = fcgi_read(&f, &in, &data);

			if (event == FCGI_OUT || event == FCGI_ERR)
				said = said_data(
				    joined ? said : said, event == FCGI_OUT ? 'O' : 'E', data);
			if (event == FCGI_OUT_END)
				said = arena_printf(&a, "%so", said);
			if (event == FCGI_OTHER)
				said = arena_printf(&a, "%s?%u", said, f.type);
			if (event == FCGI_END)
				return arena_printf(&a, "%se%u/%u", said, f.app, f.protocol);
			if (event == FCGI_BAD_VERSION)
				return arena_printf(&a, "%sv%u", said, f.version);
			if (event == FCGI_BAD_ID)
				return arena_printf(&a, "%si%u", said, f.id);
		}
	}
	return said;
}

START_TEST(reading)
{
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
		arena_init_heap(&a, 1 << 20);
		const char *whole = read_in_pieces(streams[i].stream, 1 << 16, false);

		for (size_t size = 1; size < 20; size++) {
			const char *said = read_in_pieces(streams[i].stream, size, true);

			ck_assert_msg(strcmp(said, whole) == 0, "stream %zu by %zu: %s, not %s", i,
			    size, said, whole);
		}
		/* Data of two records is one here, as it is to whoever reads it. */
		char *plain = arena_strdup(&a, streams[i].said), *join;

		while ((join = strstr(plain, ")O(")))
			memmove(join, join + 3, strlen(join + 3) + 1);
		ck_assert_msg(strcmp(whole, plain) == 0, "stream %zu: %s", i, whole);
		arena_free(&a);
	}
}
END_TEST

START_TEST(parameters)
{
	static const char start[] = "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0"
	                            "\1\4\0\1\0\6\0\0\1\3abcd"
	                            "\1\4\0\1\0\0\0\0"
	                            "\1\5\0\1\0\0\0\0";
	struct fcgi_params f;
	struct span text;

	arena_init_heap(&a, 1 << 20);
	fcgi_begin(&f, &a, false);
	fcgi_param(&f, SPAN("a"), SPAN("bcd"));
	text = fcgi_params_end(&f, false);
	ck_assert_uint_eq(text.n, sizeof(start) - 1);
	ck_assert_int_eq(memcmp(text.p, start, text.n), 0);
	fcgi_begin(&f, &a, false);
	text = fcgi_params_end(&f, true);
	ck_assert_uint_eq(text.n, 16 + 8);
	arena_free(&a);
}
END_TEST

/* The bytes of all records of parameters. */
static size_t stream_of(struct span text, char *to)
{
	size_t n = 0, at = 16;

	for (;;) {
		const unsigned char *h = (const unsigned char *)text.p + at;
		size_t length = (size_t)h[4] << 8 | h[5];

		ck_assert_uint_eq(h[1], FCGI_PARAMS);
		if (length == 0)
			return n;
		memcpy(to + n, h + 8, length);
		n += length;
		at += 8 + length;
	}
}

START_TEST(long_parameters)
{
	static const size_t sizes[] = {0, 1, 126, 127, 128, 65400, 65530, 65535, 65536, 200000};
	struct fcgi_params f;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		arena_init_heap(&a, 8 << 20);
		char *value = arena_alloc(&a, sizes[i] + 1), *got = arena_alloc(&a, 2 << 20);

		memset(value, 'v', sizes[i]);
		fcgi_begin(&f, &a, false);
		fcgi_param(&f, SPAN("NAME"), (struct span){value, sizes[i]});
		fcgi_param(&f, SPAN("X"), SPAN("y"));
		size_t n = stream_of(fcgi_params_end(&f, false), got);
		size_t head = sizes[i] < 128 ? 2 : 5;

		ck_assert_uint_eq(n, head + 4 + sizes[i] + 4);
		ck_assert_int_eq(memcmp(got + head, "NAME", 4), 0);
		ck_assert_int_eq(memcmp(got + n - 4, "\1\1Xy", 4), 0);
		ck_assert_uint_eq(
		    (unsigned char)got[1], sizes[i] < 128 ? sizes[i] : 0x80 | sizes[i] >> 24);
		arena_free(&a);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {reading, parameters, long_parameters};

	return vector_run("fcgi", tests, sizeof(tests) / sizeof(tests[0]));
}
