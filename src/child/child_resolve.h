/*
 * What child_resolve.c, the way from a path to what answers for it, and child_resolve_index.c,
 * mod_dir's part of it, ask of each other. Where nothing else is said a result is 0, with
 * r->target, r->rewritten or r->proxy to show for it, or a status, with r->location for a redirect.
 */
#ifndef ITKD_CHILD_RESOLVE_H
#define ITKD_CHILD_RESOLVE_H

#include "child_internal.h"

#define RESOLVE_NONE (-3) /* nothing was found: look at the path itself */

/* child_resolve.c */
/* What another path leads to, as if a client had asked for it; *uri may change. */
int child_resolve_ask(struct child *c, struct child_request *r, const char **uri);
/* Rules lead to another path, or to a backend: whether the file is there is not asked. */
bool child_resolve_is_elsewhere(const struct child_request *r);

/* child_resolve_index.c */
/* The index file of the directory r->uri, whose settings hold; r->uri is then its. Or NONE. */
int child_resolve_index(struct child *c, struct child_request *r);
/*
 * 301 for a directory without its slash, since relative links on its pages would lead astray; 0
 * where that is not wanted (DirectorySlash).
 */
int child_resolve_slash(struct child *c, struct child_request *r, const char *uri);
/* Whether FallbackResource is for the path that was looked at. */
bool child_resolve_has_fallback(struct child *c, const struct child_request *r);
/* It answers in the place of r->uri, whose path it becomes. Or RESOLVE_NONE. */
int child_resolve_fallback(struct child *c, struct child_request *r);

#endif
