/*
 * From a directive to its setter (directives.def), and the setters of the core that are no mere
 * number. Run by the loader on the administrator's words.
 */
#include "load/load.h"

#include "itkd/host.h"
#include "itkd/log.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum set_kind { SET_NONE, SET_VHOST, SET_GLOBAL, SET_DIR, SET_CALL };

struct set_entry {
	enum set_kind kind;
	size_t offset;
	load_setter f;
};

#define VHOST(field)                                                                               \
	{                                                                                          \
		SET_VHOST, offsetof(struct load_server, field), NULL                               \
	}
#define GLOBAL(field)                                                                              \
	{                                                                                          \
		SET_GLOBAL, offsetof(struct conf, field), NULL                                     \
	}
#define SERVER(f)                                                                                  \
	{                                                                                          \
		SET_CALL, 0, load_set_##f                                                          \
	}
#define DIR(f)                                                                                     \
	{                                                                                          \
		SET_DIR, 0, NULL                                                                   \
	}
#define EARLY                                                                                      \
	{                                                                                          \
		SET_NONE, 0, NULL                                                                  \
	}
#define NONE                                                                                       \
	{                                                                                          \
		SET_NONE, 0, NULL                                                                  \
	}
#define SECTION(name, ...)
#define DIRECTIVE(                                                                                 \
    name, arg, contexts, override, module, status, initial, min, max, setter, manual)              \
	[CONF_ID_##name] = setter,

static const struct set_entry entries[CONF_IDS] = {
#include "itkd/directives.def"
};

/* A flag is a bool, everything else that is generic a uint32_t. */
static void set_field(char *base, size_t offset, const struct conf_value *v)
{
	if (v->node->directive->arg == ARG_FLAG)
		*(bool *)(void *)(base + offset) = v->flag;
	else
		*(uint32_t *)(void *)(base + offset) = (uint32_t)v->number;
}

const char *load_set(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	const struct set_entry *e = &entries[v->node->directive->id];

	switch (e->kind) {
	case SET_VHOST:
		set_field((char *)s, e->offset, v);
		return NULL;
	case SET_GLOBAL:
		set_field((char *)l->conf, e->offset, v);
		return NULL;
	case SET_DIR:
		return conf_dir_set(&s->dir, v);
	case SET_CALL:
		return e->f(l, s, v);
	default:
		return NULL;
	}
}

const char *load_set_server_root(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	struct stat st;

	(void)s;
	if (*v->text != '/' || stat(v->text, &st) != 0 || !S_ISDIR(st.st_mode))
		return "ServerRoot must be a valid directory, and absolute";
	l->conf->server_root = conf_path_clean(&l->common, v->text);
	return NULL;
}

/* [scheme://]name[:port] */
const char *load_set_server_name(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	const char *text = v->text, *end = strstr(text, "://");
	struct span host;
	uint16_t port;

	s->v.scheme = NULL;
	if (end) {
		s->v.scheme =
		    arena_lower(&l->common, arena_strndup(l->tmp, text, (size_t)(end - text)));
		text = end + 3;
	}
	if (!*text)
		return "ServerName takes one argument, The hostname and port of the server";
	if (!host_parse(span_of(text), &host, &port) || host.n == 0) {
		const char *colon = strrchr(text, ':');

		if (colon && (*text != '[' || strchr(text, ']') < colon))
			return load_fail(l,
			    "The port number \"%s\" is outside the appropriate range (i.e., "
			    "1..65535).",
			    v->text);
		conf_report(l->report, CONF_WARNING, v->node,
		    "'%s' is no name of a host: no request will name it", v->text);
		host = span_of(text);
		port = 0;
	}
	s->v.server_name = arena_lower(&l->common, arena_span(l->tmp, host));
	s->v.server_port = port;
	s->v.named = true;
	s->server_name = v->node;
	return NULL;
}

const char *load_set_server_alias(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		*(const char **)conf_vec_push(&s->names, l->tmp, sizeof(char *)) =
		    arena_lower(&l->common, v->words[i]);
	return NULL;
}

const char *load_set_server_path(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	if (s->node)
		s->v.host.path = arena_strdup(&l->common, v->text);
	return NULL;
}

const char *load_set_server_admin(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	s->v.server_admin = arena_strdup(&l->common, v->text);
	return NULL;
}

const char *load_set_document_root(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	struct stat st;

	const char *written = v->words[0];

	s->v.document_root = s->v.root_told = arena_strdup(&l->common, v->text);
	if (v->text[1] && written[strlen(written) - 1] == '/')
		s->v.root_told = arena_printf(&l->common, "%s/", v->text);
	s->document_root = v->node;
	if (l->no_root_check || (stat(v->text, &st) == 0 && S_ISDIR(st.st_mode)))
		return NULL;
	/* As Apache: only the main server's is an error. */
	if (!s->node)
		return load_fail(
		    l, "DocumentRoot '%s' is not a directory, or is not readable", v->text);
	conf_report(l->report, CONF_WARNING, v->node,
	    "AH00112: Warning: DocumentRoot [%s] does not exist", v->text);
	return NULL;
}

const char *load_set_pid_file(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)s;
	l->conf->pid_file = arena_strdup(&l->common, v->text);
	return NULL;
}

const char *load_set_runtime_dir(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)s;
	l->conf->runtime_dir = arena_strdup(&l->common, v->text);
	return NULL;
}

const char *load_set_types_config(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	if (s->node)
		return NULL;
	l->types_config = v->text;
	l->types_config_node = v->node;
	return NULL;
}

/*
 * What depends on a module that is not there stands in <IfModule> and is passed over without a
 * word: naming the module is the only hint that somebody counts on it. Another way of serving, or
 * of storing what itkd has no use for, is nothing to count on.
 */
const char *load_set_load_module(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	static const char *const idle[] = {"mpm_event_module", "mpm_worker_module", "cgid_module",
	    "socache_dbm_module", "socache_memcache_module", "socache_redis_module",
	    "socache_shmcb_module", "slotmem_plain_module", "slotmem_shm_module",
	    "watchdog_module"};

	(void)s;
	if (conf_table_module(v->words[0]))
		return NULL;
	for (size_t i = 0; i < sizeof(idle) / sizeof(*idle); i++)
		if (strcmp(v->words[0], idle[i]) == 0)
			return NULL;
	conf_report(l->report, CONF_WARNING, v->node,
	    "%s is not part of itkd: what <IfModule> makes depend on it does not count",
	    v->words[0]);
	return NULL;
}
