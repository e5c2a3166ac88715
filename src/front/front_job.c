/*
 * A connection becomes a job for a spare: encoded, with the connection and the vhost's logs as
 * descriptors. Run by `itkd: front`; what is sent is ours, but for the address and the SNI name of
 * a TLS connection.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/front_proto.h"
#include "itkd/job.h"
#include "itkd/log.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What only the front knows of a TLS connection. */
static bool job_describe_tls(const struct front_conn *c, struct job *j)
{
	socklen_t npeer = sizeof(j->peer), nlocal = sizeof(j->local);
	const struct front_tls *t = c->tls;

	if (getpeername(c->fd, (struct sockaddr *)&j->peer, &npeer) != 0 ||
	    getsockname(c->fd, (struct sockaddr *)&j->local, &nlocal) != 0)
		return false;
	j->flags = JOB_TLS;
	if (c->proxied) {
		j->flags |= JOB_PROXY;
		j->proxy = j->peer;
		if (c->named)
			j->peer = *c->named;
	}
	snprintf(j->tls_protocol, sizeof(j->tls_protocol), "%s", SSL_get_version(t->ssl));
	snprintf(j->tls_cipher, sizeof(j->tls_cipher), "%s", SSL_get_cipher_name(t->ssl));
	snprintf(j->tls_sni, sizeof(j->tls_sni), "%s", t->sni ? t->sni : "");
	return true;
}

static enum front_sent job_sendmsg(const struct conf_vhost *vhost, int fd, void *p, size_t n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * (1 + CONF_VHOST_LOGS))];
	} control = {0};
	size_t nfds = 1 + vhost->nlogs;
	struct iovec iov = {p, n};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_SPACE(sizeof(int) * nfds)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int fds[1 + CONF_VHOST_LOGS] = {fd};

	for (uint32_t i = 0; i < vhost->nlogs; i++)
		fds[1 + i] = front.logs[vhost->logs[i]];
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
	memcpy(CMSG_DATA(h), fds, sizeof(int) * nfds);
	if (sendmsg(FRONT_FD_QUEUE, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return FRONT_SENT;
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ENOBUFS:
	case ENOMEM:
	case ETOOMANYREFS: /* too many descriptors of this user are on their way */
		return FRONT_FULL;
	default:
		log_msg(LOG_ERR, "the queue of jobs: %m");
		return FRONT_FAILED;
	}
}

enum front_sent front_job_send(const struct front_conn *c, int fd)
{
	uint8_t buf[JOB_MAX];
	struct job j = {.kind = JOB_CONNECTION,
	    .generation = front.conf->generation,
	    .vhost = c->vhost->id,
	    .listener = (uint32_t)(c->listener - front.listeners)};

	if (c->tls && !job_describe_tls(c, &j))
		return FRONT_FAILED;
	return job_sendmsg(c->vhost, fd, buf, job_encode(&j, buf));
}

enum front_sent front_job_pass_now(struct front_conn *c)
{
	enum front_sent sent;

	if (c->tls)
		return front_relay_pass(c);
	sent = front_job_send(c, c->fd);
	if (sent != FRONT_FULL)
		front_conn_free(c);
	return sent;
}

void front_job_pass(struct front_conn *c)
{
	if (front_wait_any() || front_job_pass_now(c) == FRONT_FULL)
		front_wait_add(c);
}
