/*
 * Makes a running process do system calls of our choice, as code that took it over would: with its
 * own credentials, memory and filters. Used by the tests as root on a child that waits in a system
 * call. Reads lines "NR A B C D E F" from stdin; an argument is a number, or "@TEXT" for the
 * address of that text in the process. Prints the result of each call: its value, or -errno.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_INSTRUCTION 0x050f /* 0f 05 */
#define RED_ZONE 8192              /* texts are put this far below the stack pointer */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void step(pid_t pid, struct user_regs_struct *regs)
{
	int status;

	if (ptrace(PTRACE_SETREGS, pid, NULL, regs) != 0)
		die("PTRACE_SETREGS");
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0)
		die("PTRACE_SINGLESTEP");
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) {
		fprintf(stderr, "the process ended\n");
		exit(1);
	}
	if (WSTOPSIG(status) != SIGTRAP) {
		fprintf(stderr, "stopped by signal %d\n", WSTOPSIG(status));
		exit(1);
	}
	if (ptrace(PTRACE_GETREGS, pid, NULL, regs) != 0)
		die("PTRACE_GETREGS");
}

/* Puts text into the process below its stack and returns the address. */
static uint64_t place(pid_t pid, const struct user_regs_struct *regs, const char *text)
{
	uint64_t at = (regs->rsp - RED_ZONE) & ~(uint64_t)15;
	char buf[512] = {0};

	snprintf(buf, sizeof buf, "%s", text);
	for (size_t i = 0; i <= strlen(buf); i += sizeof(long)) {
		long word;
		memcpy(&word, buf + i, sizeof word);
		if (ptrace(PTRACE_POKEDATA, pid, at + i, word) != 0)
			die("PTRACE_POKEDATA");
	}
	return at;
}

static long call(pid_t pid, const struct user_regs_struct *saved, char *line)
{
	struct user_regs_struct regs = *saved;
	uint64_t v[7] = {0};
	char *save = NULL;
	int n = 0;

	for (char *w = strtok_r(line, " \n", &save); w && n < 7; w = strtok_r(NULL, " \n", &save))
		v[n++] = w[0] == '@' ? place(pid, saved, w + 1) : strtoull(w, NULL, 0);
	regs.rip = saved->rip - 2;
	regs.orig_rax = (uint64_t)-1; /* no restart of the call that it waits in */
	regs.rax = v[0];
	regs.rdi = v[1];
	regs.rsi = v[2];
	regs.rdx = v[3];
	regs.r10 = v[4];
	regs.r8 = v[5];
	regs.r9 = v[6];
	step(pid, &regs);
	return (long)regs.rax;
}

int main(int argc, char **argv)
{
	struct user_regs_struct saved;
	char line[1024];
	int status;

	if (argc != 2)
		return 2;
	pid_t pid = (pid_t)atoi(argv[1]);
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0)
		die("PTRACE_ATTACH");
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		die("waitpid");
	if (ptrace(PTRACE_GETREGS, pid, NULL, &saved) != 0)
		die("PTRACE_GETREGS");
	errno = 0;
	long code = ptrace(PTRACE_PEEKTEXT, pid, saved.rip - 2, NULL);
	if (errno != 0 || (code & 0xffff) != SYSCALL_INSTRUCTION) {
		fprintf(stderr, "the process does not wait in a system call\n");
		return 1;
	}
	while (fgets(line, sizeof line, stdin))
		printf("%ld\n", call(pid, &saved, line));
	if (ptrace(PTRACE_SETREGS, pid, NULL, &saved) != 0)
		die("PTRACE_SETREGS");
	if (ptrace(PTRACE_DETACH, pid, NULL, NULL) != 0)
		die("PTRACE_DETACH");
	return 0;
}
