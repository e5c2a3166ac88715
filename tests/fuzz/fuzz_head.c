/* The request head: any bytes, whole and in pieces. */
#include "fuzz.h"
#include "itkd/arena.h"
#include "itkd/http_head.h"

static const struct http_limits limits = {.line = 8190, .fields = 100, .field_size = 8190};

struct outcome {
	enum http_head_result result;
	int status;
	const char *why;
	size_t scanned;
	struct http_head head;
};

static void parse(struct arena *a, const char *p, size_t n, struct outcome *o)
{
	char *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	if (n)
		memcpy(copy, p, n);
	o->status = 0;
	o->why = NULL;
	o->result =
	    http_head_parse(a, copy, n, &o->scanned, &limits, &o->head, &o->status, &o->why);
	free(copy);
}

static int is_within(struct span s, const char *p, size_t n)
{
	return s.p >= p && s.n <= n && s.p + s.n <= p + n;
}

static int is_clean(struct span s)
{
	return !memchr(s.p, '\r', s.n) && !memchr(s.p, '\n', s.n) && !memchr(s.p, '\0', s.n);
}

static void check_head(const char *p, size_t n, const struct http_head *h)
{
	must(h->size <= n && h->size <= HTTP_HEAD_MAX, "a head lies within the input");
	must(memcmp(p + h->size - 4, "\r\n\r\n", 4) == 0, "a head ends with an empty line");
	must(is_within(h->line, p, h->size) && is_clean(h->line), "the line lies within the head");
	must(!h->chunked || h->content_length < 0, "one framing only");
	must(h->major == 1 && h->minor <= 1, "HTTP/1.x");
	must(!h->chunked || h->minor == 1, "no chunked in HTTP/1.0");
	must(h->nfields <= limits.fields, "the limit of fields holds");
	for (size_t i = 0; i < h->nfields; i++) {
		const struct http_field *f = &h->fields[i];

		must(is_within(f->name, p, h->size) && f->name.n && is_clean(f->name), "a name");
		must(is_within(f->value, p, h->size) && is_clean(f->value), "a value");
		must(!memchr(f->name.p, ' ', f->name.n), "no white space in a name");
	}
}

/*
 * What http-parser refuses and we do not is not shown to it (second_cut), up to a number of times:
 * repeated lengths, and longer names that begin with Transfer-Encoding.
 */
static int is_known_objection(const struct http_head *h)
{
	size_t cuts = 0;

	for (size_t i = 0; i < h->nfields; i++)
		cuts += h->fields[i].name.n >= SPAN("Content-Length").n;
	return cuts > 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	struct outcome whole = {.scanned = 0}, parts = {.scanned = 0}, again = {.scanned = 0};
	size_t step = n ? 1 + data[n - 1] % 64 : 1;
	struct arena a;

	arena_init_heap(&a, 4 << 20);
	whole.result = http_head_parse(
	    &a, p, n, &whole.scanned, &limits, &whole.head, &whole.status, &whole.why);
	for (size_t len = 0; len < n; len += step) {
		parse(&a, p, len, &parts);
		if (parts.result != HTTP_HEAD_MORE)
			break;
	}
	if (parts.result == HTTP_HEAD_MORE)
		parse(&a, p, n, &parts);
	must(parts.result == whole.result && parts.status == whole.status, "pieces say the same");
	if (whole.result == HTTP_HEAD_BAD) {
		must(whole.status >= 400 && whole.why != NULL, "a refusal says why");
		must(strcmp(whole.why, "parsers disagree") != 0 || is_known_objection(&whole.head),
		    "our rules come first");
	}
	if (whole.result == HTTP_HEAD_DONE) {
		check_head(p, n, &whole.head);
		parse(&a, p, whole.head.size, &again);
		must(again.result == HTTP_HEAD_DONE && again.head.size == whole.head.size,
		    "what comes behind a head does not change it");
	}
	arena_free(&a);
	return 0;
}
