/* Process titles. Run by the master and what it forks. */
#include "itkd/title.h"
#include "itkd/log.h"
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

static char *area;
static size_t room;

void title_init(int argc, char **argv)
{
	area = argv[0];
	char *end = area;
	/* The kernel lays the strings out one behind the other. */
	for (int i = 0; i < argc && argv[i] == end; i++)
		end += strlen(argv[i]) + 1;
	room = (size_t)(end - area);
}

void title_set(const char *title)
{
	if (prctl(PR_SET_NAME, title, 0, 0, 0) != 0)
		fatal_errno("PR_SET_NAME");
	if (room == 0)
		return;
	const size_t n = strnlen(title, room - 1);
	memset(area + n, 0, room - n);
	memcpy(area, title, n);
}
