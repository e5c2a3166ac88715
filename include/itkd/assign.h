/*
 * Which identity of a site a request gets where AssignUserID stands in <Location> or <Directory>.
 * Each such identity has a conf_vhost of its own behind the sites that names lead to: the same
 * directives, read again for that identity. The front decides, to know whose child it is; the child
 * decides again, after its drop, and serves nothing that is not its own. Both see the head only.
 */
#ifndef ITKD_ASSIGN_H
#define ITKD_ASSIGN_H

#include "itkd/http_head.h"
#include "itkd/regex.h"
#include <stdint.h>

struct arena;
struct conf;
struct conf_vhost;

enum assign_kind {
	ASSIGN_DIRECTORY, /* a path in the file system, by the text of Alias and DocumentRoot */
	ASSIGN_LOCATION,
	ASSIGN_LOCATION_GLOB,
	ASSIGN_LOCATION_MATCH,
};

/* The last rule that matches counts: directories first, shortest first, then locations. */
struct assign_rule {
	enum assign_kind kind;
	const char *path;         /* or the pattern's text */
	const struct regex *regex; /* ASSIGN_LOCATION_MATCH */
	uint32_t vhost;
};

/* Where a URL path leads, as far as text says. */
struct assign_alias {
	const char *from, *to;
};

struct assign {
	uint32_t nrules;
	const struct assign_rule *rules;
	uint32_t naliases; /* only where a rule is of ASSIGN_DIRECTORY */
	const struct assign_alias *aliases;
	const char *document_root;
};

/*
 * The virtual host that answers a request to site: site's own id, or that of another identity of
 * it. Memory of a is used for the time of the call. A path that is malformed is site's to refuse.
 */
uint32_t assign_vhost(
	struct arena *a, const struct conf_vhost *site, const struct http_head *head);

#endif
