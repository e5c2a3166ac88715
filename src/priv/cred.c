/*
 * Who a process is. Run by spares, fronts, the logger and the log opener; sees no byte of anyone's.
 * The only file with set*id, setgroups, chroot and capabilities(7) calls, each checked, read back,
 * and then tried the other way round.
 */
#include "itkd/cred.h"
#include "itkd/build.h"
#include "itkd/log.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const cap_value_t master_caps[] = {
    CAP_SETUID,     /* become a vhost's user */
    CAP_SETGID,     /* and its groups */
    CAP_SYS_NICE,   /* NiceValue below 0 */
    CAP_KILL,       /* end children that belong to others */
    CAP_SETPCAP,    /* empty a front's bounding set */
    CAP_SYS_CHROOT, /* put a front into an empty directory */
};

static const cap_value_t spare_caps[] = {CAP_SETUID, CAP_SETGID, CAP_SYS_NICE};

static bool is_effective(cap_value_t value)
{
	cap_flag_value_t on;
	cap_t caps = cap_get_proc();
	if (!caps || cap_get_flag(caps, value, CAP_EFFECTIVE, &on) != 0)
		fatal_errno("cap_get_proc");
	cap_free(caps);
	return on == CAP_SET;
}

bool cred_master_caps(char *buf, size_t n)
{
	size_t used = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(master_caps) / sizeof(*master_caps); i++) {
		if (is_effective(master_caps[i]))
			continue;
		char *name = cap_to_name(master_caps[i]);
		int len = snprintf(buf + used, n - used, "%s%s", used ? " " : "", name);
		cap_free(name);
		if (len > 0 && (size_t)len < n - used)
			used += (size_t)len;
	}
	return used == 0;
}

bool cred_may_filter(void)
{
	return is_effective(CAP_SYS_ADMIN);
}

bool cred_may_bind(void)
{
	return is_effective(CAP_NET_BIND_SERVICE);
}

/*
 * Permitted and effective exactly these, inheritable none. The call itself instead of libcap's
 * wrapper around it: a spare that allocates dirties pages that the next fork has to copy.
 */
static void set_caps(const cap_value_t *values, size_t n)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	for (size_t i = 0; i < n; i++) {
		const uint32_t bit = 1u << (values[i] % 32);
		data[values[i] / 32].permitted |= bit;
		data[values[i] / 32].effective |= bit;
	}
	if (capset(&header, data) != 0)
		fatal_errno("capset");
}

static void not_dumpable(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		fatal_errno("PR_SET_DUMPABLE");
}

void cred_become_spare(void)
{
	/*
	 * The ambient set falls with the inheritable one (capabilities(7)). Not dumpable it is as
	 * the master's fork.
	 */
	set_caps(spare_caps, sizeof(spare_caps) / sizeof(*spare_caps));
}

static void check_no_caps(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	if (capget(&header, data) != 0)
		fatal_errno("capget");
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (data[i].permitted || data[i].effective || data[i].inheritable)
			fatal("capabilities are left after the drop");
}

#define GROUPS_ON_STACK 64

static void check_ids(uid_t uid, gid_t gid, uint32_t ngroups, const gid_t *groups)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;
	if (getresuid(&r, &e, &s) != 0 || getresgid(&rg, &eg, &sg) != 0)
		fatal_errno("getresuid, getresgid");
	if (r != uid || e != uid || s != uid || rg != gid || eg != gid || sg != gid)
		fatal("uid %u gid %u: the kernel says something else", uid, gid);
	gid_t few[GROUPS_ON_STACK];
	gid_t *have = ngroups < GROUPS_ON_STACK ? few : calloc(ngroups + 1, sizeof(*have));
	const int room = ngroups < GROUPS_ON_STACK ? GROUPS_ON_STACK : (int)ngroups + 1;
	/* One place more than wanted, so that one group too many is seen. */
	if (!have || getgroups(room, have) != (int)ngroups)
		fatal("uid %u: the kernel has other groups than were set", uid);
	/* The kernel keeps them sorted, so look each one up. */
	for (uint32_t i = 0; i < ngroups; i++) {
		uint32_t j = 0;
		while (j < ngroups && have[j] != groups[i])
			j++;
		if (j == ngroups)
			fatal("uid %u: group %u is missing after setgroups", uid, groups[i]);
	}
	if (have != few)
		free(have);
}

