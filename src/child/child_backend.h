/*
 * A backend of the proxy and its connection, for child_proxy*.c and child_fcgi*.c. The child
 * connects as the vhost's user; what a backend sends is trusted as little as a client.
 */
#ifndef ITKD_CHILD_BACKEND_H
#define ITKD_CHILD_BACKEND_H

#include "child_internal.h"
#include "itkd/backend.h"

struct proxy_worker;

struct child_backend {
	struct backend at;
	const char *url;      /* of this request, as the configuration or a rewrite made it */
	bool by_handler;      /* SetHandler "proxy:...": at.path is none, r->target is the file */
	int64_t connect_ms;   /* connectiontimeout, timeout, ProxyTimeout, Timeout */
	int64_t timeout_ms;   /* the same for each wait for it; never 0 */
	const struct proxy_worker *worker; /* ProxySet and ProxyPass's parameters; NULL: none */
};

/*
 * child_backend.c: connects, waiting no longer than b->connect_ms. 0, or the status to answer: 503,
 * or 500 where its name has no address. *fd is non-blocking and close-on-exec. Why it failed is in
 * the log, on a unix socket with what to set where the user may not use it.
 */
int child_backend_connect(struct child *c, const struct child_backend *b, int *fd);

/*
 * child_proxy_keep.c: the connection that is kept for the client's next request. -1: there is none
 * to that backend, or it has been closed. until: when this process may wait no longer without
 * closing it (child_poll() sees to it); 0: as long as the client's connection lasts.
 */
int child_proxy_kept(const struct child_backend *b);
void child_proxy_keep(const struct child_backend *b, int fd, int64_t until);
/* That time, 0 where there is none; closes it. */
int64_t child_proxy_held(void);
void child_proxy_release(void);

/* child_proxy_reply.c: ProxyErrorOverride: an error page of the server's own is the answer. */
struct conf_proxy;
bool child_proxy_overrides(const struct conf_proxy *conf, int status);

/*
 * child_fcgi.c: answers by FastCGI, as a handler does: 0, a status, or CHILD_REDIRECT. It connects
 * itself.
 */
int child_fcgi(struct child *c, struct child_request *r, const struct child_backend *b);

#endif
