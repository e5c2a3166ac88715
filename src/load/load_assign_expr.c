/*
 * AssignUserIDExpr and AssignGroupIDExpr: whom they may name is settled here, by AssignUserIDAllow
 * or LimitUIDRange, since ids come from the configuration and never from a request. Each becomes an
 * identity of the site (load_assign.c). Run by the loader.
 */
#include "itkd/assign.h"
#include "itkd/expr.h"
#include "load/load.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The last one of the server or else of the main server, as anything is inherited. */
static const struct conf_node *directive_of(
    struct loader *l, const struct load_server *s, enum conf_id id)
{
	const struct conf_node *found = NULL;

	for (const struct conf_node *n = s->node->children; n; n = n->next)
		if (n->directive && n->directive->id == id && n->nargs > 0)
			found = n;
	for (const struct conf_node *n = l->parser.root.children; n && !found; n = n->next)
		if (n->directive && n->directive->id == id && n->nargs > 0)
			found = n;
	return found;
}

static void add_name(struct loader *l, struct conf_vec *names, const char *name)
{
	*(const char **)conf_vec_push(names, l->tmp, sizeof(name)) = arena_strdup(l->tmp, name);
}

/* "user" or "@group": its members. */
static const char *add_allowed(struct loader *l, struct conf_vec *names, const char *word)
{
	const struct group *gr;

	if (*word != '@') {
		struct load_ids ids;
		const char *error = load_who_user(l, word, &ids);

		if (!error)
			add_name(l, names, word);
		return error;
	}
	gr = getgrnam(word + 1);
	if (!gr)
		return load_fail(l, "bad group name %s", word + 1);
	const gid_t gid = gr->gr_gid;

	for (char **m = gr->gr_mem; *m; m++)
		add_name(l, names, *m);
	setpwent();
	for (const struct passwd *pw = getpwent(); pw; pw = getpwent())
		if (pw->pw_gid == gid)
			add_name(l, names, pw->pw_name);
	endpwent();
	return NULL;
}

/* Everybody of LimitUIDRange but root. */
static const char *add_range(
    struct loader *l, struct conf_vec *names, const struct conf_node *range)
{
	int64_t min, max;

	if (range->nargs != 2 || !conf_number(range->args[0], 0, UINT32_MAX, &min) ||
	    !conf_number(range->args[1], 0, UINT32_MAX, &max))
		return NULL; /* it is an error itself */
	setpwent();
	for (const struct passwd *pw = getpwent(); pw; pw = getpwent())
		if (pw->pw_uid != 0 && pw->pw_gid != 0 && pw->pw_uid >= min && pw->pw_uid <= max)
			add_name(l, names, pw->pw_name);
	endpwent();
	return NULL;
}

static const char *collect_users(
    struct loader *l, const struct load_server *s, struct conf_vec *names)
{
	const struct conf_node *allow = directive_of(l, s, CONF_ID_AssignUserIDAllow);
	const struct conf_node *range = directive_of(l, s, CONF_ID_LimitUIDRange);
	const char *error = NULL;

	if (!allow && !range)
		return "needs LimitUIDRange or AssignUserIDAllow, which say whom it may name";
	if (!allow)
		return add_range(l, names, range);
	for (uint32_t i = 0; i < allow->nargs && !error; i++)
		error = add_allowed(l, names, allow->args[i]);
	return error;
}

/* Only what the head of the request says can be known when a process is chosen. */
static const char *check_text(struct loader *l, const char *text)
{
	for (const char *p = strstr(text, "%{"); p; p = strstr(p, "%{")) {
		p += 2;
		const size_t n = strcspn(p, ":}");
		const char *name = arena_strndup(l->tmp, p, n);

		if (p[n] == '}' && !assign_knows(name))
			return load_fail(l,
			    "%%{%s} is not known when the user is chosen; only what the head of "
			    "the request says is: %%{HTTP_HOST}, %%{REQUEST_URI}, %%{http:NAME}, "
			    "%%{reqenv:NAME} of SetEnvIf",
			    name);
	}
	return NULL;
}

static const struct expr *take_expr(struct loader *l, const struct conf_node *n, const char **text)
{
	const char *error = check_text(l, n->args[0]);
	const struct expr *e = NULL;

	*text = arena_strdup(&l->common, n->args[0]);
	if (!error)
		e = expr_parse(&l->common, *text, EXPR_STRING, &error);
	if (error)
		conf_report(l->report, CONF_ERROR, n, "%s", error);
	return e;
}

/* The groups that a user may be given: the one of AssignUserID, or its own by name. */
static void add_user(struct loader *l, struct load_server *s, const struct conf_node *n,
    const char *user, bool groups, struct conf_vec *all)
{
	struct load_rule rule = {0};
	struct load_ids ids;
	uint32_t count;

	if (load_who_user(l, user, &ids))
		return;
	const gid_t *gids = groups ? load_who_groups(l, &ids, &count) : NULL;
	const char *fallback = s->assign.node ? s->assign.group : l->user.group;

	rule.user = user;
	rule.group = "";
	rule.server = load_assign_variant(l, s, &(struct load_who){n, user, fallback}, all);
	*(struct load_rule *)conf_vec_push(&s->who, l->tmp, sizeof(rule)) = rule;
	for (uint32_t i = 0; gids && i < count; i++) {
		const struct group *gr = getgrgid(gids[i]);

		if (!gr || gids[i] == 0)
			continue;
		rule.group = arena_strdup(l->tmp, gr->gr_name);
		rule.server =
		    load_assign_variant(l, s, &(struct load_who){n, user, rule.group}, all);
		*(struct load_rule *)conf_vec_push(&s->who, l->tmp, sizeof(rule)) = rule;
	}
}

