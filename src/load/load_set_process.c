/*
 * Setters of how many processes there are, and of connections. Numbers out of range are put right
 * with a warning, as in Apache's prefork, with its words: no configuration fails for them. Run by
 * the loader.
 */
#include "load/load.h"

#include "itkd/scoreboard.h"
#include <inttypes.h>

const char *load_set_extended_status(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)s;
	l->conf->extended_status = v->flag;
	return NULL;
}

static uint32_t at_least_one(
    struct loader *l, const struct conf_value *v, const char *tag, const char *name)
{
	int64_t n = v->number;

	if (n < 1)
		conf_report(l->report, CONF_WARNING, v->node,
		    "%s: WARNING: %s of %" PRId64 " not allowed, increasing to 1.", tag, name, n);
	if (n > SCOREBOARD_SLOTS)
		conf_report(l->report, CONF_WARNING, v->node,
		    "%s of %" PRId64 " exceeds the limit of %d, decreasing to it", name, n,
		    SCOREBOARD_SLOTS);
	return n < 1 ? 1 : n > SCOREBOARD_SLOTS ? SCOREBOARD_SLOTS : (uint32_t)n;
}

const char *load_set_start_servers(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)s;
	l->conf->start_servers = at_least_one(l, v, "AH00184", "StartServers");
	return NULL;
}

const char *load_set_min_spare(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)s;
	l->conf->min_spare = at_least_one(l, v, "AH00186", "MinSpareServers");
	return NULL;
}

/* Too few are put right when MinSpareServers is known, without a word, as in Apache. */
const char *load_set_max_spare(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)s;
	if (v->number < 1)
		l->conf->max_spare = 1;
	else
		l->conf->max_spare = at_least_one(l, v, "MaxSpareServers", "MaxSpareServers");
	return NULL;
}

const char *load_set_max_workers(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)s;
	l->conf->max_workers = at_least_one(l, v, "AH00182", "MaxRequestWorkers");
	return NULL;
}

const char *load_set_server_limit(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)s;
	l->server_limit = at_least_one(l, v, "AH00177", "ServerLimit");
	return NULL;
}

const char *load_set_max_keep_alive_requests(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)l;
	s->v.max_keep_alive_requests = v->number > 0 ? (uint32_t)v->number : 0;
	return NULL;
}
