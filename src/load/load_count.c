/*
 * The counter of a site in the scoreboard: a keyed hash of its ServerName and identity, so that the
 * same site has the same counter before and after a reload. SipHash-2-4 (Aumasson, Bernstein 2012).
 * Run by the loader; the seed is the master's, for its life.
 */
#include "load/load.h"

#include <string.h>

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t m)
{
	s->v3 ^= m;
	sip_round(s);
	sip_round(s);
	s->v0 ^= m;
}

uint64_t load_siphash(uint64_t k0, uint64_t k1, const char *p, size_t n)
{
	struct sip s = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
	    k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
	uint64_t last = (uint64_t)n << 56;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t m = 0;

		for (size_t j = 0; j < 8; j++)
			m |= (uint64_t)(unsigned char)p[i + j] << (8 * j);
		sip_word(&s, m);
	}
	for (size_t j = 0; i + j < n; j++)
		last |= (uint64_t)(unsigned char)p[i + j] << (8 * j);
	sip_word(&s, last);
	s.v2 ^= 0xff;
	for (int j = 0; j < 4; j++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* What a site is to MaxClientsVHost: its name, and whom it runs as. */
static const char *site_key(struct loader *l, const struct load_server *s)
{
	const struct conf_identity *id =
	    (const struct conf_identity *)l->identities.v + s->v.identities[0];
	uint64_t groups =
	    load_siphash(0, 0, (const char *)id->groups, id->ngroups * sizeof(*id->groups));

	return arena_printf(
	    l->tmp, "%s\n%u\n%u\n%lx", s->v.server_name, id->uid, id->gid, (unsigned long)groups);
}

static void set_counter(struct loader *l, struct load_server *s, struct conf_map *seen)
{
	const char *key = site_key(l, s);
	uint64_t counter = load_siphash(l->seed, ~l->seed, key, strlen(key));

	/* 0 means "none" in the scoreboard. */
	if (counter == 0)
		counter = 1;
	void **at = conf_map_at(seen, arena_printf(l->tmp, "%lx", (unsigned long)counter));

	if (*at && strcmp(*at, key) != 0)
		conf_report_at(l->report, CONF_ERROR, s->node ? s->node->file : NULL,
		    s->node ? s->node->line : 0, NULL,
		    "%s has by chance the same counter as another site: start itkd again",
		    s->v.server_name);
	*at = (void *)(uintptr_t)key;
	s->v.counter = counter;
}

void load_counters(struct loader *l)
{
	struct conf_map seen;

	conf_map_init(&seen, l->tmp, false);
	set_counter(l, &l->main, &seen);
	for (uint32_t i = 0; i < l->nservers; i++)
		set_counter(l, l->servers[i], &seen);
}
