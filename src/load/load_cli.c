/*
 * The command line of itkd, as httpd's. Run by the administrator's shell, a panel's script or
 * systemd; the words are theirs.
 */
#include "load/load_cli.h"

#include "itkd/log.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static const char usage_text[] =
    "Usage: itkd [-D name] [-d directory] [-f file]\n"
    "            [-C \"directive\"] [-c \"directive\"]\n"
    "            [-k start|restart|graceful|graceful-stop|stop|status]\n"
    "            [-v] [-V] [-h] [-l] [-L] [-t] [-T] [-S] [-X]\n"
    "Options:\n"
    "  -D name            : define a name for use in <IfDefine name> directives;\n"
    "                       FOREGROUND: do not become a daemon\n"
    "  -d directory       : specify an alternate initial ServerRoot\n"
    "  -f file            : specify an alternate configuration file\n"
    "  -C \"directive\"     : process directive before reading config files\n"
    "  -c \"directive\"     : process directive after reading config files\n"
    "  -e level           : show startup errors of level (see LogLevel)\n"
    "  -E file            : log startup errors to file\n"
    "  -k word            : start or signal the server, or tell what it does\n"
    "  -v                 : show version number\n"
    "  -V                 : show compile settings\n"
    "  -h                 : list available command line options (this page)\n"
    "  -l                 : list compiled in modules\n"
    "  -L                 : list available configuration directives\n"
    "  -t -D DUMP_VHOSTS  : show parsed vhost settings, and who they run as\n"
    "  -t -D DUMP_RUN_CFG : show parsed run settings\n"
    "  -S                 : a synonym for -t -D DUMP_VHOSTS -D DUMP_RUN_CFG\n"
    "  -t -D DUMP_MODULES : show all modules of Apache that are implemented\n"
    "  -M                 : a synonym for -t -D DUMP_MODULES\n"
    "  -t -D DUMP_INCLUDES: show all included configuration files\n"
    "  -t -D DUMP_CERTS   : show the certificate files of virtual hosts\n"
    "  -t                 : run syntax check for config files\n"
    "  -T                 : start without DocumentRoot(s) check\n"
    "  -X                 : stay in the foreground\n";

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

static void define(struct cli *c, const char *name)
{
	static const char *const foreground[] = {
	    "FOREGROUND", "NO_DETACH", "DEBUG", "ONE_PROCESS", NULL};

	c->load.defines[c->load.ndefines++] = name;
	c->foreground |= is_one_of(name, foreground);
	c->dump_vhosts |= strcmp(name, "DUMP_VHOSTS") == 0;
	c->dump_run_cfg |= strcmp(name, "DUMP_RUN_CFG") == 0;
	c->dump_includes |= strcmp(name, "DUMP_INCLUDES") == 0;
	c->dump_modules |= strcmp(name, "DUMP_MODULES") == 0;
	c->dump_certs |= strcmp(name, "DUMP_CERTS") == 0;
	/* As httpd: what these names ask for is shown instead of a start. */
	c->check |= c->dump_vhosts || c->dump_run_cfg || c->dump_includes || c->dump_modules;
}

static void set_level(struct cli *c, const char *word)
{
	c->level = log_level_parse(word);
	c->bad |= c->level < 0;
}

static void set_signal(struct cli *c, const char *word)
{
	static const char *const words[] = {
	    "start", "restart", "graceful", "graceful-stop", "stop", "status", NULL};

	c->signal = word;
	if (is_one_of(word, words))
		return;
	fprintf(stderr, "itkd: illegal option -- k\n");
	c->bad = true;
}

/* What is only shown. */
static void show_option(struct cli *c, int letter)
{
	switch (letter) {
	case 'S':
		define(c, "DUMP_VHOSTS");
		define(c, "DUMP_RUN_CFG");
		break;
	case 'M':
		define(c, "DUMP_MODULES");
		break;
	case 'v':
		c->version = true;
		break;
	case 'V':
		c->settings = true;
		break;
	case 'l':
		c->modules = true;
		break;
	case 'L':
		c->directives = true;
		break;
	default:
		c->help = true;
	}
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
		set_signal(c, value);
		break;
	case 'e':
		set_level(c, value);
		break;
	case 'E':
		c->startup_log = value;
		break;
	case 't':
		c->check = true;
		break;
	case 'T':
		c->load.no_root_check = true;
		break;
	case 'X':
		c->foreground = true;
		break;
	default:
		show_option(c, letter);
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
	/* Files of another layout, as /etc/apache2, count on their own place being it. */
	if (!o->server_root) {
		size_t n = (size_t)(strrchr(o->config_file, '/') - o->config_file);

		o->server_root = conf_path_clean(&c->a, arena_strndup(&c->a, o->config_file, n));
	}
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

	*c = (struct cli){.level = LOG_NOTICE};
	arena_init_heap(&c->a, SIZE_MAX / 2);
	/* -S and -M define names of their own, up to two for a letter. */
	c->load.defines = arena_array(&c->a, letters(argc, argv), sizeof(char *));
	c->load.pre = arena_array(&c->a, (size_t)argc, sizeof(char *));
	c->load.post = arena_array(&c->a, (size_t)argc, sizeof(char *));
	opterr = 0;
	optind = 1;
	while ((letter = getopt(argc, argv, ":D:C:c:d:f:k:e:E:vVhlLMtTSX")) != -1) {
		if (letter == '?' || letter == ':') {
			fprintf(stderr, "itkd: %s -- %c\n",
			    letter == '?' ? "illegal option" : "option requires an argument",
			    optopt);
			c->bad = true;
		} else {
			option(c, letter, optarg);
		}
	}
	c->bad |= optind < argc;
	make_absolute(c);
}

/* As httpd: a file that cannot be opened is told, and that is all. */
static void open_startup_log(const struct cli *c)
{
	FILE *f = fopen(c->startup_log, "ae");

	if (!f || dup2(fileno(f), STDERR_FILENO) < 0)
		fprintf(stderr, "(%d)%s: AH00086: itkd: could not open error log file %s.\n", errno,
		    strerror(errno), c->startup_log);
	if (f)
		fclose(f);
}

static int run(struct cli *c)
{
	if (c->bad || c->help) {
		fputs(usage_text, stderr);
		return 1;
	}
	if (c->startup_log)
		open_startup_log(c);
	if (c->version || c->settings)
		load_dump_version();
	if (c->settings)
		load_dump_settings();
	if (c->modules)
		load_dump_static_modules();
	if (c->directives)
		load_dump_directives();
	if (c->version || c->settings || c->modules || c->directives)
		return fflush(stdout) == 0 ? 0 : 1;
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
	if (argc > 1 && strcmp(argv[1], "--lookup") == 0)
		return load_lookup(argc, argv);
	if (argc == 3 && strcmp(argv[1], "--manual") == 0)
		return load_manual(argv[2]);
	load_cli_parse(&c, argc, argv);
	status = run(&c);
	load_cli_free(&c);
	return status;
}
