/*
 * Who may ask: the trees of Require lines (mod_authz_core) and the lists of Order, Allow and Deny
 * (mod_access_compat). Built by the setters of conf_dir_access.c, evaluated by the child through
 * callbacks; what is evaluated is pure, so that tables can test it.
 */
#ifndef ITKD_CONF_ACCESS_H
#define ITKD_CONF_ACCESS_H

#include "itkd/subnet.h"
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct expr;

#define CONF_ACCESS_DEPTH 32 /* <RequireAll> in <RequireAny> in ... */

/*
 * NO_USER: denied to somebody unknown; a user may change it. ERROR: it cannot be told, and the
 * answer is 500.
 */
enum authz_result { AUTHZ_DENIED, AUTHZ_GRANTED, AUTHZ_NEUTRAL, AUTHZ_NO_USER, AUTHZ_ERROR };

enum authz_kind {
	AUTHZ_SECTION,
	AUTHZ_ALL,
	AUTHZ_IP,
	AUTHZ_LOCAL,
	AUTHZ_HOST,
	AUTHZ_FORWARD_DNS,
	AUTHZ_METHOD,
	AUTHZ_ENV,
	AUTHZ_EXPR,
	AUTHZ_SSL,
	AUTHZ_VALID_USER,
	AUTHZ_USER,
	AUTHZ_GROUP,
	AUTHZ_FILE_OWNER,
	AUTHZ_FILE_GROUP,
};

/* A Require line, or a section of them. */
struct conf_authz {
	enum authz_kind kind;
	bool negate;      /* Require not, <RequireNone> */
	bool all;         /* section: <RequireAll>, not <RequireAny> or <RequireNone> */
	bool merged;      /* section that AuthMerging made */
	bool granted;     /* AUTHZ_ALL */
	bool by_user;     /* AUTHZ_EXPR: it asks for REMOTE_USER */
	uint32_t n;       /* of nets or names */
	uint64_t methods; /* it counts for these only (<Limit>) */
	const char *text; /* a line's arguments, for the log */
	union {
		const struct subnet *nets;    /* AUTHZ_IP */
		const char *const *names;     /* AUTHZ_ENV */
		const struct expr *expr; /* EXPR; text: HOST, FORWARD_DNS, USER, GROUP */
		uint64_t allowed;             /* AUTHZ_METHOD */
		struct conf_authz *first;     /* section */
	};
	struct conf_authz *next;
};

enum compat_from { FROM_ALL, FROM_IP, FROM_HOST, FROM_ENV, FROM_NOT_ENV };

/* One thing that follows Allow from or Deny from. */
struct conf_from {
	enum compat_from kind;
	uint64_t methods;
	const char *name; /* of a host or a variable */
	struct subnet net;
};

/* Each mask holds the methods of which it was said; Order is deny,allow for all others. */
struct conf_compat {
	uint64_t allow_deny, mutual_failure;
	uint64_t satisfy_any, satisfy_all;
	uint32_t nallow, ndeny;
	const struct conf_from *allow, *deny;
};

enum conf_merging { MERGING_UNSET, MERGING_OFF, MERGING_AND, MERGING_OR };

struct conf_access {
	enum conf_merging merging;       /* AuthMerging */
	const struct conf_authz *authz;  /* the outermost section; NULL: no Require */
	const struct conf_compat *compat; /* NULL: no directive of mod_access_compat */
};

/* Lays add over base, as the two modules merge. */
void conf_access_merge(struct arena *a, struct conf_access *base, const struct conf_access *add);

/* How an evaluation asks; ctx is the caller's. */
struct access_source {
	void *ctx;
	uint64_t method; /* the request's bit (conf_method.h) */
	enum authz_result (*require)(void *ctx, const struct conf_authz *line);
	bool (*from)(void *ctx, const struct conf_from *from);
	/* Told of every result, for a log; may be NULL. limited: its methods are others. */
	void (*told)(void *ctx, const struct conf_authz *node, enum authz_result r, bool limited);
};

/* What the outermost section says; NEUTRAL does not let in. */
enum authz_result access_authz(const struct conf_authz *section, const struct access_source *s);
/* What Order, Allow and Deny say, without Satisfy. */
bool access_compat(const struct conf_compat *compat, const struct access_source *s);
/* Whether host is domain, or in it: "example.org" or ".example.org" for "www.example.org". */
bool access_in_domain(const char *domain, const char *host);
/* "Require not ip 10", "<RequireAll>": a node as the messages of both name it. */
const char *access_text(struct arena *a, const struct conf_authz *node);

/* While a conf_dir is built. */
struct conf_access_build {
	struct conf_authz *section, *last; /* the section that lines stand in, its last child */
	struct conf_compat *compat;
};

#endif
