/*
 * Prefixes of Alias and Redirect, and the merging of what mod_alias keeps for a directory. Run by
 * the loader, and by the child on the client's path and on what a .htaccess says.
 */
#include "itkd/conf_alias.h"

#include "itkd/arena.h"

#include <string.h>

size_t conf_alias_match(const char *uri, const char *from)
{
	const char *u = uri, *f = from;

	while (*f) {
		if (*u != *f)
			return 0;
		if (*f == '/') {
			u += strspn(u, "/");
			f += strspn(f, "/");
		} else {
			u++;
			f++;
		}
	}
	/* "/a" takes "/a" and "/a/b" but not "/ab". */
	if (f > from && f[-1] != '/' && *u && *u != '/')
		return 0;
	return (size_t)(u - uri);
}

static struct conf_aliases joined(
    struct arena *a, const struct conf_aliases *first, const struct conf_aliases *second)
{
	if (first->n == 0)
		return *second;
	if (second->n == 0)
		return *first;
	struct conf_alias *v = arena_array(a, (size_t)first->n + second->n, sizeof(*v));

	memcpy(v, first->v, first->n * sizeof(*v));
	memcpy(v + first->n, second->v, second->n * sizeof(*v));
	return (struct conf_aliases){first->n + second->n, v};
}

void conf_alias_merge(
    struct arena *a, struct conf_alias_dir **base, const struct conf_alias_dir *add)
{
	if (!add)
		return;
	/* What was merged so far may be the configuration's own, which nobody writes. */
	struct conf_alias_dir *d = ARENA_NEW(a, struct conf_alias_dir);

	if (*base)
		*d = **base;
	d->redirects = joined(a, &add->redirects, &d->redirects);
	if (add->alias) {
		d->alias = add->alias;
		d->alias_path = add->alias_path;
		d->alias_script = add->alias_script;
	}
	if (add->redirect_set) {
		d->redirect_set = true;
		d->redirect_status = add->redirect_status;
		d->redirect = add->redirect;
	}
	if (add->relative)
		d->relative = add->relative;
	if (add->preserve)
		d->preserve = add->preserve;
	*base = d;
}
