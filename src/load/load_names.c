/*
 * /etc/passwd and /etc/group read once, for a server with thousands of users: NSS reads the whole
 * file for each single name (measured: 22 seconds for 10,000). Only where that gives exactly what
 * NSS would, as nsswitch.conf(5) says; NSS is asked for all others. Run by the loader.
 */
#include "load/load.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct load_names {
	struct conf_map users;   /* struct load_ids */
	struct conf_map groups;  /* struct group_ids */
	struct conf_map members; /* struct conf_vec of gid_t, by user */
	bool all_members;        /* members is all that NSS knows of the users in the file */
};

struct group_ids {
	gid_t gid;
};

/* The services of a database in nsswitch.conf, into buf; "" where it has no line. */
static void services_of(const char *database, char *buf, size_t n)
{
	FILE *f = fopen("/etc/nsswitch.conf", "re");
	char line[512];
	size_t name = strlen(database);

	*buf = '\0';
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		const char *p = line + strspn(line, " \t");

		if (strncmp(p, database, name) != 0 || p[name] != ':')
			continue;
		p += name + 1;
		p += strspn(p, " \t");
		snprintf(buf, n, "%.*s", (int)strcspn(p, "#\n"), p);
	}
	fclose(f);
}

static bool files_first(const char *services)
{
	return strncmp(services, "files", 5) == 0 && strchr(" \t", services[5]);
}

/*
 * Whether memberships can only come from /etc/group. nss-systemd has some for users of the file
 * only where there are drop-ins of systemd-userdbd(8).
 */
static bool only_files(const char *services)
{
	static const char *const dropins[] = {
	    "/etc/userdb", "/run/userdb", "/run/host/userdb", "/usr/lib/userdb"};
	char first[32] = "", second[32] = "", third[32] = "", initgroups[256];

	services_of("initgroups", initgroups, sizeof(initgroups));
	if (*initgroups || sscanf(services, "%31s %31s %31s", first, second, third) < 1)
		return false;
	if (strcmp(first, "files") != 0 || *third)
		return false;
	if (!*second)
		return true;
	for (size_t i = 0; i < sizeof(dropins) / sizeof(*dropins); i++)
		if (access(dropins[i], F_OK) == 0)
			return false;
	return strcmp(second, "systemd") == 0;
}

static void read_users(struct loader *l)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;

	while (f && (pw = fgetpwent(f))) {
		const char *name = arena_strdup(l->tmp, pw->pw_name);
		void **at = conf_map_at(&l->names->users, name);

		if (*at)
			continue;
		struct load_ids *ids = ARENA_NEW(l->tmp, struct load_ids);

		ids->uid = pw->pw_uid;
		ids->gid = pw->pw_gid;
		ids->name = name;
		ids->home = arena_strdup(l->tmp, pw->pw_dir);
		*at = ids;
	}
	if (f)
		fclose(f);
}

static void add_member(struct loader *l, const char *user, gid_t gid)
{
	struct conf_vec *gids = conf_map_get(&l->names->members, user);

	if (!gids) {
		gids = ARENA_NEW(l->tmp, struct conf_vec);
		*conf_map_at(&l->names->members, arena_strdup(l->tmp, user)) = gids;
	}
	*(gid_t *)conf_vec_push(gids, l->tmp, sizeof(gid)) = gid;
}

static void read_groups(struct loader *l)
{
	FILE *f = fopen("/etc/group", "re");
	const struct group *gr;

	while (f && (gr = fgetgrent(f))) {
		void **at = conf_map_at(&l->names->groups, arena_strdup(l->tmp, gr->gr_name));

		if (!*at) {
			struct group_ids *ids = ARENA_NEW(l->tmp, struct group_ids);

			ids->gid = gr->gr_gid;
			*at = ids;
		}
		for (char **user = gr->gr_mem; *user; user++)
			add_member(l, *user, gr->gr_gid);
	}
	if (f)
		fclose(f);
}

static const struct load_names *names(struct loader *l)
{
	char services[256];

	if (l->names)
		return l->names;
	l->names = ARENA_NEW(l->tmp, struct load_names);
	conf_map_init(&l->names->users, l->tmp, false);
	conf_map_init(&l->names->groups, l->tmp, false);
	conf_map_init(&l->names->members, l->tmp, false);
	services_of("passwd", services, sizeof(services));
	if (files_first(services))
		read_users(l);
	services_of("group", services, sizeof(services));
	if (files_first(services))
		read_groups(l);
	l->names->all_members = only_files(services);
	return l->names;
}

bool load_names_user(struct loader *l, const char *name, struct load_ids *ids)
{
	const struct load_ids *found = conf_map_get(&names(l)->users, name);

	if (found)
		*ids = *found;
	return found != NULL;
}

bool load_names_group(struct loader *l, const char *name, gid_t *gid)
{
	const struct group_ids *found = conf_map_get(&names(l)->groups, name);

	if (found)
		*gid = found->gid;
	return found != NULL;
}

bool load_names_member(struct loader *l, const char *user, struct conf_vec *gids)
{
	const struct load_names *n = names(l);
	const struct conf_vec *found = conf_map_get(&n->members, user);

	if (!n->all_members || !conf_map_get(&n->users, user))
		return false;
	*gids = found ? *found : (struct conf_vec){0};
	return true;
}
