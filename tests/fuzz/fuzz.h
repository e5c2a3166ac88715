/* What the fuzz targets share: a property that does not hold ends the program loudly. */
#ifndef ITKD_FUZZ_H
#define ITKD_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's entry point; replay.c calls it, too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void must(int holds, const char *property)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", property);
	abort();
}

#endif
