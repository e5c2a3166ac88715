/*
 * AuthType Digest (RFC 7616 with MD5 and qop auth alone, mod_auth_digest). Runs as the vhost's
 * user; the field is a client's.
 *
 * A nonce must be known again by whichever process serves the next connection, and nothing is
 * shared between them: so it proves itself, by a hash with a secret. The secret is the identity's
 * own (derive_secret() in src/priv/spare.c): whoever reads it, as a program of the site may, can
 * make nonces for that site and no other, that is, let himself replay what he has seen there.
 * How often a nonce was used (nc) is not counted.
 */
#include "child_auth.h"

#include "itkd/digest.h"
#include "itkd/path.h"
#include <stdlib.h>
#include <string.h>

#define DIGEST_NEXT 30 /* seconds before a nonce's end: the client is told the next one */

static int64_t digest_now(const struct child_request *r)
{
	return (int64_t)r->start.tv_sec * 1000000 + r->start.tv_nsec / 1000;
}

static const struct conf_auth_digest *digest_conf(const struct child *c)
{
	static const struct conf_auth_digest standard = {.lifetime = CONF_AUTH_NONCE_LIFETIME};
	const struct conf_auth *auth = c->dir.merged.auth;

	return auth && auth->digest ? auth->digest : &standard;
}

void child_auth_digest_note(struct child *c, struct child_request *r, bool stale)
{
	const char *domain = digest_conf(c)->domain, *name = child_auth_name(c, r);
	struct arena *a = &c->arena;

	r->err.a = a;
	name = name ? name : "";
	child_table_merge(&r->err, SPAN("WWW-Authenticate"),
	    span_of(arena_printf(a,
	        "Digest realm=\"%s\", nonce=\"%s\", algorithm=MD5%s%s%s%s, qop=\"auth\"",
	        child_auth_quoted(a, name),
	        digest_nonce(a, c->start->secret, name, "", digest_now(r)),
	        domain ? ", domain=\"" : "", domain ? domain : "", domain ? "\"" : "",
	        stale ? ", stale=true" : "")));
}

static int digest_again(struct child *c, struct child_request *r, bool stale)
{
	child_auth_digest_note(c, r, stale);
	return 401;
}

/* A target or the uri of a field, in parts; what is not there is empty. */
struct digest_uri {
	const char *host, *path;
	struct span query;
	unsigned port;
	bool has_query;
};

static const char *unescaped(struct arena *a, struct span s)
{
	char *out = arena_alloc(a, s.n + 1), *to = out;

	for (size_t i = 0; i < s.n; i++) {
		int high = s.p[i] == '%' && i + 2 < s.n ? path_hex(s.p[i + 1]) : -1;
		int low = high >= 0 ? path_hex(s.p[i + 2]) : -1;

		if (low >= 0)
			i += 2;
		*to++ = low >= 0 ? (char)(high << 4 | low) : s.p[i];
	}
	return out;
}

static bool digest_uri_read(struct arena *a, const char *text, struct digest_uri *u)
{
	const char *scheme = strstr(text, "://");

	*u = (struct digest_uri){.host = "", .path = ""};
	if (scheme && scheme < text + strcspn(text, "/?#")) {
		const char *host = scheme + 3;
		size_t n = strcspn(host, "/?#"), name = n;
		long long port = 0;

		while (name && host[name - 1] >= '0' && host[name - 1] <= '9')
			name--;
		if (name && name < n && host[name - 1] == ':') {
			port = span_number((struct span){host + name, n - name}, 65535);
			name--;
		} else {
			name = n;
		}
		if (port < 0)
			return false;
		u->host = unescaped(a, (struct span){host, name});
		u->port = (unsigned)port;
		text = host + n;
	}
	size_t path = strcspn(text, "?#");

	u->path = unescaped(a, (struct span){text, path});
	text += path;
	u->has_query = *text == '?';
	if (u->has_query)
		u->query = span_of(unescaped(a, (struct span){text + 1, strcspn(text + 1, "#")}));
	return true;
}

static bool digest_uri_same(struct child *c, const struct child_request *r,
    const struct digest_uri *asked, const struct digest_uri *said)
{
	unsigned standard = strcmp(child_scheme(c), "https") == 0 ? 443 : 80;
	const char *host = *asked->host ? asked->host : child_server_name(c, r);
	unsigned port = asked->port ? asked->port : child_server_port(c, r);

	if (*said->host && strcasecmp(said->host, host) != 0)
		return false;
	if (said->port ? said->port != port : *said->host && port != standard)
		return false;
	/* The path as it was understood, or as it was written. */
	if (strcmp(said->path, asked->path) != 0 && strcmp(said->path, r->path) != 0)
		return false;
	/* For a browser that left the query out (BrowserMatch). */
	if (asked->has_query && asked->query.n && !said->has_query &&
	    child_env_get(r, "AuthDigestEnableQueryStringHack"))
		return true;
	return said->has_query == asked->has_query && span_eq(said->query, asked->query);
}

/* What the field is for must be what was asked for: 0 or 400. */
static int digest_check_uri(struct child *c, const struct child_request *r, const char *uri)
{
	const char *target = arena_span(&c->arena, r->head.target);
	struct digest_uri asked, said;

	if (strcmp(uri, target) == 0)
		return 0;
	if (!digest_uri_read(&c->arena, uri, &said)) {
		child_log(c, LOG_ERR, "auth_digest",
		    "AH01783: invalid uri <%s> in Authorization header", uri);
		return 400;
	}
	if (digest_uri_read(&c->arena, target, &asked) && digest_uri_same(c, r, &asked, &said))
		return 0;
	child_log(c, LOG_ERR, "auth_digest",
	    "AH01786: uri mismatch - <%s> does not match request-uri <%s>", uri, target);
	return 400;
}

