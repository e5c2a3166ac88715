/*
 * The nonces of AuthType Digest, and which of them were used. Runs as the vhost's user; the field
 * is a client's.
 *
 * A nonce must be known again by whichever process serves the next connection: so it proves itself,
 * by a hash with a secret. The secret is the identity's own (derive_secret() in src/priv/spare.c):
 * whoever reads it can make nonces for that site and no other, that is, let himself replay what he
 * has seen there. Where no request is to be taken twice (AuthDigestNcCheck, AuthDigestNonceLifetime
 * 0), the opaque names a client in a file of the site's (digest_clients.h).
 */
#include "child_auth.h"

#include "itkd/digest.h"
#include "itkd/digest_clients.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NONCE_NEXT 30 /* seconds before a nonce's end: the client is told the next one */

static int64_t nonce_now(const struct child_request *r)
{
	return (int64_t)r->start.tv_sec * 1000000 + r->start.tv_nsec / 1000;
}

static bool nonce_is_counted(const struct conf_auth_digest *conf)
{
	return conf->nc_check || conf->lifetime == 0;
}

static uint64_t client_key(const char *opaque)
{
	return opaque ? strtoull(opaque, NULL, 16) : 0;
}

/* The file, for as long as the site has patience with anything. */
static struct digest_clients clients(const struct child *c)
{
	return (struct digest_clients){c->start->digest, (int64_t)c->vhost->timeout * 1000};
}

static int clients_failed(struct child *c)
{
	child_log(c, LOG_ERR, "auth_digest",
	    "(%d)%s: AH01769: unable to allocate a client entry - failing the request, since this "
	    "configuration needs one",
	    errno, strerror(errno));
	return 500;
}

int child_auth_nonce_ready(struct child *c)
{
	if (!nonce_is_counted(child_auth_digest_conf(c)) || c->start->digest >= 0)
		return 0;
	child_log(c, LOG_ERR, "auth_digest",
	    c->start->identity->digest_file
	        ? "the file for the clients of AuthType Digest could not be opened: see the main "
	          "ErrorLog"
	        : "AuthDigestNcCheck On and AuthDigestNonceLifetime 0 in a .htaccess need a line "
	          "in the server's configuration: AuthDigestShmemSize 1000");
	return 500;
}

/* The client of an opaque that its nonce proves, or a new one: 0 with its opaque, or 500, logged.
 */
static int nonce_client(
    struct child *c, const struct child_request *r, bool proven, const char **opaque)
{
	const struct digest_clients all = clients(c);
	uint64_t key = client_key(*opaque);
	enum digest_known known =
	    proven && key ? digest_clients_find(&all, key, nonce_now(r)) : DIGEST_UNKNOWN;

	if (known == DIGEST_TAKEN)
		return 0;
	/* USED: the clock was set back; for a new client it is as good as ever. */
	if (known == DIGEST_FAILED || getrandom(&key, sizeof(key), 0) != sizeof(key))
		return clients_failed(c);
	key = key >> 1 | 1;
	*opaque = arena_printf(&c->arena, "%llx", (unsigned long long)key);
	return digest_clients_add(&all, key) ? 0 : clients_failed(c);
}

int child_auth_nonce_ask(struct child *c, struct child_request *r, bool stale)
{
	const struct conf_auth_digest *conf = child_auth_digest_conf(c);
	const char *field = child_request_field(c, r, "Authorization");
	const char *name = child_auth_name(c, r), *opaque = NULL;
	struct arena *a = &c->arena;
	struct digest d = {0};
	bool proven = false;
	int64_t made;

	name = name ? name : "";
	if (field && span_ieq((struct span){field, strcspn(field, " \t")}, SPAN("Digest")))
		proven = digest_read(a, field + strlen("Digest"), &d) && d.opaque &&
		         digest_nonce_is_ours(a, c->start->secret, name, d.opaque, d.nonce, &made);
	opaque = d.opaque;
	if (c->start->digest >= 0 && (d.opaque || nonce_is_counted(conf))) {
		int status = nonce_client(c, r, proven, &opaque);

		if (status)
			return status;
	} else {
		opaque = "";
	}
	/* He is no more known by his: he need not ask his user for that. */
	stale = stale || (d.opaque && strcmp(d.opaque, opaque) != 0);
	r->err.a = a;
	child_table_merge(&r->err, SPAN("WWW-Authenticate"),
	    span_of(arena_printf(a,
	        "Digest realm=\"%s\", nonce=\"%s\", algorithm=MD5%s%s%s%s%s%s%s, qop=\"auth\"",
	        child_auth_quoted(a, name),
	        digest_nonce(a, c->start->secret, name, opaque, nonce_now(r)),
	        *opaque ? ", opaque=\"" : "", *opaque ? child_auth_quoted(a, opaque) : "",
	        *opaque ? "\"" : "", conf->domain ? ", domain=\"" : "",
	        conf->domain ? conf->domain : "", conf->domain ? "\"" : "",
	        stale ? ", stale=true" : "")));
	return 401;
}

