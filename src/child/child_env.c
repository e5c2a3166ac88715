/*
 * The request's variables (Apache's r->subprocess_env): for CGI programs, logs, conditions. Set by
 * SetEnvIf before the request has a file and again with the settings of that file, by SetEnv after
 * the access checks. Runs as the vhost's user; values may be the client's. A request without any
 * variable costs nothing here.
 */
#include "child_internal.h"

#include "itkd/expr.h"
#include "itkd/regex.h"

/* Most differ in their first letter. */
static bool env_is(const char *a, const char *b)
{
	return ((*a ^ *b) & ~0x20) == 0 && strcasecmp(a, b) == 0;
}

/* The same for a name in any case; for some others, too. */
static uint64_t env_bit(const char *name)
{
	size_t n = strlen(name);
	uint32_t letters = (uint32_t)n;

	if (n)
		letters = letters << 24 | (uint32_t)(*name | 0x20) << 16 |
		          (uint32_t)(name[n / 2] | 0x20) << 8 | (uint32_t)(name[n - 1] | 0x20);
	return UINT64_C(1) << (letters * 0x9e3779b1u >> 26);
}

const char *child_env_get(const struct child_request *r, const char *name)
{
	if (!(r->env.names & env_bit(name)))
		return NULL;
	for (uint32_t i = 0; i < r->env.n; i++)
		if (env_is(r->env.v[i].name, name))
			return r->env.v[i].value;
	return NULL;
}

/* Behind those that there are, even of the same name. */
static void env_add(struct child *c, struct child_request *r, const char *name, const char *value)
{
	struct child_env *env = &r->env;

	if (env->n == env->room) {
		uint32_t room = env->room ? env->room * 2 : 8;
		struct conf_env *v = arena_array(&c->arena, room, sizeof(*v));

		if (env->n)
			memcpy(v, env->v, env->n * sizeof(*v));
		env->v = v;
		env->room = room;
	}
	env->v[env->n++] = (struct conf_env){name, value};
	env->names |= env_bit(name);
}

/* All of that name from `from` on. */
static void env_remove(struct child_request *r, const char *name, uint32_t from)
{
	uint32_t n = from;

	for (uint32_t i = from; i < r->env.n; i++)
		if (!env_is(r->env.v[i].name, name))
			r->env.v[n++] = r->env.v[i];
	r->env.n = n;
}

void child_env_put(struct child *c, struct child_request *r, const char *name, const char *value)
{
	bool known = r->env.names & env_bit(name);

	for (uint32_t i = 0; known && i < r->env.n; i++) {
		if (!env_is(r->env.v[i].name, name))
			continue;
		r->env.v[i].value = value;
		env_remove(r, name, i + 1);
		return;
	}
	env_add(c, r, name, value);
}

void child_env_set(struct child *c, struct child_request *r, const char *name, const char *value)
{
	child_env_put(c, r, arena_strdup(&c->arena, name), arena_strdup(&c->arena, value));
}

void child_env_own(struct child *c, struct child_request *r)
{
	struct conf_env *v = arena_array(&c->arena, (size_t)r->env.n + 1, sizeof(*v));

	if (r->env.n)
		memcpy(v, r->env.v, r->env.n * sizeof(*v));
	r->env = (struct child_env){v, r->env.n, r->env.n + 1, r->env.names};
}

void child_env_named(
    struct child *c, struct child_request *r, const struct regex *re, const struct regex_match *m)
{
	const char *name;
	size_t group;

	for (size_t i = 0; regex_named(re, i, &name, &group); i++) {
		if (group >= m->n || !m->group[group].p)
			continue;
		char *text = arena_printf(&c->arena, "MATCH_%s", name);

		for (char *p = text; *p; p++)
			if (*p >= 'a' && *p <= 'z')
				*p &= ~0x20;
		child_env_put(c, r, text, arena_span(&c->arena, m->group[group]));
	}
}

void child_env_unset(struct child_request *r, const char *name)
{
	env_remove(r, name, 0);
}

