/*
 * SetEnv, PassEnv, UnsetEnv (mod_env), SetEnvIf and BrowserMatch (mod_setenvif) into a struct
 * conf_dir. Run by the loader on the administrator's words, and by the child, after the drop, on
 * those of a .htaccess. Values may be passwords: they go to the part of the configuration that
 * only the vhost's own user sees.
 */
#include "common/conf_dir_set.h"
#include "itkd/conf_lex.h"
#include "itkd/conf_parse.h"
#include "itkd/regex.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENV_SLACK 128 /* for alignment, beyond the texts */

static const char *add_env(struct conf_dir_build *b, const char *name, const char *value)
{
	size_t need = strlen(name) + (value ? strlen(value) : 0) + ENV_SLACK;

	if (!*name)
		return "a variable needs a name";
	if (conf_dir_full(b, b->env.n))
		return "a .htaccess sets at most 1,000 variables";
	/* Room for the finished lists too, twice: a section's and the merged one. */
	need += 2 * sizeof(struct conf_env) * (b->env.n + 1);
	if (!conf_dir_secret_room(b, need))
		return CONF_PRIVATE_FULL;
	struct conf_env *e = conf_vec_push(&b->env, b->tmp, sizeof(*e));

	e->name = arena_strdup(b->secret, name);
	e->value = value ? arena_strdup(b->secret, value) : NULL;
	return NULL;
}

const char *dir_set_env(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *name = v->words[0], *value = v->n == 2 ? v->words[1] : "";
	size_t n = strcspn(name, "=");

	if (name[n])
		conf_report(b->report, CONF_WARNING, v->node,
		    "AH10032: Spurious usage of '=' in an environment variable name. "
		    "'%s %.*s %s' expected instead?",
		    v->node->directive->name, (int)n, name, name + n + strspn(name + n, "="));
	return add_env(b, name, value);
}

const char *dir_pass_env(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *error = NULL;

	for (uint32_t i = 0; i < v->n && !error; i++) {
		const char *value = getenv(v->words[i]);

		if (value)
			error = add_env(b, v->words[i], value);
		else
			conf_report(b->report, CONF_WARNING, v->node,
			    "AH01506: PassEnv variable %s was undefined", v->words[i]);
	}
	return error;
}

const char *dir_unset_env(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *error = NULL;

	for (uint32_t i = 0; i < v->n && !error; i++)
		error = add_env(b, v->words[i], NULL);
	return error;
}

/* Outside of any section they hold before the request has a file (match_headers). */
static struct conf_setenvifs *setenvif_list(struct conf_dir_build *b)
{
	bool server = b->context & (CTX_SERVER | CTX_VHOST) &&
	              !(b->within & (WITHIN_FILES | WITHIN_LOCATION));

	return server ? &b->dir.setenvif_server : &b->dir.setenvif;
}

static struct conf_setenvif *setenvif_push(struct conf_dir_build *b, const struct conf_setenvif *s)
{
	struct conf_setenvifs *list = setenvif_list(b);
	struct conf_setenvif *added = conf_dir_push(b->a, &list->v, &list->n, sizeof(*added));

	*added = *s;
	return added;
}

/*
 * Apache looks a text without a pattern's characters up as it is (non_regex_pattern), and puts no
 * $1 into the values then. NULL: it is a pattern.
 */
static const char *plain_text(struct arena *a, const char *pattern)
{
	static const char special[] = "^.$|()[]*+?{}";
	char *text = arena_alloc(a, strlen(pattern) + 1), *to = text;

	for (const char *p = pattern; *p; p++) {
		if (*p != '\\' && strchr(special, *p))
			return NULL;
		if (*p == '\\' && p[1]) {
			p++;
			if (*p != '\\' && !strchr(special, *p))
				return NULL;
		} else if (*p == '\\') {
			break;
		}
		*to++ = *p;
	}
	*to = '\0';
	return text;
}

