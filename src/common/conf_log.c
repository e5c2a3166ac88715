/*
 * LogLevel for a server, a module, a directory. Run by the loader on the administrator's words, and
 * by the child for what a request's path goes through.
 */
#include "itkd/conf_log.h"

#include "common/conf_dir_set.h"
#include "itkd/conf_parse.h"
#include "itkd/log.h"

#include <string.h>
#include <strings.h>

void conf_log_levels_merge(
    struct arena *a, struct conf_log_levels **base, const struct conf_log_levels *add)
{
	const struct conf_log_levels *under = *base;

	if (!add)
		return;
	struct conf_log_levels *l = ARENA_NEW(a, struct conf_log_levels);

	*l = *add;
	*base = l;
	if (add->set || !under)
		return;
	struct conf_module_level *v = arena_array(a, (size_t)under->n + add->n, sizeof(*v));

	if (under->n)
		memcpy(v, under->v, under->n * sizeof(*v));
	if (add->n)
		memcpy(v + under->n, add->v, add->n * sizeof(*v));
	*l = (struct conf_log_levels){under->set, under->level, under->n + add->n, v};
}

int conf_log_level(const struct conf_log_levels *levels, const char *module, int otherwise)
{
	if (!levels)
		return otherwise;
	for (uint32_t i = levels->n; module && i > 0; i--)
		if (strcmp(levels->v[i - 1].module, module) == 0)
			return levels->v[i - 1].level;
	return levels->set ? levels->level : otherwise;
}

/* "ssl", "ssl_module", "mod_ssl.c": what Apache takes for a module's name. */
static const char *module_name(struct arena *a, const char *text, size_t n)
{
	static const char end[] = "_module";
	const size_t tail = sizeof(end) - 1;

	if (n > 6 && memcmp(text, "mod_", 4) == 0 && memcmp(text + n - 2, ".c", 2) == 0)
		return arena_strndup(a, text + 4, n - 6);
	if (n > 2 && memcmp(text + n - 2, ".c", 2) == 0)
		return arena_strndup(a, text, n - 2);
	if (n > tail && memcmp(text + n - tail, end, tail) == 0)
		return arena_strndup(a, text, n - tail);
	return arena_strndup(a, text, n);
}

/* Of a directive that itkd knows, if only to refuse it; and what has no directives. */
static bool module_is_known(const char *name)
{
	static const char *const more[] = {"core", "http", "so", "mpm_itk", "mpm_prefork",
	    "authz_core", "authz_host", "cgi", "cgid", "logio", "reqtimeout", "ssl", "autoindex"};

	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
		if (strcmp(name, more[i]) == 0)
			return true;
	for (size_t i = 0; i < CONF_IDS; i++)
		if (strcmp(name, conf_table[i].module) == 0)
			return true;
	return false;
}

static const char *set_level(struct conf_dir_build *b, const char *word)
{
	static const char words[] = "Log level keyword must be one of emerg/alert/crit/error/warn/"
	                            "notice/info/debug/trace1/.../trace8";
	const char *colon = strchr(word, ':');
	int level = log_level_parse(colon ? colon + 1 : word);
	struct conf_log_levels *l = b->dir.log_levels;

	if (level < 0)
		return colon ? arena_printf(b->tmp, "%s: %s", word, words) : words;
	if (!colon) {
		/* What was said of modules before counts no more, as in Apache. */
		*l = (struct conf_log_levels){.set = true, .level = level};
		return NULL;
	}
	const char *name = module_name(b->tmp, word, (size_t)(colon - word));

	if (!module_is_known(name))
		return arena_printf(b->tmp, "Cannot find module %s", name);
	struct conf_module_level *m = conf_dir_push(b->a, &l->v, &l->n, sizeof(*m));

	*m = (struct conf_module_level){arena_strdup(b->a, name), level};
	return NULL;
}

const char *dir_log_level(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *error = NULL;

	if (!b->dir.log_levels)
		b->dir.log_levels = ARENA_NEW(b->a, struct conf_log_levels);
	for (uint32_t i = 0; i < v->n && !error; i++)
		error = set_level(b, v->words[i]);
	return error;
}
