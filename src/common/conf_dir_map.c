/*
 * The directives of mod_dir and mod_actions into a conf_dir. Run by the loader as root on the
 * administrator's words, and by the child as the vhost's user on those of a .htaccess.
 */
#include "common/conf_dir_set.h"
#include <string.h>
#include <strings.h>

const char *dir_directory_index(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.set |= DIR_INDEX;
	if (v->n == 1 && strcasecmp(v->words[0], "disabled") == 0) {
		b->dir.index.n = 0;
		b->dir.index.v = NULL;
		return NULL;
	}
	for (uint32_t i = 0; i < v->n; i++)
		*(const char **)conf_dir_push(b->a, &b->dir.index.v, &b->dir.index.n,
		    sizeof(char *)) = arena_strdup(b->a, v->words[i]);
	return NULL;
}

const char *dir_directory_slash(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.slash = v->flag;
	b->dir.set |= DIR_SLASH;
	return NULL;
}

const char *dir_directory_check_handler(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.check_handler = v->flag ? CONF_ON : CONF_OFF;
	return NULL;
}

const char *dir_directory_index_redirect(struct conf_dir_build *b, const struct conf_value *v)
{
	static const struct {
		const char *word;
		uint16_t status;
	} words[] = {{"on", 302}, {"off", INDEX_REDIRECT_OFF}, {"permanent", 301}, {"temp", 302},
	    {"seeother", 303}};
	int64_t status;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(v->text, words[i].word) == 0) {
			b->dir.index_redirect = words[i].status;
			return NULL;
		}
	if (*v->text < '0' || *v->text > '9')
		return "DirectoryIndexRedirect ON|OFF|permanent|temp|seeother|3xx";
	if (!conf_number(v->text, 300, 399, &status))
		return "DirectoryIndexRedirect only accepts values between 300 and 399";
	b->dir.index_redirect = (uint16_t)status;
	return NULL;
}

/* "disabled" is kept: it hides the one of an outer section. */
const char *dir_fallback_resource(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.fallback = arena_strdup(b->a, strcasecmp(v->text, "disabled") == 0 ? "" : v->text);
	return NULL;
}

static struct conf_actions *actions_of(struct conf_dir_build *b)
{
	if (!b->dir.actions)
		b->dir.actions = ARENA_NEW(b->a, struct conf_actions);
	return b->dir.actions;
}

const char *dir_action(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_actions *actions = actions_of(b);

	if (v->n == 3 && strcasecmp(v->words[2], "virtual") != 0)
		return arena_printf(b->tmp, "unrecognized option '%s'", v->words[2]);
	struct conf_action *action = conf_dir_push(b->a, &actions->v, &actions->n, sizeof(*action));

	action->type = arena_strdup(b->a, v->words[0]);
	action->script = arena_strdup(b->a, v->words[1]);
	action->virtual = v->n == 3;
	return NULL;
}

const char *dir_script(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_actions *actions = actions_of(b);

	if (strcmp(v->words[0], "TRACE") == 0)
		return "TRACE not allowed for Script";
	struct conf_action *action =
	    conf_dir_push(b->a, &actions->scripts, &actions->nscripts, sizeof(*action));

	action->type = arena_strdup(b->a, v->words[0]);
	action->script = arena_strdup(b->a, v->words[1]);
	return NULL;
}
