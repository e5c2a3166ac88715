/* The scoreboard with real processes: exact caps, and kills at any moment. */
#include "itkd/scoreboard.h"

#include "suite.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define A 0x1111111111111111u
#define B 0x2222222222222222u

static struct scoreboard *sb;

static void setup(void)
{
	sb = mmap(NULL, sizeof(*sb), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(sb, MAP_FAILED);
	sb->magic = SCOREBOARD_MAGIC;
	atomic_store(&sb->high, 1000);
}

static void teardown(void)
{
	munmap(sb, sizeof(*sb));
}

static void nothing_held(void)
{
	for (uint32_t i = 0; i < SCOREBOARD_LOCKS; i++)
		ck_assert_uint_eq(atomic_load(&sb->locks[i]), 0);
	for (uint32_t i = 0; i < SCOREBOARD_SLOTS; i++) {
		ck_assert_uint_eq(atomic_load(&sb->slots[i].claim), 0);
		ck_assert_uint_eq(atomic_load(&sb->slots[i].wanted), 0);
	}
}

START_TEST(claims_and_caps)
{
	ck_assert(scoreboard_claim(sb, 0, A, 2));
	ck_assert(scoreboard_claim(sb, 5, A, 2));
	ck_assert(!scoreboard_claim(sb, 6, A, 2));
	ck_assert_uint_eq(scoreboard_count(sb, A), 2);
	/* Each vhost compares the one count with its own cap. */
	ck_assert(scoreboard_claim(sb, 6, A, 3));
	ck_assert(!scoreboard_claim(sb, 7, A, 3));
	ck_assert(scoreboard_claim(sb, 7, A, 0));
	ck_assert(scoreboard_claim(sb, 8, B, 1));
	ck_assert_uint_eq(scoreboard_count(sb, A), 4);
	ck_assert_uint_eq(scoreboard_count(sb, B), 1);
	scoreboard_release(sb, 5);
	scoreboard_release(sb, 5);
	ck_assert_uint_eq(scoreboard_count(sb, A), 3);
	for (uint32_t i = 0; i < 10; i++)
		scoreboard_release(sb, i);
	nothing_held();
}
END_TEST

START_TEST(high_is_bounded)
{
	atomic_store(&sb->high, UINT32_MAX);
	ck_assert_uint_eq(scoreboard_count(sb, A), 0);
}
END_TEST

/* Claims as a spare does, tells on the pipe, and waits to be killed. */
static pid_t spawn_claim(uint32_t slot, uint32_t cap, const int gate[2], int tell)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	char c;

	/* All start at once, when the last copy of the gate's writer is closed. */
	close(gate[1]);
	if (read(gate[0], &c, 1) != 0)
		_exit(2);
	c = scoreboard_claim(sb, slot, A, cap) ? 'y' : 'n';
	if (write(tell, &c, 1) != 1)
		_exit(2);
	pause();
	_exit(0);
}

#define ARRIVALS 50

START_TEST(simultaneous_arrivals)
{
	pid_t pids[ARRIVALS];
	int gate[2], tell[2], yes = 0;
	char c;

	ck_assert_int_eq(pipe(gate), 0);
	ck_assert_int_eq(pipe(tell), 0);
	for (uint32_t i = 0; i < ARRIVALS; i++)
		pids[i] = spawn_claim(i, 3, gate, tell[1]);
	close(gate[1]);
	for (int i = 0; i < ARRIVALS; i++) {
		ck_assert_int_eq(read(tell[0], &c, 1), 1);
		yes += c == 'y';
	}
	ck_assert_int_eq(yes, 3);
	ck_assert_uint_eq(scoreboard_count(sb, A), 3);
	for (uint32_t i = 0; i < ARRIVALS; i++) {
		kill(pids[i], SIGKILL);
		ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
		scoreboard_release(sb, i);
	}
	nothing_held();
}
END_TEST

/* The lock of a dead holder is free as soon as the master has reaped it, and not before. */
START_TEST(dead_holder)
{
	uint32_t lock = 0;

	ck_assert(scoreboard_claim(sb, 1, A, 5));
	/* As a process that was killed under the lock leaves it: find A's lock, then take it. */
	atomic_store(&sb->slots[2].wanted, A);
	for (uint32_t i = 0; i < SCOREBOARD_LOCKS; i++) {
		uint32_t nobody = 0;

		ck_assert(atomic_compare_exchange_strong(&sb->locks[i], &nobody, 3));
	}
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	ck_assert(!scoreboard_claim(sb, 4, A, 5));
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_int_ge(to.tv_sec - from.tv_sec, 1);
	scoreboard_release(sb, 2);
	for (uint32_t i = 0; i < SCOREBOARD_LOCKS; i++)
		lock += atomic_load(&sb->locks[i]) == 0;
	ck_assert_uint_eq(lock, 1);
	ck_assert(scoreboard_claim(sb, 4, A, 5));
	ck_assert_uint_eq(scoreboard_count(sb, A), 2);
}
END_TEST

