/*
 * What no identity may be: root, out of LimitUIDRange and LimitGIDRange, or a user of itkd's own
 * processes. A virtual host with the front's uid could stop the front or read its keys. Run by the
 * loader.
 */
#include "itkd/build.h"
#include "load/load.h"

#include <string.h>

struct range {
	const struct conf_node *node; /* NULL: not limited */
	uint32_t min, max;
};

static struct range read_range(struct loader *l, enum conf_id id)
{
	struct range r = {0};

	for (const struct conf_node *n = l->parser.root.children; n; n = n->next) {
		int64_t min, max;

		if (!n->directive || n->directive->id != id || n->nargs != 2)
			continue;
		if (!conf_number(n->args[0], 0, UINT32_MAX, &min) ||
		    !conf_number(n->args[1], 0, UINT32_MAX, &max) || min > max)
			conf_report(l->report, CONF_ERROR, n,
			    "'%s %s' is not a lowest and a highest id", n->args[0], n->args[1]);
		else
			r = (struct range){n, (uint32_t)min, (uint32_t)max};
	}
	return r;
}

/* Whose identity it is, for messages. */
static const char *server_text(struct loader *l, const struct load_server *s)
{
	if (!s->node)
		return "the main server";
	return arena_printf(
	    l->tmp, "<VirtualHost %s> (%s:%u)", s->node->raw, s->node->file, s->node->line);
}

static void report(struct loader *l, const struct load_server *s, const char *text)
{
	const struct load_who *who = s->assign.node        ? &s->assign
	                             : l->main.assign.node ? &l->main.assign
	                                                   : &l->user;

	if (who->node)
		conf_report(l->report, CONF_ERROR, who->node, "%s", text);
	else
		conf_report_at(l->report, CONF_ERROR, NULL, 0, "User", "%s", text);
}

static void check_range(struct loader *l, const struct load_server *s, const char *what,
    const char *name, uint32_t id, const struct range *r)
{
	if (!r->node || (id >= r->min && id <= r->max))
		return;
	report(l, s,
	    arena_printf(l->tmp, "%s runs as %s '%s', and %sid %u is not in %s %u %u (%s:%u)",
	        server_text(l, s), what, name, *what == 'u' ? "u" : "g", id,
	        r->node->directive->name, r->min, r->max, r->node->file, r->node->line));
}

static void check_root(
    struct loader *l, const struct load_server *s, const struct conf_identity *id)
{
#ifdef ITKD_BIG_SECURITY_HOLE
	(void)l;
	(void)s;
	(void)id;
#else
	if (id->uid == 0)
		report(l, s,
		    arena_printf(
		        l->tmp, "%s would run as root (user '%s')", server_text(l, s), id->user));
	if (id->gid == 0)
		report(l, s,
		    arena_printf(l->tmp, "%s would run with gid 0 (group '%s')", server_text(l, s),
		        id->group));
#endif
}

/* FrontUser and LogUser: their ids, and that nothing else has them. */
static bool own_user(
    struct loader *l, const char *directive, const struct load_who *who, struct load_ids *ids)
{
	const char *error = load_who_user(l, who->user, ids);

	if (!error && who->group)
		error = load_who_group(l, who->group, &ids->gid);
	if (!error && (ids->uid == 0 || ids->gid == 0))
		error = "must not be root";
	if (!error)
		return true;
	conf_report_at(l->report, CONF_ERROR, who->node ? who->node->file : NULL,
	    who->node ? who->node->line : 0, directive, "%s%s", error,
	    who->node ? "" : " (the default: create the user, or name another)");
	return false;
}

static void check_own(struct loader *l, const struct load_server *s, const struct conf_identity *id,
    const char *directive, const struct load_who *who, uid_t uid)
{
	if (id->uid != uid)
		return;
	report(l, s,
	    arena_printf(l->tmp,
	        "%s runs as user '%s' (uid %u), which is %s '%s': nothing else may run as it",
	        server_text(l, s), id->user, id->uid, directive, who->user));
}

/* A virtual host without AssignUserID is the main server's identity: one message for both. */
void load_identity_checks(struct loader *l)
{
	struct range uids = read_range(l, CONF_ID_LimitUIDRange);
	struct range gids = read_range(l, CONF_ID_LimitGIDRange);
	struct load_ids front = {0}, log = {0};
	bool have_front = own_user(l, "FrontUser", &l->front, &front);
	bool have_log = own_user(l, "LogUser", &l->log, &log);
	struct conf *c = l->conf;

	if (have_front && have_log && front.uid == log.uid)
		conf_report_at(l->report, CONF_ERROR, l->log.node ? l->log.node->file : NULL,
		    l->log.node ? l->log.node->line : 0, "LogUser",
		    "'%s' and FrontUser '%s' have the same uid %u", l->log.user, l->front.user,
		    log.uid);
	for (uint32_t i = 0; i <= l->nservers; i++) {
		const struct load_server *s = i ? l->servers[i - 1] : &l->main;
		const struct conf_identity *id =
		    (const struct conf_identity *)l->identities.v + s->v.identities[0];

		if ((s->node && !s->assign.node) || id->uid == UINT32_MAX)
			continue;
		check_root(l, s, id);
		check_range(l, s, "user", id->user, id->uid, &uids);
		check_range(l, s, "group", id->group, id->gid, &gids);
		if (have_front)
			check_own(l, s, id, "FrontUser", &l->front, front.uid);
		if (have_log)
			check_own(l, s, id, "LogUser", &l->log, log.uid);
	}
	c->front_uid = front.uid;
	c->front_gid = front.gid;
	c->log_uid = log.uid;
	c->log_gid = log.gid;
	c->limit_uid = uids.node != NULL;
	c->uid_min = uids.min;
	c->uid_max = uids.node ? uids.max : UINT32_MAX;
	c->limit_gid = gids.node != NULL;
	c->gid_min = gids.min;
	c->gid_max = gids.node ? gids.max : UINT32_MAX;
}
