/*
 * How long a client may take for its head or its handshake: RequestReadTimeout as mod_reqtimeout
 * has it. Run by `itkd: front`; pure but for the clock.
 */
#include "front.h"

#include "itkd/clock.h"

/*
 * `initial` seconds, and with a rate one second more for each `rate` bytes that have come, never
 * more than `max` in all. initial 0 is no limit of this kind: then `otherwise` seconds (Timeout)
 * count from the latest bytes, which is now.
 */
int64_t front_deadline_left(uint32_t initial, uint32_t max, uint32_t rate, uint32_t otherwise,
    int64_t started, size_t n, int64_t now)
{
	int64_t ms = (int64_t)initial * 1000;

	if (initial == 0)
		return (int64_t)otherwise * 1000;
	if (rate)
		ms += (int64_t)n * 1000 / rate;
	if (max && ms > (int64_t)max * 1000)
		ms = (int64_t)max * 1000;
	return started + ms - now;
}

int64_t front_deadline_head(const struct front_conn *c, size_t n)
{
	const struct conf_read_timeout *t = &c->base->read_timeout;

	return front_deadline_left(t->header_initial, t->header_max, t->header_rate,
	    c->base->timeout, c->started, n, clock_ms());
}

int64_t front_deadline_handshake(const struct front_conn *c)
{
	const struct conf_read_timeout *t = &c->base->read_timeout;

	if (t->handshake_initial == 0)
		return front_deadline_head(c, 0);
	return front_deadline_left(
	    t->handshake_initial, t->handshake_max, 0, c->base->timeout, c->started, 0, clock_ms());
}
