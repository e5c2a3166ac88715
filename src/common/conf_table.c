/*
 * The directive table and its lookups (conf_table.h). Constant data, used by the loader, and by
 * the child for .htaccess.
 */
#include "itkd/conf_table.h"

#include "itkd/arena.h"
#include "itkd/conf_map.h"
#include <ctype.h>
#include <stdlib.h>
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

const char *const conf_table_static_modules[] = {
    "core", "so", "http", "log_config", "logio", "version", "unixd", NULL};

/*
 * Modules that are there without a directive of their own: CGI by AddHandler and ScriptAlias, %I
 * and %O of LogFormat, Require ip and its like, SetHandler server-status, the choice among files
 * that `Options -MultiViews` turns off, Require valid-user and file-owner. So what stands in
 * <IfModule> of them counts.
 */
static const char *const bare_modules[] = {"http", "so", "cgi", "cgid", "logio", "autoindex",
    "negotiation", "authz_host", "authz_user", "authz_owner", "status", "proxy_http",
    "proxy_wstunnel"};

/* Modules whose file is not mod_NAME.c. */
static const struct {
	const char *file, *module;
} odd_files[] = {
    {"core.c", "core"},
    {"http_core.c", "http"},
    {"prefork.c", "mpm_prefork"},
    {"mpm_itk.c", "mpm_itk"},
    {"itk.c", "mpm_itk"},
    {"util_ldap.c", "ldap"},
};

static const char *section_key(struct arena *a, const struct conf_directive *d)
{
	return arena_printf(a, "%s%s", d->section ? "<" : "", d->name);
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

/* Edit distance (one letter more, less or other), without case; what is as far as that is `far`. */
static unsigned distance(const char *a, const char *b, unsigned far)
{
	enum { MAX = 40 };
	unsigned row[MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > MAX || lb > MAX || (la > lb ? la - lb : lb - la) >= far)
		return far;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0], least = (unsigned)i;

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned best = diagonal + (tolower((unsigned char)a[i - 1]) !=
			                               tolower((unsigned char)b[j - 1]));

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			least = best < least ? best : least;
		}
		if (least >= far)
			return far;
	}
	return row[lb];
}

const struct conf_directive *conf_table_nearest(const char *name, bool section)
{
	const struct conf_directive *best = NULL;
	unsigned least = strlen(name) < 6 ? 2 : 3;

	for (int i = 0; i < CONF_IDS; i++) {
		const struct conf_directive *d = &conf_table[i];
		unsigned n = d->section == section ? distance(name, d->name, least) : least;

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

	for (size_t i = 0; i < sizeof(odd_files) / sizeof(*odd_files); i++)
		if (strcmp(odd_files[i].file, name) == 0)
			return is_module(odd_files[i].module, strlen(odd_files[i].module));
	if (n > 6 && strncmp(name, "mod_", 4) == 0 && strcmp(name + n - 2, ".c") == 0)
		return is_module(name + 4, n - 6);
	if (n > 7 && strcmp(name + n - 7, "_module") == 0)
		return is_module(name, n - 7);
	return false;
}

const char *conf_table_module_file(struct arena *a, const char *module)
{
	for (size_t i = 0; i < sizeof(odd_files) / sizeof(*odd_files); i++)
		if (strcmp(odd_files[i].module, module) == 0)
			return odd_files[i].file;
	return arena_printf(a, "mod_%s.c", module);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_name(struct arena *a, struct conf_vec *names, const char *name)
{
	const char **v = names->v;

	for (uint32_t i = 0; i < names->n; i++)
		if (strcmp(v[i], name) == 0)
			return;
	*(const char **)conf_vec_push(names, a, sizeof(name)) = name;
}

const char *const *conf_table_modules(struct arena *a, uint32_t *n)
{
	struct conf_vec names = {0};

	for (const char *const *m = conf_table_static_modules; *m; m++)
		add_name(a, &names, *m);
	const uint32_t first = names.n;

	for (int i = 0; i < CONF_IDS; i++)
		if (conf_table[i].status == CONF_IMPLEMENTED)
			add_name(a, &names, conf_table[i].module);
	for (size_t i = 0; i < sizeof(bare_modules) / sizeof(*bare_modules); i++)
		add_name(a, &names, bare_modules[i]);
	const char **v = names.v;

	qsort(v + first, names.n - first, sizeof(*v), by_name);
	*n = names.n;
	return v;
}
