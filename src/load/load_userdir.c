/*
 * UserDir: its lines, and the home directories that it needs, asked of NSS here and never again.
 * Run by the loader as root.
 */
#include "load/load.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define USERDIR_UID_MIN 1000 /* below are the system's own users */

static void push_name(struct loader *l, struct conf_vec *list, const char *name)
{
	*(const char **)conf_vec_push(list, l->tmp, sizeof(char *)) =
	    arena_strdup(&l->common, name);
}

const char *load_set_userdir(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	const struct conf_node *n = v->node;
	struct load_userdir *u = &s->userdir;

	if (n->nargs == 0)
		return "UserDir requires an argument.";
	bool disable =
	    strcasecmp(n->args[0], "disabled") == 0 || strcasecmp(n->args[0], "disable") == 0;
	bool enable =
	    strcasecmp(n->args[0], "enabled") == 0 || strcasecmp(n->args[0], "enable") == 0;

	if (!disable && !enable) {
		u->places = n;
		return NULL;
	}
	if (n->nargs == 1)
		u->disabled = disable;
	for (uint32_t i = 1; i < n->nargs; i++)
		push_name(l, disable ? &u->disabled_users : &u->enabled, n->args[i]);
	return NULL;
}

static const char *const *copy_names(struct loader *l, const struct conf_vec *list)
{
	const char **v = arena_array(&l->common, list->n, sizeof(*v));

	if (list->n)
		memcpy(v, list->v, list->n * sizeof(*v));
	return v;
}

void load_userdir_finish(struct loader *l, struct load_server *s)
{
	const struct load_userdir *u = &s->userdir;

	if (!u->places)
		return;
	struct conf_userdir *out = ARENA_NEW(&l->common, struct conf_userdir);
	const char **places = arena_array(&l->common, u->places->nargs, sizeof(*places));

	for (uint32_t i = 0; i < u->places->nargs; i++) {
		const char *place = u->places->args[i];

		places[i] = arena_strdup(&l->common, place);
		/* With a path or a URL no home is asked for. */
		l->homes |= *place != '/' && !strchr(place, ':');
	}
	out->n = u->places->nargs;
	out->places = places;
	out->disabled = u->disabled;
	out->nenabled = u->enabled.n;
	out->enabled = copy_names(l, &u->enabled);
	out->ndisabled = u->disabled_users.n;
	out->disabled_users = copy_names(l, &u->disabled_users);
	s->v.userdir = out;
}

static int by_name(const void *a, const void *b)
{
	const struct conf_home *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void add_home(struct loader *l, struct conf_vec *list, const struct passwd *pw)
{
	const struct conf *c = l->conf;
	bool within = c->limit_uid ? pw->pw_uid >= c->uid_min && pw->pw_uid <= c->uid_max
	                           : pw->pw_uid >= USERDIR_UID_MIN;

	if (!within || pw->pw_uid == 0 || !pw->pw_dir || *pw->pw_dir != '/')
		return;
	struct conf_home *home = conf_vec_push(list, l->tmp, sizeof(*home));

	home->name = arena_strdup(&l->common, pw->pw_name);
	home->home = arena_strdup(&l->common, pw->pw_dir);
}

/* Those that are named: a directory service may not list everybody. */
static void add_named(struct loader *l, struct conf_vec *list, const struct load_server *s)
{
	const struct conf_userdir *u = s->v.userdir;

	for (uint32_t i = 0; u && i < u->nenabled; i++) {
		const struct passwd *pw = getpwnam(u->enabled[i]);

		if (pw)
			add_home(l, list, pw);
	}
}

void load_homes(struct loader *l)
{
	struct conf_vec list = {0};
	const struct passwd *pw;
	uint32_t n = 0;

	if (!l->homes)
		return;
	setpwent();
	while ((pw = getpwent()))
		add_home(l, &list, pw);
	endpwent();
	add_named(l, &list, &l->main);
	for (uint32_t i = 0; i < l->nservers; i++)
		add_named(l, &list, l->servers[i]);
	struct conf_home *v = arena_array(&l->common, list.n, sizeof(*v)), *from = list.v;

	if (list.n)
		qsort(from, list.n, sizeof(*from), by_name);
	for (uint32_t i = 0; i < list.n; i++)
		if (n == 0 || strcmp(v[n - 1].name, from[i].name) != 0)
			v[n++] = from[i];
	l->conf->homes = v;
	l->conf->nhomes = n;
}
