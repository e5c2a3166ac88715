/* The buffer that log_format.c writes a line into: what does not fit is cut off. */
#ifndef ITKD_COMMON_LOG_OUT_H
#define ITKD_COMMON_LOG_OUT_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stdint.h>

struct log_out {
	char *p;
	size_t n, cap;
	size_t most; /* bytes of one escaped text; what is longer ends in "..." */
	bool cut;    /* something did not fit */
};

/* As it is: for text of our own. */
void log_out_put(struct log_out *o, const char *p, size_t n);
void log_out_char(struct log_out *o, char c);
/* Escaped. */
void log_out_span(struct log_out *o, struct span s);
/* Escaped; "-" for NULL. */
void log_out_text(struct log_out *o, const char *s);
void log_out_number(struct log_out *o, uint64_t v);
/* With leading zeros. */
void log_out_padded(struct log_out *o, uint64_t v, int width);

#endif
