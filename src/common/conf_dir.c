/*
 * Directives of directory context into a struct conf_dir (conf_dir.h). Run by the loader; written
 * so that the child can use it for .htaccess, after the drop, on the vhost user's own words.
 */
#include "itkd/conf_dir.h"

#include "common/conf_dir_set.h"
#include "itkd/conf_method.h"
#include "itkd/conf_parse.h"
#include <string.h>
#include <strings.h>

/* What stays free of a fixed region for alignment. */
#define ROOM_SLACK 64

void conf_dir_begin(struct conf_dir_build *b, struct arena *tmp, struct arena *a,
    struct arena *secret, struct conf_report *report)
{
	*b = (struct conf_dir_build){.tmp = tmp, .a = a, .secret = secret, .report = report};
	b->server_root = "/";
	b->context = CTX_DIRECTORY;
	b->methods = CONF_METHODS_ALL;
	b->dir.options = OPT_UNSET;
}

const char *dir_limit_body(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.limit_body = v->number;
	b->dir.set |= DIR_LIMIT_BODY;
	return NULL;
}

/* Whether n bytes fit; only a vhost's own region can be full. */
bool conf_dir_secret_room(const struct conf_dir_build *b, size_t n)
{
	const struct arena *s = b->secret;

	return s->limit > 0 ||
	       (s->size - s->used > ROOM_SLACK && n < s->size - s->used - ROOM_SLACK);
}

bool conf_dir_full(const struct conf_dir_build *b, uint32_t n)
{
	return b->context == CTX_HTACCESS && n >= CONF_HTACCESS_NAMES;
}

const struct expr *conf_dir_expr(const struct conf_dir_build *b, struct arena *a, const char *text,
    enum expr_kind kind, const char **error)
{
	return b->context == CTX_HTACCESS ? expr_parse_restricted(a, text, kind, error)
	                                  : expr_parse(a, text, kind, error);
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
	dir_setter *set = setters[v->node->directive->id];

	if (set)
		return set(b, v);
	/* It was read before everything else. */
	switch (v->node->directive->id) {
	case CONF_ID_AssignUserID:
	case CONF_ID_AssignUserIDExpr:
	case CONF_ID_AssignGroupIDExpr:
		return NULL;
	default:
		break;
	}
	return "here it would have to change with each request, which it cannot; write it into the "
	       "server's configuration or a <VirtualHost>";
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

void conf_dir_done(struct conf_dir_build *b, const struct conf_node *node)
{
	const char *error = b->context == CTX_HTACCESS ? NULL : conf_access_check(b);

	if (error && node)
		conf_report(b->report, CONF_ERROR, node, "%s", error);
	else if (error)
		conf_report_at(b->report, CONF_ERROR, NULL, 0, NULL, "%s", error);
	conf_dir_finish(b);
}

void conf_dir_finish(struct conf_dir_build *b)
{
	struct conf_dir *d = &b->dir;

	d->env =
	    (struct conf_envs){b->env.n, move_list(b->secret, &b->env, sizeof(struct conf_env))};
}
