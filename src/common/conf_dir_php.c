/*
 * The directives of mod_php into a conf_dir. Run by the loader as root on the administrator's
 * words, and by the child as the vhost's user on those of a .htaccess. Values can be secrets
 * (passwords of databases): they are kept where SetEnv's are.
 */
#include "common/conf_dir_set.h"
#include "itkd/php_ini.h"
#include <string.h>
#include <strings.h>

#define PHP_SLACK 64 /* for alignment, beyond the texts */

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
	size_t need = strlen(name) + strlen(value) + 2 * PHP_SLACK + sizeof(*php);

	/* A list that grows leaves its smaller one behind; and room for the merged one. */
	need += 4 * sizeof(struct conf_php_value) * ((php ? php->n : 0) + 1);
	if (!conf_dir_secret_room(b, need))
		return CONF_PRIVATE_FULL;
	if (!php)
		b->dir.php = php = ARENA_NEW(b->secret, struct conf_php);
	struct conf_php_value *to = php_named(php, name);

	if (!to && conf_dir_full(b, php->n))
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
		if (!conf_dir_secret_room(b, sizeof(struct conf_php)))
			return CONF_PRIVATE_FULL;
		b->dir.php = ARENA_NEW(b->secret, struct conf_php);
	}
	if (!conf_dir_secret_room(b, strlen(v->text) + PHP_SLACK))
		return CONF_PRIVATE_FULL;
	b->dir.php->ini_dir = arena_strdup(b->secret, v->text);
	return NULL;
}
