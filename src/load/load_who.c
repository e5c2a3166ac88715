/*
 * Who a virtual host runs as: names to ids and groups, by NSS, here and never again. Run by the
 * loader as root.
 */
#include "load/load.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */

/* "#123" */
static const char *bare_id(struct loader *l, const char *text, const char *what, uint32_t *id)
{
	int64_t n;

	/* The highest one is (uid_t)-1, "unchanged" to the kernel. */
	if (text[1] < '0' || text[1] > '9' || !conf_number(text + 1, 0, UINT32_MAX - 1, &n))
		return load_fail(l, "'%s' is not a %s id", text, what);
	*id = (uint32_t)n;
	return NULL;
}

const char *load_who_user(struct loader *l, const char *text, struct load_ids *ids)
{
	const struct passwd *pw;

	*ids = (struct load_ids){.home = ""};
	if (*text == '#') {
		const char *error = bare_id(l, text, "user", &ids->uid);

		ids->gid = ids->uid;
		return error;
	}
	if (load_names_user(l, text, ids))
		return NULL;
	errno = 0;
	pw = getpwnam(text);
	if (!pw)
		return errno && errno != ENOENT
		           ? load_fail(l, "user name '%s': %s", text, strerror(errno))
		           : load_fail(l, "bad user name %s", text);
	ids->uid = pw->pw_uid;
	ids->gid = pw->pw_gid;
	ids->name = arena_strdup(l->tmp, pw->pw_name);
	ids->home = arena_strdup(l->tmp, pw->pw_dir ? pw->pw_dir : "");
	return NULL;
}

const char *load_who_group(struct loader *l, const char *text, gid_t *gid)
{
	const struct group *gr;

	if (*text == '#')
		return bare_id(l, text, "group", gid);
	if (load_names_group(l, text, gid))
		return NULL;
	errno = 0;
	gr = getgrnam(text);
	if (!gr)
		return errno && errno != ENOENT
		           ? load_fail(l, "group name '%s': %s", text, strerror(errno))
		           : load_fail(l, "bad group name %s", text);
	*gid = gr->gr_gid;
	return NULL;
}

static int by_gid(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return (x > y) - (x < y);
}

/* What initgroups(3) would set; NULL when it cannot be known. */
static gid_t *ask_groups(struct loader *l, const struct load_ids *ids, int *count)
{
	struct conf_vec listed;
	gid_t *groups;

	if (load_names_member(l, ids->name, &listed)) {
		groups = arena_array(l->tmp, (size_t)listed.n + 1, sizeof(*groups));
		if (listed.n)
			memcpy(groups, listed.v, listed.n * sizeof(*groups));
		groups[listed.n] = ids->gid;
		*count = (int)listed.n + 1;
		return groups;
	}
	*count = 64;
	groups = arena_array(l->tmp, (size_t)*count, sizeof(*groups));
	if (getgrouplist(ids->name, ids->gid, groups, count) >= 0)
		return groups;
	*count = GROUPS_MAX;
	groups = arena_array(l->tmp, GROUPS_MAX, sizeof(*groups));
	return getgrouplist(ids->name, ids->gid, groups, count) >= 0 ? groups : NULL;
}

const gid_t *load_who_groups(struct loader *l, const struct load_ids *ids, uint32_t *n)
{
	int count = 1;
	uint32_t kept = 0;
	gid_t *groups;

	if (ids->name) {
		groups = ask_groups(l, ids, &count);
		if (!groups)
			return NULL;
	} else {
		groups = ARENA_NEW(l->tmp, gid_t);
		groups[0] = ids->gid;
	}
	qsort(groups, (size_t)count, sizeof(*groups), by_gid);
	for (int i = 0; i < count; i++)
		if (i == 0 || groups[i] != groups[i - 1])
			groups[kept++] = groups[i];
	*n = kept;
	return groups;
}

/* The text that two identities share exactly when they are one. */
static const char *identity_key(
    struct loader *l, const struct load_ids *ids, const gid_t *groups, uint32_t n)
{
	const size_t size = 11 * ((size_t)n + 2) + 1; /* ten digits and a separator each */
	char *key = arena_alloc(l->tmp, size);
	size_t at = (size_t)snprintf(key, size, "%u:%u:", ids->uid, ids->gid);

	for (uint32_t i = 0; i < n; i++)
		at += (size_t)snprintf(key + at, size - at, "%u,", groups[i]);
	return key;
}

static void add_identity(struct loader *l, const struct load_who *who, const struct load_ids *ids,
    const gid_t *groups, uint32_t n)
{
	struct conf_identity *id = conf_vec_push(&l->identities, l->tmp, sizeof(*id));
	gid_t *copy = arena_array(&l->common, n, sizeof(*copy));

	memcpy(copy, groups, n * sizeof(*copy));
	id->index = l->identities.n - 1;
	id->uid = ids->uid;
	id->gid = ids->gid;
	id->ngroups = n;
	id->groups = copy;
	id->user = arena_strdup(&l->common, who->user);
	id->group = arena_strdup(&l->common, who->group);
	id->home = arena_strdup(&l->common, ids->home);
}

