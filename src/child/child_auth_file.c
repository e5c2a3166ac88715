/*
 * AuthUserFile and AuthGroupFile (mod_authn_file, mod_authz_groupfile). They are opened as the
 * vhost's user and read anew at each request: what another site's file holds cannot be used here,
 * nor found out. The files are the site owner's, so a hash that takes long, or a huge file, takes
 * the time of that site's own processes, of which MaxClientsVHost bounds the number.
 */
#include "child_auth.h"

#include "itkd/fd.h"
#include "itkd/hash.h"
#include "itkd/htpasswd.h"
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* NULL with errno: not there, not to be read, or no file. */
static FILE *auth_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	FILE *f;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = EBADF;
	else if ((f = fdopen(fd, "r")))
		return f;
	fd_close(&fd);
	return NULL;
}

enum child_auth_found child_auth_find(
    struct child *c, const char *user, const char *realm, const char **hash, const char **other)
{
	const char *path = c->dir.merged.auth->users;
	FILE *f;

	if (!path) {
		child_log(c, LOG_ERR, "authn_file",
		    "%s: AuthUserFile not specified in the configuration",
		    realm ? "AH01621" : "AH01619");
		return AUTH_FAILED;
	}
	f = auth_open(path);
	if (!f) {
		child_log(c, LOG_ERR, "authn_file", "(%d)%s: %s: Could not open password file: %s",
		    errno, strerror(errno), realm ? "AH01622" : "AH01620", path);
		return AUTH_FAILED;
	}
	*hash = htpasswd_find(f, &c->arena, user, realm, other);
	fclose(f);
	return *hash ? AUTH_FOUND : AUTH_NOT_FOUND;
}

bool child_auth_matches(struct child *c, const char *password, const char *hash)
{
	const char *made;

	if (strlen(password) > HTPASSWD_PASSWORD_MAX)
		return false;
	made = htpasswd_make(&c->arena, password, hash);
	/* What it says of a hash that is none begins with '*', and is never the one it was given.
	 */
	if (!made)
		made = crypt_r(password, hash, ARENA_NEW(&c->arena, struct crypt_data));
	return made && hash_same(made, hash);
}

bool child_auth_groups(struct child *c, const struct child_request *r, enum authz_kind kind,
    const char *const **groups, size_t *n)
{
	const char *path = c->dir.merged.auth ? c->dir.merged.auth->groups : NULL;
	bool file = kind == AUTHZ_FILE_GROUP;
	FILE *f;

	if (!path) {
		child_log(c, LOG_ERR, "authz_groupfile",
		    "%s: No group file was specified in the configuration",
		    file ? "AH01668" : "AH01664");
		return false;
	}
	f = auth_open(path);
	if (!f) {
		child_log(c, LOG_ERR, "authz_groupfile",
		    "(%d)%s: %s: Could not open group file: %s", errno, strerror(errno),
		    file ? "AH01669" : "AH01665", path);
		return false;
	}
	*groups = htpasswd_groups(f, &c->arena, r->user, n);
	fclose(f);
	if (*n)
		return true;
	child_log(c, file ? LOG_ERR : LOG_INFO, "authz_groupfile",
	    "%s: Authorization of user %s to access %s failed, reason: user doesn't appear in "
	    "group file (%s).",
	    file ? "AH01670" : "AH01666", r->user, r->uri, path);
	return false;
}
