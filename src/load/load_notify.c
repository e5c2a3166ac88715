/*
 * `itkd --notify TEXT`: tells systemd for the master, which has no libsystemd in it: each fork of a
 * process with that library costs twice as much. Run by the master.
 */
#include "load/load_cli.h"

#include <systemd/sd-daemon.h>
#include <unistd.h>

int load_notify(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (sd_pid_notify(getppid(), 0, argv[i]) < 0)
			return 1;
	return 0;
}
