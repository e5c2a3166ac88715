/*
 * Which process holds a place of which site: a memfd of the master's. The only truth is
 * slots[i].claim, the counter that the process in that slot holds (0: none): the count of a site is
 * the number of slots that hold its counter. So a release is one store, can be done twice, and a
 * kill at any instruction leaves a state that is right. Spares write it before the drop and then
 * unmap it; fronts map it read-only; the master releases when it has reaped.
 */
#ifndef ITKD_SCOREBOARD_H
#define ITKD_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SCOREBOARD_MAGIC 0x73636f72u
#define SCOREBOARD_SLOTS 20000 /* ServerLimit's hard bound in Apache, too */
#define SCOREBOARD_LOCKS 4096

enum slot_state { SLOT_FREE, SLOT_IDLE, SLOT_BUSY, SLOT_BAD_JOB };

struct scoreboard_slot {
	_Atomic uint32_t state; /* enum slot_state */
	_Atomic uint32_t generation;
	_Atomic uint32_t vhost;
	_Atomic int32_t pid;
	_Atomic int32_t culprit; /* SLOT_BAD_JOB: who sent it */
	uint32_t pad;
	_Atomic uint64_t wanted; /* the counter whose lock it takes or holds; 0: none */
	_Atomic uint64_t claim;  /* the counter that it holds a place of; 0: none */
};

struct scoreboard {
	uint32_t magic;
	_Atomic uint32_t active; /* the generation that accepts */
	_Atomic int32_t idle;    /* spares of the active generation that wait */
	_Atomic uint32_t high;   /* slots in use lie below */
	_Atomic int64_t started, loaded; /* seconds: the server, the active generation */
	/* The first hundred in one page with the above, the only one that their spares touch. */
	struct scoreboard_slot slots[SCOREBOARD_SLOTS];
	_Atomic uint32_t locks[SCOREBOARD_LOCKS]; /* holder's slot + 1; by counter */
};

/* How many processes hold a place of this counter. */
uint32_t scoreboard_count(const struct scoreboard *sb, uint64_t counter);
/*
 * Claims a place for slot; false when cap places are taken already, or when the counter's lock
 * could not be had within two seconds. cap 0: no cap. Only the process of that slot may call it.
 */
bool scoreboard_claim(struct scoreboard *sb, uint32_t slot, uint64_t counter, uint32_t cap);
/* Master only, after the process of the slot was reaped: its claim and any lock it held. */
void scoreboard_release(struct scoreboard *sb, uint32_t slot);

#endif
