/*
 * The one place where a process changes who it is (src/priv/cred.c). Every call is checked, the
 * result is read back, and then the way back is tried: if it works, the process dies. All of these
 * end the process on a failure, with the cause in the log; nothing is served "anyway".
 */
#ifndef ITKD_CRED_H
#define ITKD_CRED_H

#include "itkd/conf.h"

/*
 * Names of the capabilities that the master needs and does not have, space-separated, into buf;
 * false when one is missing.
 */
bool cred_master_caps(char *buf, size_t n);

/* Whether a system call filter may be set without no_new_privs (CAP_SYS_ADMIN). */
bool cred_may_filter(void);
/* Ports below 1024 (CAP_NET_BIND_SERVICE). */
bool cred_may_bind(void);

/* A spare: CAP_SETUID, CAP_SETGID, CAP_SYS_NICE and no other. */
void cred_become_spare(void);

/*
 * A child: nice value, groups, gid, uid of id, which conf must name and its
 * LimitUIDRange/LimitGIDRange allow; never 0. No capability is left but the bounding set.
 */
void cred_become_child(const struct conf *conf, const struct conf_identity *id, int nice);

/*
 * A front or the logger: uid and gid without supplementary groups, no capability in any set, the
 * bounding set too, no_new_privs, not dumpable, root and cwd the directory root, which is closed.
 */
void cred_become_service(uid_t uid, gid_t gid, int root);

/* A directory that is empty and stays so: it has no name any more. Its descriptor. */
int cred_empty_root(void);

/*
 * The effective ids for opening a file below a directory of that user, and back. Only the
 * short-lived log opener uses it.
 */
void cred_borrow(uid_t uid, gid_t gid);
void cred_return(void);

#endif
