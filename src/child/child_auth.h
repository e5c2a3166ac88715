/* What decides about access shares: child_access.c, child_require.c, child_auth*.c. */
#ifndef ITKD_CHILD_AUTH_H
#define ITKD_CHILD_AUTH_H

#include "child_internal.h"

struct access_context {
	struct child *c;
	struct child_request *r;
	const char *file; /* NULL: there is none */
	struct sockaddr_storage peer;
};

/* child_access.c */
const struct sockaddr *child_access_peer(const struct access_context *x);

/* child_require.c: one line, for conf_access.h; ctx is a struct access_context. */
enum authz_result child_require(void *ctx, const struct conf_authz *line);

/*
 * child_auth.c: who the client is, by AuthType: 0 with r->user, or a status, logged, with what the
 * client is to be asked.
 */
int child_auth(struct child *c, struct child_request *r);
/* AuthType and AuthName, or NULL. */
const char *child_auth_type(struct child *c, struct child_request *r);
const char *child_auth_name(struct child *c, struct child_request *r);
/* As it stands between quotes. */
const char *child_auth_quoted(struct arena *a, const char *text);
/* WWW-Authenticate for one who is known but may not: 401, or 500. */
int child_auth_note(struct child *c, struct child_request *r);

/* child_auth_basic.c */
int child_auth_basic(struct child *c, struct child_request *r);
void child_auth_basic_note(struct child *c, struct child_request *r);

/* child_auth_digest.c */
int child_auth_digest(struct child *c, struct child_request *r);
const struct conf_auth_digest *child_auth_digest_conf(const struct child *c);

/*
 * child_auth_nonce.c: nonces, and the clients that are kept in mind for AuthDigestNcCheck and
 * AuthDigestNonceLifetime 0.
 */
struct digest;
/* WWW-Authenticate with a new nonce: 401, or 500. */
int child_auth_nonce_ask(struct child *c, struct child_request *r, bool stale);
/* 0, or 500, logged: what the settings ask for is not there. */
int child_auth_nonce_ready(struct child *c);
/* The field's nonce, of one who knows the password: 0 with Authentication-Info, or a status. */
int child_auth_nonce_check(struct child *c, struct child_request *r, const struct digest *d,
	const char *realm, const char *ha1);

/* child_auth_file.c: the vhost's own files, opened as its user. */
enum child_auth_found { AUTH_FOUND, AUTH_NOT_FOUND, AUTH_FAILED };
/* The user's hash; of htdigest's where realm is not NULL. FAILED, logged: the file is not there. */
enum child_auth_found child_auth_find(struct child *c, const char *user, const char *realm,
	const char **hash, const char **other);
bool child_auth_matches(struct child *c, const char *password, const char *hash);
/* The groups of the request's user; false, logged: none can be known. */
bool child_auth_groups(struct child *c, const struct child_request *r, enum authz_kind kind,
	const char *const **groups, size_t *n);

#endif
