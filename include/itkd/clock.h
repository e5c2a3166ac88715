/* What time it is. May be used by any process. */
#ifndef ITKD_CLOCK_H
#define ITKD_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Since some moment in the past, never backwards (CLOCK_MONOTONIC): for deadlines and durations. */
int64_t clock_ms(void);
int64_t clock_us(void);
/* Since 1970 (CLOCK_REALTIME): for what is written down. */
struct timespec clock_real(void);

#endif
