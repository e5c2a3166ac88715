/*
 * mod_proxy of a server: <Proxy> sections, ProxyPass moved to its virtual host, and the addresses
 * of the backends, which a child could not ask a name service for. Run by the loader.
 */
#include "load/load.h"

#include "itkd/addr.h"
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void load_proxy_section(struct loader *l, struct load_server *s, const struct conf_node *node)
{
	bool regex = node->directive->id == CONF_ID_SECTION_ProxyMatch;
	struct conf_node one = *node;
	struct conf_match match = {0};
	struct conf_dir_build b;
	struct conf_dir *dir = ARENA_NEW(&l->common, struct conf_dir);
	bool tilde = node->nargs > 1 && strcmp(node->args[0], "~") == 0;
	uint32_t used = tilde ? 2 : 1;

	one.nargs = node->nargs < used ? node->nargs : used;
	if (one.nargs && !tilde && strncasecmp(one.args[0], "proxy:", 6) == 0)
		conf_report(l->report, CONF_WARNING, node, "write the URL without \"proxy:\"");
	const char *error = conf_dir_match(&s->dir, &one, regex, &match);

	conf_dir_inherit(&b, &s->dir);
	b.context = CTX_DIRECTORY;
	b.section = &one;
	b.depth++;
	/* <Proxy "URL" key=value>: the parameters of the backend itself. */
	if (!error && node->nargs > used)
		error = conf_proxy_set(&b, one.args[0], node->nargs - used, node->args + used);
	if (error) {
		conf_report(l->report, CONF_ERROR, node, "%s", error);
		return;
	}
	conf_dir_read(&b, node->children);
	conf_dir_done(&b, node);
	*dir = b.dir;
	match.dir = dir;
	*(struct conf_match *)conf_vec_push(&s->proxies, l->tmp, sizeof(match)) = match;
}

/* The URL's own parameters hold for it wherever a request comes from, not only in the section. */
static void share_workers(struct loader *l, struct load_server *s)
{
	const struct conf_matches *lists[] = {&s->v.proxies, &s->v.locations};
	struct conf_dir *dir = &s->v.dir;

	for (size_t k = 0; k < 2; k++)
		for (uint32_t i = 0; i < lists[k]->n; i++) {
			const struct conf_proxy *p = lists[k]->v[i].dir->proxy;

			if (p && p->workers.n)
				conf_proxy_merge(&l->common, &dir->proxy,
				    &(struct conf_proxy){.workers = p->workers});
		}
}

void load_proxy_passes(struct loader *l, struct load_server *s)
{
	struct conf_proxy *d = s->dir.dir.proxy;
	struct proxy_passes own = d ? d->passes : (struct proxy_passes){0};
	struct proxy_passes base = {0};

	if (s->main && s->v.proxy.inherit)
		base = s->main->v.proxy.passes;
	s->v.proxy.passes = own.n ? own : base;
	if (own.n && base.n) {
		struct proxy_pass *v = arena_array(&l->common, own.n + base.n, sizeof(*v));

		memcpy(v, own.v, own.n * sizeof(*v));
		memcpy(v + own.n, base.v, base.n * sizeof(*v));
		s->v.proxy.passes = (struct proxy_passes){own.n + base.n, v};
	}
	/* They are tried before there is a file, and not once more behind it. */
	if (d)
		d->passes = (struct proxy_passes){0};
}

void load_proxy_finish(struct loader *l, struct load_server *s)
{
	const struct conf_matches *base = s->main ? &s->main->v.proxies : NULL;
	uint32_t first = base ? base->n : 0, n = first + s->proxies.n;
	struct conf_match *v = s->proxies.n ? arena_array(&l->common, n, sizeof(*v)) : NULL;

	if (v) {
		if (first)
			memcpy(v, base->v, first * sizeof(*v));
		memcpy(v + first, s->proxies.v, s->proxies.n * sizeof(*v));
		s->v.proxies = (struct conf_matches){n, v};
	} else if (base) {
		s->v.proxies = *base;
	}
	share_workers(l, s);
}

const char *load_set_proxy_via(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	static const char *const values[] = {[PROXY_VIA_OFF] = "off",
	    [PROXY_VIA_ON] = "on",
	    [PROXY_VIA_FULL] = "full",
	    [PROXY_VIA_BLOCK] = "block"};

	(void)l;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (strcasecmp(v->text, values[i]) == 0) {
			s->v.proxy.via = (enum proxy_via)i;
			return NULL;
		}
	return "ProxyVia must be one of: off | on | full | block";
}

const char *load_set_proxy_bad_header(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	static const char *const values[] = {[PROXY_BAD_ERROR] = "iserror",
	    [PROXY_BAD_IGNORE] = "ignore",
	    [PROXY_BAD_BODY] = "startbody"};

	(void)l;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (strcasecmp(v->text, values[i]) == 0) {
			s->v.proxy.bad_header = (enum proxy_bad_header)i;
			return NULL;
		}
	return "ProxyBadHeader must be one of: IsError | Ignore | StartBody";
}

const char *load_set_proxy_max_forwards(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)l;
	s->v.proxy.max_forwards = (int32_t)v->number;
	return NULL;
}

