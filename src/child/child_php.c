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

static bool php_is_for(struct child *c, const struct child_request *r)
{
	const struct child_target *t = &r->target;
	const char *by = r->proxy ? r->proxy : t->handler ? t->handler : t->type;

	if (by && (strcasestr(by, "php") || strcasestr(by, "fcgi:")))
		return true;
	/* Whatever a handler or an Action is called, PHP may be behind it. */
	if (!t->file || child_action_has(c, t))
		return t->file != NULL;
	return child_php_named(t->file) &&
	       (t->handler || c->dir.merged.actions || child_handler_is_program(c, t));
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

static bool php_has_admin(const struct conf_php *php)
{
	for (uint32_t i = 0; php && i < php->n; i++)
		if (php->v[i].admin)
			return true;
	return false;
}

/* PHP need not be called so; and a .htaccess can give what runs it to any file. */
bool child_php_may_run(const struct child *c, const struct conf_action *action, const char *file)
{
	return strcasestr(action->type, "php") || strcasestr(action->script, "php") ||
	       child_php_named(file) || php_has_admin(c->dir.merged.php);
}

/* Of a section itself. */
typedef bool php_question(const struct conf_dir *dir, const char *uri);

static bool php_asks_admin(const struct conf_dir *dir, const char *uri)
{
	(void)uri;
	return php_has_admin(dir->php);
}

/* The program at uri, or what it is given as PATH_INFO, is an Action's. */
static bool php_asks_action(const struct conf_dir *dir, const char *uri)
{
	for (const struct conf_actions *a = dir->actions; a; a = a->below)
		for (uint32_t i = 0; i < a->n; i++) {
			size_t n = strcspn(a->v[i].script, "?");

			if (strncmp(uri, a->v[i].script, n) == 0 && (!uri[n] || uri[n] == '/'))
				return true;
		}
	return false;
}

/* Of a section, or of one in it. */
static bool php_any_dir(const struct conf_dir *dir, php_question *asks, const char *uri)
{
	if (asks(dir, uri))
		return true;
	for (uint32_t i = 0; i < dir->files.n; i++)
		if (php_any_dir(dir->files.v[i].dir, asks, uri))
			return true;
	for (uint32_t i = 0; i < dir->ifs.n; i++)
		if (php_any_dir(dir->ifs.v[i].dir, asks, uri))
			return true;
	return false;
}

static bool php_any_match(const struct conf_matches *matches, php_question *asks, const char *uri)
{
	for (uint32_t i = 0; i < matches->n; i++)
		if (php_any_dir(matches->v[i].dir, asks, uri))
			return true;
	return false;
}

/* Somewhere in the virtual host: which file php-cgi will run is not known here. */
static bool php_any(const struct conf_vhost *v, php_question *asks, const char *uri)
{
	for (uint32_t i = 0; i < v->sections.n; i++)
		if (php_any_dir(v->sections.v[i].dir, asks, uri))
			return true;
	return php_any_dir(&v->dir, asks, uri) || php_any_match(&v->directory_matches, asks, uri) ||
	       php_any_match(&v->locations, asks, uri);
}

/* By its name, or by what it is for. */
static bool php_is_bare(const struct child *c, const struct child_request *r)
{
	const char *slash = strrchr(r->target.file, '/');
	const char *name = slash ? slash + 1 : r->target.file;

	if (strcasestr(name, "php") && !child_php_named(name))
		return true;
	return php_any(c->vhost, php_asks_action, r->uri);
}

/*
 * php-cgi runs what it is asked for once it believes that a server redirected to it, which it sees
 * by REDIRECT_STATUS or HTTP_REDIRECT_STATUS. Only an Action knows the file's settings: a rewrite,
 * an error document, an index file or a client's field would leave them out.
 */
int child_php_bare(struct child *c, const struct child_request *r)
{
	bool inside = r->redirects || strcmp(r->path, r->uri) != 0 ||
	              child_env_get(r, "REDIRECT_STATUS") ||
	              http_head_field(&r->head, SPAN("Redirect-Status"));

	if (!inside || (r->redirects && r->php_redirect == r->redirects))
		return 0;
	if (!php_any(c->vhost, php_asks_admin, NULL) || !php_is_bare(c, r))
		return 0;
	child_log(c, LOG_ERR, "php",
	    "%s is run by an Action only: it would not have the settings of php_admin_value",
	    r->target.file);
	return 403;
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

/*
 * A process of php-fpm keeps a setting for all that it runs later. What the box's configuration has
 * for an application that any site reaches by an Alias would be the site's from then on: with an
 * open_basedir like that none of its own programs runs any more.
 */
static bool php_is_kept(const struct child_target *t, const struct conf_php_value *v)
{
	return v->shared && *t->context_prefix;
}

/* The lines of one kind, each with its end; "" where there is none. t: for php-fpm, or NULL. */
static const char *php_lines(
    struct child *c, const struct conf_php *php, bool admin, const struct child_target *t)
{
	const char *text = "";

	for (uint32_t i = 0; php && i < php->n; i++)
		if (php->v[i].admin == admin && php_passes(c, &php->v[i]) &&
		    !(t && php_is_kept(t, &php->v[i])))
			text = arena_printf(&c->arena, "%s%s\n", text,
			    php_ini_line(&c->arena, php->v[i].name, php->v[i].value));
	return text;
}

/* What the configuration itself put into such a variable, which goes with the settings. */
static const char *php_variable(
    struct child *c, struct child_request *r, const char *name, bool admin)
{
	const char *value = child_env_get(r, name);

	/* php-fpm knows the name as it is: another spelling must not stay. */
	child_env_unset(r, name);
	if (value && admin)
		child_log(c, LOG_INFO, "php",
		    "the variable %s is left out: php_admin_value is set here", name);
	return value && !admin ? value : NULL;
}

/*
 * php-fpm reads PHP_VALUE first, then PHP_ADMIN_VALUE. Where the administrator has some, nothing
 * else is in either: a variable of the same name can be a .htaccess's.
 */
void child_php_params(struct child *c, struct child_request *r)
{
	const struct conf_php *php = c->dir.merged.php;
	const char *plain = php_lines(c, php, false, &r->target),
	           *admin = php_lines(c, php, true, &r->target);

	if (!*plain && !*admin)
		return;
	const char *value = php_variable(c, r, "PHP_VALUE", *admin);
	const char *admin_value = php_variable(c, r, "PHP_ADMIN_VALUE", *admin);

	child_env_put(
	    c, r, "PHP_VALUE", value ? arena_printf(&c->arena, "%s%s\n", plain, value) : plain);
	if (*admin || admin_value)
		child_env_put(c, r, "PHP_ADMIN_VALUE", *admin ? admin : admin_value);
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
	const char *admin = php_lines(c, php, true, NULL),
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