void load_assign_expr(struct loader *l, struct load_server *s, struct conf_vec *all)
{
	const struct conf_node *user = directive_of(l, s, CONF_ID_AssignUserIDExpr);
	const struct conf_node *group = directive_of(l, s, CONF_ID_AssignGroupIDExpr);
	struct conf_vec names = {0};
	const char *error;

	if (!user && !group)
		return;
	s->user_expr = user;
	s->group_expr = group;
	error = user ? collect_users(l, s, &names)
	             : "AssignGroupIDExpr needs AssignUserIDExpr beside it";
	if (error) {
		conf_report(l->report, CONF_ERROR, user ? user : group, "%s", error);
		return;
	}
	for (uint32_t i = 0; i < names.n; i++)
		add_user(l, s, user, ((const char **)names.v)[i], group != NULL, all);
}

static int by_name(const void *a, const void *b)
{
	const struct assign_who *x = a;

	return assign_compare(x->user, x->group, b);
}

static void put_who(struct loader *l, const struct load_server *s, struct assign *out)
{
	const struct load_rule *from = s->who.v;
	struct assign_who *v = arena_array(&l->common, s->who.n, sizeof(*v));
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->who.n; i++)
		v[i] = (struct assign_who){arena_strdup(&l->common, from[i].user),
		    arena_strdup(&l->common, from[i].group), from[i].server->v.id};
	if (s->who.n)
		qsort(v, s->who.n, sizeof(*v), by_name);
	/* A member of two groups of AssignUserIDAllow is there twice. */
	for (uint32_t i = 0; i < s->who.n; i++)
		if (n == 0 || assign_compare(v[i].user, v[i].group, &v[n - 1]) != 0)
			v[n++] = v[i];
	out->who = v;
	out->nwho = n;
}

/* SetEnvIf FIELD pattern name[=value]..., BrowserMatch pattern name[=value]... */
static void put_set(struct loader *l, struct conf_vec *sets, const struct conf_node *n)
{
	const enum conf_id id = n->directive->id;
	const bool browser = id == CONF_ID_BrowserMatch || id == CONF_ID_BrowserMatchNoCase;
	const uint32_t first = browser ? 1 : 2;
	const char *error;

	if (n->nargs <= first)
		return; /* an error of its own */
	struct assign_set *s = conf_vec_push(sets, l->tmp, sizeof(*s));
	struct assign_var *vars = arena_array(&l->common, n->nargs - first, sizeof(*vars));

	s->field = arena_strdup(&l->common, browser ? "User-Agent" : n->args[0]);
	s->pattern = arena_strdup(&l->common, n->args[first - 1]);
	s->icase = id == CONF_ID_SetEnvIfNoCase || id == CONF_ID_BrowserMatchNoCase;
	s->regex = regex_compile(&l->common, s->pattern, s->icase ? REGEX_ICASE : 0, &error);
	for (uint32_t i = first; i < n->nargs; i++) {
		const char *word = n->args[i], *value = strchr(word, '=');
		const bool away = *word == '!';
		const size_t name = value && !away ? (size_t)(value - word) : strlen(word);

		vars[i - first].name = arena_strndup(&l->common, word + away, name - away);
		vars[i - first].value = arena_strdup(&l->common, away    ? "!"
		                                                 : value ? value + 1
		                                                         : "1");
	}
	s->vars = vars;
	s->nvars = n->nargs - first;
	if (!s->regex)
		sets->n--; /* reported where the directive is read */
}

static void put_sets(struct loader *l, struct conf_vec *sets, const struct conf_node *nodes)
{
	for (const struct conf_node *n = nodes; n; n = n->next)
		switch (n->directive && !n->section ? n->directive->id : CONF_IDS) {
		case CONF_ID_SetEnvIf:
		case CONF_ID_SetEnvIfNoCase:
		case CONF_ID_BrowserMatch:
		case CONF_ID_BrowserMatchNoCase:
			put_set(l, sets, n);
			break;
		default:
			break;
		}
}

void load_assign_expr_finish(struct loader *l, const struct load_server *s, struct assign *out)
{
	struct conf_vec sets = {0};

	if (!s->user_expr)
		return;
	out->user = take_expr(l, s->user_expr, &out->user_text);
	if (s->group_expr)
		out->group = take_expr(l, s->group_expr, &out->group_text);
	put_who(l, s, out);
	put_sets(l, &sets, l->parser.root.children);
	put_sets(l, &sets, s->node->children);
	struct assign_set *v = arena_array(&l->common, sets.n, sizeof(*v));

	if (sets.n)
		memcpy(v, sets.v, sets.n * sizeof(*v));
	out->sets = v;
	out->nsets = sets.n;
}
