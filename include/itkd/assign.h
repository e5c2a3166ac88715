/*
 * Which identity of a site a request gets where AssignUserID stands in <Location> or <Directory>,
 * or AssignUserIDExpr says it.
 * Each such identity has a conf_vhost of its own behind the sites that names lead to: the same
 * directives, read again for that identity. The front decides, to know whose child it is; the child
 * decides again, after its drop, and serves nothing that is not its own. Both see the head only.
 */
#ifndef ITKD_ASSIGN_H
#define ITKD_ASSIGN_H

#include "itkd/http_head.h"
#include "itkd/regex.h"
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct conf_vhost;
struct expr;

enum assign_kind {
	ASSIGN_DIRECTORY, /* a path in the file system, by the text of Alias and DocumentRoot */
	ASSIGN_LOCATION,
	ASSIGN_LOCATION_GLOB,
	ASSIGN_LOCATION_MATCH,
};

/* What a section says: AssignUserID, AssignUserIDExpr or AssignGroupIDExpr. */
enum assign_what { ASSIGN_ID, ASSIGN_USER, ASSIGN_GROUP };

/*
 * Of each kind the last rule that matches counts: directories first, shortest first, then
 * locations. As in mpm-itk, an expression goes before AssignUserID wherever they stand.
 */
struct assign_rule {
	enum assign_kind kind;
	const char *path;         /* or the pattern's text */
	const struct regex *regex; /* ASSIGN_LOCATION_MATCH */
	enum assign_what what;
	uint32_t vhost;           /* ASSIGN_ID, and its words: */
	const char *user, *group;
	const char *text;         /* of the expression */
	const struct expr *expr;
};

/* Where a URL path leads, as far as text says. */
struct assign_alias {
	const char *from, *to;
};

/*
 * SetEnvIf, BrowserMatch and SetEnvIfExpr of server scope: they feed %{reqenv:} of the expressions.
 */
struct assign_var {
	const char *name, *value; /* value begins with '!': taken away */
};
struct assign_set {
	const char *field, *pattern;
	bool icase;
	const struct regex *regex; /* of pattern */
	const struct expr *expr;   /* SetEnvIfExpr: pattern is its text, field is "" */
	uint32_t nvars;
	const struct assign_var *vars;
};

/* What expressions may come to, sorted by user and group: who runs as them is settled at load. */
struct assign_who {
	const char *user, *group;
	uint32_t vhost;
};

struct assign {
	uint32_t nrules;
	const struct assign_rule *rules;
	uint32_t naliases; /* only where a rule is of ASSIGN_DIRECTORY */
	const struct assign_alias *aliases;
	const char *document_root;

	const char *base_user, *base_group; /* the site's AssignUserID, or User and Group */
	const char *user_text, *group_text; /* of the site; NULL: no such expression */
	const struct expr *user, *group;
	uint32_t nsets;
	const struct assign_set *sets;
	uint32_t nwho;
	const struct assign_who *who;
};

/* An expression named somebody that the configuration does not: nobody may answer. */
#define ASSIGN_NOBODY UINT32_MAX

/* What is known of a request before anything is looked up. */
struct assign_asked {
	const struct http_head *head;
	const char *peer, *local; /* addresses of the connection, or of its PROXY header */
};

/*
 * The virtual host that answers a request to site: site's own id, or that of another identity of
 * it, or ASSIGN_NOBODY. Memory of a is used. A path that is malformed is site's to refuse.
 */
uint32_t assign_vhost(
	struct arena *a, const struct conf_vhost *site, const struct assign_asked *asked);

/* What holds for a request: a name each, or the expression that makes it. */
struct assign_says {
	const char *user, *group;
	const struct expr *user_expr, *group_expr;
};
/* assign_expr.c: where there is an expression. path is the decoded one. */
uint32_t assign_by_expr(struct arena *a, const struct conf_vhost *site,
	const struct assign_asked *asked, const char *path, const struct assign_says *says);
/* Whether a front can know the value of %{name}: only what the head of the request says. */
bool assign_knows(const char *name);
/* The order of assign_who. */
int assign_compare(const char *user, const char *group, const struct assign_who *with);

#endif
