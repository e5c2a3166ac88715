/*
 * What the server says of itself at the end of its pages (ServerSignature, Apache's ap_psignature).
 * Runs as the vhost's user.
 */
#include "child_internal.h"

const char *child_signature(struct child *c, const struct child_request *r, const char *prefix)
{
	enum answer_signature signature = c->dir.merged.answer.signature;
	const char *name = html_escape(&c->arena, child_server_name(c, r));
	const char *admin = c->vhost->server_admin, *link = "", *end = "";

	if (signature <= SIGNATURE_OFF)
		return "";
	if (signature == SIGNATURE_EMAIL) {
		const char *to = html_escape(&c->arena, admin ? admin : "[no address given]");

		link = arena_printf(
		    &c->arena, "<a href=\"%s%s\">", strstr(to, "://") ? "" : "mailto:", to);
		end = "</a>";
	}
	return arena_printf(&c->arena, "%s<address>%s Server at %s%s%s Port %u</address>\n", prefix,
	    c->start->conf->server_token, link, name, end, child_server_port(c, r));
}
