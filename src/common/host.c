/*
 * Which virtual host an address and a name mean (host.h): the maps and the look-up. Built by the
 * loader and by a front from the config; asked by the front and, after the drop, by the child with
 * the client's Host. The rules are Apache's vhost.c: an exact ip:port before ip:any before *:port
 * before *:any, then the first vhost in config order that has the name.
 */
#include "itkd/host.h"

#include "itkd/arena.h"
#include "itkd/log.h"
#include <netinet/in.h>
#include <stdlib.h>

/* A name and the first vhost that has it. name NULL: an empty slot. */
struct host_name {
	const char *name;
	uint32_t len;
	uint32_t hash;
	uint32_t vhost;
};

/* Open addressing, at most half full. */
struct host_table {
	uint32_t nslots; /* a power of two, or 0 */
	struct host_name *slots;
};

struct host_pattern {
	const char *pattern;
	uint32_t vhost;
};

struct host_group {
	struct host_addr addr;
	uint32_t first; /* vhost: the default */
	uint32_t nvhosts;
	struct host_table names;    /* ServerName and plain ServerAlias */
	struct host_table suffixes; /* ".example.com" of "*.example.com" */
	struct host_table texts;    /* of <VirtualHost> */
	uint32_t npatterns;
	struct host_pattern *patterns; /* all others, in config order */
	uint32_t npaths;
	struct host_pattern *paths; /* ServerPath, in config order */
};

/* While building: how much a group will hold, and whom it saw last. */
struct host_draft {
	struct host_group *group;
	uint32_t nnames, nsuffixes, ntexts, npatterns, npaths;
	uint32_t last; /* vhost id + 1 */
};

static char host_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* One step of FNV-1a. Names are hashed from their end, so one pass gives all suffixes' hashes. */
static uint32_t host_hash_step(uint32_t h, char c)
{
	return (h ^ (unsigned char)host_lower(c)) * 16777619u;
}

#define HOST_HASH_START 2166136261u

static uint32_t host_hash(struct span name)
{
	uint32_t h = HOST_HASH_START;

	for (size_t i = name.n; i > 0; i--)
		h = host_hash_step(h, name.p[i - 1]);
	return h;
}

/* Power-of-two tables look at the low bits, which FNV mixes worst. */
static uint32_t host_slot(uint32_t hash, uint32_t nslots)
{
	return (hash ^ hash >> 15) & (nslots - 1);
}

static uint32_t host_table_size(uint32_t n)
{
	uint32_t size = 2;

	while (size < n * 2)
		size *= 2;
	return size;
}

/* The slot that has name, or the empty one where it belongs. */
static struct host_name *host_table_slot(
    const struct host_table *t, struct span name, uint32_t hash)
{
	uint32_t i = host_slot(hash, t->nslots);

	for (;; i = (i + 1) & (t->nslots - 1)) {
		struct host_name *s = &t->slots[i];

		if (!s->name || (s->hash == hash && span_ieq((struct span){s->name, s->len}, name)))
			return s;
	}
}

/* The first vhost that has a name keeps it: they come in config order. */
static void host_table_add(struct host_table *t, struct span name, uint32_t vhost)
{
	uint32_t hash = host_hash(name);
	struct host_name *s = host_table_slot(t, name, hash);

	if (!s->name)
		*s = (struct host_name){name.p, (uint32_t)name.n, hash, vhost};
}

static uint32_t host_table_find(const struct host_table *t, struct span name, uint32_t hash)
{
	const struct host_name *s = t->nslots ? host_table_slot(t, name, hash) : NULL;

	return s && s->name ? s->vhost : UINT32_MAX;
}

