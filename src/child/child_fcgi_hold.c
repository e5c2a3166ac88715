/*
 * The connection to a FastCGI application from one request of a kept client connection to the next
 * (FCGI_KEEP_CONN). Runs as the vhost's user, in a process that serves one client. An application
 * serves one connection at a time and a pool has few of them: a client that thinks must not occupy
 * one. So it is held only for clients that are known to ask again at once, for no longer than such
 * a one needs, and given back from time to time for whoever waits for a place.
 */
#include "child_fcgi.h"

#include "itkd/fd.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOLD_MS 5        /* from an answer to the next request */
#define HOLD_TURN_MS 50  /* one connection in all */
#define HOLD_LOOK_MS 100 /* of silence on a kept one: more than a busy machine needs to wake it */

/* A process has one client. */
static struct {
	bool answered; /* by FastCGI, and when, and as which request of the connection */
	int64_t when;
	unsigned served;
	int64_t opened; /* the connection that is held */
	bool soon;      /* reads of it wait for a moment */
	bool shy;       /* the application works behind its answers: none is held any more */
} hold;

/* It is asked again at once, or it was the last time. */
static bool hold_is_busy(const struct child *c)
{
	if (c->in_at < c->in_end)
		return true;
	return hold.answered && hold.served + 1 == c->served &&
	       c->request->start_us / 1000 - hold.when <= HOLD_MS;
}

/*
 * Only what may be asked twice, where a connection turns out to be closed. On TCP nobody can tell
 * whether the application has read what was sent: it must be wanted by name there.
 */
bool child_fcgi_may_hold(const struct fcgi *g, const struct child_backend *b)
{
	const struct child_stream *s = &g->s;
	const struct child_request *r = s->r;
	enum conf_switch reuse = b->worker ? (enum conf_switch)b->worker->reuse : CONF_UNSET;

	if (s->want_body || s->spool >= 0 || r->close || !r->head.keep_alive || r->redirects)
		return false;
	if (r->method_id != HTTP_METHOD_GET && r->method_id != HTTP_METHOD_HEAD)
		return false;
	if (hold.shy || reuse == CONF_OFF || child_env_get(r, "proxy-nokeepalive"))
		return false;
	return reuse == CONF_ON || (b->at.socket && hold_is_busy(s->c));
}

/*
 * Whoever asks again at once mostly is answered so, too: one call is cheaper than to poll and to
 * read. Asked of a connection that is used again; a failure costs time, never bytes.
 */
static bool hold_soon(int fd)
{
	const struct timeval soon = {0, CHILD_SOON_HELD_MS * 1000};
	int off = 0;

	if (!hold.soon)
		hold.soon = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)) == 0 &&
		            ioctl(fd, FIONBIO, &off) == 0;
	return hold.soon;
}

void child_fcgi_open(struct fcgi *g, const struct child_backend *b)
{
	int64_t now = clock_ms();

	g->fd = g->keep ? child_proxy_kept(b) : -1;
	g->kept = g->fd >= 0;
	if (g->kept) {
		g->look = now + HOLD_LOOK_MS;
		g->soon = hold_soon(g->fd);
		return;
	}
	hold.soon = false;
	g->s.status = child_backend_connect(g->s.c, b, &g->fd);
	hold.opened = now;
}

void child_fcgi_close(struct fcgi *g, const struct child_backend *b)
{
	const struct child_stream *s = &g->s;
	int64_t now = clock_ms();

	hold.answered = true;
	hold.when = now;
	hold.served = s->c->served;
	if (g->fd < 0)
		return;
	if (g->keep && g->ended && g->clean && !hold.shy && s->status == 0 && !s->gone &&
	    !s->r->aborted && s->r->keep && now - hold.opened < HOLD_TURN_MS)
		child_proxy_keep(b, g->fd, now + HOLD_MS);
	else
		fd_close(&g->fd);
	g->fd = -1;
}

/*
 * The request lies unread: the script of the one before works on, though its answer has ended
 * (fastcgi_finish_request). This client does not wait for such a one again.
 */
void child_fcgi_look(struct fcgi *g)
{
	int unread = 0;

	g->look = 0;
	if (ioctl(g->fd, SIOCOUTQ, &unread) == 0 && unread > 0)
		hold.shy = true;
}
