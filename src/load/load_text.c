/* Small things that the loader's files share. */
#include "load/load.h"

#include <string.h>

const char *load_fail(struct loader *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = arena_vprintf(l->tmp, fmt, ap);

	va_end(ap);
	return text;
}
