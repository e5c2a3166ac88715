/*
 * What expressions know of a request (Apache's util_expr_eval.c and mod_ssl): the variables, by
 * name. Runs as the vhost's user; values are mostly the client's.
 */
#include "child_internal.h"

#include "itkd/conf.h"
#include <stdlib.h>

#define VAR_API_VERSION "20120211" /* of the modules of Apache 2.4 */

const char *child_tls_variable(const struct child *c, const char *name)
{
	static const struct {
		const char *name, *value;
	} same[] = {{"SSL_VERSION_INTERFACE", "mod_ssl/2.4.71"}, {"SSL_SECURE_RENEG", "true"},
	    {"SSL_COMPRESS_METHOD", "NULL"}, {"SSL_CIPHER_EXPORT", "false"},
	    {"SSL_CLIENT_VERIFY", "NONE"}, {"HTTPS", "on"}};
	const struct job *job = c->start->job;

	if (!(job->flags & JOB_TLS))
		return NULL;
	if (strcmp(name, "SSL_PROTOCOL") == 0)
		return job->tls_protocol;
	if (strcmp(name, "SSL_CIPHER") == 0)
		return job->tls_cipher;
	if (strcmp(name, "SSL_TLS_SNI") == 0)
		return job->tls_sni;
	/* All ciphers that a front speaks use the whole of their key. */
	if (strcmp(name, "SSL_CIPHER_USEKEYSIZE") == 0 ||
	    strcmp(name, "SSL_CIPHER_ALGKEYSIZE") == 0)
		return strstr(job->tls_cipher, "128") ? "128" : "256";
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		if (strcmp(name, same[i].name) == 0)
			return same[i].value;
	return NULL;
}

const char *child_request_field(struct child *c, const struct child_request *r, const char *name)
{
	struct span value = http_head_joined(&c->arena, &r->head, span_of(name));

	return value.p ? arena_span(&c->arena, value) : NULL;
}

/* Local time as TIME has it: YYYYMMDDhhmmss. */
static const char *time_text(struct child *c, time_t t)
{
	struct tm tm = {0};

	t += date_local_offset(t);
	gmtime_r(&t, &tm);
	return arena_printf(&c->arena, "%04d%02d%02d%02d%02d%02d", tm.tm_year + 1900, tm.tm_mon + 1,
	    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* TIME_YEAR and its like are pieces of TIME. */
static const char *time_part(struct child *c, const char *name)
{
	static const struct {
		const char *name;
		size_t at, n;
	} parts[] = {{"TIME", 0, 14}, {"TIME_YEAR", 0, 4}, {"TIME_MON", 4, 2}, {"TIME_DAY", 6, 2},
	    {"TIME_HOUR", 8, 2}, {"TIME_MIN", 10, 2}, {"TIME_SEC", 12, 2}};
	time_t now = time(NULL);
	struct tm tm = {0};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strcmp(name, parts[i].name) == 0)
			return arena_strndup(
			    &c->arena, time_text(c, now) + parts[i].at, parts[i].n);
	now += date_local_offset(now);
	gmtime_r(&now, &tm);
	return arena_printf(&c->arena, "%d", tm.tm_wday);
}

static const char *owner_name(struct child *c, const struct child_request *r, bool group)
{
	struct stat st = r->target.st;

	if (r->target.fd < 0 && !r->target.file)
		return NULL;
	/* Of what is not there, as in Apache: of the directory where looking for it ended. */
	if (r->target.fd < 0) {
		char *path = arena_strdup(&c->arena, r->target.file);

		for (char *slash; stat(path, &st) < 0; *slash = '\0') {
			slash = strrchr(path, '/');
			if (!slash || slash == path)
				return NULL;
		}
	}
	unsigned id = group ? st.st_gid : st.st_uid;
	const char *name = child_owner(c, group, id);

	return name ? name : arena_printf(&c->arena, "%u", id);
}

static const char *span_text(struct child *c, struct span s)
{
	return arena_span(&c->arena, s);
}

static const char *number_text(struct child *c, unsigned n)
{
	return arena_printf(&c->arena, "%u", n);
}

/* Before it is a path: Apache takes slashes in front for one even then. */
static const char *raw_uri(struct child *c, struct span path)
{
	while (path.n > 1 && path.p[0] == '/' && path.p[1] == '/') {
		path.p++;
		path.n--;
	}
	return span_text(c, path);
}

/* What the head says. */
static const char *head_variable(struct child *c, const struct child_request *r, const char *name)
{
	if (strcmp(name, "REQUEST_URI") == 0)
		return r->uri ? r->uri : raw_uri(c, r->head.path);
	if (strcmp(name, "REQUEST_METHOD") == 0)
		return span_text(c, r->method);
	if (strcmp(name, "QUERY_STRING") == 0)
		return span_text(c, r->query);
	if (strcmp(name, "THE_REQUEST") == 0)
		return span_text(c, r->head.line);
	if (strcmp(name, "SERVER_PROTOCOL") == 0)
		return r->head.minor ? "HTTP/1.1" : "HTTP/1.0";
	if (strcmp(name, "REQUEST_STATUS") == 0)
		return number_text(c, (unsigned)(r->status         ? r->status
		                                 : r->error_status ? r->error_status
		                                                   : 200));
	if (strcmp(name, "REMOTE_USER") == 0)
		return r->user;
	if (strcmp(name, "AUTH_TYPE") == 0)
		return r->auth_type;
	if (strcmp(name, "IS_SUBREQ") == 0)
		return r->sub ? "true" : "false";
	if (strcmp(name, "DOCUMENT_URI") == 0) {
		const char *uri = child_env_get(r, name);

		return uri ? uri : head_variable(c, r, "REQUEST_URI");
	}
	return NULL;
}

static const char *field_variable(struct child *c, const struct child_request *r, const char *name)
{
	static const struct {
		const char *name, *field;
	} fields[] = {{"HTTP_HOST", "Host"}, {"HTTP_USER_AGENT", "User-Agent"},
	    {"HTTP_REFERER", "Referer"}, {"HTTP_COOKIE", "Cookie"}, {"HTTP_ACCEPT", "Accept"},
	    {"HTTP_FORWARDED", "Forwarded"}, {"HTTP_PROXY_CONNECTION", "Proxy-Connection"}};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strcmp(name, fields[i].name) == 0)
			return child_request_field(c, r, fields[i].field);
	return NULL;
}