/* A release of one who waited for a lock leaves the lock with its holder. */
START_TEST(release_of_a_waiter)
{
	atomic_store(&sb->slots[2].wanted, A);
	for (uint32_t i = 0; i < SCOREBOARD_LOCKS; i++)
		atomic_store(&sb->locks[i], 10);
	scoreboard_release(sb, 2);
	for (uint32_t i = 0; i < SCOREBOARD_LOCKS; i++)
		ck_assert_uint_eq(atomic_load(&sb->locks[i]), 10);
	ck_assert_uint_eq(atomic_load(&sb->slots[2].wanted), 0);
}
END_TEST

#define TAKERS 4
#define TURNS 2000

/* A cap of one is a mutex: a plain counter, raised by whoever holds the place, loses no step. */
START_TEST(cap_of_one_excludes)
{
	volatile uint32_t *plain = &sb->slots[100].pad;
	pid_t pids[TAKERS];

	for (uint32_t i = 0; i < TAKERS; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		for (int turn = 0; pids[i] == 0 && turn < TURNS; turn++) {
			while (!scoreboard_claim(sb, i, A, 1))
				sched_yield();
			*plain = *plain + 1;
			scoreboard_release(sb, i);
		}
		if (pids[i] == 0)
			_exit(0);
	}
	for (uint32_t i = 0; i < TAKERS; i++)
		ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
	ck_assert_uint_eq(*plain, TAKERS * TURNS);
	nothing_held();
}
END_TEST

/*
 * A claim, one machine instruction after the other. Whatever stands in the memory between two of
 * them is what a kill there would leave: after the release nothing may be left of it.
 */
START_TEST(killed_at_each_instruction)
{
	struct scoreboard *left = malloc(sizeof(*left)), *clean = calloc(1, sizeof(*clean));
	unsigned steps = 0, claimed = 0, locked = 0;
	int status;

	atomic_store(&sb->high, 2);
	memcpy(clean, sb, sizeof(*clean));
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(scoreboard_claim(sb, 1, A, 1) ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	while (WIFSTOPPED(status)) {
		memcpy(left, sb, sizeof(*left));
		claimed += scoreboard_count(left, A);
		locked += memcmp(left->locks, clean->locks, sizeof(left->locks)) != 0;
		scoreboard_release(left, 1);
		ck_assert_int_eq(memcmp(left, clean, sizeof(*left)), 0);
		ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		steps++;
	}
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* It did step through all of it: before, under and after the lock, and with the claim. */
	ck_assert_uint_gt(locked, 0);
	ck_assert_uint_gt(claimed, 0);
	ck_assert_uint_gt(steps, locked + 1);
	free(left);
	free(clean);
}
END_TEST

#define KILLED 8
#define ROUNDS 250

/* Until it is killed: claims and lets go, as fast as it can. */
static pid_t spawn_hammer(uint32_t slot)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	for (;;)
		if (scoreboard_claim(sb, slot, slot % 2 ? A : B, 3))
			atomic_store(&sb->slots[slot].claim, 0);
}

START_TEST(random_kills)
{
	static const struct timespec nap = {.tv_nsec = 50000};
	pid_t pids[KILLED];

	srand(1);
	for (uint32_t i = 0; i < KILLED; i++)
		pids[i] = spawn_hammer(i);
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t i = (uint32_t)rand() % KILLED;

		nanosleep(&nap, NULL);
		kill(pids[i], SIGKILL);
		ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
		scoreboard_release(sb, i);
		pids[i] = spawn_hammer(i);
	}
	for (uint32_t i = 0; i < KILLED; i++) {
		kill(pids[i], SIGKILL);
		ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
		scoreboard_release(sb, i);
	}
	nothing_held();
	ck_assert(scoreboard_claim(sb, 0, A, 1));
	ck_assert(scoreboard_claim(sb, 1, B, 1));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("scoreboard");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 600);
	tcase_add_test(t, claims_and_caps);
	tcase_add_test(t, high_is_bounded);
	tcase_add_test(t, simultaneous_arrivals);
	tcase_add_test(t, dead_holder);
	tcase_add_test(t, release_of_a_waiter);
	tcase_add_test(t, cap_of_one_excludes);
	tcase_add_test(t, killed_at_each_instruction);
	tcase_add_test(t, random_kills);
	suite_add_tcase(s, t);
	return suite_main(s);
}