/* What must agree before a user is looked for: 0, or 401. */
static int digest_check_field(
    struct child *c, struct child_request *r, const struct digest *d, const char *realm)
{
	if (d->opaque && strtoul(d->opaque, NULL, 16) == 0)
		child_log(c, LOG_ERR, "auth_digest", "AH01787: received invalid opaque - got `%s'",
		    d->opaque);
	else if (strcmp(d->realm, realm) != 0)
		child_log(c, LOG_ERR, "auth_digest",
		    "AH01788: realm mismatch - got `%s' but expected `%s'", d->realm, realm);
	else if (d->algorithm && strcasecmp(d->algorithm, "MD5") != 0)
		child_log(c, LOG_ERR, "auth_digest", "AH01789: unknown algorithm `%s' received: %s",
		    d->algorithm, r->uri);
	else
		return 0;
	return digest_again(c, r, false);
}

/* 0 with the digits of htdigest's, or a status. */
static int digest_find(
    struct child *c, struct child_request *r, const char *realm, const char **ha1)
{
	switch (child_auth_find(c, r->user, realm, ha1, NULL)) {
	case AUTH_FOUND:
		return 0;
	case AUTH_NOT_FOUND:
		child_log(c, LOG_ERR, "auth_digest",
		    "AH01790: user `%s' in realm `%s' not found: %s", r->user, realm, r->uri);
		return digest_again(c, r, false);
	default:
		return 500;
	}
}

static int digest_check_response(
    struct child *c, struct child_request *r, const struct digest *d, const char *ha1)
{
	char expected[HASH_HEX_MAX];

	if (!d->qop || strcasecmp(d->qop, "auth") != 0) {
		child_log(c, LOG_ERR, "auth_digest",
		    "AH10560: invalid or missing qop value '%s', RFC 2069 is no longer supported: "
		    "%s",
		    d->qop ? d->qop : "(null)", r->uri);
		return digest_again(c, r, false);
	}
	digest_response(d, ha1, arena_span(&c->arena, r->head.method), expected);
	if (hash_same(expected, d->response))
		return 0;
	child_log(
	    c, LOG_ERR, "auth_digest", "AH01794: user %s: password mismatch: %s", r->user, r->uri);
	return digest_again(c, r, false);
}

/* Last, so that "stale" is for those who know the password: 0 with the nonce's time, or 401. */
static int digest_check_nonce(struct child *c, struct child_request *r, const struct digest *d,
    const char *realm, int64_t *made)
{
	int64_t lifetime = digest_conf(c)->lifetime, age;

	if (!digest_nonce_is_ours(
	        &c->arena, c->start->secret, realm, d->opaque ? d->opaque : "", d->nonce, made)) {
		/* Not with the hash that it should have had, as in Apache: that would be a good
		 * one. */
		child_log(c, LOG_ERR, "auth_digest",
		    "AH01776: invalid nonce %s received - hash is not ours", d->nonce);
		return digest_again(c, r, true);
	}
	age = digest_now(r) - *made;
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
	return digest_again(c, r, true);
}

/* Authentication-Info: the server knows the password, too; and the next nonce. */
static void digest_info(struct child *c, struct child_request *r, const struct digest *d,
    const char *realm, const char *ha1, int64_t made)
{
	int64_t lifetime = digest_conf(c)->lifetime, now = digest_now(r);
	const char *next = "";
	char proof[HASH_HEX_MAX];

	if (lifetime > 0 && now - made > (lifetime - DIGEST_NEXT) * 1000000)
		next = arena_printf(&c->arena, ", nextnonce=\"%s\"",
		    digest_nonce(&c->arena, c->start->secret, realm, "", now));
	digest_response(d, ha1, "", proof);
	r->auth_info = arena_printf(&c->arena, "rspauth=\"%s\"%s, cnonce=\"%s\", nc=%s, qop=%s",
	    proof, next, child_auth_quoted(&c->arena, d->cnonce), d->nc, d->qop);
}

/* The field's parameters: 0, or 401. */
static int digest_field(struct child *c, struct child_request *r, struct digest *d)
{
	const char *field = child_request_field(c, r, "Authorization");
	size_t n = field ? strcspn(field, " \t") : 0;

	if (!field)
		return digest_again(c, r, false);
	if (!span_ieq((struct span){field, n}, SPAN("Digest")))
		child_log(c, LOG_ERR, "auth_digest",
		    "AH01781: client used wrong authentication scheme `%.*s': %s", (int)n, field,
		    r->uri);
	else if (!digest_read(&c->arena, field + n, d))
		child_log(c, LOG_ERR, "auth_digest",
		    "AH01782: missing user, realm, nonce, uri, digest, cnonce, or nonce_count in "
		    "authorization header: %s",
		    r->uri);
	else
		return 0;
	return digest_again(c, r, false);
}

int child_auth_digest(struct child *c, struct child_request *r)
{
	const char *realm = child_auth_name(c, r), *ha1 = NULL;
	struct digest d;
	int64_t made = 0;
	int status;

	if (!realm) {
		child_log(c, LOG_ERR, "auth_digest", "AH01780: need AuthName: %s", r->uri);
		return 500;
	}
	status = digest_field(c, r, &d);
	if (status)
		return status;
	r->user = d.user;
	r->auth_type = "Digest";
	status = digest_check_uri(c, r, d.uri);
	if (!status)
		status = digest_check_field(c, r, &d, realm);
	if (!status)
		status = digest_find(c, r, realm, &ha1);
	if (!status)
		status = digest_check_response(c, r, &d, ha1);
	if (!status)
		status = digest_check_nonce(c, r, &d, realm, &made);
	if (!status)
		digest_info(c, r, &d, realm, ha1, made);
	return status;
}
