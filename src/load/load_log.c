/*
 * ErrorLog, CustomLog, TransferLog, LogFormat: which files there are, who writes them, and in what
 * format. Paths are only named here; the master opens them. Run by the loader.
 */
#include "load/load.h"

#include "itkd/log_format.h"
#include <string.h>
#include <strings.h>

/* A program or syslog where a file is meant; NULL for a file. */
static const char *check_file(struct loader *l, const char *text)
{
	if (*text == '|')
		return "piped logs are not implemented yet; name a file";
	if (strncasecmp(text, "syslog", 6) == 0 && (text[6] == '\0' || text[6] == ':'))
		return "syslog is not implemented yet; name a file";
	if (!*text || strcmp(text, "/") == 0)
		return load_fail(l, "'%s' is not a file name", text);
	return NULL;
}

const char *load_set_error_log(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	const char *error = check_file(l, v->words[0]);

	if (error)
		return error;
	if (v->n != 1)
		return "takes one argument";
	s->error_log = conf_parse_path(&l->parser, v->words[0]);
	s->error_log_node = v->node;
	return NULL;
}

const char *load_set_log_format(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	if (v->n == 1)
		s->default_format = v->words[0];
	else if (strchr(v->words[1], '%'))
		return load_fail(
		    l, "the name of a format must not contain '%%': '%s'", v->words[1]);
	else
		*conf_map_at(&s->formats, v->words[1]) = v->words[0];
	return NULL;
}

static const char *add_access(struct loader *l, struct load_server *s, const struct conf_node *node,
    const char *path, const char *format, const char *env)
{
	const char *error = check_file(l, path);

	if (error)
		return error;
	struct load_access *access = conf_vec_push(&s->access, l->tmp, sizeof(*access));

	access->node = node;
	access->path = conf_parse_path(&l->parser, path);
	access->format = format;
	access->env = env;
	return NULL;
}

const char *load_set_custom_log(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	const char *env = NULL;

	if (v->n == 3) {
		if (strncasecmp(v->words[2], "expr=", 5) == 0)
			return "expr= is not implemented yet; env= is";
		if (strncasecmp(v->words[2], "env=", 4) != 0 ||
		    !v->words[2][4 + (v->words[2][4] == '!')])
			return load_fail(l, "'%s' is not env=NAME or env=!NAME", v->words[2]);
		env = v->words[2] + 4;
	}
	return add_access(l, s, v->node, v->words[0], v->words[1], env);
}

const char *load_set_transfer_log(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return add_access(l, s, v->node, v->text, NULL, NULL);
}

/* The log of that path; a new one is this server's own so far. */
static uint32_t log_id(
    struct loader *l, const struct load_server *s, const char *path, const struct conf_node *node)
{
	void **at = conf_map_at(&l->log_of, path);
	struct conf_log *log;

	if (!*at) {
		log = conf_vec_push(&l->logs, l->tmp, sizeof(*log));
		*at = (void *)(uintptr_t)l->logs.n;
		log->kind = CONF_LOG_FILE;
		log->path = arena_strdup(&l->common, path);
		log->file = node ? arena_strdup(&l->common, node->file) : NULL;
		log->line = node ? node->line : 0;
		log->identity = s->v.identities[0];
	}
	uint32_t id = (uint32_t)((uintptr_t)*at - 1);

	log = (struct conf_log *)l->logs.v + id;
	/* What the main server writes, the master and the fronts write, too. */
	if (!s->node || log->identity != s->v.identities[0])
		log->shared = true;
	return id;
}

/* The place of the log among the descriptors of a job; -1: too many. */
static int fd_index(struct conf_vhost *v, uint32_t id)
{
	for (uint32_t i = 0; i < v->nlogs; i++)
		if (v->logs[i] == id)
			return (int)i;
	if (v->nlogs == CONF_VHOST_LOGS)
		return -1;
	v->logs[v->nlogs] = id;
	return (int)v->nlogs++;
}

/* NULL: there is none, which is reported for the server that names it. */
static const char *format_text(
    struct loader *l, const struct load_server *s, const struct load_access *access, bool own)
{
	const char *text;

	if (!access->format) {
		if (s->default_format)
			return s->default_format;
		return l->main.default_format ? l->main.default_format : LOG_FORMAT_COMMON;
	}
	text = conf_map_get(&s->formats, access->format);
	if (!text)
		text = conf_map_get(&l->main.formats, access->format);
	if (!text && strcmp(access->format, "CLF") == 0)
		text = LOG_FORMAT_COMMON;
	if (!text && strchr(access->format, '%'))
		text = access->format;
	if (!text && own)
		conf_report(l->report, CONF_ERROR, access->node,
		    "there is no LogFormat of the name '%s'", access->format);
	return text;
}

static const struct log_format *compiled(
    struct loader *l, const char *text, const struct conf_node *node)
{
	void **at = conf_map_at(&l->format_of, text);
	const char *error = NULL;

	if (!*at) {
		const struct log_format **f = ARENA_NEW(l->tmp, const struct log_format *);

		*f = log_format_compile(&l->common, text, &error);
		if (!*f)
			conf_report(l->report, CONF_ERROR, node, "%s", error);
		*at = f;
	}
	return *(const struct log_format **)*at;
}

static void finish_access(struct loader *l, struct load_server *s)
{
	struct conf_vhost *v = &s->v;
	const struct load_server *from = s->main && s->access.n == 0 ? s->main : s;
	const struct load_access *access = from->access.v;
	struct conf_access_log *out = arena_array(&l->common, from->access.n, sizeof(*out));

	v->access = out;
	v->naccess = 0;
	for (uint32_t i = 0; i < from->access.n; i++) {
		const char *text = format_text(l, from, &access[i], from == s);
		uint32_t id = log_id(l, s, access[i].path, access[i].node);
		int fd = fd_index(v, id);

		if (fd < 0)
			conf_report(l->report, CONF_ERROR, access[i].node,
			    "more than %d log files for one virtual host", CONF_VHOST_LOGS);
		if (fd < 0 || !text)
			continue;
		out->log = id;
		out->fd_index = (uint8_t)fd;
		out->format = compiled(l, text, access[i].node);
		out->env = access[i].env ? arena_strdup(&l->common, access[i].env) : NULL;
		v->naccess++;
		out++;
	}
}

static void finish_server(struct loader *l, struct load_server *s)
{
	s->v.nlogs = 0;
	fd_index(&s->v, log_id(l, s, s->error_log, s->error_log_node));
	finish_access(l, s);
}

void load_log_finish(struct loader *l)
{
	finish_server(l, &l->main);
	l->conf->main_log = l->main.v.logs[0];
	for (uint32_t i = 0; i < l->nservers; i++)
		finish_server(l, l->servers[i]);
}
