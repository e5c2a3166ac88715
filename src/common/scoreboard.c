/*
 * The claims of a site's places (scoreboard.h). Spares claim, still as root; fronts count; the
 * master releases what a reaped process left. Nobody but root writes here.
 *
 * Right after a SIGKILL at any instruction, because of the order of the stores of a claim:
 *   1. wanted = counter   nothing is held yet: a release that looks at that lock finds it another's
 *   2. lock = slot + 1    one compare-and-swap: a killed holder is named by the lock itself, and
 *                         `wanted`, which stood before, says which lock to look at
 *   3. claim = counter    one store: the place is counted from here on, or it is not; there is no
 *                         second number that could disagree
 *   4. lock = 0           from here another may claim, and it sees 3
 *   5. wanted = 0         only now: before 4 the lock would be left with nobody knowing
 * The release undoes 3, 2 and 1 in this order, each by one store that can be done twice. The claim
 * goes first, so that whoever gets the lock next counts without it.
 */
#include "itkd/scoreboard.h"

#include "itkd/clock.h"

#include <assert.h>
#include <sched.h>
#include <stddef.h>
#include <time.h>

#define SCOREBOARD_SPINS 200 /* about as long as a holder counts */
#define SCOREBOARD_YIELDS 50
#define SCOREBOARD_WAIT_MS 2000 /* a holder that is stopped for longer: refuse */

static _Atomic uint32_t *scoreboard_lock(struct scoreboard *sb, uint64_t counter)
{
	/* Fibonacci hashing: counters are hashes, but of whom is not this file's business. */
	uint64_t mixed = counter * 0x9e3779b97f4a7c15u;

	return &sb->locks[(mixed >> 32) % SCOREBOARD_LOCKS];
}

uint32_t scoreboard_count(const struct scoreboard *sb, uint64_t counter)
{
	uint32_t high = atomic_load(&sb->high), count = 0;

	if (high > SCOREBOARD_SLOTS)
		high = SCOREBOARD_SLOTS;
	for (uint32_t i = 0; i < high; i++)
		count += atomic_load_explicit(&sb->slots[i].claim, memory_order_acquire) == counter;
	return count;
}

/* The holder may be on another processor, waiting for this one, stopped, or dead and not reaped. */
static void scoreboard_pause(uint32_t turn)
{
	static const struct timespec nap = {.tv_nsec = 200000};

	if (turn < SCOREBOARD_SPINS)
		return;
	if (turn < SCOREBOARD_SPINS + SCOREBOARD_YIELDS)
		sched_yield();
	else
		nanosleep(&nap, NULL);
}

static bool scoreboard_take(_Atomic uint32_t *lock, uint32_t holder)
{
	int64_t until = 0;

	for (uint32_t turn = 0;; turn++) {
		uint32_t nobody = 0;

		if (atomic_compare_exchange_strong(lock, &nobody, holder))
			return true;
		scoreboard_pause(turn);
		if (turn < SCOREBOARD_SPINS)
			continue;
		int64_t now = clock_ms();

		if (until == 0)
			until = now + SCOREBOARD_WAIT_MS;
		if (now >= until)
			return false;
	}
}

static bool scoreboard_claim_locked(
    struct scoreboard *sb, uint32_t slot, uint64_t counter, uint32_t cap)
{
	if (scoreboard_count(sb, counter) >= cap)
		return false;
	atomic_store(&sb->slots[slot].claim, counter);
	return true;
}

bool scoreboard_claim(struct scoreboard *sb, uint32_t slot, uint64_t counter, uint32_t cap)
{
	assert(slot < SCOREBOARD_SLOTS && counter != 0);
	if (cap == 0) {
		/* Whoever counts under the lock sees it or comes before it: both are right. */
		atomic_store(&sb->slots[slot].claim, counter);
		return true;
	}
	_Atomic uint32_t *lock = scoreboard_lock(sb, counter);
	bool claimed = false;

	atomic_store(&sb->slots[slot].wanted, counter);
	if (scoreboard_take(lock, slot + 1)) {
		claimed = scoreboard_claim_locked(sb, slot, counter, cap);
		atomic_store(lock, 0);
	}
	atomic_store(&sb->slots[slot].wanted, 0);
	return claimed;
}

void scoreboard_release(struct scoreboard *sb, uint32_t slot)
{
	assert(slot < SCOREBOARD_SLOTS);
	uint64_t wanted = atomic_load(&sb->slots[slot].wanted);
	uint32_t holder = slot + 1;

	atomic_store(&sb->slots[slot].claim, 0);
	if (wanted)
		atomic_compare_exchange_strong(scoreboard_lock(sb, wanted), &holder, 0);
	atomic_store(&sb->slots[slot].wanted, 0);
}