/* What the file is that it leads to. */
static const char *target_variable(struct child *c, const struct child_request *r, const char *name)
{
	const struct child_target *t = &r->target;

	if (strcmp(name, "REQUEST_FILENAME") == 0 || strcmp(name, "SCRIPT_FILENAME") == 0)
		return t->file;
	if (strcmp(name, "PATH_INFO") == 0)
		return t->path_info;
	/* While a handler answers, the type stands for one (ap_invoke_handler). */
	if (strcmp(name, "HANDLER") == 0 && !r->untyped) {
		if (t->handler || r->status == 0 || r->status >= 400)
			return t->handler;
		return S_ISDIR(t->st.st_mode) ? CHILD_DIRECTORY_TYPE : t->type;
	}
	if (strcmp(name, "CONTENT_TYPE") == 0 && (r->headers || !r->untyped))
		return r->headers ? child_field(r, &c->arena, "Content-Type") : t->type;
	if (strcmp(name, "CONTEXT_PREFIX") == 0)
		return t->context_prefix;
	if (strcmp(name, "CONTEXT_DOCUMENT_ROOT") == 0)
		return t->context_root ? t->context_root : c->vhost->root_told;
	if (strcmp(name, "LAST_MODIFIED") == 0)
		/* Known to the handler of files alone, and set by it. */
		return time_text(c, r->status && t->fd >= 0 && !t->handler ? t->st.st_mtime : 0);
	if (strcmp(name, "SCRIPT_USER") == 0)
		return owner_name(c, r, false);
	if (strcmp(name, "SCRIPT_GROUP") == 0)
		return owner_name(c, r, true);
	return NULL;
}

/* What the connection and the server are. */
static const char *server_variable(struct child *c, const struct child_request *r, const char *name)
{
	const struct conf_vhost *v = c->vhost;

	if (strcmp(name, "SERVER_NAME") == 0)
		return child_server_name(c, r);
	if (strcmp(name, "SERVER_PORT") == 0)
		return number_text(c, child_server_port(c, r));
	if (strcmp(name, "SERVER_ADMIN") == 0)
		return v->server_admin ? v->server_admin : "[no address given]";
	if (strcmp(name, "SERVER_SOFTWARE") == 0)
		return c->start->conf->server_software;
	if (strcmp(name, "API_VERSION") == 0)
		return VAR_API_VERSION;
	if (strcmp(name, "DOCUMENT_ROOT") == 0)
		return v->root_told;
	if (strcmp(name, "REQUEST_SCHEME") == 0)
		return child_scheme(c);
	if (strcmp(name, "REMOTE_ADDR") == 0)
		return c->peer;
	if (strcmp(name, "CONN_REMOTE_ADDR") == 0)
		return c->connection_peer;
	if (strcmp(name, "REMOTE_HOST") == 0) {
		const char *host = child_lookup_known(c);

		return host ? host : c->peer;
	}
	if (strcmp(name, "REMOTE_PORT") == 0)
		return number_text(c, addr_port((const struct sockaddr *)&c->connection));
	if (strcmp(name, "HTTPS") == 0)
		return c->start->job->flags & JOB_TLS ? "on" : "off";
	if (strcmp(name, "IPV6") == 0)
		return strchr(c->connection_peer, ':') ? "on" : "off";
	if (strcmp(name, "HTTP2") == 0)
		return "off";
	if (strcmp(name, "CONN_LOG_ID") == 0 || strcmp(name, "REQUEST_LOG_ID") == 0)
		return child_log_id(c, *name == 'C');
	return NULL;
}

const char *child_variable(struct child *c, const struct child_request *r, const char *name)
{
	const char *(*const look[])(struct child *, const struct child_request *, const char *) = {
	    head_variable, field_variable, target_variable, server_variable};

	if (strncmp(name, "TIME", 4) == 0)
		return time_part(c, name);
	if (strncmp(name, "SSL_", 4) == 0)
		return child_tls_variable(c, name);
	for (size_t i = 0; i < sizeof(look) / sizeof(*look); i++) {
		const char *value = look[i](c, r, name);

		if (value)
			return value;
	}
	return NULL;
}
