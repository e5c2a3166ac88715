/*
 * ProxyFCGIBackendType and ProxyFCGISetEnvIf (mod_proxy_fcgi) into a conf_dir. Run by the loader as
 * root on the administrator's words, and by the child as the vhost's user on those of a .htaccess.
 * Values may be passwords: they are kept where SetEnv's are.
 */
#include "common/conf_dir_set.h"
#include "itkd/conf_fcgi.h"
#include <string.h>
#include <strings.h>

#define FCGI_PARSED 64 /* bytes that one of an expression's text may need when it is parsed */

static struct conf_fcgi *fcgi_settings(struct conf_dir_build *b)
{
	if (!b->dir.fcgi)
		b->dir.fcgi = ARENA_NEW(b->a, struct conf_fcgi);
	return b->dir.fcgi;
}

const char *dir_fcgi_backend(struct conf_dir_build *b, const struct conf_value *v)
{
	bool fpm = strcasecmp(v->words[0], "FPM") == 0;

	if (!fpm && strcasecmp(v->words[0], "GENERIC") != 0)
		return arena_printf(
		    b->tmp, "ProxyFCGIBackendType %s: must be one of: FPM, GENERIC", v->words[0]);
	fcgi_settings(b)->backend = fpm ? FCGI_BACKEND_FPM : FCGI_BACKEND_GENERIC;
	return NULL;
}

const char *dir_fcgi_set_env_if(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *error = NULL, *name = v->words[1], *value = v->n > 2 ? v->words[2] : NULL;
	struct conf_fcgi_env env = {.unset = *name == '!'};
	struct conf_fcgi *fcgi = fcgi_settings(b);

	if (env.unset && value)
		return arena_printf(
		    b->tmp, "Third argument not allowed when unsetting an envvar (\"%s\")", name);
	env.when = conf_dir_expr(b, b->a, v->words[0], EXPR_CONDITION, &error);
	if (!env.when)
		return arena_printf(
		    b->tmp, "Could not parse expression \"%s\": %s", v->words[0], error);
	if (value && !conf_dir_secret_room(b, FCGI_PARSED * (strlen(value) + 16)))
		return CONF_PRIVATE_FULL;
	if (value && !(env.value = conf_dir_expr(b, b->secret, value, EXPR_STRING, &error)))
		return arena_printf(b->tmp, "Could not parse expression \"%s\": %s", value, error);
	env.name = arena_strdup(b->a, name + env.unset);
	struct conf_fcgi_env *to = conf_dir_push(b->a, &fcgi->v, &fcgi->n, sizeof(*to));

	*to = env;
	return NULL;
}