/* "[::1]" and "::1", "a.example." and "a.example" are one name. */
static struct span host_bare(struct span name)
{
	if (name.n >= 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		return (struct span){name.p + 1, name.n - 2};
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

enum host_name_kind { HOST_NAME_NONE, HOST_NAME_PLAIN, HOST_NAME_SUFFIX, HOST_NAME_PATTERN };

static enum host_name_kind host_alias_kind(const char *alias)
{
	size_t first = strcspn(alias, "*?");

	if (alias[0] == '\0')
		return HOST_NAME_NONE;
	if (alias[first] == '\0')
		return HOST_NAME_PLAIN;
	if (strncmp(alias, "*.", 2) == 0 && alias[1 + strcspn(alias + 1, "*?")] == '\0')
		return HOST_NAME_SUFFIX;
	return HOST_NAME_PATTERN;
}

/* Iterative, so that "*a*a*a*b" costs a product and not a power. */
static bool host_pattern_matches(const char *pattern, struct span host)
{
	const char *star = NULL;
	size_t i = 0, retry = 0;

	while (i < host.n) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = i;
		} else if (*pattern &&
		           (*pattern == '?' || host_lower(*pattern) == host_lower(host.p[i]))) {
			pattern++;
			i++;
		} else if (star) {
			pattern = star;
			i = ++retry;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

/* 0.0.0.0 and [::] stand for any address, as in Apache; a v4-mapped address is an IPv4 one. */
struct host_addr host_addr_normal(const struct host_addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, any[16];
	struct host_addr a = {.family = addr->family, .port = addr->port};
	size_t len = a.family == AF_INET ? 4 : 16;

	memcpy(a.ip, addr->ip, len);
	if (a.family == AF_INET6 && memcmp(a.ip, mapped, sizeof(mapped)) == 0) {
		a.family = AF_INET;
		memcpy(a.ip, addr->ip + 12, 4);
		memset(a.ip + 4, 0, 12);
	}
	if (a.family == 0 || memcmp(a.ip, any, sizeof(any)) == 0)
		return (struct host_addr){.port = addr->port};
	return a;
}

static bool host_addr_eq(const struct host_addr *a, const struct host_addr *b)
{
	return a->family == b->family && a->port == b->port && memcmp(a->ip, b->ip, 16) == 0;
}

static uint32_t host_addr_hash(const struct host_addr *a)
{
	uint32_t h = HOST_HASH_START;

	for (size_t i = 0; i < sizeof(a->ip); i++)
		h = (h ^ a->ip[i]) * 16777619u;
	return ((h ^ a->port) * 16777619u ^ a->family) * 16777619u;
}

/* The index of the slot of an address, taken or empty. */
static uint32_t host_map_slot(const struct host_map *map, const uint32_t *slots,
    const struct host_group *groups, const struct host_addr *addr)
{
	uint32_t i = host_slot(host_addr_hash(addr), map->nslots);

	while (slots[i] && !host_addr_eq(&groups[slots[i] - 1].addr, addr))
		i = (i + 1) & (map->nslots - 1);
	return i;
}

/* Finds or makes the group of each address; group_of has one entry an address of all vhosts. */
static struct host_group *host_build_groups(struct arena *a, struct host_map *map, uint32_t n,
    const struct host_vhost *const *vhosts, uint32_t *group_of, uint32_t total)
{
	uint32_t *slots, at = 0;
	struct host_group *found = calloc(total, sizeof(*found)), *groups;

	map->nslots = host_table_size(total);
	slots = calloc(map->nslots, sizeof(*slots));
	if (!found || !slots)
		fatal_oom();
	for (uint32_t id = 0; id < n; id++) {
		for (uint32_t i = 0; i < vhosts[id]->naddrs; i++) {
			struct host_addr addr = host_addr_normal(&vhosts[id]->addrs[i]);
			uint32_t slot = host_map_slot(map, slots, found, &addr);

			if (!slots[slot]) {
				found[map->ngroups] =
				    (struct host_group){.addr = addr, .first = id};
				slots[slot] = ++map->ngroups;
			}
			group_of[at++] = slots[slot] - 1;
		}
	}
	free(slots);
	/* What each connection asks is kept together: mostly the groups are few. */
	groups = arena_array(a, map->ngroups, sizeof(*groups));
	memcpy(groups, found, map->ngroups * sizeof(*groups));
	free(found);
	map->nslots = host_table_size(map->ngroups);
	slots = arena_array(a, map->nslots, sizeof(*slots));
	for (uint32_t g = 0; g < map->ngroups; g++)
		slots[host_map_slot(map, slots, groups, &groups[g].addr)] = g + 1;
	map->groups = groups;
	map->slots = slots;
	return groups;
}

static void host_draft_count(struct host_draft *d, uint32_t id, const struct host_vhost *v)
{
	(void)id;
	d->nnames += v->name && v->name[0];
	d->npaths += v->path && v->path[0];
	d->ntexts += v->ntexts;
	for (uint32_t i = 0; i < v->naliases; i++) {
		enum host_name_kind kind = host_alias_kind(v->aliases[i]);

		d->nnames += kind == HOST_NAME_PLAIN;
		d->nsuffixes += kind == HOST_NAME_SUFFIX;
		d->npatterns += kind == HOST_NAME_PATTERN;
	}
}

static void host_table_allocate(struct arena *a, struct host_table *t, uint32_t n)
{
	if (n == 0)
		return;
	t->nslots = host_table_size(n);
	t->slots = arena_array(a, t->nslots, sizeof(struct host_name));
}

static void host_draft_allocate(struct arena *a, struct host_draft *d)
{
	struct host_group *g = d->group;

	host_table_allocate(a, &g->names, d->nnames);
	host_table_allocate(a, &g->suffixes, d->nsuffixes);
	host_table_allocate(a, &g->texts, d->ntexts);
	if (d->npatterns)
		g->patterns = arena_array(a, d->npatterns, sizeof(struct host_pattern));
	if (d->npaths)
		g->paths = arena_array(a, d->npaths, sizeof(struct host_pattern));
}

static void host_draft_fill(struct host_draft *d, uint32_t id, const struct host_vhost *v)
{
	struct host_group *g = d->group;

	g->nvhosts++;
	if (v->name && v->name[0])
		host_table_add(&g->names, host_bare(span_of(v->name)), id);
	if (v->path && v->path[0])
		g->paths[g->npaths++] = (struct host_pattern){v->path, id};
	for (uint32_t i = 0; i < v->ntexts; i++)
		host_table_add(&g->texts, host_bare(span_of(v->texts[i])), id);
	for (uint32_t i = 0; i < v->naliases; i++) {
		const char *alias = v->aliases[i];

		switch (host_alias_kind(alias)) {
		case HOST_NAME_NONE:
			break;
		case HOST_NAME_PLAIN:
			host_table_add(&g->names, host_bare(span_of(alias)), id);
			break;
		case HOST_NAME_SUFFIX:
			host_table_add(&g->suffixes, host_bare(span_of(alias + 1)), id);
			break;
		case HOST_NAME_PATTERN:
			g->patterns[g->npatterns++] = (struct host_pattern){alias, id};
			break;
		}
	}
}

typedef void host_draft_step(struct host_draft *d, uint32_t id, const struct host_vhost *v);

/* Each vhost once in each of its groups, even where two of its addresses mean the same group. */
static void host_each(uint32_t n, const struct host_vhost *const *vhosts, const uint32_t *group_of,
    struct host_draft *drafts, uint32_t ngroups, host_draft_step *step)
{
	for (uint32_t g = 0; g < ngroups; g++)
		drafts[g].last = 0;
	for (uint32_t id = 0; id < n; id++) {
		for (uint32_t i = 0; i < vhosts[id]->naddrs; i++) {
			struct host_draft *d = &drafts[*group_of++];

			if (d->last != id + 1)
				step(d, id, vhosts[id]);
			d->last = id + 1;
		}
	}
}

void host_map_build(
    struct arena *a, struct host_map *map, uint32_t n, const struct host_vhost *const *vhosts)
{
	uint32_t total = 0;

	*map = (struct host_map){0};
	for (uint32_t id = 0; id < n; id++)
		total += vhosts[id]->naddrs;
	if (total == 0)
		return;
	uint32_t *group_of = calloc(total, sizeof(*group_of));
	struct host_draft *drafts = calloc(total, sizeof(*drafts));

	if (!group_of || !drafts)
		fatal_oom();
	struct host_group *groups = host_build_groups(a, map, n, vhosts, group_of, total);

	for (uint32_t g = 0; g < map->ngroups; g++)
		drafts[g].group = &groups[g];
	host_each(n, vhosts, group_of, drafts, map->ngroups, host_draft_count);
	for (uint32_t g = 0; g < map->ngroups; g++)
		host_draft_allocate(a, &drafts[g]);
	host_each(n, vhosts, group_of, drafts, map->ngroups, host_draft_fill);
	free(drafts);
	free(group_of);
}

static const struct host_group *host_map_find(const struct host_map *map, struct host_addr addr)
{
	uint32_t slot = host_map_slot(map, map->slots, map->groups, &addr);

	return map->slots[slot] ? &map->groups[map->slots[slot] - 1] : NULL;
}

static struct host_addr host_addr_of(const struct sockaddr *sa)
{
	struct host_addr a = {.family = sa->sa_family};

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		a.port = ntohs(in.sin_port);
		memcpy(a.ip, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		a.port = ntohs(in6.sin6_port);
		memcpy(a.ip, &in6.sin6_addr, 16);
	} else {
		a.family = 0;
	}
	return host_addr_normal(&a);
}

/* Apache's find_ipaddr(), then find_default_server(). */
const struct host_group *host_map_group(const struct host_map *map, const struct sockaddr *local)
{
	if (map->nslots == 0)
		return NULL;
	struct host_addr exact = host_addr_of(local), any_port = exact;
	struct host_addr any_ip = {.port = exact.port}, any = {0};
	const struct host_group *g = host_map_find(map, exact);

	any_port.port = 0;
	if (!g)
		g = host_map_find(map, any_port);
	if (!g)
		g = host_map_find(map, any_ip);
	if (!g)
		g = host_map_find(map, any);
	return g;
}

uint32_t host_group_default(const struct host_group *g)
{
	return g ? g->first : 0;
}

uint32_t host_group_size(const struct host_group *g)
{
	return g ? g->nvhosts : 1;
}

uint32_t host_group_index(const struct host_map *map, const struct host_group *g)
{
	return g ? (uint32_t)(g - map->groups) : map->ngroups;
}

const struct host_addr *host_map_addr(const struct host_map *map, uint32_t index)
{
	return &map->groups[index].addr;
}

/* The first vhost whose exact name or "*.suffix" it is; UINT32_MAX: none. */
static uint32_t host_group_find(const struct host_group *g, struct span host)
{
	uint32_t hash = HOST_HASH_START, best = UINT32_MAX;

	for (size_t i = host.n; i > 0; i--) {
		struct span suffix = {host.p + i - 1, host.n - i + 1};

		hash = host_hash_step(hash, *suffix.p);
		if (*suffix.p != '.')
			continue;
		uint32_t found = host_table_find(&g->suffixes, suffix, hash);

		if (found < best)
			best = found;
	}
	uint32_t found = host_table_find(&g->names, host, hash);

	return found < best ? found : best;
}

uint32_t host_group_resolve(const struct host_group *g, struct span host, uint16_t port)
{
	struct span bare = host_bare(host);

	if (!g || bare.n == 0 || (g->addr.port != 0 && g->addr.port != port))
		return host_group_default(g);
	uint32_t best = host_group_find(g, bare);

	for (uint32_t i = 0; i < g->npatterns && g->patterns[i].vhost < best; i++)
		if (host_pattern_matches(g->patterns[i].pattern, bare))
			best = g->patterns[i].vhost;
	if (best == UINT32_MAX)
		best = host_table_find(&g->texts, bare, host_hash(bare));
	return best == UINT32_MAX ? g->first : best;
}

/* As Apache's check_serverpath(): a whole number of segments. */
static bool host_path_begins(struct span path, const char *prefix)
{
	size_t n = strlen(prefix);

	if (path.n < n || memcmp(path.p, prefix, n) != 0)
		return false;
	return prefix[n - 1] == '/' || path.n == n || path.p[n] == '/';
}

uint32_t host_group_request(
    const struct host_group *g, struct span host, uint16_t port, struct span path)
{
	if (!g || host.n > 0 || (g->addr.port != 0 && g->addr.port != port))
		return host_group_resolve(g, host, port);
	for (uint32_t i = 0; i < g->npaths; i++)
		if (host_path_begins(path, g->paths[i].pattern))
			return g->paths[i].vhost;
	return g->first;
}
