/*
 * Hash table and growing list of the config reader (conf_map.h). The keys are an administrator's
 * or, in .htaccess, a vhost user's own: nobody gains by making them collide.
 */
#include "itkd/conf_map.h"

#include "itkd/arena.h"
#include "itkd/log.h"
#include <string.h>
#include <strings.h>

void conf_map_init(struct conf_map *m, struct arena *a, bool nocase)
{
	*m = (struct conf_map){.a = a, .nocase = nocase};
}

/* FNV-1a. */
static uint32_t map_hash(const struct conf_map *m, const char *key)
{
	uint32_t h = 2166136261u;

	for (; *key; key++) {
		unsigned char c = (unsigned char)*key;

		if (m->nocase && c >= 'A' && c <= 'Z')
			c |= 0x20;
		h = (h ^ c) * 16777619u;
	}
	return h;
}

static struct conf_map_entry *map_find(const struct conf_map *m, const char *key)
{
	uint32_t i = map_hash(m, key) & (m->cap - 1);

	for (;; i = (i + 1) & (m->cap - 1)) {
		struct conf_map_entry *e = &m->v[i];

		if (!e->key)
			return e;
		if ((m->nocase ? strcasecmp(e->key, key) : strcmp(e->key, key)) == 0)
			return e;
	}
}

void *conf_map_get(const struct conf_map *m, const char *key)
{
	return m->cap ? map_find(m, key)->value : NULL;
}

static void map_grow(struct conf_map *m)
{
	struct conf_map bigger = *m;

	bigger.cap = m->cap ? m->cap * 2 : 16;
	bigger.v = arena_array(m->a, bigger.cap, sizeof(*bigger.v));
	for (uint32_t i = 0; i < m->cap; i++)
		if (m->v[i].key)
			*map_find(&bigger, m->v[i].key) = m->v[i];
	*m = bigger;
}

void **conf_map_at(struct conf_map *m, const char *key)
{
	if ((m->n + 1) * 2 > m->cap)
		map_grow(m);
	struct conf_map_entry *e = map_find(m, key);

	if (!e->key) {
		e->key = key;
		m->n++;
	}
	return &e->value;
}

void *conf_vec_push(struct conf_vec *vec, struct arena *a, size_t size)
{
	if (vec->n == vec->cap) {
		uint32_t cap = vec->cap ? vec->cap * 2 : 4;

		if (cap < vec->cap)
			fatal_oom();
		void *bigger = arena_array(a, cap, size);

		if (vec->n)
			memcpy(bigger, vec->v, vec->n * size);
		vec->v = bigger;
		vec->cap = cap;
	}
	return (char *)vec->v + size * vec->n++;
}
