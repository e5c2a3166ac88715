/*
 * The choice among variants of what was asked for: MultiViews and type maps (mod_negotiation). A
 * part of child_internal.h.
 */
#ifndef ITKD_CHILD_NEGOTIATE_H
#define ITKD_CHILD_NEGOTIATE_H

#include "child_internal.h"
#include "itkd/negotiate.h"

/* What an answer says of the choice; members NULL: nothing. */
struct child_choice {
	const char *vary, *tcn, *location, *alternates;
	const char *list; /* on the page of 300 and 406 */
};

/* Where variants are looked for. */
struct negotiate_place {
	const char *dir;       /* with a slash behind it */
	const char *uri;       /* the same as a path of the site */
	const char *name;      /* what was asked for in it */
	const char *path_info; /* "" or a path */
};

/* child_negotiate_find.c: 0 with *g's variants, or a status. *map: the type map that has them. */
int child_negotiate_find(struct child *c, struct child_request *r,
	const struct negotiate_place *place, struct negotiate *g, struct child_target *map);
/* child_negotiate_map.c: the variants that the open type map t names: 0, or a status, logged. */
int child_negotiate_map(struct child *c, const struct child_target *t, struct negotiate *g);

/*
 * r->variants: of what the list of variants was made, a type map, or (NULL) a directory. With it
 * the tag of a variant changes, too, when another one is added (RFC 2295 section 4.2).
 */
void child_negotiate_validator(struct child *c, struct child_request *r,
	const struct child_target *map, const struct stat *dir);

/* A variant that a type map in dir, a path of the site, names; NULL: it is none. */
const char *child_negotiate_path(struct child *c, const char *dir, const char *file);

/* What the client said of its wishes. */
void child_negotiate_start(struct child *c, struct child_request *r, struct negotiate *g);
/*
 * The best one, with r->choice set: 0, or 300 or 406. scripts: programs are preferred.
 */
int child_negotiate_choose(struct child *c, struct child_request *r, struct negotiate *g,
	bool path_info, bool scripts, struct variant **best);

#endif
