/* The command line, parsed, and what the files behind it share. */
#ifndef ITKD_LOAD_CLI_H
#define ITKD_LOAD_CLI_H

#include "load/load.h"
#include <stdio.h>
#include <sys/types.h>

struct cli {
	struct arena a; /* of the whole run */
	struct load_options load;
	bool foreground;
	bool check;         /* -t, -S */
	bool dump_vhosts, dump_run_cfg, dump_includes, dump_modules, dump_certs;
	bool version, settings, help;
	bool modules, directives; /* -l, -L */
	const char *startup_log;  /* -E */
	int level;                /* -e, syslog's numbers */
	const char *signal; /* -k */
	bool bad;           /* an option that is none */
};

/* load_cli.c: the command line of an administrator, or what follows -- of --load. */
void load_cli_parse(struct cli *c, int argc, char **argv);
void load_cli_free(struct cli *c);

/* load_run.c: -t and -S. The exit status. */
int load_run_check(struct cli *c);
/* The configuration can be loaded; everything that is wrong goes to stderr. */
bool load_run_test(struct cli *c);

/* load_dump.c */
void load_dump_vhosts(const struct loader *l);
void load_dump_run(const struct loader *l);
void load_dump_includes(const struct loader *l);
void load_dump_modules(void);
void load_dump_certs(const struct loader *l);
void load_dump_static_modules(void);
void load_dump_version(void);
void load_dump_settings(void);
/* load_directives.c: -L */
void load_dump_directives(void);
/* load_manual.c: --manual. The exit status. */
int load_manual(const char *name);

/* load_start.c: does not return when it works. */
int load_start(struct cli *c);
/* The full path of one of itkd's programs; NULL: it is not there. */
const char *load_program(struct arena *a, const char *name);

/* load_signal.c: -k. The exit status. */
int load_signal(struct cli *c);
/* The PidFile that the configuration names, even when it has errors elsewhere. */
const char *load_pid_file(struct cli *c);
/* The itkd-master of the PidFile; 0: none. *stale: the file names another process. */
pid_t load_running(const char *pid_file, pid_t *stale);

/* load_memfd.c, load_notify.c: what the master runs. */
int load_memfd(int argc, char **argv);
int load_notify(int argc, char **argv);
/* load_lookup.c: what a child runs. */
int load_lookup(int argc, char **argv);

/* load_cli.c: main() of itkd. */
int load_main(int argc, char **argv);

#endif
