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

	for (const struct conf_node *n = s->node ? s->node->children : NULL; n; n = n->next)
		if (n->directive && n->directive->id == id && n->nargs > 0)
			found = n;
	if (found)
		return found;
	for (const struct conf_node *n = l->main_lines; n; n = n->next)
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

/* SetEnvIf and its like of server scope. */
static bool is_set(const struct conf_node *n)
{
	switch (n->directive && !n->section ? n->directive->id : CONF_IDS) {
	case CONF_ID_SetEnvIf:
	case CONF_ID_SetEnvIfNoCase:
	case CONF_ID_SetEnvIfExpr:
	case CONF_ID_BrowserMatch:
	case CONF_ID_BrowserMatchNoCase:
		return true;
	default:
		return false;
	}
}

/* The words before the variables. */
static uint32_t set_words(const struct conf_node *n)
{
	return n->directive->id == CONF_ID_SetEnvIf || n->directive->id == CONF_ID_SetEnvIfNoCase
	           ? 2
	           : 1;
}

/* Whether the node sets that variable, or takes it away. */
static bool sets(const struct conf_node *n, const char *name, size_t size)
{
	if (!is_set(n))
		return false;
	for (uint32_t i = set_words(n); i < n->nargs; i++) {
		const char *word = n->args[i] + (n->args[i][0] == '!');

		if (strcspn(word, "=") == size && strncasecmp(word, name, size) == 0)
			return true;
	}
	return false;
}

static bool is_set_in(const struct conf_node *nodes, const char *name, size_t size)
{
	for (const struct conf_node *n = nodes; n; n = n->next)
		if (sets(n, name, size))
			return true;
	return false;
}

/* %{reqenv:NAME} has a value only where SetEnvIf of server scope gives it one. */
static const char *check_variable(
    struct loader *l, const struct load_server *s, const char *name, size_t size)
{
	if (is_set_in(l->main_lines, name, size) ||
	    (s->node && is_set_in(s->node->children, name, size)))
		return NULL;
	return load_fail(l,
	    "%%{reqenv:%.*s} has no value when the user is chosen: no SetEnvIf, SetEnvIfExpr or "
	    "BrowserMatch of the server or its virtual host sets it, and SetEnv, RewriteRule's "
	    "[E=] and sections come later. Write SetEnvIf, for instance: SetEnvIf Request_URI "
	    "\"^/~([a-z0-9]+)\" %.*s=$1",
	    (int)size, name, (int)size, name);
}

/* Only what the head of the request says can be known when a process is chosen. */
static const char *check_text(struct loader *l, const struct load_server *s, const char *text)
{
	const char *error = NULL;

	for (const char *p = strstr(text, "%{"); p && !error; p = strstr(p, "%{")) {
		p += 2;
		const size_t n = strcspn(p, ":}");
		const char *name = arena_strndup(l->tmp, p, n);

		if (p[n] == ':' &&
		    (strcasecmp(name, "reqenv") == 0 || strcasecmp(name, "env") == 0))
			error = check_variable(l, s, p + n + 1, strcspn(p + n + 1, "}"));
		if (p[n] == '}' && !assign_knows(name))
			error = load_fail(l,
			    "%%{%s} is not known when the user is chosen; only what the head of "
			    "the request says is: %%{HTTP_HOST}, %%{REQUEST_URI}, %%{http:NAME}, "
			    "%%{reqenv:NAME} of SetEnvIf",
			    name);
	}
	return error;
}

const struct expr *load_assign_text(
    struct loader *l, const struct load_server *s, const struct conf_node *n, const char **text)
{
	const char *error = check_text(l, s, n->args[0]);
	const struct expr *e = NULL;

	*text = arena_strdup(&l->common, n->args[0]);
	if (!error)
		e = expr_parse(&l->common, *text, EXPR_STRING, &error);
	if (error)
		conf_report(l->report, CONF_ERROR, n, "%s", error);
	return e;
}

static void add_who(struct loader *l, struct load_server *s, const struct conf_node *n,
    const char *user, const char *group, struct conf_vec *all)
{
	struct load_rule rule = {.user = user, .group = group};

	rule.server = load_assign_variant(l, s, &(struct load_who){n, user, group}, all);
	*(struct load_rule *)conf_vec_push(&s->who, l->tmp, sizeof(rule)) = rule;
}

/* The groups that a user may be given: those that AssignUserID names, or its own. */
static void add_user(struct loader *l, struct load_server *s, const struct conf_node *n,
    const char *user, bool groups, struct conf_vec *all)
{
	const struct load_rule *rules = s->rules.v;
	struct load_ids ids;
	uint32_t count;

	if (load_who_user(l, user, &ids))
		return;
	const gid_t *gids = groups ? load_who_groups(l, &ids, &count) : NULL;

	/* Where an expression of the site makes the group, AssignUserID's is never asked for. */
	if (!s->group_expr)
		add_who(l, s, n, user, load_assign_base(l, s)->group, all);
	for (uint32_t i = 0; i < s->rules.n; i++)
		if (rules[i].group && !s->group_expr)
			add_who(l, s, n, user, rules[i].group, all);
	for (uint32_t i = 0; gids && i < count; i++) {
		const struct group *gr = getgrgid(gids[i]);

		if (gr && gids[i] != 0)
			add_who(l, s, n, user, arena_strdup(l->tmp, gr->gr_name), all);
	}
}

/* The first expression of that kind, of the site or of a section of it. */
static const struct conf_node *any_expr(const struct load_server *s, enum conf_id id)
{
	const struct load_rule *rules = s->rules.v;

	for (uint32_t i = 0; i < s->rules.n; i++)
		if (rules[i].node->directive->id == id)
			return rules[i].node;
	return id == CONF_ID_AssignUserIDExpr ? s->user_expr : s->group_expr;
}

