/*
 * The seccomp program of LimitUIDRange and LimitGIDRange: run here instruction by instruction for
 * every ABI, and by the kernel for this one.
 */
#include "load/load.h"
#include "vectors.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALLOW SECCOMP_RET_ALLOW
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

static struct arena tmp;
static struct conf_report report;
static struct loader l;
static struct load_region region;

/* uids 1000 to 70000, gids as given. */
static const struct conf *build(const char *gids)
{
	const char *post[] = {"LimitUIDRange 1000 70000", "Group #60", gids};
	struct load_options o = {.config_file = VECTORS "/conf/build/defaults.conf",
	    .server_root = VECTORS "/conf/build",
	    .post = post,
	    .npost = gids ? 3 : 2};

	arena_init_heap(&tmp, (size_t)64 << 20);
	conf_report_init(&report, &tmp);
	load_init(&l, &tmp, &report);
	ck_assert(load_region_own(&region, &report));
	const struct conf *conf = load_build(&l, &o, &region, 1);

	conf_report_print(&report, stderr, CONF_WARNING);
	ck_assert_ptr_nonnull(conf);
	return conf;
}

/* The instructions that the program is made of; any other is a failure. */
static uint32_t run(const struct conf *c, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (uint32_t pc = 0; pc < c->nfilter; pc++) {
		const struct sock_filter *f = &c->filter[pc];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			ck_assert_uint_le(f->k + sizeof(a), sizeof(*data));
			memcpy(&a, (const char *)data + f->k, sizeof(a));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			ck_abort_msg("instruction %u has code %x", pc, f->code);
		}
	}
	ck_abort_msg("the program has no end");
}

static const struct {
	uint32_t abi;
	const char *name;
	uint64_t args[3];
	uint32_t result;
} rows[] = {
    {SCMP_ARCH_X86_64, "getpid", {0}, ALLOW},
    {SCMP_ARCH_X86_64, "setuid", {1000}, ALLOW},
    {SCMP_ARCH_X86_64, "setuid", {70000}, ALLOW},
    {SCMP_ARCH_X86_64, "setuid", {999}, REFUSE},
    {SCMP_ARCH_X86_64, "setuid", {70001}, REFUSE},
    {SCMP_ARCH_X86_64, "setuid", {0}, REFUSE},
    /* The kernel looks at the low half only. */
    {SCMP_ARCH_X86_64, "setuid", {0x100000000}, REFUSE},
    {SCMP_ARCH_X86_64, "setuid", {0x7700000000 + 1000}, ALLOW},
    {SCMP_ARCH_X86_64, "setuid", {0xffffffff}, ALLOW},
    {SCMP_ARCH_X86_64, "setreuid", {UINT64_MAX, 2000}, ALLOW},
    {SCMP_ARCH_X86_64, "setreuid", {2000, 0}, REFUSE},
    {SCMP_ARCH_X86_64, "setreuid", {0, 2000}, REFUSE},
    {SCMP_ARCH_X86_64, "setresuid", {2000, 2000, 2000}, ALLOW},
    {SCMP_ARCH_X86_64, "setresuid", {UINT64_MAX, UINT64_MAX, 2000}, ALLOW},
    {SCMP_ARCH_X86_64, "setresuid", {2000, 2000, 0}, REFUSE},
    {SCMP_ARCH_X86_64, "setresuid", {2000, 80000, 2000}, REFUSE},
    {SCMP_ARCH_X86_64, "setfsuid", {0}, REFUSE},
    {SCMP_ARCH_X86_64, "setgid", {50}, ALLOW},
    {SCMP_ARCH_X86_64, "setgid", {49}, REFUSE},
    {SCMP_ARCH_X86_64, "setresgid", {50, 60, 101}, REFUSE},
    {SCMP_ARCH_X86_64, "setregid", {50, 1000}, REFUSE},
    {SCMP_ARCH_X86_64, "setfsgid", {100}, ALLOW},
    {SCMP_ARCH_X32, "setuid", {0}, REFUSE},
    {SCMP_ARCH_X32, "setuid", {1000}, ALLOW},
    {SCMP_ARCH_X32, "setresgid", {50, 50, 0}, REFUSE},
    {SCMP_ARCH_X86, "setuid32", {0}, REFUSE},
    {SCMP_ARCH_X86, "setuid32", {1000}, ALLOW},
    {SCMP_ARCH_X86, "setresuid32", {1000, 0xffffffff, 0}, REFUSE},
    {SCMP_ARCH_X86, "setfsgid32", {7}, REFUSE},
    /* 16 bits: what is above them does not count, 0xffff is "unchanged". */
    {SCMP_ARCH_X86, "setuid", {1000}, ALLOW},
    {SCMP_ARCH_X86, "setuid", {0x10000}, REFUSE},
    {SCMP_ARCH_X86, "setuid", {0}, REFUSE},
    {SCMP_ARCH_X86, "setreuid", {0xffff, 1000}, ALLOW},
    {SCMP_ARCH_X86, "setresgid", {50, 0xffff, 0x20000}, REFUSE},
    {SCMP_ARCH_X86, "getpid", {0}, ALLOW},
    {SCMP_ARCH_MIPS64, "getpid", {0}, REFUSE},
};

START_TEST(every_abi)
{
	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		return;
	const struct conf *c = build("LimitGIDRange 50 100");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seccomp_data data = {0};

		data.nr = seccomp_syscall_resolve_name_arch(rows[i].abi, rows[i].name);
		data.arch = rows[i].abi == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : rows[i].abi;
		memcpy(data.args, rows[i].args, sizeof(rows[i].args));
		ck_assert_int_ge(data.nr, 0);
		ck_assert_msg(run(c, &data) == rows[i].result, "row %zu: %s", i, rows[i].name);
	}
}
END_TEST

/* In a process that ends with the filter; the number of the check that failed, or 0. */
static int under_filter(const struct sock_fprog *program)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) != 0)
		return 1;
	if (syscall(SYS_setresuid, 0, 0, 0) != -1 || errno != EPERM)
		return 2;
	if (syscall(SYS_setresuid, -1, 70001, -1) != -1 || errno != EPERM)
		return 3;
	if (syscall(SYS_setresgid, 5, -1, -1) != 0)
		return 4;
	if (syscall(SYS_setresuid, -1, 1234, -1) != 0)
		return 5;
	return geteuid() == 1234 ? 0 : 6;
}

START_TEST(by_the_kernel)
{
	const struct conf *c = build(NULL);
	const struct sock_fprog program = {
	    (unsigned short)c->nfilter, (struct sock_filter *)(uintptr_t)c->filter};
	int status;

	ck_assert(c->limit_uid && !c->limit_gid);
	if (geteuid() != 0)
		return;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(under_filter(&program));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(none_when_not_limited)
{
	struct load_options o = {.config_file = VECTORS "/conf/build/defaults.conf",
	    .server_root = VECTORS "/conf/build"};

	arena_init_heap(&tmp, (size_t)64 << 20);
	conf_report_init(&report, &tmp);
	load_init(&l, &tmp, &report);
	ck_assert(load_region_own(&region, &report));
	const struct conf *conf = load_build(&l, &o, &region, 1);

	ck_assert_ptr_nonnull(conf);
	ck_assert_uint_eq(conf->nfilter, 0);
	ck_assert(!conf->limit_uid && !conf->limit_gid);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {every_abi, by_the_kernel, none_when_not_limited};

	return vector_run("conf_filter", tests, sizeof(tests) / sizeof(tests[0]));
}