static enum setenvif_what what_of(const char *name)
{
	static const struct {
		const char *name;
		enum setenvif_what what;
	} special[] = {{"remote_addr", SETENVIF_REMOTE_ADDR}, {"remote_host", SETENVIF_REMOTE_HOST},
	    {"request_uri", SETENVIF_REQUEST_URI}, {"request_method", SETENVIF_REQUEST_METHOD},
	    {"request_protocol", SETENVIF_REQUEST_PROTOCOL}, {"server_addr", SETENVIF_SERVER_ADDR}};

	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (strcasecmp(name, special[i].name) == 0)
			return special[i].what;
	for (const char *p = name; *p; p++)
		if (!strchr("-_", *p) && !(*p >= '0' && *p <= '9') &&
		    !((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z'))
			return SETENVIF_FIELDS;
	return SETENVIF_FIELD;
}

/* Apache asks for a value once where several lines in a row look at the same. */
static bool same_as_last(const struct conf_setenvifs *list, const char *name)
{
	for (uint32_t i = list->n; i > 0; i--)
		if (list->v[i - 1].name)
			return strcasecmp(list->v[i - 1].name, name) == 0;
	return false;
}

/* The last value of a name counts, at the place of its first (apr_table_setn). */
static void set_var(struct conf_env *v, uint32_t *n, const char *name, const char *value)
{
	uint32_t i = 0;

	while (i < *n && strcasecmp(v[i].name, name) != 0)
		i++;
	if (i == *n)
		v[(*n)++].name = name;
	v[i].value = value;
}

/* "var", "!var", "var=value"; an empty word ends it. */
static const char *add_vars(
    struct conf_dir_build *b, struct conf_setenvif *s, const char *directive, const char *args)
{
	uint32_t n = 0;
	char **words = conf_lex_words(b->tmp, args, &n);
	size_t need = strlen(args) + ENV_SLACK + n * (sizeof(struct conf_env) + 3 * sizeof(void *));

	if (n == 0 || !*words[0])
		return arena_printf(b->tmp, "Missing envariable expression for %s", directive);
	if (!conf_dir_secret_room(b, need + n * ENV_SLACK))
		return CONF_PRIVATE_FULL;
	struct conf_env *v = arena_array(b->secret, n, sizeof(*v));

	for (uint32_t i = 0; i < n && *words[i]; i++) {
		size_t name = strcspn(words[i], "=");
		const char *value = words[i] + name + strspn(words[i] + name, "=");
		bool negated = !*value && *words[i] == '!';

		set_var(v, &s->set.n, arena_strndup(b->secret, words[i] + negated, name - negated),
		    arena_strdup(b->secret, *value    ? value
		                            : negated ? "!"
		                                      : "1"));
	}
	s->set.v = v;
	return NULL;
}

static const char *add_setenvif(struct conf_dir_build *b, const struct conf_value *v,
    const char *name, const char *args, bool icase)
{
	const char *directive = v->node->directive->name, *error = NULL;
	unsigned flags = icase ? REGEX_ICASE : 0;
	const char *pattern = conf_lex_word(b->tmp, &args);
	struct conf_setenvif s = {.what = what_of(name), .icase = icase};

	if (!*pattern)
		return arena_printf(b->tmp, "Missing regular expression for %s", directive);
	s.same = same_as_last(setenvif_list(b), name);
	s.name = arena_strdup(b->a, name);
	s.text = plain_text(b->a, pattern);
	if (!s.text)
		s.regex = regex_compile(b->a, pattern, flags, &error);
	if (!s.text && !s.regex)
		return arena_printf(b->tmp, "%s regex could not be compiled: %s", directive, error);
	if (s.what == SETENVIF_FIELDS)
		s.names = regex_compile(b->a, name, flags, &error);
	if (s.what == SETENVIF_FIELDS && !s.names)
		return arena_printf(
		    b->tmp, "%s: Header name regex could not be compiled: %s", directive, error);
	error = add_vars(b, &s, directive, args);
	if (!error)
		setenvif_push(b, &s);
	return error;
}

static const char *set_env_if(struct conf_dir_build *b, const struct conf_value *v, bool icase)
{
	const char *args = v->text;
	const char *name = conf_lex_word(b->tmp, &args);

	if (!*name)
		return arena_printf(
		    b->tmp, "Missing header-field name for %s", v->node->directive->name);
	return add_setenvif(b, v, name, args, icase);
}

const char *dir_set_env_if(struct conf_dir_build *b, const struct conf_value *v)
{
	return set_env_if(b, v, false);
}

const char *dir_set_env_if_no_case(struct conf_dir_build *b, const struct conf_value *v)
{
	return set_env_if(b, v, true);
}

const char *dir_browser_match(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_setenvif(b, v, "User-Agent", v->text, false);
}

const char *dir_browser_match_no_case(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_setenvif(b, v, "User-Agent", v->text, true);
}

const char *dir_set_env_if_expr(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *directive = v->node->directive->name, *args = v->text, *error = NULL;
	const char *text = conf_lex_word(b->tmp, &args);
	struct conf_setenvif s = {.what = SETENVIF_EXPR};

	if (!*text)
		return arena_printf(b->tmp, "Missing expression for %s", directive);
	s.expr = conf_dir_expr(b, b->a, text, EXPR_CONDITION, &error);
	if (!s.expr)
		return arena_printf(b->tmp, "Could not parse expression \"%s\": %s", text, error);
	error = add_vars(b, &s, directive, args);
	if (!error)
		setenvif_push(b, &s);
	return error;
}
