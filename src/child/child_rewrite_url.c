/*
 * What a substitution gave: its query, and whether it is a URL of this site (mod_rewrite's
 * splitout_queryargs, fully_qualify_uri, reduce_uri). Runs as the vhost's user.
 */
#include "child_rewrite.h"

#include "itkd/rewrite_uri.h"
#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdlib.h>

const char *child_rewrite_query(struct rewrite *x)
{
	return x->r->has_query ? arena_span(&x->c->arena, x->r->query) : NULL;
}

static void set_query(struct rewrite *x, const char *query)
{
	x->r->has_query = query != NULL;
	x->r->query = span_of(query);
}

/* Behind the new one's text; a '&' at the end is one too many. */
static const char *join_query(struct rewrite *x, const char *query, uint32_t flags)
{
	const char *old = child_rewrite_query(x);

	if (flags & RULE_QUERY_APPEND)
		query = *query ? arena_printf(&x->c->arena, "%s&%s", query, old ? old : "") : old;
	size_t n = query ? strlen(query) : 0;

	if (n == 0)
		return NULL;
	return query[n - 1] == '&' ? arena_strndup(&x->c->arena, query, n - 1) : query;
}

void child_rewrite_split_query(struct rewrite *x, uint32_t flags)
{
	bool possible;
	size_t skip = rewrite_absolute(x->filename, &possible);
	const char *old = x->filename, *mark;

	if (flags & RULE_QUERY_NONE) {
		child_rewrite_trace(x, 2, "discarding query string, no parse from substitution");
		set_query(x, NULL);
		return;
	}
	if (skip && !possible) {
		set_query(x, NULL);
		return;
	}
	if (flags & RULE_QUERY_DISCARD) {
		set_query(x, NULL);
		child_rewrite_trace(x, 2, "discarding query string");
	}
	mark = flags & RULE_QUERY_LAST ? strrchr(old + skip, '?') : strchr(old + skip, '?');
	if (!mark)
		return;
	x->filename = arena_strndup(&x->c->arena, old, (size_t)(mark - old));
	set_query(x, join_query(x, mark + 1, flags));
	child_rewrite_trace(x, 3, "split uri=%s -> uri=%s, args=%s", old, x->filename,
	    x->r->has_query ? child_rewrite_query(x) : "<none>");
}

void child_rewrite_qualify(struct rewrite *x)
{
	if (rewrite_absolute(x->filename, NULL))
		return;
	const char *path = x->filename;

	if (*path != '/')
		path = arena_printf(&x->c->arena, "/%s", path);
	x->filename = child_url(x->c, x->r, path);
}

static bool address_is_own(const struct host_vhost *v, const char *host, uint16_t port)
{
	char text[INET_ADDRSTRLEN];

	for (uint32_t i = 0; i < v->naddrs; i++) {
		const struct host_addr *a = &v->addrs[i];

		if (a->family == AF_INET && (a->port == 0 || a->port == port) &&
		    inet_ntop(AF_INET, a->ip, text, sizeof(text)) && strcmp(text, host) == 0)
			return true;
	}
	return false;
}

/* ap_matches_request_vhost: a name counts only with the server's own port. */
static bool host_is_own(const struct conf_vhost *v, const char *host, uint16_t port)
{
	if (address_is_own(&v->host, host, port))
		return true;
	if (port != v->server_port)
		return false;
	if (strcasecmp(host, v->server_name) == 0)
		return true;
	for (uint32_t i = 0; i < v->host.naliases; i++)
		if (fnmatch(v->host.aliases[i], host, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

void child_rewrite_reduce(struct rewrite *x)
{
	const char *scheme = child_scheme(x->c), *url = x->filename;
	size_t n = strlen(scheme);

	if (strncasecmp(url, scheme, n) != 0 || strncmp(url + n, "://", 3) != 0 || !url[n + 3])
		return;
	const char *host = url + n + 3, *end = host + strcspn(host, "/:");
	const char *path = end + strcspn(end, "/");
	int port = *end == ':' ? atoi(end + 1) : strcmp(scheme, "https") == 0 ? 443 : 80;

	if (!host_is_own(x->c->vhost, arena_strndup(&x->c->arena, host, (size_t)(end - host)),
	        (uint16_t)port))
		return;
	path = *path ? path : "/";
	child_rewrite_trace(x, 3, "reduce %s -> %s", url, path);
	x->filename = path;
	if (!(x->c->vhost->rewrite && x->c->vhost->rewrite->options & REWRITE_LEGACY_ROOT))
		x->reduced = true;
}
