/*
 * MD5 (RFC 1321) and SHA-1 (RFC 3174), for what has no other choice: the passwords that htpasswd
 * writes as $apr1$ and {SHA}, Digest authentication (RFC 7616), md5() and sha1() of expressions.
 * Neither keeps a secret against somebody who can try; nothing else here may rest on them.
 */
#ifndef ITKD_HASH_H
#define ITKD_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hash_kind { HASH_MD5, HASH_SHA1 };

#define HASH_MD5_SIZE 16
#define HASH_SHA1_SIZE 20
#define HASH_SIZE_MAX 20
#define HASH_HEX_MAX (2 * HASH_SIZE_MAX + 1)
#define HASH_BLOCK 64

struct hash {
	enum hash_kind kind;
	uint32_t state[5];
	uint64_t n; /* bytes so far */
	uint8_t block[HASH_BLOCK];
};

void hash_start(struct hash *h, enum hash_kind kind);
void hash_add(struct hash *h, const void *p, size_t n);
/* The result's bytes, MD5 16, SHA-1 20, into out. */
size_t hash_end(struct hash *h, uint8_t out[static HASH_SIZE_MAX]);
/* n bytes as lower-case digits with a NUL behind them; hex has room for 2n + 1. */
void hash_hex(const uint8_t *p, size_t n, char *hex);
/* The digits of text's hash. */
void hash_text(enum hash_kind kind, const char *text, char hex[static HASH_HEX_MAX]);

/* Whether they are the same text; how long it takes does not tell where they differ. */
bool hash_same(const char *made, const char *text);

/* md5.c, sha1.c: one block into the state. */
void hash_md5_block(uint32_t state[static 4], const uint8_t block[static HASH_BLOCK]);
void hash_sha1_block(uint32_t state[static 5], const uint8_t block[static HASH_BLOCK]);

#endif
