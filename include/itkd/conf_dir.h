/*
 * The directives of directory context: those that <Directory> and .htaccess take. They
 * fill a struct conf_dir; the loader and the child share this.
 */
#ifndef ITKD_CONF_DIR_H
#define ITKD_CONF_DIR_H

#include "itkd/arena.h"
#include "itkd/conf.h"
#include "itkd/conf_map.h"
#include "itkd/conf_report.h"
#include "itkd/conf_table.h"
#include "itkd/expr.h"

struct conf_node;

/* Sections around a line that some directives may not stand in. */
#define WITHIN_LOCATION 0x1u
#define WITHIN_FILES 0x2u /* or <If> and the like, as in Apache */
#define WITHIN_MAIN 0x8u  /* outside of every <VirtualHost> */
#define WITHIN_LIMIT 0x4u /* or <RequireAll> and the like, as in Apache */

/*
 * Elements of one list of a .htaccess where each line looks at all that stand there already:
 * variables, settings of PHP, filters, types. So what its owner writes is no quadratic work.
 */
#define CONF_HTACCESS_NAMES 1000

/* A conf_dir in the making. */
struct conf_dir_build {
	struct arena *tmp;    /* where lists grow */
	struct arena *a;      /* where strings and the finished lists are */
	struct arena *secret; /* the same for SetEnv and PassEnv */
	struct conf_report *report;
	const char *server_root;
	unsigned context;               /* CTX_SERVER, CTX_VHOST, CTX_DIRECTORY or CTX_HTACCESS */
	unsigned within;                /* WITHIN_ bits */
	const struct conf_node *section; /* whose lines these are; NULL: the file's own */
	const char *directory; /* what the section or .htaccess is for; NULL: a server */
	const struct conf_allow *allow; /* .htaccess: what may stand in it */
	unsigned depth;                 /* sections around */
	uint64_t methods;           /* <Limit>: for which methods a line holds (conf_method.h) */
	struct conf_map *noted;         /* loader: accepted directives of which a note was given */
	struct conf_dir dir;
	struct conf_vec env;
	struct conf_access_build access;
	struct conf_rewrite *rewrite, *rewrite_server; /* NULL: no line yet */
	bool *rewrites; /* a line of mod_rewrite was met; may be NULL */
};

void conf_dir_begin(struct conf_dir_build *b, struct arena *tmp, struct arena *a,
	struct arena *secret, struct conf_report *report);
/* Whether n bytes fit into b->secret; only a vhost's own region can be full. */
bool conf_dir_secret_room(const struct conf_dir_build *b, size_t n);
/* Whether a list of n elements has as many as a .htaccess may give it (CONF_HTACCESS_NAMES). */
bool conf_dir_full(const struct conf_dir_build *b, uint32_t n);
/*
 * An expression of one of b's lines, into arena a: in a .htaccess without what reads files. NULL
 * with *error.
 */
const struct expr *conf_dir_expr(const struct conf_dir_build *b, struct arena *a, const char *text,
	enum expr_kind kind, const char **error);
/* Applies one directive; NULL, or what is wrong with it. */
const char *conf_dir_set(struct conf_dir_build *b, const struct conf_value *v);

/*
 * conf_dir_read.c: all lines of a section or a .htaccess into b, each checked against the table,
 * the sections among them too. Errors go to b's report; in a .htaccess the first one ends it.
 */
void conf_dir_read(struct conf_dir_build *b, const struct conf_node *nodes);
/* Whether a line may stand where b is; it is reported otherwise. Not for what has no effect. */
bool conf_dir_allowed(struct conf_dir_build *b, const struct conf_node *node);

/*
 * conf_dir_section.c: a section among lines of directory context: <Files>, <If>, <Limit>,
 * <RequireAll> and their like. NULL, or what is wrong with it.
 */
const char *conf_dir_section(struct conf_dir_build *b, const struct conf_node *node);
/* The lines of node, with all of b's but its directives, into a conf_dir in b->a. */
const struct conf_dir *conf_dir_nested(
	struct conf_dir_build *b, const struct conf_node *node, unsigned within);
/* A build for such lines. */
void conf_dir_inherit(struct conf_dir_build *b, const struct conf_dir_build *from);
/* What a section's argument means: text, wildcards, or a regular expression behind "~". */
const char *conf_dir_match(struct conf_dir_build *b, const struct conf_node *node, bool regex,
	struct conf_match *match);

/* conf_dir_proxy.c: ProxySet, for the backend of that URL. NULL, or what is wrong. */
const char *conf_proxy_set(
	struct conf_dir_build *b, const char *url, uint32_t n, char *const *parameters);

/* conf_dir_access.c: <RequireAll>, <RequireAny>, <RequireNone>. NULL, or what is wrong. */
const char *conf_access_section(struct conf_dir_build *b, const struct conf_node *node);
/* Sections of nothing but negative lines: an error in the server's files, as in Apache. */
const char *conf_access_check(const struct conf_dir_build *b);

/*
 * Room for one more element of a list {n, v} in arena a; list is the address of its v. Only for a
 * list that this build has begun: a merged one may share its memory with others.
 */
void *conf_dir_push(struct arena *a, const void *list, uint32_t *n, size_t size);
/* The end of a section or of a .htaccess: what only all of it can tell, then conf_dir_finish(). */
void conf_dir_done(struct conf_dir_build *b, const struct conf_node *node);
/* Moves the lists to their place; b->dir is complete then. */
void conf_dir_finish(struct conf_dir_build *b);

#endif
