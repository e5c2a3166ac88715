/*
 * The directives of mod_php into a conf_dir. Run by the loader as root on the administrator's
 * words, and by the child as the vhost's user on those of a .htaccess. Values can be secrets
 * (passwords of databases): they are kept where SetEnv's are.
 */
#include "common/conf_dir_set.h"
#include "itkd/php_ini.h"
#include <string.h>
#include <strings.h>

/* What stays free of a fixed region for alignment. */
#define ROOM_SLACK 64

/* Whether n bytes fit; only a vhost's own region can be full. */
static bool php_room(const struct arena *s, size_t n)
{
	return s->limit > 0 ||
	       (s->size - s->used > ROOM_SLACK && n < s->size - s->used - ROOM_SLACK);
}

static struct conf_php_value *php_named(const struct conf_php *php, const char *name)
{
	for (uint32_t i = 0; i < php->n; i++)
		if (strcmp(php->v[i].name, name) == 0)
			return (struct conf_php_value *)(uintptr_t)&php->v[i];
	return NULL;
}

/* Of two lines of one section about a name the later one counts, whoever wrote which. */
static const char *php_set(
    struct conf_dir_build *b, const char *name, const char *value, bool admin)
{
	struct conf_php *php = b->dir.php;
	if (!php_ini_name(name))
		return arena_printf(b->tmp, "'%s' is no name of a setting of PHP", name);
	size_t need = strlen(name) + strlen(value) + 2 * ROOM_SLACK + sizeof(*php);

	/* A list that grows leaves its smaller one behind; and room for the merged one. */
	need += 4 * sizeof(struct conf_php_value) * ((php ? php->n : 0) + 1);
	if (!php_room(b->secret, need))
		return "the settings of this user's virtual hosts exceed 16 MiB";
	if (!php)
		b->dir.php = php = ARENA_NEW(b->secret, struct conf_php);
	struct conf_php_value *to = php_named(php, name);

	if (!to && b->context == CTX_HTACCESS && php->n >= CONF_HTACCESS_NAMES)
		return "a .htaccess has at most 1,000 settings of PHP";
	if (!to) {
		to = conf_dir_push(b->secret, &php->v, &php->n, sizeof(*to));
		to->name = arena_strdup(b->secret, name);
	}
	to->value = arena_strdup(b->secret, value);
	to->admin = admin;
	to->htaccess = b->context == CTX_HTACCESS;
	to->shared = b->context == CTX_DIRECTORY && (b->within & WITHIN_MAIN);
	return NULL;
}

/* As mod_php: "none" is the way to write an empty value. */
static const char *php_text(const char *word)
{
	return strcasecmp(word, "none") == 0 ? "" : word;
}

static const char *php_switch(const char *word)
{
	return strcasecmp(word, "on") == 0 || strcmp(word, "1") == 0 ? "1" : "0";
}

const char *dir_php_value(struct conf_dir_build *b, const struct conf_value *v)
{
	return php_set(b, v->words[0], php_text(v->words[1]), false);
}

const char *dir_php_flag(struct conf_dir_build *b, const struct conf_value *v)
{
	return php_set(b, v->words[0], php_switch(v->words[1]), false);
}

const char *dir_php_admin_value(struct conf_dir_build *b, const struct conf_value *v)
{
	return php_set(b, v->words[0], php_text(v->words[1]), true);
}

const char *dir_php_admin_flag(struct conf_dir_build *b, const struct conf_value *v)
{
	return php_set(b, v->words[0], php_switch(v->words[1]), true);
}

const char *dir_php_ini_dir(struct conf_dir_build *b, const struct conf_value *v)
{
	if (!b->dir.php) {
		if (!php_room(b->secret, sizeof(struct conf_php)))
			return "the settings of this user's virtual hosts exceed 16 MiB";
		b->dir.php = ARENA_NEW(b->secret, struct conf_php);
	}
	if (!php_room(b->secret, strlen(v->text) + ROOM_SLACK))
		return "the settings of this user's virtual hosts exceed 16 MiB";
	b->dir.php->ini_dir = arena_strdup(b->secret, v->text);
	return NULL;
}
