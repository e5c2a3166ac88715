/*
 * Directives of directory context into a struct conf_dir (conf_dir.h). Run by the loader; written
 * so that the child can use it for .htaccess, after the drop, on the vhost user's own words.
 */
#include "itkd/conf_dir.h"

#include "common/conf_dir_set.h"
#include "itkd/conf_parse.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What stays free of a fixed region for alignment. */
#define ROOM_SLACK 64

void conf_dir_begin(struct conf_dir_build *b, struct arena *tmp, struct arena *a,
    struct arena *secret, struct conf_report *report)
{
	*b = (struct conf_dir_build){.tmp = tmp, .a = a, .secret = secret, .report = report};
	b->dir.options = OPT_UNSET;
}

static char *lower(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text);

	for (char *p = copy; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	return copy;
}

static const char *option_bits(const char *word, uint32_t *bits)
{
	static const struct {
		const char *name;
		uint32_t bits;
	} options[] = {
	    {"None", 0},
	    {"All", OPT_ALL},
	    {"Indexes", OPT_INDEXES},
	    {"FollowSymLinks", OPT_SYM_LINKS},
	    {"SymLinksIfOwnerMatch", OPT_SYM_OWNER},
	    {"ExecCGI", OPT_EXECCGI},
	    {"Includes", OPT_INCLUDES | OPT_INC_WITH_EXEC},
	    {"IncludesNOEXEC", OPT_INCLUDES},
	    {"MultiViews", OPT_MULTI},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (strcasecmp(word, options[i].name) == 0) {
			*bits = options[i].bits;
			return NULL;
		}
	return "Illegal option";
}

/* set_options of Apache's core. */
const char *dir_options(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_dir *d = &b->dir;
	bool relative = *v->words[0] == '+' || *v->words[0] == '-';
	uint32_t bits;

	for (uint32_t i = 0; i < v->n; i++) {
		const char *w = v->words[i];
		char action = *w == '+' || *w == '-' ? *w++ : '\0';

		if ((action != '\0') != relative)
			return "Either all Options must start with + or -, or no Option may.";
		if (option_bits(w, &bits))
			return arena_printf(b->tmp, "Illegal option %s", w);
		if (bits & (OPT_INCLUDES | OPT_MULTI) && action != '-' && bits != OPT_ALL)
			conf_report(b->report, CONF_NOTE, v->node, "%s has no effect", w);
		if (i == 0 && !relative)
			d->options = 0;
		if (action == '-') {
			d->options_remove |= bits;
			d->options_add &= ~bits;
			d->options &= ~bits;
		} else {
			d->options |= bits;
			if (action == '+') {
				d->options_add |= bits;
				d->options_remove &= ~bits;
			}
		}
	}
	d->set |= DIR_OPTIONS;
	return NULL;
}

/* Several lines of one section are alternatives, as in <RequireAny>. */
const char *dir_require(struct conf_dir_build *b, const struct conf_value *v)
{
	if (v->n != 2 || strcasecmp(v->words[0], "all") != 0)
		return "only 'all granted' and 'all denied' are implemented yet";
	if (strcasecmp(v->words[1], "granted") == 0)
		b->dir.access = ACCESS_GRANTED;
	else if (strcasecmp(v->words[1], "denied") != 0)
		return "only 'all granted' and 'all denied' are implemented yet";
	else if (b->dir.access != ACCESS_GRANTED)
		b->dir.access = ACCESS_DENIED;
	b->dir.set |= DIR_ACCESS;
	return NULL;
}

/* To pass over a .htaccess that restricts would open the site. */
const char *dir_allow_override(struct conf_dir_build *b, const struct conf_value *v)
{
	(void)b;
	if (v->n == 1 && strcasecmp(v->words[0], "None") == 0)
		return NULL;
	return "itkd does not read .htaccess yet; only None is possible";
}

const char *dir_directory_index(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.set |= DIR_INDEX;
	if (v->n == 1 && strcasecmp(v->words[0], "disabled") == 0) {
		b->index.n = 0;
		return NULL;
	}
	for (uint32_t i = 0; i < v->n; i++)
		*(const char **)conf_vec_push(&b->index, b->tmp, sizeof(char *)) =
		    arena_strdup(b->a, v->words[i]);
	return NULL;
}

const char *dir_directory_slash(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.slash = v->flag;
	b->dir.set |= DIR_SLASH;
	return NULL;
}

const char *dir_limit_body(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.limit_body = v->number;
	b->dir.set |= DIR_LIMIT_BODY;
	return NULL;
}

/* A handler that is not there would hand out the source of what it should run. */
static const char *check_handler(struct conf_dir_build *b, const char *name)
{
	if (strcasecmp(name, "cgi-script") == 0 || strcasecmp(name, "default-handler") == 0)
		return NULL;
	return arena_printf(b->tmp,
	    "there is no handler '%s' here; without it the files' source would be sent", name);
}

static const char *check_type(struct conf_dir_build *b, const char *type)
{
	if (strncasecmp(type, "application/x-httpd-", 20) != 0)
		return NULL;
	return arena_printf(
	    b->tmp, "nothing runs files of type '%s' here; their source would be sent", type);
}

const char *dir_set_handler(struct conf_dir_build *b, const struct conf_value *v)
{
	bool none = strcasecmp(v->text, "None") == 0;
	const char *error = none ? NULL : check_handler(b, v->text);

	if (error)
		return error;
	b->dir.handler = none ? NULL : lower(b->a, v->text);
	b->dir.set |= DIR_HANDLER;
	return NULL;
}

const char *dir_force_type(struct conf_dir_build *b, const struct conf_value *v)
{
	bool none = strcasecmp(v->text, "None") == 0;
	const char *error = none ? NULL : check_type(b, v->text);

	if (error)
		return error;
	b->dir.type = none ? NULL : lower(b->a, v->text);
	b->dir.set |= DIR_TYPE;
	return NULL;
}

/* As mod_mime: value and extension in lower case, the extension without its dot. */
static void add_exts(struct conf_dir_build *b, struct conf_vec *exts, const char *value,
    char *const *words, uint32_t n)
{
	value = lower(b->a, value);
	for (uint32_t i = 0; i < n; i++) {
		struct conf_ext *e = conf_vec_push(exts, b->tmp, sizeof(*e));

		e->ext = lower(b->a, words[i] + (*words[i] == '.'));
		e->value = value;
	}
}

const char *dir_add_handler(struct conf_dir_build *b, const struct conf_value *v)
{
	if (strcasecmp(v->words[0], "type-map") == 0) {
		conf_report(b->report, CONF_NOTE, v->node, "type-map has no effect");
		return NULL;
	}
	const char *error = check_handler(b, v->words[0]);

	if (!error)
		add_exts(b, &b->handlers, v->words[0], v->words + 1, v->n - 1);
	return error;
}

const char *dir_add_type(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *error = check_type(b, v->words[0]);

	if (!error)
		add_exts(b, &b->types, v->words[0], v->words + 1, v->n - 1);
	return error;
}

const char *dir_remove_handler(struct conf_dir_build *b, const struct conf_value *v)
{
	add_exts(b, &b->handlers, "", v->words, v->n);
	return NULL;
}

const char *dir_remove_type(struct conf_dir_build *b, const struct conf_value *v)
{
	add_exts(b, &b->types, "", v->words, v->n);
	return NULL;
}

/* Whether n bytes fit; only a vhost's own region can be full. */
static bool secret_room(const struct conf_dir_build *b, size_t n)
{
	const struct arena *s = b->secret;

	return s->limit > 0 ||
	       (s->size - s->used > ROOM_SLACK && n < s->size - s->used - ROOM_SLACK);
}

static const char *add_env(struct conf_dir_build *b, const char *name, const char *value)
{
	size_t need = strlen(name) + (value ? strlen(value) : 0) + 2 * ROOM_SLACK;

	if (!*name || strchr(name, '='))
		return arena_printf(b->tmp, "'%s' is not a name of a variable", name);
	/* Room for the finished lists too, twice: a section's and the merged one. */
	need += 2 * sizeof(struct conf_env) * (b->env.n + 1);
	if (!secret_room(b, need))
		return "the variables of this user's virtual hosts exceed 16 MiB";
	struct conf_env *e = conf_vec_push(&b->env, b->tmp, sizeof(*e));

	e->name = arena_strdup(b->secret, name);
	e->value = value ? arena_strdup(b->secret, value) : NULL;
	return NULL;
}

const char *dir_set_env(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_env(b, v->words[0], v->n == 2 ? v->words[1] : "");
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

#define VHOST(field) NULL
#define GLOBAL(field) NULL
#define SERVER(f) NULL
#define DIR(f) dir_##f
#define EARLY NULL
#define NONE NULL
#define SECTION(name, ...)
#define DIRECTIVE(                                                                                 \
    name, arg, contexts, override, module, status, initial, min, max, setter, manual)              \
	[CONF_ID_##name] = setter,

static dir_setter *const setters[CONF_IDS] = {
#include "itkd/directives.def"
};

const char *conf_dir_set(struct conf_dir_build *b, const struct conf_value *v)
{
	return setters[v->node->directive->id](b, v);
}

void *conf_dir_push(struct arena *a, const void *list, uint32_t *n, size_t size)
{
	/* Full at each power of two. */
	if ((*n & (*n - 1)) == 0) {
		void *grown = arena_array(a, *n ? (size_t)*n * 2 : 1, size);

		if (*n)
			memcpy(grown, *(void *const *)list, *n * size);
		*(void **)(uintptr_t)list = grown;
	}
	return *(char *const *)list + size * (*n)++;
}

static const void *move_list(struct arena *a, const struct conf_vec *list, size_t size)
{
	if (list->n == 0)
		return NULL;
	void *v = arena_array(a, list->n, size);

	memcpy(v, list->v, list->n * size);
	return v;
}

void conf_dir_finish(struct conf_dir_build *b)
{
	struct conf_dir *d = &b->dir;

	d->index = (struct conf_strings){b->index.n, move_list(b->a, &b->index, sizeof(char *))};
	d->types =
	    (struct conf_exts){b->types.n, move_list(b->a, &b->types, sizeof(struct conf_ext))};
	d->handlers = (struct conf_exts){
	    b->handlers.n, move_list(b->a, &b->handlers, sizeof(struct conf_ext))};
	d->env =
	    (struct conf_envs){b->env.n, move_list(b->secret, &b->env, sizeof(struct conf_env))};
}
