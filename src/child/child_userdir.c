/*
 * UserDir (mod_userdir): what /~user leads to. Runs as the vhost's user, whose rights are all that
 * count in the end; homes were asked for when the configuration was loaded. The path is the
 * client's.
 */
#include "child_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A path "/~name/rest". */
struct userdir {
	const struct conf_userdir *conf;
	const char *user;
	const char *rest; /* from the slash on, or "" */
	size_t prefix;    /* bytes of "/~name" */
};

static bool userdir_lists(const char *const *names, uint32_t n, const char *user)
{
	for (uint32_t i = 0; i < n; i++)
		if (strcasecmp(names[i], user) == 0)
			return true;
	return false;
}

static bool userdir_split(struct child *c, const char *uri, struct userdir *u)
{
	const struct conf_userdir *conf = c->vhost->userdir;

	if (!conf || uri[0] != '/' || uri[1] != '~')
		return false;
	size_t n = strcspn(uri + 2, "/");

	u->conf = conf;
	u->user = arena_strndup(&c->arena, uri + 2, n);
	u->prefix = n + 2;
	u->rest = uri + u->prefix;
	if (n == 0 || strcmp(u->user, ".") == 0 || strcmp(u->user, "..") == 0)
		return false;
	if (userdir_lists(conf->disabled_users, conf->ndisabled, u->user))
		return false;
	return !conf->disabled || userdir_lists(conf->enabled, conf->nenabled, u->user);
}

static int userdir_compare(const void *key, const void *home)
{
	return strcmp(key, ((const struct conf_home *)home)->name);
}

static const char *userdir_home(struct child *c, const char *user)
{
	const struct conf *conf = c->start->conf;
	const struct conf_home *home = NULL;

	if (conf->nhomes)
		home = bsearch(user, conf->homes, conf->nhomes, sizeof(*home), userdir_compare);
	return home ? home->home : NULL;
}

/* The directory, or *url; both NULL: the user has no home. */
static const char *userdir_place(
    struct child *c, const struct userdir *u, const char *place, const char **url)
{
	const char *star = strchr(place, '*');
	size_t n = star ? (size_t)(star - place) : 0;
	struct arena *a = &c->arena;

	*url = NULL;
	/* What stands behind the star of a URL does not count, as in Apache. */
	if (star && memchr(place, ':', n) && *place != '/') {
		*url = arena_printf(a, "%.*s%s%s", (int)n, place, u->user, u->rest);
		return NULL;
	}
	if (star && (*place == '/' || star[1] == '\0'))
		return arena_printf(a, "%.*s%s%s", (int)n, place, u->user, star + 1);
	if (*place == '/')
		return arena_printf(a, "%s/%s", place, u->user);
	const char *home = userdir_home(c, u->user);

	return home ? arena_printf(a, "%s/%s", home, star ? star + 1 : place) : NULL;
}

/* The first place that exists, the last one in any case. */
static bool userdir_find(
    struct child *c, const char *uri, struct userdir *u, const char **dir, const char **url)
{
	struct stat st;

	*dir = *url = NULL;
	if (!userdir_split(c, uri, u))
		return false;
	for (uint32_t i = 0; i < u->conf->n; i++) {
		*dir = userdir_place(c, u, u->conf->places[i], url);
		if (*url || (*dir && (i + 1 == u->conf->n || stat(*dir, &st) == 0)))
			return true;
	}
	return false;
}

bool child_userdir(struct child *c, const char *uri, struct child_target *t)
{
	struct userdir u;
	const char *dir, *url;

	if (!userdir_find(c, uri, &u, &dir, &url) || !dir)
		return false;
	t->context_prefix = arena_strndup(&c->arena, uri, u.prefix);
	t->context_root = dir;
	t->script = false;
	t->file = child_map_join(c, dir, u.rest, false);
	return true;
}

int child_userdir_redirect(struct child *c, struct child_request *r, const char *uri)
{
	struct userdir u;
	const char *dir, *url;

	if (!c->vhost->userdir || !userdir_find(c, uri, &u, &dir, &url) || !url)
		return 0;
	if (child_map_aliased(c, uri))
		return 0;
	r->location = url;
	return 302;
}
