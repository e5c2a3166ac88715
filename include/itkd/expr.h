/*
 * Apache's expressions (ap_expr): <If>, Require expr, SetEnvIfExpr, expr= of Header and LogFormat,
 * AssignUserIDExpr. Parsed once into an arena, evaluated against what the process knows of the
 * request. A variable or function that is not known is an error when it is parsed.
 */
#ifndef ITKD_EXPR_H
#define ITKD_EXPR_H

#include "itkd/regex.h"
#include <stdbool.h>

struct arena;
struct expr;

/* What the text is: a condition, or a string with %{...} in it (ap_expr's string mode). */
enum expr_kind { EXPR_CONDITION, EXPR_STRING };

/* How the evaluator asks for values; ctx is the caller's. Strings live until the arena's reset. */
struct expr_source {
	void *ctx;
	struct arena *a;
	/* %{NAME}, in Apache's upper case: NULL where it has no value. */
	const char *(*variable)(void *ctx, const char *name);
	/*
	 * %{name:arg}, name(arg), in lower case: http, req, req_novary, resp, reqenv, note, env,
	 * osenv, file, filesize. NULL where there is no value.
	 */
	const char *(*function)(void *ctx, const char *name, const char *arg);
	/* -d -e -f -s -L -h -F -U -A -x of a file or URL: the caller's rights decide. */
	bool (*file)(void *ctx, char test, const char *path);
	/* NULL, or: a condition asked for this request field, so the answer depends on it. */
	void (*vary)(void *ctx, const char *field);
	/*
	 * $0..$9 of the last =~ with groups; may be preset. n is 0 after one that did not match,
	 * and stays what it was where there was none.
	 */
	struct regex_match match;
	const char *error; /* of the last evaluation (in a), or NULL; functions may set it */
};

/* NULL, and *error (in a), where it is none. */
const struct expr *expr_parse(
	struct arena *a, const char *text, enum expr_kind kind, const char **error);
/* The same for a .htaccess, where file() and filesize() are an error. */
const struct expr *expr_parse_restricted(
	struct arena *a, const char *text, enum expr_kind kind, const char **error);
/* Whether it asks for that variable anywhere. */
bool expr_asks(const struct expr *e, const char *variable);
/* False, too, where the evaluation failed: s->error. */
bool expr_true(const struct expr *e, struct expr_source *s);
/* NULL where the evaluation failed: s->error. */
const char *expr_string(const struct expr *e, struct expr_source *s);

#endif
