/*
 * The directives of directory context: those that <Directory> takes, and (later) .htaccess. They
 * fill a struct conf_dir; the loader and the child share this.
 */
#ifndef ITKD_CONF_DIR_H
#define ITKD_CONF_DIR_H

#include "itkd/arena.h"
#include "itkd/conf.h"
#include "itkd/conf_map.h"
#include "itkd/conf_report.h"
#include "itkd/conf_table.h"

/* A conf_dir in the making. */
struct conf_dir_build {
	struct arena *tmp;    /* where lists grow */
	struct arena *a;      /* where strings and the finished lists are */
	struct arena *secret; /* the same for SetEnv and PassEnv */
	struct conf_report *report;
	struct conf_dir dir;
	struct conf_vec index, types, handlers, env;
};

void conf_dir_begin(struct conf_dir_build *b, struct arena *tmp, struct arena *a,
	struct arena *secret, struct conf_report *report);
/* Applies one directive; NULL, or what is wrong with it. */
const char *conf_dir_set(struct conf_dir_build *b, const struct conf_value *v);
/*
 * Room for one more element of a list {n, v} in arena a; list is the address of its v. Only for a
 * list that this build has begun: a merged one may share its memory with others.
 */
void *conf_dir_push(struct arena *a, const void *list, uint32_t *n, size_t size);
/* Moves the lists to their place; b->dir is complete then. */
void conf_dir_finish(struct conf_dir_build *b);

#endif
