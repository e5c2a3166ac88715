/*
 * php_value and its like on their way to PHP: arguments of php-cgi, parameters of php-fpm. And what
 * is never sent: a program of PHP as it is. Runs as the vhost's user; values may come from a
 * .htaccess, and must not undo what the administrator set.
 */
#include "child_internal.h"

#include "itkd/php_ini.h"
#include <string.h>

/* Where mod_php is asked whether it is on at all. It is no setting of PHP's elsewhere. */
static bool php_is_engine(const struct conf_php_value *v)
{
	return strcasecmp(v->name, "engine") == 0;
}

static bool php_is_off(const struct conf_php *php)
{
	for (uint32_t i = 0; php && i < php->n; i++)
		if (php_is_engine(&php->v[i]))
			return strcmp(php->v[i].value, "0") == 0 || !*php->v[i].value ||
			       strcasecmp(php->v[i].value, "off") == 0;
	return false;
}

static bool php_is_for(const struct child *c, const struct child_request *r)
{
	const struct child_target *t = &r->target;
	const char *by = r->proxy ? r->proxy : t->handler ? t->handler : t->type;

	if (by && (strcasestr(by, "php") || strcasestr(by, "fcgi:")))
		return true;
	return child_handler_is_program(c, t) && t->file && child_php_named(t->file);
}

int child_php_check(struct child *c, const struct child_request *r)
{
	if (!php_is_off(c->dir.merged.php) || !php_is_for(c, r))
		return 0;
	child_log(c, LOG_ERR, "php", "PHP is switched off here (engine): %s",
	    r->target.file ? r->target.file : r->uri);
	return 403;
}

bool child_php_named(const char *file)
{
	static const char *const extensions[] = {".php", ".phtml", ".phar", ".pht"};
	const char *dot = strrchr(file, '.');

	for (size_t i = 0; dot && i < sizeof(extensions) / sizeof(*extensions); i++)
		if (strcasecmp(dot, extensions[i]) == 0)
			return true;
	return false;
}

/* A .htaccess cannot change what PHP keeps for the administrator: with mod_php PHP itself says so.
 */
static bool php_passes(struct child *c, const struct conf_php_value *v)
{
	if (php_is_engine(v))
		return false;
	if (!v->htaccess || !php_ini_system(v->name))
		return true;
	child_log(c, LOG_WARNING, "php", "%s cannot be set by a .htaccess", v->name);
	return false;
}

/* The lines of one kind, each with its end; "" where there is none. */
static const char *php_lines(struct child *c, const struct conf_php *php, bool admin)
{
	const char *text = "";

	for (uint32_t i = 0; php && i < php->n; i++)
		if (php->v[i].admin == admin && php_passes(c, &php->v[i]))
			text = arena_printf(&c->arena, "%s%s\n", text,
			    php_ini_line(&c->arena, php->v[i].name, php->v[i].value));
	return text;
}

/* What the configuration itself put into such a variable stands in lines of its own. */
static const char *php_variable(const struct child_request *r, const char *name)
{
	const char *value = child_env_get(r, name);

	return value ? value : "";
}

/*
 * php-fpm reads PHP_VALUE first, then PHP_ADMIN_VALUE. The administrator's are alone in the second:
 * a variable of the same name, which a .htaccess can set, goes before them.
 */
void child_php_params(struct child *c, struct child_request *r)
{
	const struct conf_php *php = c->dir.merged.php;
	const char *plain = php_lines(c, php, false), *admin = php_lines(c, php, true);
	const char *value = php_variable(r, "PHP_VALUE");
	const char *admin_value = php_variable(r, "PHP_ADMIN_VALUE");

	if (!*plain && !*admin)
		return;
	child_env_put(c, r, "PHP_VALUE",
	    arena_printf(&c->arena, "%s%s\n%s", plain, value, *admin ? admin_value : ""));
	if (*admin)
		child_env_put(c, r, "PHP_ADMIN_VALUE", admin);
}

/*
 * A section for the first directory on the way to the file: what stands there no script and no
 * .user.ini can change. It is handed on in one argument, since what -d gives PHP is a php.ini's
 * text if it begins like a plain setting.
 */
static const char *php_locked(struct child *c, const char *file, const char *admin)
{
	const char *slash = *file ? strchr(file + 1, '/') : NULL;

	if (!slash || memchr(file, ']', (size_t)(slash - file)))
		return NULL;
	return arena_printf(
	    &c->arena, "engine=1\n[PATH=%.*s]\n%s", (int)(slash - file), file, admin);
}

void child_php_arguments(struct child *c, struct child_request *r, const char *file)
{
	const struct conf_php *php = c->dir.merged.php;
	const char *admin = php_lines(c, php, true),
	           *locked = *admin ? php_locked(c, file, admin) : 0;
	uint32_t n = 0;

	r->php_arguments = NULL;
	if (!php || php->n == 0)
		return;
	char **v = arena_array(&c->arena, 2 * (size_t)php->n + 5, sizeof(*v));

	if (php->ini_dir) {
		v[n++] = arena_strdup(&c->arena, "-c");
		v[n++] = arena_strdup(&c->arena, php->ini_dir);
	}
	for (uint32_t i = 0; i < php->n; i++) {
		if (!php_passes(c, &php->v[i]))
			continue;
		v[n++] = arena_strdup(&c->arena, "-d");
		v[n++] = arena_strdup(
		    &c->arena, php_ini_line(&c->arena, php->v[i].name, php->v[i].value));
	}
	if (locked) {
		v[n++] = arena_strdup(&c->arena, "-d");
		v[n++] = arena_strdup(&c->arena, locked);
	}
	v[n] = NULL;
	r->php_arguments = n ? v : NULL;
}
