/*
 * The schemes of Apache's own for passwords (htpasswd.h). Any process; pure. Passwords are a
 * client's, hashes the site owner's.
 */
#include "itkd/htpasswd.h"

#include "itkd/arena.h"
#include "itkd/base64.h"
#include "itkd/hash.h"

#define APR1 "$apr1$"
#define APR1_SALT_MAX 8
#define APR1_ROUNDS 1000
#define SHA "{SHA}"

struct apr1 {
	const char *password;
	size_t n;
	struct span salt;
	uint8_t sum[HASH_SIZE_MAX];
};

static void apr1_first(struct apr1 *x)
{
	struct hash h;

	hash_start(&h, HASH_MD5);
	hash_add(&h, x->password, x->n);
	hash_add(&h, x->salt.p, x->salt.n);
	hash_add(&h, x->password, x->n);
	hash_end(&h, x->sum);

	hash_start(&h, HASH_MD5);
	hash_add(&h, x->password, x->n);
	hash_add(&h, APR1, strlen(APR1));
	hash_add(&h, x->salt.p, x->salt.n);
	for (size_t left = x->n; left;) {
		size_t n = left < HASH_MD5_SIZE ? left : HASH_MD5_SIZE;

		hash_add(&h, x->sum, n);
		left -= n;
	}
	/* The first byte of what was cleared, as the scheme has been from its beginning. */
	for (size_t i = x->n; i; i >>= 1)
		hash_add(&h, i & 1 ? "" : x->password, 1);
	hash_end(&h, x->sum);
}

static void apr1_round(struct apr1 *x, unsigned i)
{
	struct hash h;

	hash_start(&h, HASH_MD5);
	if (i & 1)
		hash_add(&h, x->password, x->n);
	else
		hash_add(&h, x->sum, HASH_MD5_SIZE);
	if (i % 3)
		hash_add(&h, x->salt.p, x->salt.n);
	if (i % 7)
		hash_add(&h, x->password, x->n);
	if (i & 1)
		hash_add(&h, x->sum, HASH_MD5_SIZE);
	else
		hash_add(&h, x->password, x->n);
	hash_end(&h, x->sum);
}

/* The sum's bytes in an order of the scheme's own, six bits a character, lowest first. */
static const char *apr1_text(struct arena *a, const struct apr1 *x)
{
	static const char digits[] =
	    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const uint8_t order[6][3] = {
	    {0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}, {11, 11, 11}};
	char text[23], *to = text;

	for (unsigned i = 0; i < 6; i++) {
		unsigned bits = (unsigned)x->sum[order[i][0]] << 16 |
		                (unsigned)x->sum[order[i][1]] << 8 | x->sum[order[i][2]];

		if (i == 5)
			bits &= 0xff;
		for (unsigned n = i == 5 ? 2 : 4; n; n--, bits >>= 6)
			*to++ = digits[bits & 63];
	}
	*to = '\0';
	return arena_printf(a, APR1 "%.*s$%s", (int)x->salt.n, x->salt.p, text);
}

static const char *apr1(struct arena *a, const char *password, const char *hash)
{
	const char *salt = hash + strlen(APR1);
	size_t n = strcspn(salt, "$");
	struct apr1 x = {.password = password,
	    .n = strlen(password),
	    .salt = {salt, n < APR1_SALT_MAX ? n : APR1_SALT_MAX}};

	apr1_first(&x);
	for (unsigned i = 0; i < APR1_ROUNDS; i++)
		apr1_round(&x, i);
	return apr1_text(a, &x);
}

static const char *sha(struct arena *a, const char *password)
{
	uint8_t sum[HASH_SIZE_MAX];
	struct hash h;

	hash_start(&h, HASH_SHA1);
	hash_add(&h, password, strlen(password));
	return arena_printf(a, SHA "%s", base64_encode(a, sum, hash_end(&h, sum)));
}

const char *htpasswd_make(struct arena *a, const char *password, const char *hash)
{
	if (strncmp(hash, APR1, strlen(APR1)) == 0)
		return apr1(a, password, hash);
	return strncmp(hash, SHA, strlen(SHA)) == 0 ? sha(a, password) : NULL;
}
