/*
 * What this process says of itself for a status page (status_page.h): sums to the master, and the
 * whole struct child_status to the process that shows the page, when that asks. Nothing of it is
 * done where no page is configured. Runs as the vhost's user.
 */
#include "child_internal.h"

#include <errno.h>
#include <sys/socket.h>

#define TELL_MS 1000

void child_status_count(struct child *c, const struct child_request *r)
{
	struct child_status *status = &c->status;

	if (c->start->sums < 0)
		return;
	status->last_ms = (uint32_t)((clock_us() - r->start_us) / 1000);
	status->sum.requests++;
	status->sum.bytes += r->body_bytes;
	status->sum.ms += status->last_ms;
}

void child_status_tell(struct child *c, bool now)
{
	struct child_status *status = &c->status;
	struct status_sum *told = &status->told;
	struct status_sum more = {
	    .requests = status->sum.requests - told->requests,
	    .bytes = status->sum.bytes - told->bytes,
	    .ms = status->sum.ms - told->ms,
	};

	if (!more.requests || (!now && clock_ms() - status->told_at < TELL_MS))
		return;
	/* What is not taken now is told with the next. */
	if (send(c->start->sums, &more, sizeof(more), MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof(more))
		return;
	*told = status->sum;
	status->told_at = clock_ms();
}

static int report_to = -1;

void child_status_start(const struct child_start *start)
{
	report_to = start->report;
}

/* In a signal's handler. A page that does not get it shows the process without it. */
void child_report(void)
{
	int error = errno;

	if (report_to >= 0)
		(void)send(
		    report_to, child_status, sizeof(*child_status), MSG_DONTWAIT | MSG_NOSIGNAL);
	errno = error;
}
