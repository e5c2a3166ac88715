/*
 * AssignUserID below a site (assign.h). Run by the front on the client's bytes, to choose a child;
 * and by the child, after its drop. The rules are the administrator's.
 */
#include "itkd/assign.h"

#include "itkd/arena.h"
#include "itkd/conf.h"
#include "itkd/path.h"
#include <fnmatch.h>
#include <string.h>

/* "/a" holds for "/a" and "/a/b", not for "/ab"; "/a/" for what is below it only. */
static bool is_below(const char *path, const char *prefix)
{
	const size_t n = strlen(prefix);

	if (strncmp(path, prefix, n) != 0)
		return false;
	return n == 0 || prefix[n - 1] == '/' || path[n] == '\0' || path[n] == '/';
}

/* As child_translate() does it later, but without looking at any file. */
static const char *to_file(struct arena *a, const struct assign *s, const char *path)
{
	for (uint32_t i = 0; i < s->naliases; i++)
		if (is_below(path, s->aliases[i].from))
			return arena_printf(
			    a, "%s%s", s->aliases[i].to, path + strlen(s->aliases[i].from));
	return arena_printf(a, "%s%s", s->document_root, path);
}

static bool rule_holds(const struct assign_rule *r, const char *path, const char *file)
{
	switch (r->kind) {
	case ASSIGN_DIRECTORY:
		return is_below(file, r->path);
	case ASSIGN_LOCATION:
		return is_below(path, r->path);
	case ASSIGN_LOCATION_GLOB:
		return fnmatch(r->path, path, FNM_PATHNAME) == 0;
	case ASSIGN_LOCATION_MATCH:
		return regex_find(r->regex, span_of(path), NULL);
	}
	return false;
}

uint32_t assign_vhost(
    struct arena *a, const struct conf_vhost *site, const struct assign_asked *asked)
{
	const struct assign *s = site->assign;
	uint32_t id = site->id;
	char *path;

	if (!s || path_decode(a, asked->head->path, &path) != PATH_OK)
		return id;
	const char *file = s->document_root ? to_file(a, s, path) : "";
	struct assign_says says = {s->base_user, s->base_group, s->user, s->group};

	for (uint32_t i = 0; i < s->nrules; i++) {
		const struct assign_rule *r = &s->rules[i];

		if (!rule_holds(r, path, file))
			continue;
		if (r->what == ASSIGN_USER) {
			says.user_expr = r->expr;
		} else if (r->what == ASSIGN_GROUP) {
			says.group_expr = r->expr;
		} else {
			id = r->vhost;
			says.user = r->user;
			says.group = r->group;
		}
	}
	return says.user_expr || says.group_expr ? assign_by_expr(a, site, asked, path, &says) : id;
}
