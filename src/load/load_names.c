/*
 * /etc/passwd read once, for a server with thousands of users: getpwnam(3) reads the whole file for
 * each name. Only where nsswitch.conf(5) asks the file first anyway; NSS is asked for all others.
 * Run by the loader.
 */
#include "load/load.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* Whether the line of passwd begins with "files". */
static bool files_first(void)
{
	FILE *f = fopen("/etc/nsswitch.conf", "re");
	char line[512], database[64], service[64];
	bool first = false;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " %63[a-z]: %63s", database, service) == 2 &&
		    strcmp(database, "passwd") == 0)
			first = strcmp(service, "files") == 0;
	fclose(f);
	return first;
}

static void read_passwd(struct loader *l)
{
	FILE *f = files_first() ? fopen("/etc/passwd", "re") : NULL;
	const struct passwd *pw;

	if (!f)
		return;
	while ((pw = fgetpwent(f))) {
		/* Entries of NIS: not names. */
		if (*pw->pw_name == '+' || *pw->pw_name == '-')
			continue;
		const char *name = arena_strdup(l->tmp, pw->pw_name);
		void **at = conf_map_at(&l->passwd, name);

		if (*at)
			continue;
		struct load_ids *ids = ARENA_NEW(l->tmp, struct load_ids);

		ids->uid = pw->pw_uid;
		ids->gid = pw->pw_gid;
		ids->name = name;
		ids->home = arena_strdup(l->tmp, pw->pw_dir);
		*at = ids;
	}
	fclose(f);
}

bool load_names_user(struct loader *l, const char *name, struct load_ids *ids)
{
	if (!l->passwd.a) {
		conf_map_init(&l->passwd, l->tmp, false);
		read_passwd(l);
	}
	const struct load_ids *found = conf_map_get(&l->passwd, name);

	if (found)
		*ids = *found;
	return found != NULL;
}