/* The last request field whose name matches; of several with the same name, all values. */
static const char *fields_value(
    struct child *c, const struct child_request *r, const struct regex *names)
{
	const char *value = NULL;

	for (size_t i = 0; i < r->head.nfields; i++) {
		struct span name = r->head.fields[i].name;

		if (http_head_field(&r->head, name) == &r->head.fields[i] &&
		    regex_find(names, name, NULL))
			value = arena_span(&c->arena, http_head_joined(&c->arena, &r->head, name));
	}
	return value;
}

static const char *field_value(struct child *c, const struct child_request *r, const char *name)
{
	struct span value = http_head_joined(&c->arena, &r->head, span_of(name));

	return value.p ? arena_span(&c->arena, value) : child_env_get(r, name);
}

static const char *env_looked_at(
    struct child *c, const struct child_request *r, const struct conf_setenvif *s)
{
	switch (s->what) {
	case SETENVIF_FIELD:
		return field_value(c, r, s->name);
	case SETENVIF_FIELDS:
		return fields_value(c, r, s->names);
	case SETENVIF_REMOTE_ADDR:
		return child_variable(c, r, "REMOTE_ADDR");
	case SETENVIF_REMOTE_HOST:
		return child_variable(c, r, "REMOTE_HOST");
	case SETENVIF_REQUEST_URI:
		return child_variable(c, r, "REQUEST_URI");
	case SETENVIF_REQUEST_METHOD:
		return child_variable(c, r, "REQUEST_METHOD");
	case SETENVIF_REQUEST_PROTOCOL:
		return child_variable(c, r, "SERVER_PROTOCOL");
	case SETENVIF_SERVER_ADDR:
		return c->local;
	case SETENVIF_EXPR:
		break;
	}
	return NULL;
}

static bool text_found(struct span value, struct span text, bool icase)
{
	if (!icase)
		return text.n == 0 || memmem(value.p, value.n, text.p, text.n);
	for (; value.n >= text.n; value.p++, value.n--)
		if (strncasecmp(value.p, text.p, text.n) == 0)
			return true;
	return false;
}

static bool env_expr_holds(
    struct child *c, struct child_request *r, const struct conf_setenvif *s, struct regex_match *m)
{
	struct expr_source source = child_expr_source(c, r);

	/* An expression without groups leaves none: $1 is nothing then. */
	source.match = (struct regex_match){.n = REGEX_GROUPS};
	bool holds = expr_true(s->expr, &source);

	*m = source.match;
	return holds;
}

/* m->n is 0 where the values have no $1 to be replaced. */
static bool env_matches(struct child *c, struct child_request *r, const struct conf_setenvif *s,
    struct span value, struct regex_match *m)
{
	m->n = 0;
	if (s->expr)
		return env_expr_holds(c, r, s, m);
	if (s->text)
		return text_found(value, span_of(s->text), s->icase);
	return regex_find(s->regex, value, m);
}

static void env_apply(
    struct child *c, struct child_request *r, const struct conf_env *set, struct regex_match *m)
{
	if (*set->value == '!')
		child_env_unset(r, set->name);
	else
		child_env_set(c, r, set->name, regex_expand(&c->arena, set->value, m));
}

/* match_headers of mod_setenvif. */
static void env_setenvif(
    struct child *c, struct child_request *r, const struct conf_setenvifs *list)
{
	struct span value = SPAN("");
	struct regex_match m;

	for (uint32_t i = 0; i < list->n; i++) {
		const struct conf_setenvif *s = &list->v[i];

		if (!s->expr && !s->same) {
			const char *text = env_looked_at(c, r, s);

			value = span_of(text ? text : "");
		}
		if (!env_matches(c, r, s, value, &m))
			continue;
		for (uint32_t k = 0; k < s->set.n; k++)
			env_apply(c, r, &s->set.v[k], &m);
	}
}

void child_env_server(struct child *c, struct child_request *r)
{
	r->env_dir = r->env_fixed = false;
	env_setenvif(c, r, &c->vhost->dir.setenvif_server);
}