/* Index + 1 of the identity; 0 after an error. */
static uintptr_t resolve(struct loader *l, const struct load_who *who, const char **error)
{
	struct load_ids ids;
	uint32_t n;

	*error = load_who_user(l, who->user, &ids);
	if (!*error)
		*error = load_who_group(l, who->group, &ids.gid);
	if (*error)
		return 0;
	const gid_t *groups = load_who_groups(l, &ids, &n);

	if (!groups) {
		*error = load_fail(l, "the groups of user %s cannot be read", who->user);
		return 0;
	}
	void **at = conf_map_at(&l->identity_of, identity_key(l, &ids, groups, n));

	if (!*at && l->identities.n == LOAD_IDENTITIES_MAX) {
		*error = load_fail(l, "more than %u users and groups", LOAD_IDENTITIES_MAX);
		return 0;
	}
	if (!*at) {
		add_identity(l, who, &ids, groups, n);
		*at = (void *)(uintptr_t)l->identities.n;
	}
	return (uintptr_t)*at;
}

/* What an earlier server with the same words got. */
struct known {
	uintptr_t index;
	const char *error;
};

/* Stands for a user that does not exist, so that the rest can be checked all the same. */
static uintptr_t nobody(struct loader *l)
{
	static const struct load_who who = {NULL, "", ""};
	const struct load_ids ids = {UINT32_MAX, UINT32_MAX, NULL, ""};

	if (!l->nobody) {
		add_identity(l, &who, &ids, &ids.gid, 1);
		l->nobody = l->identities.n;
	}
	return l->nobody;
}

void load_who_set(struct loader *l, struct load_server *s, const struct load_who *who)
{
	const char *key = arena_printf(l->tmp, "%s\n%s", who->user, who->group);
	void **at = conf_map_at(&l->who_of, key);
	uint32_t *identities = ARENA_NEW(&l->common, uint32_t);
	struct known *known = *at;

	if (!known) {
		*at = known = ARENA_NEW(l->tmp, struct known);
		known->index = resolve(l, who, &known->error);
		if (!known->index)
			known->index = nobody(l);
	}
	if (known->error && who->node)
		conf_report(l->report, CONF_ERROR, who->node, "%s", known->error);
	else if (known->error)
		conf_report_at(l->report, CONF_ERROR, NULL, 0, "User",
		    "%s (give User and Group, or AssignUserID everywhere)", known->error);
	*identities = (uint32_t)(known->index - 1);
	s->v.nidentities = 1;
	s->v.identities = identities;
}

static void read_who(struct load_who *who, const struct conf_node *n)
{
	who->node = n;
	who->user = n->args[0];
	who->group = n->nargs == 2 ? n->args[1] : NULL;
}

/* A directive that says who; only its number of words is checked here, the rest by the walk. */
static void read_early(struct loader *l, struct load_server *s, const struct conf_node *n)
{
	bool named = n->directive && n->nargs >= 1 && !n->section;

	switch (named ? n->directive->id : CONF_IDS) {
	case CONF_ID_AssignUserID:
		if (n->nargs == 2)
			read_who(&s->assign, n);
		break;
	case CONF_ID_SuexecUserGroup:
		if (n->nargs == 2)
			read_who(&s->suexec, n);
		break;
	case CONF_ID_User:
		if (s->node) {
			conf_report(l->report, CONF_WARNING, n,
			    "has no effect within <VirtualHost>, here as in Apache: it does NOT "
			    "run "
			    "as %s; write AssignUserID",
			    n->args[0]);
			break;
		}
		l->user.node = n;
		l->user.user = n->args[0];
		break;
	case CONF_ID_Group:
		if (s->node)
			conf_report(l->report, CONF_WARNING, n,
			    "has no effect within <VirtualHost>, here as in Apache; write "
			    "AssignUserID");
		else
			l->user.group = n->args[0];
		break;
	case CONF_ID_FrontUser:
		read_who(&l->front, n);
		break;
	case CONF_ID_LogUser:
		read_who(&l->log, n);
		break;
	default:
		break;
	}
}

static void read_all_early(struct loader *l, struct load_server *s, const struct conf_node *nodes)
{
	for (const struct conf_node *n = nodes; n; n = n->next)
		read_early(l, s, n);
}

void load_identities(struct loader *l)
{
	l->user.user = l->user.group = "www-data";
	l->front.user = "_itkd";
	l->log.user = "_itkdlog";
	read_all_early(l, &l->main, l->parser.root.children);
	for (uint32_t i = 0; i < l->nservers; i++)
		read_all_early(l, l->servers[i], l->servers[i]->node->children);
	const struct load_who *fallback = l->main.assign.node ? &l->main.assign : &l->user;

	load_who_set(l, &l->main, fallback);
	for (uint32_t i = 0; i < l->nservers; i++) {
		struct load_server *s = l->servers[i];

		/* Apache runs its programs so, with suexec; here that is the whole site. */
		if (!s->assign.node)
			s->assign = s->suexec;
		if (s->assign.node) {
			load_who_set(l, s, &s->assign);
		} else {
			s->v.nidentities = 1;
			s->v.identities = l->main.v.identities;
		}
	}
}
