/*
 * Session ticket keys, shared by the fronts of all generations through a memfd, so that a ticket
 * is good at each of them and after a reload. Each identity has keys of its own, derived from the
 * shared ones: a ticket of one user's site is nothing to another's. Run by `itkd: front`.
 * RFC 5077, RFC 8446 section 4.6.1.
 *
 * The memfd: magic, version, number of keys, then each key with its time of creation, the newest
 * first. Read and written whole under a lock, never mapped.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/clock.h"
#include "itkd/log.h"
#include "itkd/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICKET_MAGIC 0x69746b74u
#define TICKET_VERSION 1
#define TICKET_KEYS 3 /* the one in use and two older ones */
#define TICKET_SECRET 32
#define TICKET_ROTATE_S (12 * 3600)
#define TICKET_LOOK_S 600   /* how often a front looks whether it is time */
#define TICKET_MISS_MS 1000 /* and at most, for a ticket of an unknown key */
#define TICKET_FILE (12 + TICKET_KEYS * (8 + 4 + TICKET_SECRET))

struct ticket_secret {
	uint64_t created; /* seconds */
	uint8_t bytes[TICKET_SECRET];
};

struct ticket_secrets {
	uint32_t n;
	struct ticket_secret key[TICKET_KEYS];
};

/* What OpenSSL wants of a key. */
struct ticket_derived {
	uint8_t name[16], aes[32], hmac[32];
};

struct ticket_identity {
	uint64_t version; /* of the secrets that these came from */
	struct ticket_derived key[TICKET_KEYS];
};

static struct {
	int fd;
	struct ticket_secrets secrets;
	uint64_t version;                    /* counts changes of secrets */
	int64_t looked;                      /* ms */
	struct ticket_identity **identities; /* by identity, made when first used */
	EVP_CIPHER *cipher;
	struct event timer;
} tickets;

static bool ticket_lock(int command, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET};

	while (fcntl(tickets.fd, command, &lock) != 0) {
		if (errno != EINTR)
			return false;
	}
	return true;
}

/* No keys where the file is empty or of another version; false: it cannot be read. */
static bool ticket_read(struct ticket_secrets *s)
{
	uint8_t buf[TICKET_FILE];
	ssize_t n = pread(tickets.fd, buf, sizeof(buf), 0);
	struct wire w;

	*s = (struct ticket_secrets){0};
	if (n < 0)
		return false;
	wire_reader(&w, buf, (size_t)n);
	if (wire_get_u32(&w) != TICKET_MAGIC || wire_get_u32(&w) != TICKET_VERSION)
		return true;
	s->n = wire_get_u32(&w);
	for (uint32_t i = 0; i < TICKET_KEYS; i++) {
		struct span bytes;

		s->key[i].created = wire_get_u64(&w);
		bytes = wire_get_bytes(&w, TICKET_SECRET);
		if (bytes.n == TICKET_SECRET)
			memcpy(s->key[i].bytes, bytes.p, TICKET_SECRET);
	}
	if (!wire_end(&w) || s->n > TICKET_KEYS)
		s->n = 0;
	OPENSSL_cleanse(buf, sizeof(buf));
	return true;
}

static bool ticket_write(const struct ticket_secrets *s)
{
	uint8_t buf[TICKET_FILE];
	struct wire w;

	wire_writer(&w, buf, sizeof(buf));
	wire_put_u32(&w, TICKET_MAGIC);
	wire_put_u32(&w, TICKET_VERSION);
	wire_put_u32(&w, s->n);
	for (uint32_t i = 0; i < TICKET_KEYS; i++) {
		wire_put_u64(&w, s->key[i].created);
		wire_put_bytes(&w, s->key[i].bytes, TICKET_SECRET);
	}
	bool ok = !w.bad && pwrite(tickets.fd, buf, w.n, 0) == (ssize_t)w.n;
	OPENSSL_cleanse(buf, sizeof(buf));
	return ok;
}

/* A clock that was set back must not keep a key for ever. */
static bool ticket_stale(const struct ticket_secrets *s, uint64_t now)
{
	return s->n == 0 || now - s->key[0].created >= TICKET_ROTATE_S;
}

static bool ticket_rotate(struct ticket_secrets *s, uint64_t now)
{
	memmove(&s->key[1], &s->key[0], sizeof(s->key[0]) * (TICKET_KEYS - 1));
	if (s->n < TICKET_KEYS)
		s->n++;
	s->key[0].created = now;
	return RAND_bytes(s->key[0].bytes, TICKET_SECRET) == 1 && ticket_write(s);
}

/* With the lock: takes what the others wrote, and rotates where it is time. */
static bool ticket_sync_locked(void)
{
	struct ticket_secrets s;
	uint64_t now = (uint64_t)time(NULL);
	bool ok = ticket_read(&s) && (!ticket_stale(&s, now) || ticket_rotate(&s, now));

	if (ok && memcmp(&s, &tickets.secrets, sizeof(s)) != 0) {
		tickets.secrets = s;
		tickets.version++;
	}
	OPENSSL_cleanse(&s, sizeof(s));
	return ok;
}

/*
 * F_SETLKW only at the start: a front in its loop must not wait for another that is stopped. One
 * that cannot sync goes on with the keys that it has.
 */
