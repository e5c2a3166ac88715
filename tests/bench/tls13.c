/* See tls13.h. Run by tests/bench/run only, against a server on loopback. */
#include "tls13.h"
#include <err.h>
#include <openssl/rand.h>
#include <string.h>

enum { TYPE_CCS = 20, TYPE_ALERT, TYPE_HANDSHAKE, TYPE_DATA };
enum { HELLO_CLIENT = 1, HELLO_SERVER, FINISHED = 20 };
#define TAG 16

static EVP_MD *sha256;
static EVP_CIPHER *gcm;
static EVP_MD_CTX *scratch;
static EVP_PKEY_CTX *share; /* used for all connections: a benchmark has no secrets */
static uint8_t share_public[32];
static uint8_t empty[TLS13_HASH];   /* of no bytes */
static uint8_t derived[TLS13_HASH]; /* RFC 8446 section 7.1: before the shared secret comes in */

static void check(bool ok)
{
	if (!ok)
		errx(1, "libcrypto");
}

static void hmac(const uint8_t *key, const uint8_t *data, size_t n, uint8_t *out)
{
	uint8_t pad[64] = {0}, inner[TLS13_HASH];

	memcpy(pad, key, TLS13_HASH);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	check(EVP_DigestInit_ex2(scratch, sha256, NULL) && EVP_DigestUpdate(scratch, pad, 64) &&
	      EVP_DigestUpdate(scratch, data, n) && EVP_DigestFinal_ex(scratch, inner, NULL));
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	check(EVP_DigestInit_ex2(scratch, sha256, NULL) && EVP_DigestUpdate(scratch, pad, 64) &&
	      EVP_DigestUpdate(scratch, inner, TLS13_HASH) &&
	      EVP_DigestFinal_ex(scratch, out, NULL));
}

/* HKDF-Expand-Label, for results of at most one hash. */
static void expand(const uint8_t *secret, const char *label, const uint8_t *context,
    size_t ncontext, uint8_t *out, size_t n)
{
	uint8_t info[128], block[TLS13_HASH];
	size_t at = 0, nlabel = strlen(label);

	info[at++] = 0;
	info[at++] = (uint8_t)n;
	info[at++] = (uint8_t)(6 + nlabel);
	memcpy(info + at, "tls13 ", 6);
	memcpy(info + at + 6, label, nlabel);
	at += 6 + nlabel;
	info[at++] = (uint8_t)ncontext;
	if (ncontext)
		memcpy(info + at, context, ncontext);
	at += ncontext;
	info[at++] = 1;
	hmac(secret, info, at, block);
	memcpy(out, block, n);
}

static void transcript_hash(struct tls13 *t, uint8_t *out)
{
	check(EVP_MD_CTX_copy_ex(scratch, t->transcript) && EVP_DigestFinal_ex(scratch, out, NULL));
}

static void set_keys(struct tls13_keys *k, const uint8_t *secret, bool encrypt)
{
	uint8_t key[16];

	expand(secret, "key", NULL, 0, key, sizeof(key));
	expand(secret, "iv", NULL, 0, k->iv, sizeof(k->iv));
	k->seq = 0;
	check(EVP_CipherInit_ex2(k->cipher, gcm, key, NULL, encrypt, NULL));
}

static void nonce(struct tls13_keys *k, uint8_t *out)
{
	memcpy(out, k->iv, TLS13_IV);
	for (int i = 0; i < 8; i++)
		out[TLS13_IV - 1 - i] ^= (uint8_t)(k->seq >> (8 * i));
	k->seq++;
}

void tls13_setup(void)
{
	static const uint8_t zero[TLS13_HASH];
	uint8_t early[TLS13_HASH];
	size_t n = sizeof(share_public);
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");

	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	scratch = EVP_MD_CTX_new();
	share = EVP_PKEY_CTX_new(key, NULL);
	check(sha256 && gcm && scratch && share && EVP_PKEY_derive_init(share) == 1);
	check(EVP_PKEY_get_raw_public_key(key, share_public, &n));
	hmac(zero, zero, sizeof(zero), early);
	check(EVP_Digest("", 0, empty, NULL, sha256, NULL));
	expand(early, "derived", empty, sizeof(empty), derived, sizeof(derived));
}

void tls13_reset(struct tls13 *t)
{
	EVP_MD_CTX *transcript = t->transcript ? t->transcript : EVP_MD_CTX_new();
	EVP_CIPHER_CTX *in = t->in.cipher ? t->in.cipher : EVP_CIPHER_CTX_new();
	EVP_CIPHER_CTX *out = t->out.cipher ? t->out.cipher : EVP_CIPHER_CTX_new();

	check(transcript && in && out && EVP_DigestInit_ex2(transcript, sha256, NULL));
	memset(t, 0, offsetof(struct tls13, messages));
	t->transcript = transcript;
	t->in.cipher = in;
	t->out.cipher = out;
	t->nmessages = t->npending = 0;
}

