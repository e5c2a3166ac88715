/*
 * Host fields and virtual hosts: the first line is an authority, each further one a ServerName or a
 * ServerAlias of a virtual host. Looked up in the map, and by a plain walk through them.
 */
#include "fuzz.h"
#include "itkd/arena.h"
#include "itkd/host.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <string.h>

#define VHOSTS 12

static void check_parsed(struct span authority, struct span host, uint16_t port)
{
	struct span again;
	uint16_t none;

	must(host.n <= authority.n && (host.n == 0 || host.p == authority.p), "a host is a prefix");
	must(host.n || !port, "no port without a host");
	must(!memchr(host.p, '/', host.n) && !memchr(host.p, '@', host.n) &&
	         !memchr(host.p, '\0', host.n),
	    "nothing in a host ends it for others");
	must(host_parse(host, &again, &none) && again.n == host.n && none == 0,
	    "a host is a valid authority");
}

/* Without the brackets of an address and the dot of the root. */
static char *bare(struct arena *a, struct span s)
{
	if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		return arena_strndup(a, s.p + 1, s.n - 2);
	return arena_strndup(a, s.p, s.n && s.p[s.n - 1] == '.' ? s.n - 1 : s.n);
}

/* As Apache does it: the first virtual host that has the name or an alias that fits. */
static uint32_t walk(struct arena *a, const struct host_vhost *const *v, uint32_t n, struct span s)
{
	const char *host = bare(a, s);

	for (uint32_t i = 1; *host && i < n; i++) {
		if (v[i]->name[0] && strcasecmp(bare(a, span_of(v[i]->name)), host) == 0)
			return i;
		for (uint32_t k = 0; k < v[i]->naliases; k++) {
			const char *alias = v[i]->aliases[k];
			const char *text = strpbrk(alias, "*?") ? alias : bare(a, span_of(alias));

			if (*alias && fnmatch(text, host, FNM_CASEFOLD | FNM_NOESCAPE) == 0)
				return i;
		}
	}
	return 1;
}

/* What a name in a configuration consists of: fnmatch() and the map agree on these. */
static int is_plain(const char *name)
{
	size_t n = strlen(name);

	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.*?")] == '\0' &&
	       !(n && name[n - 1] == '.' && strpbrk(name, "*?"));
}

static uint32_t read_vhosts(
    struct arena *a, char *text, struct host_vhost *v, const struct host_vhost **list)
{
	static const struct host_addr addr = {.port = 80};
	uint32_t n = 1;

	list[0] = &v[0];
	v[0] = (struct host_vhost){.name = "main"};
	for (char *line; n < VHOSTS && (line = strsep(&text, "\n"));) {
		const char **aliases = arena_array(a, 2, sizeof(*aliases));
		char *name = strsep(&line, " ");

		v[n] = (struct host_vhost){
		    .naddrs = 1, .addrs = &addr, .name = name, .aliases = aliases};
		while (line && v[n].naliases < 2)
			aliases[v[n].naliases++] = strsep(&line, " ");
		for (uint32_t k = 0; k < v[n].naliases; k++)
			if (!is_plain(aliases[k]))
				return n;
		if (!is_plain(name) || strpbrk(name, "*?"))
			return n;
		list[n] = &v[n];
		n++;
	}
	return n;
}

static void look_up(struct arena *a, char *names, struct span host)
{
	struct host_vhost v[VHOSTS];
	const struct host_vhost *list[VHOSTS];
	struct sockaddr_in local = {
	    .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0x7f000001)};
	struct host_map map;
	uint32_t n = read_vhosts(a, names, v, list);

	if (n < 2)
		return;
	host_map_build(a, &map, n, list);
	const struct host_group *g = host_map_group(&map, (const struct sockaddr *)&local);

	must(g && host_group_default(g) == 1, "the address leads to its first virtual host");
	must(host_group_resolve(g, host, 80) == walk(a, list, n, host),
	    "the map says what a walk says");
	must(host_group_resolve(g, host, 81) == 1, "another port means the default");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *end = n ? memchr(p, '\n', n) : NULL;
	size_t len = end ? (size_t)(end - p) : n;
	struct span authority = {p, len}, host;
	struct arena a;
	uint16_t port;

	if (!host_parse(authority, &host, &port))
		return 0;
	check_parsed(authority, host, port);
	if (!end || memchr(p, '\0', n))
		return 0;
	arena_init_heap(&a, 16 << 20);
	look_up(&a, arena_strndup(&a, end + 1, n - len - 1), host);
	arena_free(&a);
	return 0;
}