const struct load_who *load_assign_base(const struct loader *l, const struct load_server *s)
{
	if (s->assign.node)
		return &s->assign;
	return l->main.assign.node ? &l->main.assign : &l->user;
}

void load_assign_expr(struct loader *l, struct load_server *s, struct conf_vec *all)
{
	s->user_expr = directive_of(l, s, CONF_ID_AssignUserIDExpr);
	s->group_expr = directive_of(l, s, CONF_ID_AssignGroupIDExpr);
	const struct conf_node *user = any_expr(s, CONF_ID_AssignUserIDExpr);
	const struct conf_node *group = any_expr(s, CONF_ID_AssignGroupIDExpr);
	const struct load_rule *rules = s->rules.v;
	struct conf_vec names = {0};
	const char *error;

	if (!user && !group)
		return;
	error = user ? collect_users(l, s, &names) : NULL;
	if (error) {
		conf_report(l->report, CONF_ERROR, user, "%s", error);
		return;
	}
	/* Whom AssignUserID names may keep its user, and get another group. */
	add_name(l, &names, load_assign_base(l, s)->user);
	for (uint32_t i = 0, n = s->rules.n; i < n; i++)
		if (rules[i].user)
			add_name(l, &names, rules[i].user);
	for (uint32_t i = 0; i < names.n; i++)
		add_user(
		    l, s, user ? user : group, ((const char **)names.v)[i], group != NULL, all);
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
	const uint32_t first = set_words(n);
	const char *error;

	if (n->nargs <= first)
		return; /* an error of its own */
	struct assign_set *s = conf_vec_push(sets, l->tmp, sizeof(*s));
	struct assign_var *vars = arena_array(&l->common, n->nargs - first, sizeof(*vars));

	s->field = arena_strdup(&l->common, first == 2                   ? n->args[0]
	                                    : id == CONF_ID_SetEnvIfExpr ? ""
	                                                                 : "User-Agent");
	s->pattern = arena_strdup(&l->common, n->args[first - 1]);
	s->icase = id == CONF_ID_SetEnvIfNoCase || id == CONF_ID_BrowserMatchNoCase;
	if (id == CONF_ID_SetEnvIfExpr)
		s->expr = expr_parse(&l->common, s->pattern, EXPR_CONDITION, &error);
	else
		s->regex =
		    regex_compile(&l->common, s->pattern, s->icase ? REGEX_ICASE : 0, &error);
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
	if (!s->regex && !s->expr)
		sets->n--; /* reported where the directive is read */
}

/* Whether the texts of the site's expressions name a variable that the node sets. */
static bool is_asked(const struct load_server *s, const struct conf_node *n)
{
	const struct load_rule *rules = s->rules.v;

	for (uint32_t i = set_words(n); i < n->nargs; i++) {
		const char *word = n->args[i] + (n->args[i][0] == '!');
		char *name = strndupa(word, strcspn(word, "="));

		if ((s->user_expr && strcasestr(s->user_expr->args[0], name)) ||
		    (s->group_expr && strcasestr(s->group_expr->args[0], name)))
			return true;
		for (uint32_t k = 0; k < s->rules.n; k++)
			if (!rules[k].server && strcasestr(rules[k].node->args[0], name))
				return true;
	}
	return false;
}

/* What cannot be known of a request before anything is looked up. */
static const char *check_set(
    struct loader *l, const struct load_server *s, const struct conf_node *n)
{
	const char *field = n->args[0];

	if (n->directive->id == CONF_ID_SetEnvIfExpr)
		return check_text(l, s, field);
	if (set_words(n) == 1)
		return NULL;
	if (strcasecmp(field, "Remote_Host") == 0)
		return "the client's name is not known when the user is chosen by it; write "
		       "SetEnvIf Remote_Addr";
	if (strpbrk(field, "^$.*+?[]()|\\"))
		return "a variable that the user is chosen by needs the name of one field, no "
		       "pattern";
	if (strcasecmp(field, "Remote_Addr") == 0 && s->v.remoteip && s->v.remoteip->header)
		return "whom RemoteIPHeader names is not known when the user is chosen by it";
	return NULL;
}

static void put_sets(struct loader *l, const struct load_server *s, struct conf_vec *list,
    const struct conf_node *nodes)
{
	for (const struct conf_node *n = nodes; n; n = n->next) {
		if (!is_set(n) || n->nargs == 0)
			continue;
		const char *error = check_set(l, s, n);

		if (!error)
			put_set(l, list, n);
		else if (is_asked(s, n))
			conf_report(l->report, CONF_ERROR, n, "%s", error);
	}
}

void load_assign_expr_finish(struct loader *l, const struct load_server *s, struct assign *out)
{
	const struct load_who *base = load_assign_base(l, s);
	struct conf_vec list = {0};

	out->base_user = arena_strdup(&l->common, base->user);
	out->base_group = arena_strdup(&l->common, base->group);
	if (s->who.n == 0)
		return;
	if (s->user_expr)
		out->user = load_assign_text(l, s, s->user_expr, &out->user_text);
	if (s->group_expr)
		out->group = load_assign_text(l, s, s->group_expr, &out->group_text);
	put_who(l, s, out);
	put_sets(l, s, &list, l->main_lines);
	if (s->node)
		put_sets(l, s, &list, s->node->children);
	struct assign_set *v = arena_array(&l->common, list.n, sizeof(*v));

	if (list.n)
		memcpy(v, list.v, list.n * sizeof(*v));
	out->sets = v;
	out->nsets = list.n;
}
