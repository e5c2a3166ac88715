/* Small things that the loader's files share. */
#include "load/load.h"

#include <string.h>

char *load_lower(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text);

	for (char *p = copy; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	return copy;
}

const char *load_fail(struct loader *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = arena_vprintf(l->tmp, fmt, ap);

	va_end(ap);
	return text;
}
