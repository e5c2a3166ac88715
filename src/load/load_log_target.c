/*
 * What a log's text names: a file, a program with its arguments, syslog. Run by the loader on the
 * administrator's words.
 */
#include "load/load.h"

#include "itkd/log.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM_ARGS 256u

static const struct {
	const char *name;
	int facility;
} facilities[] = {{"auth", LOG_AUTH}, {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON},
    {"daemon", LOG_DAEMON}, {"ftp", LOG_FTP}, {"kern", LOG_KERN}, {"lpr", LOG_LPR},
    {"mail", LOG_MAIL}, {"news", LOG_NEWS}, {"syslog", LOG_SYSLOG}, {"user", LOG_USER},
    {"uucp", LOG_UUCP}, {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2},
    {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6},
    {"local7", LOG_LOCAL7}};

static bool is_syslog(const char *text)
{
	return strncasecmp(text, "syslog", 6) == 0 && (text[6] == '\0' || text[6] == ':');
}

/* syslog[:facility[:tag]] */
static void set_syslog(
    struct loader *l, struct conf_log *log, const char *text, const struct conf_node *node)
{
	const char *name = text[6] ? text + 7 : "";
	size_t n = strcspn(name, ":"), i = 0;

	log->kind = CONF_LOG_SYSLOG;
	log->facility = LOG_LOCAL7;
	log->tag = arena_strdup(&l->common, name[n] && name[n + 1] ? name + n + 1 : "itkd");
	while (n && i < sizeof(facilities) / sizeof(*facilities) &&
	       (strlen(facilities[i].name) != n || strncasecmp(name, facilities[i].name, n) != 0))
		i++;
	if (n && i < sizeof(facilities) / sizeof(*facilities))
		log->facility = facilities[i].facility;
	else if (n)
		conf_report(l->report, CONF_WARNING, node,
		    "syslog has no facility '%.*s': taking local7", (int)n, name);
}

/* One argument as apr_tokenize_to_argv() cuts them: quotes, and a backslash before a quote. */
static char *next_argument(struct arena *a, const char **at)
{
	const char *s = *at;

	while (isspace((unsigned char)*s))
		s++;
	if (!*s)
		return NULL;
	char quote = *s == '"' || *s == '\'' ? *s++ : '\0';
	char *word = arena_alloc(a, strlen(s) + 1), *w = word;

	for (; *s && (quote ? *s != quote : !isspace((unsigned char)*s)); s++) {
		if (*s == '\\' && (s[1] == '"' || s[1] == '\'' || isspace((unsigned char)s[1])))
			s++;
		*w++ = *s;
	}
	*at = s + (quote && *s == quote);
	return word;
}

/* "|program", "||program": as it is; "|$command": by a shell. */
static void set_program(
    struct loader *l, struct conf_log *log, const char *text, const struct conf_node *node)
{
	const char *at = text + 1 + (text[1] == '|' || text[1] == '$');
	const char **argv;
	uint32_t n = 0;

	log->kind = CONF_LOG_PROGRAM;
	if (text[1] == '$') {
		argv = arena_array(&l->common, 4, sizeof(*argv));
		argv[0] = arena_strdup(&l->common, "/bin/sh");
		argv[1] = arena_strdup(&l->common, "-c");
		argv[2] = arena_strdup(&l->common, at);
		log->argv = argv;
		return;
	}
	argv = arena_array(&l->common, PROGRAM_ARGS + 1, sizeof(*argv));
	while (n < PROGRAM_ARGS && (argv[n] = next_argument(&l->common, &at)))
		n++;
	log->argv = argv;
	if (n == 0)
		conf_report(l->report, CONF_ERROR, node, "names no program behind the '|'");
	else if (n == PROGRAM_ARGS)
		conf_report(
		    l->report, CONF_ERROR, node, "more than %u arguments", PROGRAM_ARGS - 1);
	else if (access(argv[0], X_OK) != 0)
		conf_report(l->report, CONF_WARNING, node,
		    "the program '%s' cannot be started as it is now", argv[0]);
}

/* 1 or 2 for a name of what this process was started with; 0: it is a file's. */
static int standard_of(const char *path)
{
	static const struct {
		const char *name;
		int fd;
	} names[] = {{"/dev/stdout", 1}, {"/dev/fd/1", 1}, {"/proc/self/fd/1", 1},
	    {"/dev/stderr", 2}, {"/dev/fd/2", 2}, {"/proc/self/fd/2", 2}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(path, names[i].name) == 0)
			return names[i].fd;
	return 0;
}

/* The same through a link of root's: images of Apache have error.log -> /dev/stderr. */
static int standard_target(const char *path)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (standard_of(path) || lstat(path, &st) != 0 || !S_ISLNK(st.st_mode) || st.st_uid != 0)
		return standard_of(path);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	return standard_of(target);
}

/* The file itself is made at the start; its directory is not. */
static void check_directory(struct loader *l, const char *path, const struct conf_node *node)
{
	const size_t n = (size_t)(strrchr(path, '/') - path) + 1;
	const char *dir = arena_strndup(l->tmp, path, n);
	const bool error_log = node->directive->id == CONF_ID_ErrorLog;
	struct stat st;

	if (stat(dir, &st) != 0)
		conf_report(l->report, CONF_ERROR, node,
		    "%s: Cannot access directory '%s' for %s: %s",
		    error_log ? "AH02291" : "AH02297", dir, error_log ? "error log" : "log file",
		    strerror(errno));
}

static void set_file(
    struct loader *l, struct conf_log *log, const char *text, const struct conf_node *node)
{
	log->standard = standard_target(text);
	log->kind = log->standard ? CONF_LOG_STANDARD : CONF_LOG_FILE;
	log->path = arena_strdup(&l->common, text);
	if (strcmp(text, "/") == 0)
		conf_report(l->report, CONF_ERROR, node, "'/' is not a file name");
	else if (node && !log->standard && !l->no_root_check)
		check_directory(l, text, node);
}

/* The log of that text; a new one is this server's own so far. */
uint32_t load_log_id(
    struct loader *l, const struct load_server *s, const char *text, const struct conf_node *node)
{
	bool file = *text != '|' && !is_syslog(text);

	if (file)
		text = conf_parse_path(&l->parser, text);
	void **at = conf_map_at(&l->log_of, text);
	struct conf_log *log;

	if (!*at) {
		log = conf_vec_push(&l->logs, l->tmp, sizeof(*log));
		*at = (void *)(uintptr_t)l->logs.n;
		log->path = arena_strdup(&l->common, text);
		log->file = node ? arena_strdup(&l->common, node->file) : NULL;
		log->line = node ? node->line : 0;
		log->identity = s->v.identities[0];
		if (file)
			set_file(l, log, text, node);
		else if (*text == '|')
			set_program(l, log, text, node);
		else
			set_syslog(l, log, text, node);
	}
	uint32_t id = (uint32_t)((uintptr_t)*at - 1);

	log = (struct conf_log *)l->logs.v + id;
	/* What the main server writes, the master and the fronts write, too. */
	if (!s->node || log->identity != s->v.identities[0])
		log->shared = true;
	return id;
}