static uint8_t *put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put(uint8_t *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

size_t tls13_hello(struct tls13 *t, const char *host, uint8_t *buf)
{
	/* supported_groups, signature_algorithms, psk_key_exchange_modes, supported_versions */
	static const uint8_t fixed[] = {0, 10, 0, 4, 0, 2, 0, 0x1d, 0, 13, 0, 6, 0, 4, 4, 3, 8, 4,
	    0, 45, 0, 2, 1, 1, 0, 43, 0, 3, 2, 3, 4};
	static const uint8_t suites[] = {0, 0, 2, 0x13, 0x01, 1, 0}; /* no session id before them */
	static const uint8_t key_share[] = {0, 51, 0, 38, 0, 36, 0, 0x1d, 0, 32};
	size_t nhost = strlen(host);
	uint8_t *message = buf + 5, *extensions, *p = message + 4;

	p = put16(p, 0x0303);
	check(nhost < 256 && RAND_bytes(p, 32) == 1);
	p = put(p + 32, suites, sizeof(suites));
	extensions = p;
	p = put16(p + 2, 0); /* server_name */
	p = put16(p, nhost + 5);
	p = put16(p, nhost + 3);
	*p++ = 0;
	p = put(put16(p, nhost), host, nhost);
	p = put(p, fixed, sizeof(fixed));
	p = put(put(p, key_share, sizeof(key_share)), share_public, sizeof(share_public));
	put16(extensions, (size_t)(p - extensions - 2));
	size_t n = (size_t)(p - message);
	message[0] = HELLO_CLIENT;
	message[1] = 0;
	put16(message + 2, n - 4);
	buf[0] = TYPE_HANDSHAKE;
	put16(put16(buf + 1, 0x0301), n);
	check(EVP_DigestUpdate(t->transcript, message, n));
	return n + 5;
}

/* The server's x25519 share in a ServerHello, or NULL. */
static const uint8_t *hello_share(const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;

	if (n < 4 + 2 + 32 + 1)
		return NULL;
	p += 4 + 2 + 32;
	p += 1 + p[0] + 2 + 1 + 2; /* session id, suite, compression, length of the extensions */
	while (end - p >= 4) {
		size_t type = (size_t)(p[0] << 8 | p[1]), length = (size_t)(p[2] << 8 | p[3]);
		p += 4;
		if ((size_t)(end - p) < length)
			return NULL;
		if (type == 51)
			return length == 36 && p[1] == 0x1d ? p + 4 : NULL;
		p += length;
	}
	return NULL;
}

static bool read_server_hello(struct tls13 *t, const uint8_t *p, size_t n)
{
	const uint8_t *theirs = hello_share(p, n);
	uint8_t shared[32], hash[TLS13_HASH];
	size_t nshared = sizeof(shared);

	if (!theirs || p[0] != HELLO_SERVER)
		return false;
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, theirs, 32);
	check(peer && EVP_PKEY_derive_set_peer_ex(share, peer, 0) == 1 &&
	      EVP_PKEY_derive(share, shared, &nshared) == 1);
	EVP_PKEY_free(peer);
	hmac(derived, shared, sizeof(shared), t->handshake_secret);
	transcript_hash(t, hash);
	expand(
	    t->handshake_secret, "c hs traffic", hash, sizeof(hash), t->client_secret, TLS13_HASH);
	expand(
	    t->handshake_secret, "s hs traffic", hash, sizeof(hash), t->server_secret, TLS13_HASH);
	set_keys(&t->in, t->server_secret, false);
	set_keys(&t->out, t->client_secret, true);
	t->hello_seen = true;
	return true;
}

static void finished_mac(struct tls13 *t, const uint8_t *secret, uint8_t *out)
{
	uint8_t key[TLS13_HASH], hash[TLS13_HASH];

	expand(secret, "finished", NULL, 0, key, sizeof(key));
	transcript_hash(t, hash);
	hmac(key, hash, sizeof(hash), out);
}