static bool ticket_sync(int command)
{
	bool ok;

	tickets.looked = clock_ms();
	if (!ticket_lock(command, F_WRLCK))
		return false;
	ok = ticket_sync_locked();
	return ticket_lock(F_SETLK, F_UNLCK) && ok;
}

static void ticket_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	/* EAGAIN: another front holds the lock; the next look will do. */
	if (!ticket_sync(F_SETLK) && errno != EAGAIN && errno != EACCES)
		log_msg(LOG_WARNING, "ticket keys: no look at those of the other fronts: %m");
}

void front_ticket_start(int fd)
{
	struct timeval tv = {TICKET_LOOK_S, 0};

	tickets.fd = fd;
	tickets.identities = calloc(front.conf->nidentities, sizeof(*tickets.identities));
	tickets.cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	if (!tickets.identities)
		fatal_oom();
	if (!tickets.cipher)
		fatal("OpenSSL has no AES-256-CBC");
	if (!ticket_sync(F_SETLKW))
		fatal_errno("ticket keys");
	if (event_assign(&tickets.timer, front.base, -1, EV_PERSIST, ticket_event, NULL) != 0 ||
	    event_add(&tickets.timer, &tv) != 0)
		fatal("no event for the ticket keys");
}

static bool ticket_derive_one(const struct ticket_secret *s, const struct conf_identity *id,
    const char *use, uint8_t *out, size_t n)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	char text[64];
	int len = snprintf(text, sizeof(text), "itkd ticket %s %u:%u", use, id->uid, id->gid);

	if (!HMAC(EVP_sha256(), s->bytes, TICKET_SECRET, (const unsigned char *)text, (size_t)len,
	        digest, &size) ||
	    size < n)
		return false;
	memcpy(out, digest, n);
	OPENSSL_cleanse(digest, sizeof(digest));
	return true;
}

static bool ticket_derive(struct ticket_identity *t, const struct conf_identity *id)
{
	for (uint32_t i = 0; i < tickets.secrets.n; i++) {
		const struct ticket_secret *s = &tickets.secrets.key[i];
		struct ticket_derived *d = &t->key[i];

		if (!ticket_derive_one(s, id, "name", d->name, sizeof(d->name)) ||
		    !ticket_derive_one(s, id, "aes", d->aes, sizeof(d->aes)) ||
		    !ticket_derive_one(s, id, "hmac", d->hmac, sizeof(d->hmac)))
			return false;
	}
	t->version = tickets.version;
	return true;
}

static struct ticket_identity *ticket_identity_of(const struct conf_vhost *vhost)
{
	uint32_t index = vhost->identities[0];
	struct ticket_identity **t = &tickets.identities[index];

	if (!*t)
		*t = calloc(1, sizeof(**t));
	if (!*t)
		return NULL;
	if ((*t)->version != tickets.version && !ticket_derive(*t, &front.conf->identities[index]))
		return NULL;
	return *t;
}

/* The index of the key of that name; -1: none. */
static int ticket_find(const struct conf_vhost *vhost, const unsigned char *name)
{
	const struct ticket_identity *t = ticket_identity_of(vhost);

	for (uint32_t i = 0; t && i < tickets.secrets.n; i++)
		if (memcmp(t->key[i].name, name, sizeof(t->key[i].name)) == 0)
			return (int)i;
	return -1;
}

static bool ticket_mac(EVP_MAC_CTX *mac, struct ticket_derived *d)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, d->hmac, sizeof(d->hmac)),
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

static int ticket_encrypt(const struct conf_vhost *vhost, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	struct ticket_identity *t = ticket_identity_of(vhost);
	struct ticket_derived *d;

	if (!t)
		return -1;
	d = &t->key[0];
	if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(tickets.cipher)) != 1 ||
	    EVP_EncryptInit_ex2(cipher, tickets.cipher, d->aes, iv, NULL) != 1 ||
	    !ticket_mac(mac, d))
		return -1;
	memcpy(name, d->name, sizeof(d->name));
	return 1;
}

/* OpenSSL: 0 is an unknown ticket, 1 a good one, 2 one to be renewed. */
static int ticket_decrypt(const struct conf_vhost *vhost, const unsigned char *name,
    const unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	int i = ticket_find(vhost, name);
	struct ticket_derived *d;

	/* Another front may have rotated. */
	if (i < 0 && clock_ms() - tickets.looked >= TICKET_MISS_MS) {
		ticket_event(-1, 0, NULL);
		i = ticket_find(vhost, name);
	}
	if (i < 0)
		return 0;
	d = &ticket_identity_of(vhost)->key[i];
	if (EVP_DecryptInit_ex2(cipher, tickets.cipher, d->aes, iv, NULL) != 1 ||
	    !ticket_mac(mac, d))
		return -1;
	return i == 0 ? 1 : 2;
}

int front_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int encrypt)
{
	const struct front_conn *c = SSL_get_app_data(ssl);
	const struct conf_vhost *vhost = c->tls->vhost;

	if (!vhost)
		return -1;
	return encrypt ? ticket_encrypt(vhost, name, iv, cipher, mac)
	               : ticket_decrypt(vhost, name, iv, cipher, mac);
}
