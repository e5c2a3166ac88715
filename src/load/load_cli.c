/*
 * The command line of itkd, as httpd's. Run by the administrator's shell, a panel's script or
 * systemd; the words are theirs.
 */
#include "load/load_cli.h"

#include "itkd/log.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage_text[] =
    "Usage: itkd [-D name] [-d directory] [-f file]\n"
    "            [-C \"directive\"] [-c \"directive\"]\n"
    "            [-k start|restart|graceful|graceful-stop|stop|status]\n"
    "            [-v] [-V] [-h] [-M] [-t] [-S] [-X]\n"
    "Options:\n"
    "  -D name            : define a name for use in <IfDefine name> directives;\n"
    "                       FOREGROUND: do not become a daemon\n"
    "  -d directory       : specify an alternate initial ServerRoot\n"
    "  -f file            : specify an alternate configuration file\n"
    "  -C \"directive\"     : process directive before reading config files\n"
    "  -c \"directive\"     : process directive after reading config files\n"
    "  -k word            : start or signal the server, or tell what it does\n"
    "  -v                 : show version number\n"
    "  -V                 : show compile settings\n"
    "  -h                 : list available command line options (this page)\n"
    "  -M                 : list the modules of Apache that are implemented\n"
    "  -t                 : check the configuration\n"
    "  -t -D DUMP_INCLUDES: show the configuration files that are read\n"
    "  -S                 : show virtual hosts and who they run as\n"
    "  -X                 : stay in the foreground\n";

/* Arrays have room for all arguments. */
static const char **list_new(int argc)
{
	const char **v = calloc((size_t)argc + 1, sizeof(*v));

	if (!v)
		fatal_oom();
	return v;
}

static void define(struct cli *c, const char *name)
{
	static const char *const foreground[] = {"FOREGROUND", "NO_DETACH", "DEBUG", "ONE_PROCESS"};

	c->load.defines[c->load.ndefines++] = name;
	for (size_t i = 0; i < sizeof(foreground) / sizeof(*foreground); i++)
		c->foreground |= strcmp(name, foreground[i]) == 0;
	c->dump_vhosts |= strcmp(name, "DUMP_VHOSTS") == 0;
	c->dump_run_cfg |= strcmp(name, "DUMP_RUN_CFG") == 0;
	c->dump_includes |= strcmp(name, "DUMP_INCLUDES") == 0;
	c->dump_modules |= strcmp(name, "DUMP_MODULES") == 0;
}

static void option(struct cli *c, int letter, const char *value)
{
	switch (letter) {
	case 'D':
		define(c, value);
		break;
	case 'C':
		c->load.pre[c->load.npre++] = value;
		break;
	case 'c':
		c->load.post[c->load.npost++] = value;
		break;
	case 'd':
		c->load.server_root = value;
		break;
	case 'f':
		c->load.config_file = value;
		break;
	case 'k':
		c->signal = value;
		break;
	case 't':
		c->check = true;
		break;
	case 'S':
		define(c, "DUMP_VHOSTS");
		define(c, "DUMP_RUN_CFG");
		c->check = true;
		break;
	case 'M':
		define(c, "DUMP_MODULES");
		c->check = true;
		break;
	case 'X':
		c->foreground = true;
		break;
	case 'v':
		c->version = true;
		break;
	case 'V':
		c->settings = true;
		break;
	default:
		c->help = true;
	}
}

/* Absolute, since the master reads the same options later, in another directory. */
static const char *absolute(const char *dir, const char *path)
{
	char *joined;

	if (*path == '/')
		return path;
	if (asprintf(&joined, "%s/%s", dir, path) < 0)
		fatal_oom();
	return joined;
}

static void make_absolute(struct load_options *o)
{
	char cwd[PATH_MAX];
	const char *root = o->server_root;

	if (root && *root != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			fatal_errno("the current directory");
		o->server_root = root = absolute(cwd, root);
	}
	/* As httpd: -f is relative to the ServerRoot, not to where one stands. */
	o->config_file = absolute(root ? root : load_default_root(),
	    o->config_file ? o->config_file : load_default_file());
}

void load_cli_parse(struct cli *c, int argc, char **argv)
{
	int letter;

	*c = (struct cli){0};
	/* -S and -M define up to two names by one argument. */
	c->load.defines = list_new(2 * argc);
	c->load.pre = list_new(argc);
	c->load.post = list_new(argc);
	opterr = 0;
	optind = 1;
	while ((letter = getopt(argc, argv, ":D:C:c:d:f:k:vVhMtSX")) != -1) {
		if (letter == '?' || letter == ':') {
			fprintf(stderr, "itkd: %s -- %c\n",
			    letter == '?' ? "illegal option" : "option requires an argument",
			    optopt);
			c->bad = true;
		} else {
			option(c, letter, optarg);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "itkd: unexpected argument '%s'\n", argv[optind]);
		c->bad = true;
	}
	make_absolute(&c->load);
}

int load_main(int argc, char **argv)
{
	struct cli c;

	if (argc > 1 && strcmp(argv[1], "--load") == 0)
		return load_memfd(argc, argv);
	if (argc > 1 && strcmp(argv[1], "--notify") == 0)
		return load_notify(argc, argv);
	load_cli_parse(&c, argc, argv);
	if (c.bad || c.help) {
		fputs(usage_text, stderr);
		return 1;
	}
	if (c.version || c.settings) {
		load_dump_version();
		if (c.settings)
			load_dump_settings();
		return 0;
	}
	if (c.check)
		return load_run_check(&c);
	return c.signal ? load_signal(&c) : load_start(&c);
}
