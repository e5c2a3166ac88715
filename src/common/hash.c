/*
 * What MD5 and SHA-1 have in common (hash.h): blocks of 64 bytes, and the length at the end. Any
 * process; pure.
 */
#include "itkd/hash.h"

#include <string.h>

void hash_start(struct hash *h, enum hash_kind kind)
{
	static const uint32_t start[] = {
	    0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

	*h = (struct hash){.kind = kind};
	memcpy(h->state, start, sizeof(start));
}

static void hash_block(struct hash *h, const uint8_t *block)
{
	if (h->kind == HASH_MD5)
		hash_md5_block(h->state, block);
	else
		hash_sha1_block(h->state, block);
}

void hash_add(struct hash *h, const void *p, size_t n)
{
	const uint8_t *from = p;
	size_t have = h->n % HASH_BLOCK;

	h->n += n;
	while (n) {
		size_t take = n < HASH_BLOCK - have ? n : HASH_BLOCK - have;

		memcpy(h->block + have, from, take);
		from += take;
		n -= take;
		have += take;
		if (have < HASH_BLOCK)
			return;
		hash_block(h, h->block);
		have = 0;
	}
}

/* Byte i of a number of `size` bytes: MD5 has the lowest first, SHA-1 the highest. */
static uint8_t hash_byte(const struct hash *h, uint64_t number, unsigned i, unsigned size)
{
	return (uint8_t)(number >> 8 * (h->kind == HASH_MD5 ? i : size - 1 - i));
}

size_t hash_end(struct hash *h, uint8_t out[static HASH_SIZE_MAX])
{
	static const uint8_t pad[HASH_BLOCK] = {0x80};
	size_t have = h->n % HASH_BLOCK,
	       size = h->kind == HASH_MD5 ? HASH_MD5_SIZE : HASH_SHA1_SIZE;
	uint64_t bits = h->n * 8;
	uint8_t length[8];

	for (unsigned i = 0; i < sizeof(length); i++)
		length[i] = hash_byte(h, bits, i, sizeof(length));
	hash_add(h, pad, (have < 56 ? 56 : 120) - have);
	hash_add(h, length, sizeof(length));
	for (unsigned i = 0; i < size; i++)
		out[i] = hash_byte(h, h->state[i / 4], i % 4, 4);
	return size;
}

void hash_hex(const uint8_t *p, size_t n, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*hex++ = digits[p[i] >> 4];
		*hex++ = digits[p[i] & 15];
	}
	*hex = '\0';
}

void hash_text(enum hash_kind kind, const char *text, char hex[static HASH_HEX_MAX])
{
	uint8_t out[HASH_SIZE_MAX];
	struct hash h;

	hash_start(&h, kind);
	hash_add(&h, text, strlen(text));
	hash_hex(out, hash_end(&h, out), hex);
}

bool hash_same(const char *made, const char *text)
{
	size_t n = strlen(made);
	unsigned differ = 0;

	/* The length is no secret: it is the algorithm's. */
	if (n != strlen(text))
		return false;
	for (size_t i = 0; i < n; i++)
		differ |= (unsigned char)made[i] ^ (unsigned char)text[i];
	return differ == 0;
}
