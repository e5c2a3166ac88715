/*
 * System call filters (src/priv/sandbox.c), an allow-list a role, loaded by libseccomp. A call that
 * is not on the list gives EPERM. A build with AddressSanitizer has none.
 */
#ifndef ITKD_SANDBOX_H
#define ITKD_SANDBOX_H

#include <stddef.h>

struct conf;

void sandbox_front(void);
void sandbox_logger(void);

/*
 * LimitUIDRange/LimitGIDRange in the kernel: installs conf->filter, where there is one, without
 * no_new_privs; must run while CAP_SYS_ADMIN is still held.
 */
void sandbox_limit_ids(const struct conf *conf);

#endif
