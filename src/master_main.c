/* itkd-master: argv to roles, no logic. Started by itkd as root; never by hand. */
#include "itkd/build.h"
#include "itkd/title.h"
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
	/* argv becomes the process title; what is needed of it lives on as copies. */
	master.loader = strdup(master.loader);
	master.front = strdup(master.front);
	char **args = calloc((size_t)(argc - i), sizeof(*args));
	if (!args || !master.loader || !master.front)
		return 1;
	for (int k = i + 1; k < argc; k++)
		args[k - i - 1] = strdup(argv[k]);
	master.loader_args = args;
	title_init(argc, argv);
	return master_run(&master);
}
