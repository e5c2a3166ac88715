"""C programs that sites of the tests run as CGI."""

# Prints what a CGI program was given, as "key value" lines.
PROBE = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	uid_t r, e, s;
	gid_t groups[100];
	struct rlimit limit;
	char line[512], link[256], name[64];

	printf("Content-Type: text/plain\n\n");
	getresuid(&r, &e, &s);
	printf("uids %u %u %u\n", r, e, s);
	getresgid(&r, &e, &s);
	printf("gids %u %u %u\n", r, e, s);
	int n = getgroups(100, groups);
	printf("groups");
	for (int i = 0; i < n; i++)
		printf(" %u", groups[i]);
	errno = 0;
	printf("\nnice %d\n", getpriority(PRIO_PROCESS, 0));
	mode_t mask = umask(0);
	printf("umask %04o\n", mask);
	getrlimit(RLIMIT_NOFILE, &limit);
	printf("nofile %llu %llu\n", (unsigned long long)limit.rlim_cur,
		(unsigned long long)limit.rlim_max);
	printf("group_leader %d\n", getpgrp() == getpid());
	DIR *d = opendir("/proc/self/fd");
	struct dirent *f;
	while ((f = readdir(d)) != NULL) {
		if (f->d_name[0] == '.' || atoi(f->d_name) == dirfd(d))
			continue;
		snprintf(name, sizeof name, "/proc/self/fd/%.20s", f->d_name);
		ssize_t len = readlink(name, link, sizeof link - 1);
		link[len < 0 ? 0 : len] = 0;
		printf("fd %s %s\n", f->d_name, link);
	}
	FILE *status = fopen("/proc/self/status", "r");
	while (fgets(line, sizeof line, status))
		if (!strncmp(line, "Sig", 3) || !strncmp(line, "Cap", 3) || !strncmp(line, "NoNew", 5) ||
			!strncmp(line, "Seccomp:", 8))
			fputs(line, stdout);
	return 0;
}
"""

# For mode 2755: prints the gids that it has.
SETGID = r"""
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	gid_t r, e, s;
	getresgid(&r, &e, &s);
	printf("%u %u %u\n", r, e, s);
	return 0;
}
"""

# Mode 4755 of root: tries each way to another id, in a process of its own, "NAME result".
# The result is 0 or -errno; argv: u or g, then the id. i386 calls by int $0x80, x32 by its bit.
CHANGE_ID = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long native(long nr, long a, long b, long c)
{
	long r = syscall(nr, a, b, c);
	return r < 0 ? -errno : r;
}

static long i386(long nr, long a, long b, long c)
{
	long r;
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c)
		: "memory", "r8", "r9", "r10", "r11");
	return (int)r;
}

#define X32 0x40000000L

static const struct attempt {
	const char *name, kind;
	long (*call)(long, long, long, long);
	long nr;
	const char *args; /* n: the new id, -: -1 */
} attempts[] = {
	{"setuid", 'u', native, SYS_setuid, "n--"},
	{"setreuid-real", 'u', native, SYS_setreuid, "n--"},
	{"setreuid-effective", 'u', native, SYS_setreuid, "-n-"},
	{"setresuid-real", 'u', native, SYS_setresuid, "n--"},
	{"setresuid-effective", 'u', native, SYS_setresuid, "-n-"},
	{"setresuid-saved", 'u', native, SYS_setresuid, "--n"},
	{"setgid", 'g', native, SYS_setgid, "n--"},
	{"setregid-real", 'g', native, SYS_setregid, "n--"},
	{"setregid-effective", 'g', native, SYS_setregid, "-n-"},
	{"setresgid-saved", 'g', native, SYS_setresgid, "--n"},
	{"i386-setuid16", 'u', i386, 23, "n--"},
	{"i386-setuid32", 'u', i386, 213, "n--"},
	{"i386-setreuid16", 'u', i386, 70, "nn-"},
	{"i386-setreuid32", 'u', i386, 203, "nn-"},
	{"i386-setresuid32", 'u', i386, 208, "nnn"},
	{"i386-setgid16", 'g', i386, 46, "n--"},
	{"i386-setgid32", 'g', i386, 214, "n--"},
	{"i386-setresgid32", 'g', i386, 210, "nnn"},
	{"x32-setuid", 'u', native, X32 | SYS_setuid, "n--"},
	{"x32-setresuid", 'u', native, X32 | SYS_setresuid, "nnn"},
	{"x32-setgid", 'g', native, X32 | SYS_setgid, "n--"},
};

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	long id = strtol(argv[2], NULL, 10);
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
		const struct attempt *t = &attempts[i];
		if (t->kind != argv[1][0])
			continue;
		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0) {
			long a[3];
			for (int k = 0; k < 3; k++)
				a[k] = t->args[k] == 'n' ? id : -1;
			printf("%s %ld\n", t->name, t->call(t->nr, a[0], a[1], a[2]));
			fflush(stdout);
			_exit(0);
		}
		int status;
		waitpid(pid, &status, 0);
		if (!WIFEXITED(status))
			printf("%s killed\n", t->name);
	}
	return 0;
}
"""
