/*
 * The directive table and its lookups (conf_table.h). Constant data, used by the loader, and by
 * the child for .htaccess.
 */
#include "itkd/conf_table.h"

#include "itkd/arena.h"
#include "itkd/conf_map.h"
#include <string.h>
#include <strings.h>

#define DIRECTIVE(                                                                                 \
    name, arg, contexts, override, module, status, initial, min, max, setter, manual)              \
	[CONF_ID_##name] = {CONF_ID_##name, #name, false, arg, contexts, override, #module,        \
	    status, initial, min, max, manual},
#define SECTION(name, contexts, override, module, status, min, max, manual)                        \
	[CONF_ID_SECTION_##name] = {CONF_ID_SECTION_##name, #name, true, ARG_SECTION, contexts,    \
	    override, #module, status, NULL, min, max, manual},

const struct conf_directive conf_table[CONF_IDS] = {
#include "itkd/directives.def"
};

/*
 * Modules that are there without a directive of their own: CGI by AddHandler and ScriptAlias, %I
 * and %O of LogFormat, listings by Options Indexes. So `Options -Indexes` inside of <IfModule
 * mod_autoindex.c> counts.
 */
static const char *const bare_modules[] = {"http", "so", "cgi", "cgid", "logio", "autoindex"};

/* Names of <IfModule> that do not follow from the module's name. */
static const struct {
	const char *name, *module;
} odd_names[] = {
    {"core.c", "core"},
    {"http_core.c", "http"},
    {"prefork.c", "mpm_prefork"},
    {"itk.c", "mpm_itk"},
    {"mpm_itk.c", "mpm_itk"},
};

static const char *section_key(struct arena *a, const struct conf_directive *d)
{
	return d->section ? arena_printf(a, "<%s", d->name) : d->name;
}

void conf_table_index(struct conf_map *names, struct arena *a)
{
	conf_map_init(names, a, true);
	for (uintptr_t i = 0; i < CONF_IDS; i++)
		*conf_map_at(names, section_key(a, &conf_table[i])) = (void *)(i + 1);
}

const struct conf_directive *conf_table_find(
    const struct conf_map *names, const char *name, bool section)
{
	char key[64];

	if (strlen(name) >= sizeof(key) - 1)
		return NULL;
	key[0] = '<';
	memcpy(key + 1, name, strlen(name) + 1);
	uintptr_t index = (uintptr_t)conf_map_get(names, section ? key : key + 1);

	return index ? &conf_table[index - 1] : NULL;
}

/* Edit distance (one letter more, less or other) up to a limit, without case. */
static unsigned distance(const char *a, const char *b)
{
	enum { MAX = 40 };
	unsigned row[MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > MAX || lb > MAX)
		return MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned best = diagonal + (strncasecmp(a + i - 1, b + j - 1, 1) != 0);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const struct conf_directive *conf_table_nearest(const char *name, bool section)
{
	const struct conf_directive *best = NULL;
	unsigned least = strlen(name) < 6 ? 2 : 3;

	for (int i = 0; i < CONF_IDS; i++) {
		const struct conf_directive *d = &conf_table[i];
		unsigned n = d->section == section ? distance(name, d->name) : least;

		if (n < least) {
			least = n;
			best = d;
		}
	}
	return best;
}

static bool is_module(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(bare_modules) / sizeof(*bare_modules); i++)
		if (strlen(bare_modules[i]) == n && memcmp(bare_modules[i], name, n) == 0)
			return true;
	for (int i = 0; i < CONF_IDS; i++) {
		const struct conf_directive *d = &conf_table[i];

		if (d->status == CONF_IMPLEMENTED && strlen(d->module) == n &&
		    memcmp(d->module, name, n) == 0)
			return true;
	}
	return false;
}

bool conf_table_module(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(odd_names) / sizeof(*odd_names); i++)
		if (strcmp(odd_names[i].name, name) == 0)
			return is_module(odd_names[i].module, strlen(odd_names[i].module));
	if (n > 6 && strncmp(name, "mod_", 4) == 0 && strcmp(name + n - 2, ".c") == 0)
		return is_module(name + 4, n - 6);
	if (n > 7 && strcmp(name + n - 7, "_module") == 0)
		return is_module(name, n - 7);
	return false;
}

unsigned conf_table_modules(const char **names, unsigned max)
{
	unsigned n = 0;

	for (int i = 0; i < CONF_IDS; i++) {
		const struct conf_directive *d = &conf_table[i];
		bool known = d->status != CONF_IMPLEMENTED;

		for (unsigned j = 0; j < n && !known; j++)
			known = strcmp(names[j], d->module) == 0;
		if (!known && n < max)
			names[n++] = d->module;
	}
	for (size_t i = 0; i < sizeof(bare_modules) / sizeof(*bare_modules) && n < max; i++)
		if (strcmp(bare_modules[i], "so") != 0)
			names[n++] = bare_modules[i];
	return n;
}