void child_env_dir(struct child *c, struct child_request *r)
{
	/* Not for the index files that are tried, as in Apache. */
	if (r->sub || r->env_dir)
		return;
	r->env_dir = true;
	env_setenvif(c, r, &c->dir.merged.setenvif);
}

/* What mod_ssl gives each request, and more of it with SSLOptions StdEnvVars. */
static void env_tls(struct child *c, struct child_request *r)
{
	static const char *const names[] = {"SSL_VERSION_INTERFACE", "SSL_VERSION_LIBRARY",
	    "SSL_PROTOCOL", "SSL_SECURE_RENEG", "SSL_COMPRESS_METHOD", "SSL_CIPHER",
	    "SSL_CIPHER_EXPORT", "SSL_CIPHER_USEKEYSIZE", "SSL_CIPHER_ALGKEYSIZE",
	    "SSL_CLIENT_VERIFY"};
	const char *sni = child_tls_variable(c, "SSL_TLS_SNI");

	child_env_put(c, r, "HTTPS", "on");
	if (sni && *sni)
		child_env_put(c, r, "SSL_TLS_SNI", sni);
	if (!(c->dir.merged.ssl_options & SSL_OPT_STD_ENV_VARS))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = child_tls_variable(c, names[i]);

		if (value)
			child_env_put(c, r, names[i], value);
	}
}

/* One line of SetEnv, PassEnv or UnsetEnv among those that stand from `from` on. */
static void env_overlay(
    struct child *c, struct child_request *r, const struct conf_env *set, uint32_t from)
{
	uint32_t i = from;

	while (i < r->env.n && strcasecmp(r->env.v[i].name, set->name) != 0)
		i++;
	if (!set->value)
		env_remove(r, set->name, from);
	else if (i < r->env.n)
		r->env.v[i].value = arena_strdup(&c->arena, set->value);
	else
		env_add(
		    c, r, arena_strdup(&c->arena, set->name), arena_strdup(&c->arena, set->value));
}

/* Of those from `from` on, only what is not there before it. */
static void env_keep_new(struct child_request *r, uint32_t from)
{
	uint32_t n = r->env.n, kept = from;

	r->env.n = from;
	for (uint32_t i = from; i < n; i++)
		if (!child_env_get(r, r->env.v[i].name))
			r->env.v[kept++] = r->env.v[i];
	r->env.n = kept;
}

void child_env_fixup(struct child *c, struct child_request *r)
{
	const struct conf_envs *env = &c->dir.merged.env;
	uint32_t from = r->env.n;

	if (r->sub)
		return;
	/* mod_env lays them behind what SetEnvIf set: that is found first (apr_table_overlay). */
	for (uint32_t i = 0; i < env->n; i++)
		env_overlay(c, r, &env->v[i], from);
	/* An index file's own settings add only what its directory's have not. */
	if (r->env_fixed)
		env_keep_new(r, from);
	if (c->start->job->flags & JOB_TLS)
		env_tls(c, r);
	r->env_fixed = true;
}

void child_env_behind(struct child *c, struct child_request *r, const struct child_env *env)
{
	for (uint32_t i = 0; i < env->n; i++) {
		const char *found = child_env_get(r, env->v[i].name);

		if (!found || strcmp(found, env->v[i].value) != 0)
			env_add(c, r, env->v[i].name, env->v[i].value);
	}
}

void child_env_settle(struct child_request *r)
{
	for (uint32_t i = 0; i < r->env.n; i++) {
		for (uint32_t k = i + 1; k < r->env.n; k++)
			if (strcasecmp(r->env.v[i].name, r->env.v[k].name) == 0)
				r->env.v[i].value = r->env.v[k].value;
		env_remove(r, r->env.v[i].name, i + 1);
	}
}

void child_env_redirect(struct child *c, struct child_request *r, int status)
{
	for (uint32_t i = 0; i < r->env.n; i++) {
		r->env.v[i].name = arena_printf(&c->arena, "REDIRECT_%s", r->env.v[i].name);
		r->env.names |= env_bit(r->env.v[i].name);
	}
	child_env_set(c, r, "REDIRECT_STATUS", arena_printf(&c->arena, "%d", status));
}
