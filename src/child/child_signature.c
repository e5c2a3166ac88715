/*
 * What the server says of itself at the end of its pages (ServerSignature, Apache's ap_psignature).
 * Runs as the vhost's user.
 */
#include "child_internal.h"

#include "itkd/error_page.h"

const char *child_signature(struct child *c, const struct child_request *r, const char *prefix)
{
	struct error_signature s = {.kind = c->dir.merged.answer.signature,
	    .server = c->start->conf->server_token,
	    .admin = c->vhost->server_admin,
	    .name = child_server_name(c, r),
	    .port = child_server_port(c, r)};

	return error_signature(&c->arena, &s, prefix);
}
