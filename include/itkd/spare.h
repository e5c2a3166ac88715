/*
 * The spare: root-equivalent until the drop, and so it reads exactly one thing, a job. All that it
 * does stands in src/priv/spare.c, from top to bottom.
 */
#ifndef ITKD_SPARE_H
#define ITKD_SPARE_H

#include "itkd/conf.h"
#include "itkd/scoreboard.h"
#include "itkd/status_page.h"
#include <sys/resource.h>

struct spare_mapping {
	void *p;
	size_t n;
};

struct spare_start {
	const struct conf *conf; /* of the generation whose queue it is */
	struct scoreboard *scoreboard;
	uint32_t slot;
	int queue;               /* jobs are received here */
	int taken;               /* eventfd: told when a job was taken, so that the master forks */
	struct status_fds status;
	struct rlimit nofile;    /* what itkd was started with */
	pid_t master_group;
	uint32_t nforeign;       /* mappings of other generations: unmapped before the job */
	const struct spare_mapping *foreign;
};

/* Once, in the master: the secret that each identity's is made of. */
void spare_prepare(void);
/* In a fork that goes on with fewer rights and is no spare: it keeps none of that. */
void spare_forget(void);

/* Runs in the forked process and ends it. */
_Noreturn void spare_run(const struct spare_start *start);

#endif