/* Handshake messages in order (RFC 8446 section 4); those that need nothing are only hashed. */
static bool read_messages(struct tls13 *t)
{
	size_t at = 0;

	while (t->nmessages - at >= 4) {
		const uint8_t *p = t->messages + at;
		size_t n = 4 + ((size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
		uint8_t mac[TLS13_HASH];

		if (t->nmessages - at < n)
			break;
		at += n;
		if (t->established) /* a session ticket */
			continue;
		if (p[0] == FINISHED) {
			finished_mac(t, t->server_secret, mac);
			if (n != 4 + TLS13_HASH || memcmp(mac, p + 4, TLS13_HASH) != 0)
				return false;
			t->established = true;
		}
		check(EVP_DigestUpdate(t->transcript, p, n));
		if (!t->hello_seen && !read_server_hello(t, p, n))
			return false;
	}
	t->nmessages -= at;
	memmove(t->messages, t->messages + at, t->nmessages);
	return true;
}

static size_t seal(struct tls13_keys *k, uint8_t type, const uint8_t *p, size_t n, uint8_t *out)
{
	uint8_t iv[TLS13_IV];
	int done;

	out[0] = TYPE_DATA;
	put16(put16(out + 1, 0x0303), n + 1 + TAG);
	nonce(k, iv);
	check(EVP_CipherInit_ex2(k->cipher, NULL, NULL, iv, 1, NULL) &&
	      EVP_CipherUpdate(k->cipher, NULL, &done, out, 5) &&
	      EVP_CipherUpdate(k->cipher, out + 5, &done, p, (int)n) &&
	      EVP_CipherUpdate(k->cipher, out + 5 + n, &done, &type, 1) &&
	      EVP_CipherFinal_ex(k->cipher, out + 6 + n, &done) &&
	      EVP_CIPHER_CTX_ctrl(k->cipher, EVP_CTRL_AEAD_GET_TAG, TAG, out + 6 + n));
	return 6 + n + TAG;
}

size_t tls13_finish(struct tls13 *t, const char *request, size_t n, uint8_t *buf, size_t cap)
{
	static const uint8_t zero[TLS13_HASH];
	uint8_t message[4 + TLS13_HASH] = {FINISHED, 0, 0, TLS13_HASH};
	uint8_t next[TLS13_HASH], master[TLS13_HASH], hash[TLS13_HASH], secret[TLS13_HASH];

	check(cap >= n + 2 * (6 + TAG) + sizeof(message));
	finished_mac(t, t->client_secret, message + 4);
	size_t used = seal(&t->out, TYPE_HANDSHAKE, message, sizeof(message), buf);
	expand(t->handshake_secret, "derived", empty, sizeof(empty), next, sizeof(next));
	hmac(next, zero, sizeof(zero), master);
	transcript_hash(t, hash);
	expand(master, "c ap traffic", hash, sizeof(hash), secret, sizeof(secret));
	set_keys(&t->out, secret, true);
	expand(master, "s ap traffic", hash, sizeof(hash), secret, sizeof(secret));
	set_keys(&t->in, secret, false);
	return used + seal(&t->out, TYPE_DATA, (const uint8_t *)request, n, buf + used);
}

/* Decrypts a record's n bytes of payload in place; the length without type and padding. */
static bool unseal(struct tls13_keys *k, uint8_t *record, size_t *n, uint8_t *type)
{
	uint8_t iv[TLS13_IV], *p = record + 5;
	int done;

	if (*n < TAG + 1)
		return false;
	*n -= TAG;
	nonce(k, iv);
	if (!EVP_CipherInit_ex2(k->cipher, NULL, NULL, iv, 0, NULL) ||
	    !EVP_CIPHER_CTX_ctrl(k->cipher, EVP_CTRL_AEAD_SET_TAG, TAG, p + *n) ||
	    !EVP_CipherUpdate(k->cipher, NULL, &done, record, 5) ||
	    !EVP_CipherUpdate(k->cipher, p, &done, p, (int)*n) ||
	    !EVP_CipherFinal_ex(k->cipher, p + *n, &done))
		return false;
	while (*n > 0 && p[*n - 1] == 0)
		--*n;
	if (*n == 0)
		return false;
	*type = p[--*n];
	return true;
}

static bool read_record(struct tls13 *t, uint8_t *record, size_t n,
    void (*sink)(void *ctx, const uint8_t *p, size_t n), void *ctx)
{
	uint8_t type = record[0];

	if (type == TYPE_CCS)
		return true;
	if (t->hello_seen && !unseal(&t->in, record, &n, &type))
		return false;
	if (type == TYPE_DATA && t->established) {
		sink(ctx, record + 5, n);
		return true;
	}
	if (type == TYPE_ALERT) {
		t->closed = n == 2 && record[6] == 0;
		return t->closed;
	}
	if (type != TYPE_HANDSHAKE || n > sizeof(t->messages) - t->nmessages)
		return false;
	memcpy(t->messages + t->nmessages, record + 5, n);
	t->nmessages += n;
	return read_messages(t);
}

bool tls13_feed(struct tls13 *t, const uint8_t *p, size_t n,
    void (*sink)(void *ctx, const uint8_t *p, size_t n), void *ctx)
{
	size_t at = 0;

	if (n > sizeof(t->pending) - t->npending)
		return false;
	memcpy(t->pending + t->npending, p, n);
	t->npending += n;
	while (!t->closed && t->npending - at >= 5) {
		uint8_t *record = t->pending + at;
		size_t length = (size_t)(record[3] << 8 | record[4]);

		if (length > TLS13_RECORD_MAX - 5)
			return false;
		if (t->npending - at < 5 + length)
			break;
		at += 5 + length;
		bool before = t->established;
		if (!read_record(t, record, length, sink, ctx))
			return false;
		if (!before && t->established)
			break; /* the keys change: what follows waits for tls13_finish() */
	}
	t->npending -= at;
	memmove(t->pending, t->pending + at, t->npending);
	return true;
}