static void try_the_way_back(uid_t uid)
{
	if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
		fatal("uid %u could become root again", uid);
	if (setresgid((gid_t)-1, 0, (gid_t)-1) == 0)
		fatal("uid %u could take group 0 again", uid);
	if (setgroups(0, NULL) == 0)
		fatal("uid %u could change its groups", uid);
}

static void check_named(const struct conf *conf, const struct conf_identity *id)
{
	if (id->index >= conf->nidentities || &conf->identities[id->index] != id)
		fatal("an identity that the configuration does not name");
#ifndef ITKD_BIG_SECURITY_HOLE
	if (id->uid == 0 || id->gid == 0)
		fatal("user %s group %s: refusing to run as root", id->user, id->group);
#endif
	if (id->uid == (uid_t)-1 || id->gid == (gid_t)-1)
		fatal("user %s group %s: not an id", id->user, id->group);
	if (conf->limit_uid && (id->uid < conf->uid_min || id->uid > conf->uid_max))
		fatal("user %s: uid %u is outside LimitUIDRange %u %u", id->user, id->uid,
		    conf->uid_min, conf->uid_max);
	if (conf->limit_gid && (id->gid < conf->gid_min || id->gid > conf->gid_max))
		fatal("user %s: gid %u is outside LimitGIDRange %u %u", id->user, id->gid,
		    conf->gid_min, conf->gid_max);
}

void cred_become_child(const struct conf *conf, const struct conf_identity *id, int nice)
{
	check_named(conf, id);
	if (setpriority(PRIO_PROCESS, 0, nice) != 0)
		fatal_errno("NiceValue %d", nice);
	if (setgroups(id->ngroups, id->groups) != 0)
		fatal_errno("user %s: setgroups", id->user);
	if (setresgid(id->gid, id->gid, id->gid) != 0)
		fatal_errno("user %s: setresgid %u", id->user, id->gid);
	if (setresuid(id->uid, id->uid, id->uid) != 0)
		fatal_errno("user %s: setresuid %u", id->user, id->uid);
	not_dumpable();
	check_ids(id->uid, id->gid, id->ngroups, id->groups);
	check_no_caps();
#ifndef ITKD_BIG_SECURITY_HOLE
	try_the_way_back(id->uid);
#endif
}

int cred_empty_root(void)
{
	char run[] = "/run/itkd-empty-XXXXXX", tmp[] = "/tmp/itkd-empty-XXXXXX";
	char *dir = mkdtemp(run);
	if (!dir)
		dir = mkdtemp(tmp);
	if (!dir)
		fatal_errno("mkdtemp in /run and /tmp");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		fatal_errno("%s", dir);
	if (rmdir(dir) != 0)
		fatal_errno("rmdir %s", dir);
	return fd;
}

void cred_become_service(uid_t uid, gid_t gid, int root)
{
	if (uid == 0 || gid == 0)
		fatal("refusing to serve as uid %u gid %u", uid, gid);
	if (fchdir(root) != 0 || chroot(".") != 0 || close(root) != 0)
		fatal_errno("chroot");
	for (int cap = 0; cap < cap_max_bits(); cap++)
		if (cap_drop_bound(cap) != 0)
			fatal_errno("cap_drop_bound %d", cap);
	if (cap_reset_ambient() != 0)
		fatal_errno("cap_reset_ambient");
	umask(077);
	if (setgroups(0, NULL) != 0)
		fatal_errno("setgroups");
	if (setresgid(gid, gid, gid) != 0)
		fatal_errno("setresgid %u", gid);
	if (setresuid(uid, uid, uid) != 0)
		fatal_errno("setresuid %u", uid);
	set_caps(NULL, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fatal_errno("PR_SET_NO_NEW_PRIVS");
	not_dumpable();
	check_ids(uid, gid, 0, NULL);
	check_no_caps();
	try_the_way_back(uid);
}

void cred_borrow(uid_t uid, gid_t gid)
{
	if (setgroups(1, &gid) != 0 || setresgid((gid_t)-1, gid, (gid_t)-1) != 0 ||
	    setresuid((uid_t)-1, uid, (uid_t)-1) != 0)
		fatal_errno("becoming uid %u gid %u to open a log", uid, gid);
}

void cred_return(void)
{
	if (setresuid((uid_t)-1, 0, (uid_t)-1) != 0 || setresgid((gid_t)-1, 0, (gid_t)-1) != 0 ||
	    setgroups(0, NULL) != 0)
		fatal_errno("becoming root again after opening a log");
}
