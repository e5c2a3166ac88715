/* itkd-master: argv to roles, no logic. Started by itkd as root; never by hand. */
#include "itkd/build.h"
#include "itkd/log.h"
#include "master/master.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct master master;

int main(int argc, char **argv)
{
	int i = 1;
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--foreground") == 0)
			master.foreground = true;
		else if (strcmp(argv[i], "--loader") == 0 && i + 1 < argc)
			master.loader = argv[++i];
		else if (strcmp(argv[i], "--front") == 0 && i + 1 < argc)
			master.front = argv[++i];
		else
			break;
	}
	if (i >= argc || strcmp(argv[i], "--") != 0 || !master.loader || !master.front) {
		fprintf(stderr, "itkd-master %s: started by itkd, not by hand\n", ITKD_VERSION);
		return 1;
	}
	master.loader_args = argv + i + 1;
	return master_run(&master);
}