/* Names that are no address. */
static bool needs_lookup(const struct backend *b)
{
	struct sockaddr_storage addr;

	return !b->socket && strcmp(b->host, "localhost") != 0 &&
	       !addr_parse(span_of(b->host), 0, &addr);
}

static void resolve(struct loader *l, struct conf_map *known, struct conf_vec *hosts,
    const char *name, const struct conf_node *node)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	struct conf_host *host;
	struct conf_vec addrs = {0};
	void **seen = conf_map_at(known, arena_strdup(l->tmp, name));
	int error = *seen ? 0 : getaddrinfo(name, NULL, &hints, &found);

	if (*seen)
		return;
	*seen = known;
	if (error)
		conf_report(l->report, CONF_WARNING, node,
		    "AH00898: DNS lookup failure for: %s (%s); it is looked up again for each "
		    "connection to it",
		    name, gai_strerror(error));
	for (const struct addrinfo *i = found; i; i = i->ai_next) {
		struct sockaddr_storage *a = conf_vec_push(&addrs, l->tmp, sizeof(*a));

		memset(a, 0, sizeof(*a));
		memcpy(a, i->ai_addr, i->ai_addrlen);
	}
	if (found)
		freeaddrinfo(found);
	if (!addrs.n)
		return;
	struct sockaddr_storage *v = arena_array(&l->common, addrs.n, sizeof(*v));

	memcpy(v, addrs.v, addrs.n * sizeof(*v));
	host = conf_vec_push(hosts, l->tmp, sizeof(*host));
	*host = (struct conf_host){arena_strdup(&l->common, name), addrs.n, v};
}

/* RewriteRule PATTERN URL [P]: without it the URL is the client's to go to. */
static bool is_proxied(const struct conf_node *n)
{
	const char *flags = n->nargs > 2 ? n->args[2] : "";

	for (const char *p = flags; *p; p += strcspn(p, ",")) {
		p += strspn(p, "[, ");
		if (strncasecmp(p, "proxy", 5) == 0 || (*p == 'P' && strchr(",]", p[1])))
			return true;
	}
	return false;
}

/* The URL in one word of a line that may name a backend; NULL: there is none. */
static const char *url_of(const struct conf_node *n, const char *word)
{
	switch (n->directive ? n->directive->id : CONF_IDS) {
	case CONF_ID_SetHandler:
		return strncasecmp(word, "proxy:", 6) == 0 ? word + 6 : NULL;
	case CONF_ID_RewriteRule:
		return is_proxied(n) && strstr(word, "://") ? word : NULL;
	case CONF_ID_ProxyPass:
	case CONF_ID_ProxyPassMatch:
	case CONF_ID_ProxySet:
	case CONF_ID_SECTION_Proxy:
		return strstr(word, "://") ? word : NULL;
	default:
		return NULL;
	}
}

/* Its scheme and host, without what a request puts in; NULL: the host is not all there. */
static const char *fixed_part(struct loader *l, const char *url)
{
	const char *host = strstr(url, "://"), *end = strpbrk(url, "$%*");

	if (end && (!host || end < host + 3 + strcspn(host + 3, "/")))
		return NULL;
	return end ? arena_strndup(l->tmp, url, (size_t)(end - url)) : url;
}

/* The name of a backend whose connections go to a socket that <Proxy> says. */
static void **by_socket(struct loader *l, struct conf_map *known, const struct backend *b)
{
	return conf_map_at(known, arena_printf(l->tmp, "%u %s %u", b->scheme, b->host, b->port));
}

static void find_host(struct loader *l, struct conf_map *known, struct conf_vec *hosts,
    const struct conf_node *n, const char *word)
{
	const char *url = url_of(n, word), *error;
	struct backend b;

	if (url)
		url = fixed_part(l, url);
	if (!url)
		return;
	error = backend_parse(l->tmp, url, &b);
	if (error && n->directive->id == CONF_ID_SetHandler)
		conf_report(l->report, CONF_ERROR, n, "%s: %s", url, error);
	else if (!error && b.socket)
		*by_socket(l, known, &b) = known;
	else if (!error && needs_lookup(&b) && !*by_socket(l, known, &b))
		resolve(l, known, hosts, b.host, n);
}

static void find_hosts(
    struct loader *l, struct conf_map *known, struct conf_vec *hosts, const struct conf_node *nodes)
{
	for (const struct conf_node *n = nodes; n; n = n->next) {
		for (uint32_t i = 0; i < n->nargs; i++)
			find_host(l, known, hosts, n, n->args[i]);
		find_hosts(l, known, hosts, n->children);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct conf_host *)a)->name, ((const struct conf_host *)b)->name);
}

void load_proxy_hosts(struct loader *l)
{
	struct conf_map known;
	struct conf_vec hosts = {0};

	conf_map_init(&known, l->tmp, false);
	find_hosts(l, &known, &hosts, l->parser.root.children);
	if (hosts.n == 0)
		return;
	struct conf_host *v = arena_array(&l->common, hosts.n, sizeof(*v));

	qsort(hosts.v, hosts.n, sizeof(*v), by_name);
	memcpy(v, hosts.v, hosts.n * sizeof(*v));
	l->conf->nhosts = hosts.n;
	l->conf->hosts = v;
}
