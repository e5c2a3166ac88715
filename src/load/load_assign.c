/*
 * AssignUserID in <Location> and <Directory>: each further identity of a site becomes a virtual
 * host of its own, with the same directives read for that identity, so that what is secret in them
 * lies in its part of the configuration alone; and the rules by which front and child choose
 * (assign.h). Run by the loader.
 */
#include "itkd/assign.h"
#include "load/load.h"

#include <string.h>

#define ASSIGN_VARIANTS_MAX 4096u /* of one site */

static bool is_a(const struct conf_node *n, enum conf_id id)
{
	return n->directive && n->directive->id == id;
}

/* A rule must be decided by the text of a URL, before anything is looked up. */
static const char *refused(struct loader *l, const struct conf_node *section)
{
	const char *path = section->nargs ? section->args[0] : "";

	switch (section->directive ? section->directive->id : CONF_IDS) {
	case CONF_ID_SECTION_Location:
	case CONF_ID_SECTION_LocationMatch:
		return NULL;
	case CONF_ID_SECTION_Directory:
		if (strcmp(path, "~") != 0 && !strpbrk(path, "*?["))
			return NULL;
		return "here only in a <Directory> without wildcards: before anything is looked "
		       "up, the text of DocumentRoot and Alias must decide; <Location> can do it";
	default:
		return load_fail(l,
		    "cannot occur within <%s>: the path of the request alone must "
		    "decide; write it into <Location>",
		    section->name);
	}
}

struct load_server *load_assign_variant(
    struct loader *l, struct load_server *s, const struct load_who *who, struct conf_vec *all)
{
	struct load_server **known = s->variants.v, *v = ARENA_NEW(l->tmp, struct load_server);

	v->assign = *who;
	load_who_set(l, v, who);
	if (v->v.identities[0] == s->v.identities[0])
		return s;
	for (uint32_t i = 0; i < s->variants.n; i++)
		if (known[i]->v.identities[0] == v->v.identities[0])
			return known[i];
	if (s->variants.n == ASSIGN_VARIANTS_MAX) {
		conf_report(l->report, CONF_ERROR, who->node, "more than %u users of one site",
		    ASSIGN_VARIANTS_MAX);
		return s;
	}
	/* The main server's lines come to it as to any virtual host: by inheritance. */
	v->node = s->node ? s->node : ARENA_NEW(l->tmp, struct conf_node);
	v->site = s;
	*(struct load_server **)conf_vec_push(&s->variants, l->tmp, sizeof(v)) = v;
	*(struct load_server **)conf_vec_push(all, l->tmp, sizeof(v)) = v;
	return v;
}

/* Another directive by which a URL leads to a file, so that Alias is not the whole truth. */
static const struct conf_node *maps_too(const struct conf_node *nodes)
{
	for (const struct conf_node *n = nodes; n; n = n->next)
		if (is_a(n, CONF_ID_AliasMatch) || is_a(n, CONF_ID_ScriptAliasMatch) ||
		    is_a(n, CONF_ID_UserDir))
			return n;
	return NULL;
}

static void add_rule(struct loader *l, struct load_server *s, const struct conf_node *section,
    const struct conf_node *n, struct conf_vec *all)
{
	const char *error = refused(l, section);

	if (!error && is_a(section, CONF_ID_SECTION_Directory)) {
		const struct conf_node *other = s->node ? maps_too(s->node->children) : NULL;

		if (!other)
			other = maps_too(l->main_lines);
		if (other)
			error = load_fail(l,
			    "in <Directory> only where the text of DocumentRoot and Alias alone "
			    "decides, but there is %s (%s:%u); write it into <Location>",
			    other->directive->name, other->file, other->line);
	}
	if (!error && is_a(n, CONF_ID_AssignUserID) && n->nargs != 2)
		error = "takes a user and a group";
	if (error) {
		conf_report(l->report, CONF_ERROR, n, "%s", error);
		return;
	}
	struct load_rule *r = conf_vec_push(&s->rules, l->tmp, sizeof(*r));

	*r = (struct load_rule){.section = section, .node = n};
	if (!is_a(n, CONF_ID_AssignUserID))
		return;
	r->user = n->args[0];
	r->group = n->args[1];
	r->server = load_assign_variant(l, s, &(struct load_who){n, r->user, r->group}, all);
}

static bool is_assign(const struct conf_node *n)
{
	return is_a(n, CONF_ID_AssignUserID) ||
	       ((is_a(n, CONF_ID_AssignUserIDExpr) || is_a(n, CONF_ID_AssignGroupIDExpr)) &&
	           n->nargs > 0);
}

/* Sections in sections too: what stands there is refused, but never passed over. */
static void scan(struct loader *l, struct load_server *s, const struct conf_node *nodes,
    const struct conf_node *section, struct conf_vec *all)
{
	for (const struct conf_node *n = nodes; n; n = n->next) {
		if (n->section && !is_a(n, CONF_ID_SECTION_VirtualHost))
			scan(l, s, n->children, n, all);
		else if (section && is_assign(n))
			add_rule(l, s, section, n, all);
	}
}

