/*
 * The files that htpasswd, htdigest and an editor write: users with their passwords, and groups.
 * Read a line at a time, by the child as the vhost's user; the files are the site owner's, names
 * and passwords a client's.
 */
#ifndef ITKD_HTPASSWD_H
#define ITKD_HTPASSWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct arena;

#define HTPASSWD_LINE_MAX ((size_t)8192)       /* bytes of a user's line, Apache's MAX_STRING_LEN */
#define HTPASSWD_GROUP_MAX ((size_t)16 << 20)  /* and of a group's */
#define HTPASSWD_PASSWORD_MAX 512              /* bytes of a password: crypt(3)'s bound */

/*
 * The user's hash in f, or NULL; of a file of htdigest's where realm is not NULL. *other (may be
 * NULL): the first hash of somebody else, or NULL.
 */
const char *htpasswd_find(
	FILE *f, struct arena *a, const char *user, const char *realm, const char **other);
/* The names of the groups in f that user is in; *n of them. */
const char *const *htpasswd_groups(FILE *f, struct arena *a, const char *user, size_t *n);

/*
 * What password comes to by the scheme and the salt of hash, for $apr1$ and {SHA}, which are
 * Apache's own. NULL: hash is of another scheme, for crypt(3).
 */
const char *htpasswd_make(struct arena *a, const char *password, const char *hash);

#endif
