/* The head of a backend's answer: any bytes. What is passed on can end no line of ours. */
#include "fuzz.h"
#include "itkd/arena.h"
#include "itkd/http_reply.h"

static void check(const struct http_reply *r, size_t n)
{
	must(r->status >= 100 && r->status <= 999, "a status has three digits");
	must(r->size <= n, "the head is not longer than the bytes");
	must(!(r->chunked && r->length >= 0), "framed in one way");
	for (size_t i = 0; i < r->nfields; i++) {
		const struct http_field *f = &r->fields[i];

		must(f->name.n > 0 && !memchr(f->name.p, ':', f->name.n), "a field has a name");
		for (size_t k = 0; k < f->value.n; k++)
			must((unsigned char)f->value.p[k] >= ' ' || f->value.p[k] == '\t',
			    "no control character in a value");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	struct http_reply r;
	struct span line;
	char *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	for (int bad = HTTP_REPLY_BAD; bad <= HTTP_REPLY_BODY; bad++) {
		arena_init_heap(&a, 64 << 20);
		memcpy(copy, data, n);
		if (http_reply_parse(&a, copy, n, 8192, (enum http_reply_bad)bad, &r, &line) ==
		    HTTP_REPLY_OK)
			check(&r, n);
		arena_free(&a);
	}
	free(copy);
	return 0;
}
