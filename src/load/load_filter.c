/*
 * LimitUIDRange and LimitGIDRange in the kernel: a seccomp program that lets set*id calls through
 * only with ids of the range (or -1, "unchanged"), and gives EPERM else; for everything that a
 * virtual host starts, in each of the machine's ABIs. Built by the loader, installed by the spare.
 *
 * libseccomp knows the numbers of the calls. The comparisons are written out here, since its rules
 * cannot say "min to max, or -1" (one comparison an argument), and since it compares 64 bits where
 * the kernel looks at 32, or at 16 in i386's oldest calls.
 */
#include "load/load.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>

enum kind { UID, GID };

struct call {
	const char *name;
	enum kind kind;
	unsigned nargs;
	bool wide; /* 32-bit ids in every ABI: the calls that came after those of 16 bits */
};

static const struct call calls[] = {
    {"setuid", UID, 1, false},
    {"setreuid", UID, 2, false},
    {"setresuid", UID, 3, false},
    {"setfsuid", UID, 1, false},
    {"setgid", GID, 1, false},
    {"setregid", GID, 2, false},
    {"setresgid", GID, 3, false},
    {"setfsgid", GID, 1, false},
    {"setuid32", UID, 1, true},
    {"setreuid32", UID, 2, true},
    {"setresuid32", UID, 3, true},
    {"setfsuid32", UID, 1, true},
    {"setgid32", GID, 1, true},
    {"setregid32", GID, 2, true},
    {"setresgid32", GID, 3, true},
    {"setfsgid32", GID, 1, true},
};

/* The ABIs of a machine. x32 has x86-64's audit value; its numbers carry a bit of their own. */
struct abi {
	uint32_t native, abi;
	bool narrow; /* the calls without "32" take 16-bit ids */
};

static const struct abi abis[] = {
    {SCMP_ARCH_X86_64, SCMP_ARCH_X86_64, false},
    {SCMP_ARCH_X86_64, SCMP_ARCH_X32, false},
    {SCMP_ARCH_X86_64, SCMP_ARCH_X86, true},
    {SCMP_ARCH_X86, SCMP_ARCH_X86, true},
    {SCMP_ARCH_AARCH64, SCMP_ARCH_AARCH64, false},
    {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, true},
    {SCMP_ARCH_ARM, SCMP_ARCH_ARM, true},
    {SCMP_ARCH_RISCV64, SCMP_ARCH_RISCV64, false},
    {SCMP_ARCH_PPC64LE, SCMP_ARCH_PPC64LE, false},
    {SCMP_ARCH_S390X, SCMP_ARCH_S390X, false},
};

struct program {
	struct loader *l;
	struct conf_vec code; /* struct sock_filter */
};

static struct sock_filter *emit(
    struct program *p, uint16_t code, uint32_t k, uint8_t jump_true, uint8_t jump_false)
{
	struct sock_filter *f = conf_vec_push(&p->code, p->l->tmp, sizeof(*f));

	*f = (struct sock_filter){code, jump_true, jump_false, k};
	return f;
}

/* The low 32 bits of an argument. */
static uint32_t argument_offset(unsigned i)
{
	uint32_t at = (uint32_t)(offsetof(struct seccomp_data, args) + 8 * i);

	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? at + 4 : at;
}

/* Five or six instructions: on with the next argument, or EPERM. */
static void emit_argument(struct program *p, unsigned i, bool narrow, uint32_t min, uint32_t max)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, argument_offset(i), 0, 0);
	if (narrow)
		emit(p, BPF_ALU | BPF_AND | BPF_K, 0xffff, 0, 0);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, narrow ? 0xffff : UINT32_MAX, 3, 0);
	emit(p, BPF_JMP | BPF_JGE | BPF_K, min, 0, 1);
	emit(p, BPF_JMP | BPF_JGT | BPF_K, max, 0, 1);
	emit(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
}

/* One call: its number is in the accumulator, and stays there where it is another one. */
static void emit_call(struct program *p, const struct call *c, int number, bool narrow)
{
	const struct conf *conf = p->l->conf;
	uint32_t min = c->kind == UID ? conf->uid_min : conf->gid_min;
	uint32_t max = c->kind == UID ? conf->uid_max : conf->gid_max;
	unsigned size = narrow ? 6 : 5;

	emit(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, (uint8_t)(c->nargs * size + 1));
	for (unsigned i = 0; i < c->nargs; i++)
		emit_argument(p, i, narrow, min, max);
	emit(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* The part of one ABI, entered with the call's number in the accumulator. */
static void emit_abi(struct program *p, const struct abi *abi)
{
	const struct conf *conf = p->l->conf;

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		const struct call *c = &calls[i];
		int number = seccomp_syscall_resolve_name_arch(abi->abi, c->name);

		/* Negative: the ABI has no such call. */
		if (number < 0 || (c->kind == UID ? !conf->limit_uid : !conf->limit_gid))
			continue;
		emit_call(p, c, number, abi->narrow && !c->wide);
	}
}

static uint32_t audit_arch(uint32_t abi)
{
	return abi == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : abi;
}

/* One audit value: all ABIs that have it. The jump over it is patched when its size is known. */
static void emit_arch(struct program *p, uint32_t native, uint32_t arch)
{
	uint32_t at;

	emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0);
	at = p->code.n;
	emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
	emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	for (size_t i = 0; i < sizeof(abis) / sizeof(*abis); i++)
		if (abis[i].native == native && audit_arch(abis[i].abi) == arch)
			emit_abi(p, &abis[i]);
	emit(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	((struct sock_filter *)p->code.v)[at].k = p->code.n - at - 1;
}

void load_filter(struct loader *l)
{
	struct program p = {.l = l};
	uint32_t native = seccomp_arch_native(), last = 0;

	if (!l->conf->limit_uid && !l->conf->limit_gid)
		return;
	for (size_t i = 0; i < sizeof(abis) / sizeof(*abis); i++) {
		if (abis[i].native != native || audit_arch(abis[i].abi) == last)
			continue;
		last = audit_arch(abis[i].abi);
		emit_arch(&p, native, last);
	}
	if (last == 0)
		conf_report_at(l->report, CONF_ERROR, NULL, 0, "LimitUIDRange",
		    "the kernel cannot enforce it on this machine's architecture");
	/* An ABI that is none of these does nothing at all. */
	emit(&p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
	struct sock_filter *copy = arena_array(&l->common, p.code.n, sizeof(*copy));

	for (uint32_t i = 0; i < p.code.n; i++)
		copy[i] = ((const struct sock_filter *)p.code.v)[i];
	l->conf->filter = copy;
	l->conf->nfilter = p.code.n;
}
