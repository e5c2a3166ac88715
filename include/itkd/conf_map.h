/* A hash table from text to a pointer, in an arena: nothing is freed singly. */
#ifndef ITKD_CONF_MAP_H
#define ITKD_CONF_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct conf_map_entry {
	const char *key; /* NULL: free */
	void *value;
};

struct conf_map {
	struct arena *a;
	bool nocase; /* ASCII case does not count */
	uint32_t n, cap;
	struct conf_map_entry *v;
};

void conf_map_init(struct conf_map *m, struct arena *a, bool nocase);

/* NULL where the key is not there. */
void *conf_map_get(const struct conf_map *m, const char *key);

/* Where the key's value stands, NULL in it when it is new. The key is kept, not copied. */
void **conf_map_at(struct conf_map *m, const char *key);

/* A list that grows, in an arena. */
struct conf_vec {
	void *v;
	uint32_t n, cap;
};

/* Room for one more element of that size, zeroed; valid until the next push. */
void *conf_vec_push(struct conf_vec *vec, struct arena *a, size_t size);

#endif
