/*
 * ErrorLog, CustomLog, TransferLog, GlobalLog, LogFormat: which logs there are, who writes them,
 * and in what format. They are only named here; the master opens them (load_log_target.c). Run by
 * the loader.
 */
#include "load/load.h"

#include "itkd/error_format.h"
#include "itkd/expr.h"
#include "itkd/log.h"
#include "itkd/log_format.h"
#include <string.h>
#include <strings.h>

const char *load_set_error_log(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)l;
	if (!*v->words[0])
		return "takes one argument, the filename of the error log";
	s->error_log = v->words[0];
	s->error_log_node = v->node;
	return NULL;
}

const char *load_set_error_log_format(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	const char *error = NULL;

	if (v->n == 2 &&
	    (strcasecmp(v->words[0], "request") == 0 || strcasecmp(v->words[0], "connection") == 0))
		return "a line of its own for each request or connection is not implemented; write "
		       "what you want of it into the main ErrorLogFormat";
	if (v->n == 2)
		return "ErrorLogFormat type must be one of request, connection";
	if (!*v->words[0])
		return NULL;
	s->v.error_format = error_format_compile(&l->common, v->words[0], &error);
	return error;
}

const char *load_set_log_format(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	const char *error = NULL;

	/* Compiled again where it is used: what is wrong is to be said of this line. */
	if (!log_format_compile(l->tmp, v->words[0], &error))
		return error;
	if (v->n == 1)
		s->default_format = v->words[0];
	else
		*conf_map_at(&s->formats, v->words[1]) = v->words[0];
	return NULL;
}

/* env=NAME, env=!NAME, expr=condition. */
static const char *read_condition(struct loader *l, struct load_access *access, const char *text)
{
	const char *error = NULL;

	if (strncasecmp(text, "env=", 4) == 0) {
		if (!text[4 + (text[4] == '!')])
			return "missing environment variable name";
		access->env = text + 4;
		return NULL;
	}
	if (strncasecmp(text, "expr=", 5) != 0)
		return "error in condition clause";
	if (!text[5])
		return "missing condition";
	access->expr = expr_parse(&l->common, text + 5, EXPR_CONDITION, &error);
	return access->expr ? NULL : error;
}

static const char *add_access(struct loader *l, struct load_server *s, const struct conf_value *v,
    const char *path, const char *format, const char *condition)
{
	struct load_access access = {.node = v->node, .path = path, .format = format};
	const char *error = condition ? read_condition(l, &access, condition) : NULL;

	if (error)
		return error;
	if (!*path || (format && !*format))
		return "takes two or three arguments, a file name, a custom log format string or "
		       "format name, and an optional \"env=\" or \"expr=\" clause (see docs)";
	if (strncasecmp(path, "syslog", 6) == 0 && (path[6] == '\0' || path[6] == ':'))
		return "an access log cannot go to syslog; write \"|/usr/bin/logger -t httpd\"";
	access.global = v->node->directive->id == CONF_ID_GlobalLog;
	*(struct load_access *)conf_vec_push(&s->access, l->tmp, sizeof(access)) = access;
	return NULL;
}

const char *load_set_custom_log(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return add_access(
	    l, s, v, v->words[0], v->words[1], v->n == 3 && *v->words[2] ? v->words[2] : NULL);
}

const char *load_set_global_log(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return load_set_custom_log(l, s, v);
}

const char *load_set_transfer_log(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return add_access(l, s, v, v->text, NULL, NULL);
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
	if (text)
		return text;
	/* Apache takes it for a text, and logs it once a request. */
	if (own && !strchr(access->format, '%'))
		conf_report(l->report, CONF_WARNING, access->node,
		    "there is no LogFormat of the name '%s': each line will be that word",
		    access->format);
	return access->format;
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

static void finish_one(struct loader *l, struct load_server *s, const struct load_server *from,
    const struct load_access *access, struct conf_access_log *out)
{
	struct conf_vhost *v = &s->v;
	uint32_t id = load_log_id(l, s, access->path, access->node);
	int fd = fd_index(v, id);

	if (fd < 0) {
		conf_report(l->report, CONF_ERROR, access->node,
		    "more than %d log files for one virtual host", CONF_VHOST_LOGS);
		return;
	}
	out += v->naccess++;
	out->log = id;
	out->fd_index = (uint8_t)fd;
	out->format = compiled(l, format_text(l, from, access, from == s), access->node);
	out->env = access->env ? arena_strdup(&l->common, access->env) : NULL;
	out->expr = access->expr;
}

/* A server's own logs; where it has none, the main server's; and the global ones anyway. */
static void finish_access(struct loader *l, struct load_server *s)
{
	struct conf_vhost *v = &s->v;
	const struct load_server *base = s->main;
	const struct load_access *own = s->access.v, *shared = base ? base->access.v : NULL;
	uint32_t nshared = base ? base->access.n : 0;
	struct conf_access_log *out =
	    arena_array(&l->common, (size_t)s->access.n + nshared, sizeof(*out));

	v->access = out;
	v->naccess = 0;
	for (uint32_t i = 0; i < s->access.n; i++)
		finish_one(l, s, s, &own[i], out);
	for (uint32_t i = 0; i < nshared; i++)
		if (s->access.n == 0 || shared[i].global)
			finish_one(l, s, base, &shared[i], out);
}

static void finish_server(struct loader *l, struct load_server *s)
{
	s->v.nlogs = 0;
	s->v.log_level = (uint32_t)conf_log_level(s->v.dir.log_levels, NULL, LOG_WARNING);
	fd_index(&s->v, load_log_id(l, s, s->error_log, s->error_log_node));
	finish_access(l, s);
}

void load_log_finish(struct loader *l)
{
	finish_server(l, &l->main);
	l->conf->main_log = l->main.v.logs[0];
	for (uint32_t i = 0; i < l->nservers; i++)
		finish_server(l, l->servers[i]);
}
