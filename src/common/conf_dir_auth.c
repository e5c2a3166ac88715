/*
 * Setters of authentication (conf_dir_set.h). Run by the loader as root on the administrator's
 * words, and by the child as the vhost's user on those of a .htaccess. What is wrong is told in
 * Apache's words.
 */
#include "common/conf_dir_set.h"

#include "itkd/conf_parse.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct conf_auth *auth_of(struct conf_dir_build *b)
{
	if (!b->dir.auth)
		b->dir.auth = ARENA_NEW(b->a, struct conf_auth);
	return b->dir.auth;
}

static struct conf_auth_digest *auth_digest_of(struct conf_dir_build *b)
{
	struct conf_auth *auth = auth_of(b);

	if (!auth->digest) {
		struct conf_auth_digest *digest = ARENA_NEW(b->a, struct conf_auth_digest);

		digest->lifetime = CONF_AUTH_NONCE_LIFETIME;
		auth->digest = digest;
	}
	return (struct conf_auth_digest *)(uintptr_t)auth->digest;
}

static const char *auth_text(
    struct conf_dir_build *b, const struct conf_value *v, const struct expr **expr)
{
	const char *error = NULL;

	if (!*v->text)
		return "takes one argument";
	*expr = conf_dir_expr(b, b->a, v->text, EXPR_STRING, &error);
	if (*expr)
		return NULL;
	return arena_printf(b->tmp, "Cannot parse expression '%s' in %s: %s", v->text,
	    v->node->directive->name, error);
}

const char *dir_auth_type(struct conf_dir_build *b, const struct conf_value *v)
{
	return auth_text(b, v, &auth_of(b)->type);
}

const char *dir_auth_name(struct conf_dir_build *b, const struct conf_value *v)
{
	return auth_text(b, v, &auth_of(b)->name);
}

const char *dir_auth_user_file(struct conf_dir_build *b, const struct conf_value *v)
{
	auth_of(b)->users = arena_strdup(b->a, v->text);
	return NULL;
}

const char *dir_auth_group_file(struct conf_dir_build *b, const struct conf_value *v)
{
	auth_of(b)->groups = arena_strdup(b->a, v->text);
	return NULL;
}

/* AuthBasicProvider, AuthDigestProvider: where users stand restricts, so no name is passed over. */
const char *dir_auth_provider(struct conf_dir_build *b, const struct conf_value *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (strcmp(v->words[i], "file") != 0)
			return arena_printf(b->tmp,
			    "Unknown Authn provider: %s; itkd reads users from files alone: write "
			    "'file', and AuthUserFile",
			    v->words[i]);
	return NULL;
}

const char *dir_auth_basic_authoritative(struct conf_dir_build *b, const struct conf_value *v)
{
	auth_of(b)->authoritative = v->flag ? AUTH_ON : AUTH_OFF;
	return NULL;
}

const char *dir_auth_basic_use_digest(struct conf_dir_build *b, const struct conf_value *v)
{
	bool md5 = strcasecmp(v->text, "MD5") == 0;

	if (!md5 && strcasecmp(v->text, "Off") != 0)
		return arena_printf(
		    b->tmp, "Invalid algorithm in AuthBasicUseDigestAlgorithm: %s", v->text);
	auth_of(b)->basic_digest = md5 ? AUTH_ON : AUTH_OFF;
	return NULL;
}

/* The password may stand there: where SetEnv's values are. */
const char *dir_auth_basic_fake(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *user = v->words[0], *password = v->n > 1 ? v->words[1] : "password";
	struct conf_auth *auth = auth_of(b);
	const char *error = NULL;

	auth->fake = AUTH_OFF;
	auth->fake_user = auth->fake_password = NULL;
	if (strcasecmp(user, "off") == 0)
		return NULL;
	/* A parsed expression is some pieces for each %{} in it. */
	if (!conf_dir_secret_room(b, 4096 + 64 * (strlen(user) + strlen(password))))
		return CONF_PRIVATE_FULL;
	auth->fake_user = conf_dir_expr(b, b->secret, user, EXPR_STRING, &error);
	if (!auth->fake_user)
		return arena_printf(
		    b->tmp, "Could not parse fake username expression '%s': %s", user, error);
	auth->fake_password = conf_dir_expr(b, b->secret, password, EXPR_STRING, &error);
	if (!auth->fake_password)
		return arena_printf(b->tmp,
		    "Could not parse fake password expression associated to user '%s': %s", user,
		    error);
	auth->fake = AUTH_ON;
	return NULL;
}

const char *dir_auth_forbidden(struct conf_dir_build *b, const struct conf_value *v)
{
	auth_of(b)->forbidden = v->flag ? AUTH_ON : AUTH_OFF;
	return NULL;
}

const char *dir_auth_digest_algorithm(struct conf_dir_build *b, const struct conf_value *v)
{
	auth_digest_of(b);
	if (strcasecmp(v->text, "MD5") == 0)
		return NULL;
	return arena_printf(b->tmp, "Unsupported algorithm in AuthDigestAlgorithm: %s", v->text);
}

const char *dir_auth_digest_qop(struct conf_dir_build *b, const struct conf_value *v)
{
	auth_digest_of(b);
	for (uint32_t i = 0; i < v->n; i++)
		if (strcasecmp(v->words[i], "auth") != 0)
			return "AuthDigestQop is deprecated: only 'auth' is supported";
	return NULL;
}

const char *dir_auth_digest_lifetime(struct conf_dir_build *b, const struct conf_value *v)
{
	char *end;
	long long seconds = strtoll(v->text, &end, 10);

	if (end == v->text || *end)
		return arena_printf(b->tmp, "Invalid time in AuthDigestNonceLifetime: %s", v->text);
	/* Their microseconds must fit, too. */
	if (seconds > UINT32_MAX)
		seconds = UINT32_MAX;
	auth_digest_of(b)->lifetime = seconds;
	return NULL;
}

const char *dir_auth_digest_nc_check(struct conf_dir_build *b, const struct conf_value *v)
{
	auth_digest_of(b)->nc_check = v->flag;
	return NULL;
}

const char *dir_auth_digest_domain(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_auth_digest *digest = auth_digest_of(b);

	const char *words = arena_join(b->tmp, (const char *const *)v->words, v->n, " ");

	digest->domain = digest->domain ? arena_printf(b->a, "%s %s", digest->domain, words)
	                                : arena_strdup(b->a, words);
	return NULL;
}
