/*
 * The directives of mod_headers and mod_expires into a conf_dir. Run by the loader as root on the
 * administrator's words, and by the child as the vhost's user on those of a .htaccess.
 */
#include "common/conf_dir_set.h"
#include "itkd/conf_expires.h"
#include "itkd/conf_headers.h"
#include "itkd/conf_lex.h"
#include <string.h>
#include <strings.h>

static struct conf_headers *headers_of(struct conf_dir_build *b)
{
	if (!b->dir.headers)
		b->dir.headers = ARENA_NEW(b->a, struct conf_headers);
	return b->dir.headers;
}

static const char *add_rule(
    struct conf_dir_build *b, bool in, struct header_rules *rules, char *const *words, uint32_t n)
{
	const struct header_reader hr = {.a = b->a,
	    .secret = b->secret,
	    .tmp = b->tmp,
	    .in = in,
	    .restricted = b->context == CTX_HTACCESS};
	struct header_rule rule = {.action = HEADER_ADD};
	/* A value may be a password; what the main server says all may know. */
	const char *error = conf_dir_secret_room(b, strlen(n > 2 ? words[2] : "") * 4)
	                        ? conf_headers_rule(&hr, words, n, &rule)
	                        : CONF_PRIVATE_FULL;

	if (error)
		return error;
	headers_of(b)->early |= rule.early;
	*(struct header_rule *)conf_dir_push(b->a, &rules->v, &rules->n, sizeof(rule)) = rule;
	return NULL;
}

const char *dir_header(struct conf_dir_build *b, const struct conf_value *v)
{
	struct header_rules *rules = &headers_of(b)->success;
	uint32_t n = 0;
	char **words = conf_lex_words(b->tmp, v->text, &n);

	if (n && strcasecmp(words[0], "always") == 0) {
		rules = &headers_of(b)->always;
		return add_rule(b, false, rules, words + 1, n - 1);
	}
	if (n && strcasecmp(words[0], "onsuccess") == 0)
		return add_rule(b, false, rules, words + 1, n - 1);
	return add_rule(b, false, rules, words, n);
}

const char *dir_request_header(struct conf_dir_build *b, const struct conf_value *v)
{
	uint32_t n = 0;
	char **words = conf_lex_words(b->tmp, v->text, &n);

	return add_rule(b, true, &headers_of(b)->in, words, n);
}

static struct conf_expires *expires_of(struct conf_dir_build *b)
{
	if (!b->dir.expires)
		b->dir.expires = ARENA_NEW(b->a, struct conf_expires);
	return b->dir.expires;
}

const char *dir_expires_active(struct conf_dir_build *b, const struct conf_value *v)
{
	expires_of(b)->active = v->flag ? EXPIRES_ON : EXPIRES_OFF;
	return NULL;
}

const char *dir_expires_default(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *error = conf_expires_code(b->tmp, v->text, &expires_of(b)->standard);

	return error ? arena_printf(b->tmp, "'ExpiresDefault %s': %s", v->text, error) : NULL;
}

/* A type that has a line in this section already gets the new one's code. NULL: too many. */
static struct expires_type *expires_type(struct conf_dir_build *b, const char *type)
{
	struct conf_expires *e = expires_of(b);

	for (uint32_t i = 0; i < e->ntypes; i++)
		if (strcasecmp(e->types[i].type, type) == 0)
			return &e->types[i];
	if (conf_dir_full(b, e->ntypes))
		return NULL;
	struct expires_type *new = conf_dir_push(b->a, &e->types, &e->ntypes, sizeof(*new));

	new->type = arena_strdup(b->a, type);
	return new;
}

const char *dir_expires_by_type(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *type = v->words[0], *slash = strrchr(type, '/'), *error;
	struct expires_code code;

	if (!slash)
		return "Invalid mimetype: should contain a slash";
	error = conf_expires_code(b->tmp, v->words[1], &code);
	if (error)
		return arena_printf(b->tmp, "'ExpiresByType %s %s': %s", type, v->words[1], error);
	if (strcmp(slash, "/*") == 0)
		expires_of(b)->wildcards = true;
	struct expires_type *to = expires_type(b, type);

	if (!to)
		return "a .htaccess has at most 1,000 types";
	to->code = code;
	return NULL;
}
