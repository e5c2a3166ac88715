/*
 * mod_rewrite at a request, for the files child_rewrite*.c. Rules are the administrator's or the
 * site owner's, what they are applied to is the client's; all of it runs as the vhost's user.
 */
#ifndef ITKD_CHILD_REWRITE_H
#define ITKD_CHILD_REWRITE_H

#include "child_internal.h"
#include "itkd/conf_rewrite.h"
#include "itkd/regex.h"

/* One pass of a list of rules. */
struct rewrite {
	struct child *c;
	struct child_request *r;
	const struct conf_rewrite *conf;
	const char *perdir;     /* conf->directory; NULL: rules of the server */
	const char *request;    /* the path that is looked up (Apache's r->uri) */
	const char *filename;   /* what the rules change; a path or a URL */
	const char *path_info;  /* NULL: none */
	const char *uri;        /* what the current rule is applied to; NULL: none yet */
	struct regex_match rule, cond; /* $N and %N; n is 0: there are none */
	const struct rewrite_rule *last; /* the last one that substituted */
	const char *vary_this, *vary;
	bool reduced;           /* a URL of this site became a path of it */
	int redirect;           /* its status, where x->filename became a URL for the client */
	int status;             /* what the rules want to be answered; 0: nothing */
};

/* What a list of rules comes to. */
enum rewrite_result {
	REWRITE_NOTHING,
	REWRITE_CHANGED,
	REWRITE_CHANGED_RAW, /* by a rule with NE: it is encoded already */
	REWRITE_STATUS,      /* x->status */
};

/* child_rewrite_rules.c: the list, of which each rule is tried by child_rewrite_rule.c. */
enum rewrite_result child_rewrite_rules(struct rewrite *x);
enum rewrite_outcome {
	OUTCOME_NO_MATCH,
	OUTCOME_CHANGED,
	OUTCOME_MATCHED, /* but nothing was put in its place */
	OUTCOME_FAILED,  /* x->status */
};
enum rewrite_outcome child_rewrite_rule(struct rewrite *x, const struct rewrite_rule *rule);
/* Whether it is looked up for another: an index file, a fallback, a condition. */
bool child_rewrite_is_sub(const struct rewrite *x);

/*
 * child_rewrite_result.c: where rules lead away from the site's files: a status, or CHILD_MAPPED
 * for a backend (r->proxy); 0: x->filename is a path. query_before: the query that they found.
 */
int child_rewrite_away(
	struct rewrite *x, enum rewrite_result result, const char *query_before);
/* The path behind PT's mark; NULL: x->filename has none. */
const char *child_rewrite_passed(const struct rewrite *x);

/* child_rewrite_url.c: x->filename and the request's query after a substitution. */
void child_rewrite_split_query(struct rewrite *x, uint32_t flags);
/* With http://host before it where it is a path. */
void child_rewrite_qualify(struct rewrite *x);
/* Without http://host where that is this site. */
void child_rewrite_reduce(struct rewrite *x);
/* NULL: it has none. */
const char *child_rewrite_query(struct rewrite *x);

/* child_rewrite_cond.c: whether it holds; x->status is set where it cannot be told. */
bool child_rewrite_cond(struct rewrite *x, const struct rewrite_cond *cond);
/* The same for a pattern, which must not take forever. */
bool child_rewrite_match(
	struct rewrite *x, const struct regex *re, const char *text, struct regex_match *m);

/*
 * child_rewrite_expand.c: text with %{NAME}, $N, %N and ${map:key|default} replaced; never again in
 * what took their place. rule NULL, or the one whose B flags hold. *question is left as it is, or
 * set to whether the first '?' (with QSL the last one) came out of such a replacement.
 */
const char *child_rewrite_expand(struct rewrite *x, const char *text,
	const struct rewrite_rule *rule, int *question);

/* child_rewrite_var.c: never NULL. */
const char *child_rewrite_variable(struct rewrite *x, const char *name);
/* child_rewrite_map.c: NULL where the map has nothing for key. */
const char *child_rewrite_map(struct rewrite *x, const char *name, const char *key);
/* child_rewrite_env.c: the E and CO of a rule. */
void child_rewrite_env(struct rewrite *x, const struct rewrite_rule *rule);

/*
 * child_sub.c: what would become of a request for path (a URL, or a file where file is set), asked
 * by one for the URL path `from`: Apache's subrequest. Its result stays until child_sub_end().
 */
struct child_sub {
	struct child_request r;
	struct child_request *outer;
	struct child_dir dir;
	int status; /* 200 also where there is no such file */
};
void child_sub_start(struct child *c, struct child_request *r, const char *from,
	struct child_sub *sub, const char *path, bool file);
void child_sub_end(struct child *c, struct child_sub *sub);
/* What r->filename would be in Apache. */
const char *child_sub_file(struct child *c, const struct child_sub *sub);

/* A line at trace1 .. trace8, as Apache has it; the second one names the directory. */
void child_rewrite_trace(const struct rewrite *x, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void child_rewrite_trace_dir(const struct rewrite *x, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
