/*
 * System call filters as a policy to read: one call a line, with its reason. Run by fronts and the
 * logger after they dropped everything, and by spares for LimitUIDRange.
 */
#include "itkd/sandbox.h"
#include "itkd/build.h"
#include "itkd/conf.h"
#include "itkd/log.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

struct allowed {
	int call;
	const char *why;
};

/* What both roles need to live and to end. */
static const struct allowed everyone[] = {
    {SCMP_SYS(read), "logs' pipes, relays"},
    {SCMP_SYS(write), "logs, relays"},
    {SCMP_SYS(writev), "answers"},
    {SCMP_SYS(close), "connections"},
    {SCMP_SYS(brk), "malloc"},
    {SCMP_SYS(munmap), "malloc"},
    {SCMP_SYS(mremap), "realloc of large buffers"},
    {SCMP_SYS(madvise), "malloc gives memory back"},
    {SCMP_SYS(futex), "OpenSSL's and libc's locks"},
    {SCMP_SYS(clock_gettime), "deadlines where the vDSO cannot"},
    {SCMP_SYS(gettimeofday), "libevent"},
    {SCMP_SYS(time), "OpenSSL"},
    {SCMP_SYS(getpid), "log lines; OpenSSL looks for a fork"},
    {SCMP_SYS(gettid), "libc"},
    {SCMP_SYS(getrandom), "OpenSSL"},
    {SCMP_SYS(poll), "a full log pipe"},
    {SCMP_SYS(ppoll), "a full log pipe"},
    {SCMP_SYS(restart_syscall), "poll after SIGSTOP and SIGCONT"},
    {SCMP_SYS(rt_sigreturn), "signal handlers"},
    {SCMP_SYS(rt_sigprocmask), "libc"},
    {SCMP_SYS(fstat), "stdio"},
    {SCMP_SYS(newfstatat), "fstat, in newer libcs"},
    {SCMP_SYS(exit), "the end"},
    {SCMP_SYS(exit_group), "the end"},
};

/* What the front adds: sockets that exist already, and pairs for relays. */
static const struct allowed front[] = {
    {SCMP_SYS(accept4), "connections"},
    {SCMP_SYS(epoll_wait), "libevent"},
    {SCMP_SYS(epoll_pwait), "libevent"},
    {SCMP_SYS(epoll_pwait2), "libevent"},
    {SCMP_SYS(epoll_ctl), "libevent"},
    {SCMP_SYS(timerfd_settime), "libevent"},
    {SCMP_SYS(recvfrom), "peek at a head"},
    {SCMP_SYS(recvmsg), "control socket"},
    {SCMP_SYS(sendto), "answers, control socket"},
    {SCMP_SYS(sendmsg), "jobs"},
    {SCMP_SYS(getsockname), "address-based virtual hosts"},
    {SCMP_SYS(getpeername), "log lines"},
    {SCMP_SYS(getsockopt), "errors of a connection"},
    {SCMP_SYS(readv), "relays"},
    {SCMP_SYS(pread64), "ticket keys"},
    {SCMP_SYS(pwrite64), "ticket keys"},
    {SCMP_SYS(getppid), "OpenSSL"},
    {SCMP_SYS(getuid), "OpenSSL"},
    {SCMP_SYS(geteuid), "OpenSSL"},
    {SCMP_SYS(getgid), "OpenSSL"},
    {SCMP_SYS(getegid), "OpenSSL"},
    {SCMP_SYS(sched_yield), "OpenSSL's locks"},
};

static void allow(scmp_filter_ctx ctx, const struct allowed *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, list[i].call, 0) != 0)
			fatal("seccomp: no rule for a call (%s)", list[i].why);
}

static void rule(int error)
{
	if (error != 0)
		fatal("seccomp: a rule was refused (%d)", error);
}

/* Memory for data only: nothing that was written can be run. */
static void allow_data_mappings(scmp_filter_ctx ctx)
{
	rule(seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
	rule(seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
}

/*
 * What these calls could do besides reaches other processes: F_SETOWN makes the kernel signal,
 * F_SETFL would let a log be overwritten (O_APPEND) and all fronts wait in accept(2) (O_NONBLOCK),
 * and the listening sockets are everybody's, so that what is done to them would outlive this front.
 */
static void allow_on_sockets(scmp_filter_ctx ctx)
{
	static const int commands[] = {F_GETFL, F_GETFD, F_SETFD, F_SETLK, F_SETLKW};
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		rule(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
		    SCMP_A1_32(SCMP_CMP_EQ, (uint32_t)commands[i], 0)));
	rule(seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, SCMP_SYS(shutdown), 1, SCMP_A1_32(SCMP_CMP_EQ, SHUT_WR, 0)));
	/* To reset a client that was cut off. */
	rule(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
	    SCMP_A1_32(SCMP_CMP_EQ, SOL_SOCKET, 0), SCMP_A2_32(SCMP_CMP_EQ, SO_LINGER, 0)));
	rule(seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1_32(SCMP_CMP_EQ, FIONREAD, 0)));
}

static void load(scmp_filter_ctx ctx)
{
	int error = seccomp_load(ctx);
	if (error != 0)
		fatal("seccomp_load: error %d", error);
	seccomp_release(ctx);
}

void sandbox_front(void)
{
#ifndef ITKD_ASAN
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!ctx)
		fatal("seccomp_init failed");
	allow(ctx, everyone, sizeof(everyone) / sizeof(*everyone));
	allow(ctx, front, sizeof(front) / sizeof(*front));
	allow_data_mappings(ctx);
	/* Streams: a datagram socket sends to every abstract name that there is. */
	rule(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 2,
	    SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0), SCMP_A1_32(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM)));
	allow_on_sockets(ctx);
	load(ctx);
#else
	(void)front;
	(void)everyone;
	(void)allow;
	(void)rule;
	(void)allow_data_mappings;
	(void)allow_on_sockets;
	(void)load;
#endif
}

void sandbox_logger(void)
{
#ifndef ITKD_ASAN
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!ctx)
		fatal("seccomp_init failed");
	allow(ctx, everyone, sizeof(everyone) / sizeof(*everyone));
	allow_data_mappings(ctx);
	load(ctx);
#endif
}

void sandbox_limit_ids(const struct conf *conf)
{
	if (conf->nfilter == 0)
		return;
	/* The kernel copies the program; it does not write to it. */
	union {
		const struct sock_filter *in;
		struct sock_filter *out;
	} filter = {.in = conf->filter};
	struct sock_fprog program = {.len = (unsigned short)conf->nfilter, .filter = filter.out};
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
		fatal_errno("LimitUIDRange: seccomp filter");
}
