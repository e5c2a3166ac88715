/*
 * Digest authentication (digest.h): RFC 7616 sections 3.4 and 3.4.1. The field is a client's. Run
 * by the child as the vhost's user.
 */
#include "itkd/digest.h"

#include "itkd/arena.h"
#include "itkd/base64.h"
#include <ctype.h>

static const char *skip_space(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* What follows '=': in quotes, where '\' takes the next character as it is, or a word. */
static const char *read_value(struct arena *a, const char **at)
{
	const char *p = skip_space(*at);
	bool quoted = *p == '"';
	size_t n = 0;

	p += quoted;
	while (p[n] && (quoted ? p[n] != '"' : p[n] != ',' && !isspace((unsigned char)p[n])))
		n += quoted && p[n] == '\\' && p[n + 1] ? 2 : 1;
	*at = p + n + (quoted && p[n]);
	char *value = arena_alloc(a, n + 1), *to = value;

	for (size_t i = 0; i < n; i++) {
		i += quoted && p[i] == '\\' && p[i + 1];
		*to++ = p[i];
	}
	return value;
}

static void keep_value(struct digest *d, struct span name, const char *value)
{
	const struct {
		struct span name;
		const char **to;
	} names[] = {{SPAN("username"), &d->user}, {SPAN("realm"), &d->realm},
	    {SPAN("nonce"), &d->nonce}, {SPAN("uri"), &d->uri}, {SPAN("response"), &d->response},
	    {SPAN("algorithm"), &d->algorithm}, {SPAN("cnonce"), &d->cnonce},
	    {SPAN("opaque"), &d->opaque}, {SPAN("qop"), &d->qop}, {SPAN("nc"), &d->nc}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_ieq(name, names[i].name))
			*names[i].to = value;
}

bool digest_read(struct arena *a, const char *text, struct digest *d)
{
	*d = (struct digest){0};
	while (*text) {
		const char *name = skip_space(text), *value = "";
		size_t n = 0;

		while (
		    name[n] && name[n] != '=' && name[n] != ',' && !isspace((unsigned char)name[n]))
			n++;
		text = skip_space(name + n);
		if (*text == '=') {
			text++;
			value = read_value(a, &text);
		}
		keep_value(d, (struct span){name, n}, value);
		text += strcspn(text, ",");
		text += *text == ',';
	}
	return d->user && d->realm && d->nonce && d->uri && d->response &&
	       strlen(d->response) == 2 * HASH_MD5_SIZE && strlen(d->nonce) == DIGEST_NONCE_SIZE &&
	       d->nonce[DIGEST_NONCE_TIME - 1] == '=' && (!d->qop || (d->cnonce && d->nc));
}

/* Texts with ':' between them. */
static void hash_list(const char *const *v, size_t n, char hex[static HASH_HEX_MAX])
{
	uint8_t sum[HASH_SIZE_MAX];
	struct hash h;

	hash_start(&h, HASH_MD5);
	for (size_t i = 0; i < n; i++) {
		if (i)
			hash_add(&h, ":", 1);
		hash_add(&h, v[i], strlen(v[i]));
	}
	hash_hex(sum, hash_end(&h, sum), hex);
}

void digest_response(
    const struct digest *d, const char *ha1, const char *method, char hex[static HASH_HEX_MAX])
{
	char ha2[HASH_HEX_MAX];
	const char *what[] = {method, d->uri},
	           *all[] = {ha1, d->nonce, d->nc, d->cnonce, d->qop, ha2};

	hash_list(what, sizeof(what) / sizeof(*what), ha2);
	hash_list(all, sizeof(all) / sizeof(*all), hex);
}

static void nonce_hash(const uint8_t secret[static DIGEST_SECRET_SIZE], const char *realm,
    const char *opaque, const char *time, char hex[static HASH_HEX_MAX])
{
	uint8_t sum[HASH_SIZE_MAX];
	struct hash h;

	hash_start(&h, HASH_SHA1);
	hash_add(&h, secret, DIGEST_SECRET_SIZE);
	hash_add(&h, realm, strlen(realm));
	hash_add(&h, time, DIGEST_NONCE_TIME);
	hash_add(&h, opaque, strlen(opaque));
	hash_hex(sum, hash_end(&h, sum), hex);
}

const char *digest_nonce(struct arena *a, const uint8_t secret[static DIGEST_SECRET_SIZE],
    const char *realm, const char *opaque, int64_t us)
{
	const char *time = base64_encode(a, &us, sizeof(us));
	char hex[HASH_HEX_MAX];

	nonce_hash(secret, realm, opaque, time, hex);
	return arena_printf(a, "%s%s", time, hex);
}

bool digest_nonce_is_ours(struct arena *a, const uint8_t secret[static DIGEST_SECRET_SIZE],
    const char *realm, const char *opaque, const char *nonce, int64_t *us)
{
	char hex[HASH_HEX_MAX];
	size_t n;

	nonce_hash(secret, realm, opaque, nonce, hex);
	if (!hash_same(hex, nonce + DIGEST_NONCE_TIME))
		return false;
	const char *bytes = base64_decode(a, nonce, &n);

	if (n < sizeof(*us))
		return false;
	memcpy(us, bytes, sizeof(*us));
	return true;
}
