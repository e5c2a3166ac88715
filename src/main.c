/* itkd: the command line and the loader (src/load). */
#include "load/load_cli.h"

int main(int argc, char **argv)
{
	return load_main(argc, argv);
}
