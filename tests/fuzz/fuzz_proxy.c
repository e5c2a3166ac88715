/* The PROXY protocol, in pieces: what is said of the first bytes holds when more have come. */
#include "fuzz.h"
#include "itkd/proxy_protocol.h"
#include <netinet/in.h>
#include <string.h>

static enum proxy_result parse(const uint8_t *data, size_t n, struct proxy_header *h)
{
	char *copy = malloc(n + !n); /* a byte too far is seen */
	const char *why = NULL;

	if (!copy)
		abort();
	memcpy(copy, data, n);
	enum proxy_result r = proxy_protocol_parse(copy, n, h, &why);

	free(copy);
	must((r == PROXY_BAD) == (why != NULL), "a reason is given for what is bad");
	if (r == PROXY_DONE) {
		must(h->size > 0 && h->size <= n && h->size <= PROXY_PROTOCOL_MAX,
		    "a header lies within the bytes");
		must(
		    h->named == (h->client.ss_family == AF_INET || h->client.ss_family == AF_INET6),
		    "a client has an address");
	}
	must(r != PROXY_MORE || n < PROXY_PROTOCOL_MAX, "no header is awaited for ever");
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct proxy_header whole, part;
	enum proxy_result r = parse(data, n, &whole);
	const size_t step = n > 128 ? n / 64 : 1;

	for (size_t k = 0; k < n; k += step) {
		enum proxy_result before = parse(data, k, &part);

		must(before == PROXY_MORE || before == r, "a verdict holds");
		must(before != PROXY_DONE || memcmp(&part, &whole, sizeof(part)) == 0,
		    "and so does what was read");
		must(r != PROXY_DONE || before == (k < whole.size ? PROXY_MORE : PROXY_DONE),
		    "as soon as it is there");
	}
	return 0;
}