/* Each site looks at them, and there may be ten thousand sites between them. */
static const struct conf_node *main_lines(const struct loader *l)
{
	struct conf_node *first = NULL, **end = &first;

	for (const struct conf_node *n = l->parser.root.children; n; n = n->next) {
		if (n->section && is_a(n, CONF_ID_SECTION_VirtualHost))
			continue;
		*end = ARENA_NEW(l->tmp, struct conf_node);
		**end = *n;
		(*end)->next = NULL;
		end = &(*end)->next;
	}
	return first;
}

void load_assign_identities(struct loader *l)
{
	struct conf_vec all = {0};

	l->main_lines = main_lines(l);

	for (uint32_t i = 0; i < l->nservers; i++)
		*(struct load_server **)conf_vec_push(&all, l->tmp, sizeof(void *)) = l->servers[i];
	scan(l, &l->main, l->main_lines, NULL, &all);
	load_assign_expr(l, &l->main, &all);
	for (uint32_t i = 0; i < l->nservers; i++) {
		struct load_server *s = l->servers[i];

		/* The main server's sections hold for all, its virtual hosts' come after them. */
		scan(l, s, l->main_lines, NULL, &all);
		scan(l, s, s->node->children, NULL, &all);
		load_assign_expr(l, s, &all);
	}
	l->nsites = l->nservers;
	l->servers = all.v;
	l->nservers = all.n;
}

static enum assign_kind kind_of(const struct conf_node *section, const char **path)
{
	const bool tilde = section->nargs == 2 && strcmp(section->args[0], "~") == 0;

	*path = section->args[tilde ? 1 : 0];
	if (is_a(section, CONF_ID_SECTION_Directory))
		return ASSIGN_DIRECTORY;
	if (tilde || is_a(section, CONF_ID_SECTION_LocationMatch))
		return ASSIGN_LOCATION_MATCH;
	return strpbrk(*path, "*?[") ? ASSIGN_LOCATION_GLOB : ASSIGN_LOCATION;
}

static void put_rule(struct loader *l, const struct load_server *s, struct assign_rule *out,
    const struct load_rule *r)
{
	const char *path, *error = NULL;

	out->kind = kind_of(r->section, &path);
	if (out->kind == ASSIGN_DIRECTORY)
		path = conf_path_clean(l->tmp, path);
	out->path = arena_strdup(&l->common, path);
	if (r->server) {
		out->vhost = r->server->v.id;
		out->user = arena_strdup(&l->common, r->user);
		out->group = arena_strdup(&l->common, r->group);
	} else {
		out->what = is_a(r->node, CONF_ID_AssignUserIDExpr) ? ASSIGN_USER : ASSIGN_GROUP;
		out->expr = load_assign_text(l, s, r->node, &out->text);
	}
	if (out->kind == ASSIGN_LOCATION_MATCH)
		out->regex = regex_compile(&l->common, path, 0, &error);
	if (error)
		conf_report(l->report, CONF_ERROR, r->section, "%s", error);
}

/* Directories first, shortest first; else as written. */
static bool goes_before(const struct assign_rule *a, const struct assign_rule *b)
{
	if ((a->kind == ASSIGN_DIRECTORY) != (b->kind == ASSIGN_DIRECTORY))
		return a->kind == ASSIGN_DIRECTORY;
	return a->kind == ASSIGN_DIRECTORY && strlen(a->path) < strlen(b->path);
}

static void sort_rules(struct assign_rule *v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t j = i; j > 0 && goes_before(&v[j], &v[j - 1]); j--) {
			const struct assign_rule swap = v[j];

			v[j] = v[j - 1];
			v[j - 1] = swap;
		}
}

static void put_aliases(struct loader *l, const struct load_server *s, struct assign *out)
{
	struct assign_alias *v = arena_array(&l->common, s->v.naliases, sizeof(*v));

	for (uint32_t i = 0; i < s->v.naliases; i++) {
		v[i].from = s->v.aliases[i].from;
		v[i].to = s->v.aliases[i].to;
	}
	out->aliases = v;
	out->naliases = s->v.naliases;
	out->document_root = s->v.document_root;
}

static void finish_site(struct loader *l, struct load_server *s)
{
	const struct load_rule *rules = s->rules.v;

	if (s->rules.n == 0 && !s->user_expr && !s->group_expr)
		return;
	struct assign *out = ARENA_NEW(&l->common, struct assign);
	struct assign_rule *v = arena_array(&l->common, s->rules.n, sizeof(*v));

	for (uint32_t k = 0; k < s->rules.n; k++) {
		put_rule(l, s, &v[k], &rules[k]);
		if (v[k].kind == ASSIGN_DIRECTORY && !out->document_root)
			put_aliases(l, s, out);
	}
	sort_rules(v, s->rules.n);
	out->nrules = s->rules.n;
	out->rules = v;
	load_assign_expr_finish(l, s, out);
	s->v.assign = out;
}

void load_assign_finish(struct loader *l)
{
	finish_site(l, &l->main);
	for (uint32_t i = 0; i < l->nsites; i++)
		finish_site(l, l->servers[i]);
}
