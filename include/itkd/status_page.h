/*
 * What `SetHandler server-status` shows, and how it gets there. Only where the configuration shows
 * it, there are three sockets that processes have from the master:
 *   sums     each child tells what it has served, in numbers alone; the master adds them up
 *   ask      the child that shows the page wakes the master, who sends its sums and asks all others
 *   reports  they answer with their struct child_status, which goes to that child alone, with the
 *            sender's pid from the kernel. The master reads nothing of it.
 * A spare closes the reading end and `ask` before its drop, but for a virtual host that shows the
 * page. What a child says of itself is its own word: text to show, bounded, numbers to print. One
 * that shuts or fills the sockets leaves a page without a table for a while, and no more.
 */
#ifndef ITKD_STATUS_PAGE_H
#define ITKD_STATUS_PAGE_H

#include "itkd/scoreboard.h"

struct status_fds {
	int sums;    /* a child sends struct status_sum */
	int report;  /* a child sends struct child_status, the master struct status_totals */
	int reports; /* its other end; -1: not for this process */
	int ask;     /* the page's process sends a byte; -1: not for this process */
};

/* What a process has served since it last said so. */
struct status_sum {
	uint64_t requests, bytes, ms;
};

struct status_totals {
	struct status_sum sum;
	uint64_t cpu_user, cpu_system; /* microseconds, of ended children and their programs */
};

struct status_slot {
	char state;     /* Apache's letters: '_' waiting, 'W' at work, 'G' the same for an earlier
	                   configuration, '.' nobody */
	uint32_t generation, vhost;
	int32_t pid;
};

/* A spare takes it from the scoreboard before its drop. */
struct status_page {
	int64_t started, loaded; /* seconds, CLOCK_REALTIME: the server, its configuration */
	uint32_t generation;
	int ask, reports;        /* -1: ExtendedStatus Off */
	uint32_t n;              /* slots up to the last one in use */
	struct status_slot slots[SCOREBOARD_SLOTS];
};

struct child;
struct child_request;

/* child_status_page.c: the handler. */
int child_status_page(struct child *c, struct child_request *r);

#endif