/* That no other request has had this nonce with this count, or this nonce at all: 0 or a status. */
static int check_use(struct child *c, struct child_request *r, const struct digest *d, int64_t made)
{
	const bool once = child_auth_digest_conf(c)->lifetime == 0;
	const struct digest_clients all = clients(c);
	const uint64_t key = client_key(d->opaque);
	char *end;
	const uint64_t nc = (uint64_t)strtoll(d->nc, &end, 16);
	uint64_t count = nc;

	if (*end && !isspace((unsigned char)*end)) {
		child_log(c, LOG_ERR, "auth_digest",
		    "AH01773: invalid nc %s received - not a number", d->nc);
		return child_auth_nonce_ask(c, r, false);
	}
	/* What is looked up on its behalf is the same request. */
	if (c->nonce_taken == c->served)
		return 0;
	switch (key ? digest_clients_take(&all, key, made, once, &count) : DIGEST_UNKNOWN) {
	case DIGEST_TAKEN:
		c->nonce_taken = c->served;
		return 0;
	case DIGEST_FAILED:
		return clients_failed(c);
	case DIGEST_UNKNOWN:
		child_log(c, LOG_INFO, "auth_digest",
		    "AH10618: client %llu is no longer known - sending new nonce",
		    (unsigned long long)key);
		return child_auth_nonce_ask(c, r, true);
	default:
		break;
	}
	if (once)
		child_log(c, LOG_INFO, "auth_digest",
		    "AH01779: user %s: one-time-nonce %s already used - sending new nonce", r->user,
		    d->nonce);
	else
		child_log(c, LOG_ERR, "auth_digest",
		    "AH01774: Warning, possible replay attack: nonce-count check failed: %llu is "
		    "not above %llu for nonce %s",
		    (unsigned long long)nc, (unsigned long long)count, d->nonce);
	return child_auth_nonce_ask(c, r, once);
}

/* 0 with the nonce's time, or a status. */
static int check_nonce(struct child *c, struct child_request *r, const struct digest *d,
    const char *realm, int64_t *made)
{
	int64_t lifetime = child_auth_digest_conf(c)->lifetime, age;

	if (!digest_nonce_is_ours(
	        &c->arena, c->start->secret, realm, d->opaque ? d->opaque : "", d->nonce, made)) {
		/* Not with the hash that it should have had, as in Apache: that would be a good
		 * one. */
		child_log(c, LOG_ERR, "auth_digest",
		    "AH01776: invalid nonce %s received - hash is not ours", d->nonce);
		return child_auth_nonce_ask(c, r, true);
	}
	age = nonce_now(r) - *made;
	if (lifetime > 0 && age < 0)
		child_log(c, LOG_ERR, "auth_digest",
		    "AH01777: invalid nonce %s received - user attempted time travel", d->nonce);
	else if (lifetime > 0 && age > lifetime * 1000000)
		child_log(c, LOG_INFO, "auth_digest",
		    "AH01778: user %s: nonce expired (%.2f seconds old - max lifetime %.2f) - "
		    "sending new nonce",
		    r->user, (double)(age / 1000000), (double)lifetime);
	else
		return 0;
	return child_auth_nonce_ask(c, r, true);
}

/* Authentication-Info: the server knows the password, too; and the next nonce. */
static void nonce_info(struct child *c, struct child_request *r, const struct digest *d,
    const char *realm, const char *ha1, int64_t made)
{
	int64_t lifetime = child_auth_digest_conf(c)->lifetime, now = nonce_now(r);
	const char *next = "";
	char proof[HASH_HEX_MAX];

	if (lifetime >= 0 && (!lifetime || now - made > (lifetime - NONCE_NEXT) * 1000000))
		next = arena_printf(&c->arena, ", nextnonce=\"%s\"",
		    digest_nonce(
		        &c->arena, c->start->secret, realm, d->opaque ? d->opaque : "", now));
	digest_response(d, ha1, "", proof);
	r->auth_info = arena_printf(&c->arena, "rspauth=\"%s\"%s, cnonce=\"%s\", nc=%s, qop=%s",
	    proof, next, child_auth_quoted(&c->arena, d->cnonce), d->nc, d->qop);
}

int child_auth_nonce_check(struct child *c, struct child_request *r, const struct digest *d,
    const char *realm, const char *ha1)
{
	int64_t made = 0;
	int status = check_nonce(c, r, d, realm, &made);

	if (!status && nonce_is_counted(child_auth_digest_conf(c)))
		status = check_use(c, r, d, made);
	if (!status)
		nonce_info(c, r, d, realm, ha1, made);
	return status;
}
