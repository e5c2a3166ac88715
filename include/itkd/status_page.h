/*
 * What `SetHandler server-status` can show: one letter a process, and sums. A spare takes it from
 * the scoreboard before its drop, and only where the configuration shows it; nothing in it tells
 * whom a process serves or what was asked for.
 */
#ifndef ITKD_STATUS_PAGE_H
#define ITKD_STATUS_PAGE_H

#include "itkd/scoreboard.h"

struct status_page {
	int64_t started, loaded; /* seconds, CLOCK_REALTIME: the server, its configuration */
	uint32_t generation;
	uint64_t taken;          /* connections that a process took, this one included */
	uint32_t n;              /* slots up to the last one in use */
	char states[SCOREBOARD_SLOTS]; /* Apache's letters: '_' waiting, 'W' at work, 'G' the same
	                                  for an earlier configuration, '.' nobody */
};

struct child;
struct child_request;

/* child_status_page.c: the handler. */
int child_status_page(struct child *c, struct child_request *r);

#endif
