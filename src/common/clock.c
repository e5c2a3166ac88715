/* What time it is (clock.h). Run by any process. */
#include "itkd/clock.h"

#include <assert.h>

static struct timespec clock_read(clockid_t id)
{
	struct timespec now;
	int result = clock_gettime(id, &now);

	/* Both clocks are always there. */
	assert(result == 0);
	return now;
}

int64_t clock_ms(void)
{
	struct timespec now = clock_read(CLOCK_MONOTONIC);

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_us(void)
{
	struct timespec now = clock_read(CLOCK_MONOTONIC);

	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct timespec clock_real(void)
{
	return clock_read(CLOCK_REALTIME);
}
