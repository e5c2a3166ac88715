/*
 * Lines that sites' own logs did not take (a full disk): the child that wrote them says so by its
 * exit status, since it has no right to the main error log. Told once a minute at most. A site can
 * make it up: its logs are its own.
 */
#include "itkd/child.h"
#include "itkd/clock.h"
#include "itkd/log.h"
#include "master/master.h"
#include <stdio.h>
#include <string.h>

#define MINUTE_MS 60000

bool master_lost_status(int status)
{
	return status >= CHILD_LOST && status < CHILD_LOST + CHILD_LOST_CAUSES * CONF_VHOST_LOGS;
}

static const struct conf *conf_of(const struct master *m, uint32_t generation)
{
	for (size_t i = 0; i < MASTER_GENERATIONS; i++)
		if (m->gens[i].state != GEN_FREE && m->gens[i].number == generation)
			return m->gens[i].conf;
	return NULL;
}

void master_lost_tell(struct master *m, bool end)
{
	struct master_lost *lost = &m->lost;
	const int64_t now = clock_ms();
	if (lost->n == 0 || (lost->told && now - lost->told < MINUTE_MS && !end))
		return;
	log_msg(LOG_ERR, "at least %u lines of sites' logs are lost, the last of %s", lost->n,
	    lost->where);
	lost->n = 0;
	lost->told = now;
}

void master_lost_add(struct master *m, const struct scoreboard_slot *slot, int status)
{
	const struct conf *conf = conf_of(m, atomic_load(&slot->generation));
	const uint32_t id = atomic_load(&slot->vhost);
	const uint32_t number = (uint32_t)(status - CHILD_LOST) % CONF_VHOST_LOGS;
	const int error = child_lost_causes[(status - CHILD_LOST) / CONF_VHOST_LOGS];
	if (!conf || id >= conf->nvhosts || number >= conf->vhosts[id]->nlogs)
		return;
	const struct conf_vhost *v = conf->vhosts[id];
	m->lost.n++;
	snprintf(m->lost.where, sizeof(m->lost.where), "%s in %s: %s", v->server_name,
	    conf->logs[v->logs[number]].path, error ? strerror(error) : "write failed");
	master_lost_tell(m, false);
}
