/*
 * Variables of a request (mod_env, mod_setenvif): what the configuration says of them. They are
 * for CGI programs, logs, and the directives with env=.
 */
#ifndef ITKD_CONF_ENV_H
#define ITKD_CONF_ENV_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct expr;
struct regex;

/* SetEnv, PassEnv (resolved at load), UnsetEnv (value NULL), in the order written. */
struct conf_env {
	const char *name;
	const char *value;
};
struct conf_envs {
	uint32_t n;
	const struct conf_env *v; /* in the identity's private region where a vhost wrote it */
};

/* What SetEnvIf looks at. */
enum setenvif_what {
	SETENVIF_FIELD, /* a request field, or else an earlier variable */
	SETENVIF_FIELDS, /* the last of the request fields whose name matches */
	SETENVIF_REMOTE_ADDR,
	SETENVIF_REMOTE_HOST,
	SETENVIF_REQUEST_URI,
	SETENVIF_REQUEST_METHOD,
	SETENVIF_REQUEST_PROTOCOL,
	SETENVIF_SERVER_ADDR,
	SETENVIF_EXPR, /* SetEnvIfExpr */
};

/* SetEnvIf, SetEnvIfNoCase, SetEnvIfExpr, BrowserMatch, BrowserMatchNoCase. */
struct conf_setenvif {
	enum setenvif_what what;
	bool icase;
	bool same;        /* looks at what the last one (no SetEnvIfExpr) did: its value is kept */
	const char *name; /* of the field; NULL for SETENVIF_EXPR */
	const struct regex *names; /* SETENVIF_FIELDS */
	const char *text;          /* found anywhere in the value; NULL: */
	const struct regex *regex; /* matches it; NULL: */
	const struct expr *expr;   /* is true */
	struct conf_envs set;      /* a value that begins with '!' takes the variable away */
};
struct conf_setenvifs {
	uint32_t n;
	const struct conf_setenvif *v;
};

/* Merged by appending. */
void conf_envs_merge(struct arena *a, struct conf_envs *base, const struct conf_envs *add);
void conf_setenvifs_merge(
	struct arena *a, struct conf_setenvifs *base, const struct conf_setenvifs *add);

#endif
