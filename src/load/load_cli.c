/*
 * The command line of itkd, as httpd's. Run by the administrator's shell, a panel's script or
 * systemd; the words are theirs.
 */
#include "load/load_cli.h"

#include "itkd/log.h"
#include <limits.h>
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
static const char *absolute(struct cli *c, const char *dir, const char *path)
{
	return *path == '/' ? path : arena_printf(&c->a, "%s/%s", dir, path);
}

static void make_absolute(struct cli *c)
{
	struct load_options *o = &c->load;
	char cwd[PATH_MAX];

	if (o->server_root && *o->server_root != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			fatal_errno("the current directory");
		o->server_root = absolute(c, cwd, o->server_root);
	}
	/* As httpd: -f is relative to the ServerRoot, not to where one stands. */
	o->config_file = absolute(c, o->server_root ? o->server_root : load_default_root(),
	    o->config_file ? o->config_file : load_default_file());
}

/* Twice the letters of the command line: more names than -D, -S and -M can define. */
static size_t letters(int argc, char **argv)
{
	size_t n = 2;

	for (int i = 0; i < argc; i++)
		n += 2 * strlen(argv[i]);
	return n;
}

void load_cli_free(struct cli *c)
{
	arena_free(&c->a);
}

void load_cli_parse(struct cli *c, int argc, char **argv)
{
	int letter;

	*c = (struct cli){0};
	arena_init_heap(&c->a, SIZE_MAX / 2);
	/* -S and -M define names of their own, up to two for a letter. */
	c->load.defines = arena_array(&c->a, letters(argc, argv), sizeof(char *));
	c->load.pre = arena_array(&c->a, (size_t)argc, sizeof(char *));
	c->load.post = arena_array(&c->a, (size_t)argc, sizeof(char *));
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
	make_absolute(c);
}

static int run(struct cli *c)
{
	if (c->bad || c->help) {
		fputs(usage_text, stderr);
		return 1;
	}
	if (c->version || c->settings) {
		load_dump_version();
		if (c->settings)
			load_dump_settings();
		return 0;
	}
	if (c->check)
		return load_run_check(c);
	return c->signal ? load_signal(c) : load_start(c);
}

int load_main(int argc, char **argv)
{
	struct cli c;
	int status;

	if (argc > 1 && strcmp(argv[1], "--load") == 0)
		return load_memfd(argc, argv);
	if (argc > 1 && strcmp(argv[1], "--notify") == 0)
		return load_notify(argc, argv);
	load_cli_parse(&c, argc, argv);
	status = run(&c);
	load_cli_free(&c);
	return status;
}
