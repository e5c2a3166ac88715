/*
 * A site that has no place free, at a first look. A process that has ended counts until the master
 * has seen it, so that clients one after another could meet their own forerunner: each gets a
 * second look a moment later, and only then 503. Run by `itkd: front`; the head is the client's.
 */
#include "front.h"
#include "front_tls.h"

#define FULL_LOOK_AGAIN_MS 20

static void full_event(evutil_socket_t fd, short what, void *arg)
{
	struct front_conn *c = arg;

	(void)fd, (void)what;
	c->scanned = 0;
	if (c->tls)
		front_handshake_again(c);
	else
		front_peek_start(c);
}

bool front_full_wait(struct front_conn *c, struct span bytes)
{
	if (c->looked)
		return false;
	c->looked = true;
	if (c->tls && !front_record_hold(c, bytes))
		front_conn_free(c);
	else
		front_conn_watch(c, 0, full_event, FULL_LOOK_AGAIN_MS);
	return true;
}
