/* Logs as the configuration keeps them: which there are, who writes them, from what level on. */
#ifndef ITKD_CONF_LOG_H
#define ITKD_CONF_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct expr;
struct log_format; /* log_format.h */

enum conf_log_kind {
	CONF_LOG_FILE,
	CONF_LOG_PROGRAM, /* a pipe to a program that the master runs */
	CONF_LOG_SYSLOG,  /* the logger passes it on to the system's */
	CONF_LOG_STANDARD, /* what itkd was started with as 1 or 2 */
};

/* One log. The same text named twice is one. Index = log id. */
struct conf_log {
	enum conf_log_kind kind;
	bool shared;           /* several identities or the server write it */
	uint32_t identity;     /* not shared: the one that writes it */
	const char *path;      /* a file's, absolute; else what the configuration says */
	const char *const *argv; /* of a program, NULL at its end */
	int facility;          /* of syslog, as in syslog.h */
	int standard;          /* 1, 2 */
	const char *tag;
	const char *file;
	uint32_t line;
};

/* Written through a pipe: to the logger, or to a program. */
static inline bool conf_log_is_pipe(const struct conf_log *log)
{
	return log->shared || log->kind != CONF_LOG_FILE;
}

/* One that the logger reads from a pipe. */
static inline bool conf_log_is_loggers(const struct conf_log *log)
{
	return log->kind != CONF_LOG_PROGRAM && conf_log_is_pipe(log);
}

struct conf_access_log {
	uint32_t log;              /* index into conf->logs */
	uint8_t fd_index;          /* index into vhost->logs, and so into the job's descriptors */
	const struct log_format *format;
	const char *env;           /* env=NAME / env=!NAME, with the '!'; NULL: always */
	const struct expr *expr;   /* expr=; NULL: always. The front does not know it */
};

/* LogLevel of a server or directory. */
struct conf_module_level {
	const char *module; /* as Apache names it, without "mod_" */
	int level;
};
struct conf_log_levels {
	bool set;  /* level was written: it holds for all modules that are not named behind it */
	int level; /* syslog's numbers, and log.h's */
	uint32_t n;
	const struct conf_module_level *v; /* the last one of a module counts */
};

void conf_log_levels_merge(
	struct arena *a, struct conf_log_levels **base, const struct conf_log_levels *add);
/* The level of a module; levels may be NULL. */
int conf_log_level(const struct conf_log_levels *levels, const char *module, int otherwise);

#endif
