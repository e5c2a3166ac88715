/*
 * Who somebody is: AuthType and its like (mod_authn_core, mod_auth_basic, mod_auth_digest,
 * mod_authn_file, mod_authz_groupfile). Who may ask then stands in conf_access.h.
 */
#ifndef ITKD_CONF_AUTH_H
#define ITKD_CONF_AUTH_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct expr;

#define CONF_AUTH_NONCE_LIFETIME 300 /* seconds */

enum auth_flag { AUTH_UNSET, AUTH_OFF, AUTH_ON };

/* mod_auth_digest has no merging: a section's directives take the place of all above. */
struct conf_auth_digest {
	int64_t lifetime;   /* AuthDigestNonceLifetime: seconds; 0: once; negative: for ever */
	bool nc_check;      /* AuthDigestNcCheck */
	const char *domain; /* AuthDigestDomain: URIs apart by blanks; NULL: not given */
};

struct conf_auth {
	const struct expr *type, *name;  /* AuthType, AuthName; NULL: not given */
	const char *users, *groups;      /* AuthUserFile, AuthGroupFile */
	enum auth_flag authoritative;    /* AuthBasicAuthoritative */
	enum auth_flag basic_digest;     /* AuthBasicUseDigestAlgorithm MD5 */
	enum auth_flag forbidden;        /* AuthzSendForbiddenOnFailure */
	enum auth_flag fake;             /* AuthBasicFake */
	const struct expr *fake_user, *fake_password; /* in the identity's private region */
	const struct conf_auth_digest *digest;        /* NULL: nothing said */
};

/* Lays add over *base, as the modules merge. */
void conf_auth_merge(struct arena *a, struct conf_auth **base, struct conf_auth *add);

#endif
