/*
 * AuthType Digest (RFC 7616 with MD5 and qop auth alone, mod_auth_digest): what the field says, and
 * whether it is for this request and by one who knows the password. Runs as the vhost's user; the
 * field is a client's.
 */
#include "child_auth.h"

#include "itkd/digest.h"
#include "itkd/path.h"
#include <stdlib.h>
#include <string.h>

const struct conf_auth_digest *child_auth_digest_conf(const struct child *c)
{
	static const struct conf_auth_digest standard = {.lifetime = CONF_AUTH_NONCE_LIFETIME};
	const struct conf_auth *auth = c->dir.merged.auth;

	return auth && auth->digest ? auth->digest : &standard;
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
	return child_auth_nonce_ask(c, r, false);
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
		return child_auth_nonce_ask(c, r, false);
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
		return child_auth_nonce_ask(c, r, false);
	}
	digest_response(d, ha1, arena_span(&c->arena, r->head.method), expected);
	if (hash_same(expected, d->response))
		return 0;
	child_log(
	    c, LOG_ERR, "auth_digest", "AH01794: user %s: password mismatch: %s", r->user, r->uri);
	return child_auth_nonce_ask(c, r, false);
}

/* The field's parameters: 0, or 401. */
static int digest_field(struct child *c, struct child_request *r, struct digest *d)
{
	const char *field = child_request_field(c, r, "Authorization");
	size_t n = field ? strcspn(field, " \t") : 0;

	if (!field)
		return child_auth_nonce_ask(c, r, false);
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
	return child_auth_nonce_ask(c, r, false);
}

int child_auth_digest(struct child *c, struct child_request *r)
{
	const char *realm = child_auth_name(c, r), *ha1 = NULL;
	struct digest d;
	int status;

	if (!realm) {
		child_log(c, LOG_ERR, "auth_digest", "AH01780: need AuthName: %s", r->uri);
		return 500;
	}
	status = child_auth_nonce_ready(c);
	if (!status)
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
	/* Last, so that "stale" is for those who know the password. */
	return status ? status : child_auth_nonce_check(c, r, &d, realm, ha1);
}
