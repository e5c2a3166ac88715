/*
 * From a complete head to a vhost: who is meant, whether this connection may ask for it, whether
 * there is a place. The child asks the first two again after its drop; this only decides whose
 * child it is. Run by `itkd: front`; the head is the client's. RFC 9110 sections 7.2 and 7.4.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/addr.h"
#include "itkd/arena.h"
#include "itkd/assign.h"
#include "itkd/log.h"
#include "itkd/scoreboard.h"

#define DISPATCH_ARENA ((size_t)16 << 20) /* far above what the path of a head can need */

/* The same user and group, for whichever of their identities. */
static bool dispatch_same_identity(const struct conf_vhost *a, const struct conf_vhost *b)
{
	if (a == b)
		return true;
	if (a->nidentities != b->nidentities)
		return false;
	for (uint32_t i = 0; i < a->nidentities; i++)
		if (a->identities[i] != b->identities[i])
			return false;
	return true;
}

/* A certificate and a ticket were given in the name of one user: no request for another. */
static bool dispatch_misdirected(struct front_conn *c, const struct conf_vhost *vhost,
    const struct http_head *head, struct span bytes)
{
	struct front_refusal refusal = {.status = 421,
	    .module = "ssl",
	    .level = LOG_ERR,
	    .why = "the Host is a virtual host of another user than the server name (SNI) of this "
	           "connection"};

	if (!c->tls || !c->tls->named || dispatch_same_identity(c->tls->named, vhost))
		return false;
	front_answer(c, c->base, &refusal, head, bytes);
	return true;
}

static bool dispatch_full(struct front_conn *c, const struct conf_vhost *vhost,
    const struct http_head *head, struct span bytes)
{
	struct front_refusal refusal = {.status = 503};
	uint16_t port = vhost->server_port ? vhost->server_port : c->listener->port;

	if (!vhost->max_clients ||
	    scoreboard_count(front.scoreboard, vhost->counter) < vhost->max_clients)
		return false;
	if (front_full_wait(c, bytes))
		return true;
	front_answer_log(c, vhost, LOG_WARNING, "mpm_itk",
	    "MaxClientsVhost reached for %s:%u, refusing client", vhost->server_name, port);
	front_answer(c, vhost, &refusal, head, bytes);
	return true;
}

/* SSLStrictSNIVHostCheck, of the virtual host or of the first one of the address. */
static bool dispatch_unnamed(struct front_conn *c, const struct conf_vhost *vhost,
    const struct http_head *head, struct span bytes)
{
	struct front_refusal refusal = {.status = 403,
	    .module = "ssl",
	    .level = LOG_ERR,
	    .why = "AH02033: No hostname was provided via SNI for a name based virtual host"};

	if (!c->tls || c->tls->sni || (!vhost->tls.strict_sni && !c->base->tls.strict_sni))
		return false;
	front_answer(c, vhost, &refusal, head, bytes);
	return true;
}

/* Not as anybody else: what the expression names may be meant to keep others out. */
static void dispatch_nobody(struct front_conn *c, const struct conf_vhost *vhost,
    const struct http_head *head, struct span bytes)
{
	struct front_refusal refusal = {.status = 500,
	    .module = "mpm_itk",
	    .level = LOG_ERR,
	    .why = "AssignUserIDExpr, AssignGroupIDExpr: this request names a user or group that "
	           "the configuration does not allow (LimitUIDRange, AssignUserIDAllow)"};

	front_answer(c, vhost, &refusal, head, bytes);
}

/* The same site, as the identity that this request gets (AssignUserID in <Location>). */
static const struct conf_vhost *dispatch_identity(
    const struct front_conn *c, const struct conf_vhost *site, const struct http_head *head)
{
	static struct arena a;
	struct sockaddr_storage peer, local = {0};
	socklen_t n = sizeof(local);
	char peer_text[ADDR_IP_MAX], local_text[ADDR_IP_MAX];
	uint32_t id;

	if (!site->assign)
		return site;
	if (!a.limit)
		arena_init_heap(&a, DISPATCH_ARENA);
	if (getsockname(c->fd, (struct sockaddr *)&local, &n) != 0)
		local.ss_family = AF_UNSPEC;
	struct assign_asked asked = {.head = head,
	    .peer = addr_ip(front_proxy_client(c, &peer), peer_text),
	    .local = addr_ip((const struct sockaddr *)&local, local_text)};

	id = assign_vhost(&a, site, &asked);
	arena_reset(&a);
	return id == ASSIGN_NOBODY ? NULL : front.conf->vhosts[id];
}

void front_dispatch(struct front_conn *c, const struct http_head *head, struct span bytes)
{
	uint32_t id = host_group_request(c->group, head->host, c->listener->port, head->path);
	const struct conf_vhost *vhost = front.conf->vhosts[id];

	if (dispatch_misdirected(c, vhost, head, bytes))
		return;
	if (dispatch_unnamed(c, vhost, head, bytes))
		return;
	const struct conf_vhost *own = dispatch_identity(c, vhost, head);
	if (!own) {
		dispatch_nobody(c, vhost, head, bytes);
		return;
	}
	vhost = own;
	if (dispatch_full(c, vhost, head, bytes))
		return;
	c->vhost = vhost;
	if (c->tls && !front_record_hold(c, bytes)) {
		front_conn_free(c);
		return;
	}
	front_job_pass(c);
}
