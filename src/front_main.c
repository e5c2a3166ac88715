/* itkd-front: argv to roles, no logic. Started by itkd-master; never by hand. */
#include "front/front.h"
#include "itkd/build.h"
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc == 1)
		front_run();
	if (argc == 2 && strcmp(argv[1], "--check") == 0)
		return front_check();
	fprintf(stderr, "itkd-front %s: started by itkd, not by hand\n", ITKD_VERSION);
	return 1;
}
