/*
 * The vhost's logs, and what `itkd -k status` reads of this process. One write(2) a line. Runs as
 * the vhost's user; what a client sent is escaped by log.h and log_format.h.
 */
#include "child_internal.h"

#include "itkd/base64.h"
#include "itkd/error_format.h"
#include "itkd/expr.h"
#include "itkd/log_format.h"
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define LOG_ACCESS_MAX 16384 /* into a file of the vhost's own; a pipe keeps LOG_LINE_MAX whole */

/* What a log format's lookups need. */
struct log_context {
	struct child *c;
	const struct child_request *r;
};

/* The fields of the request are there once its head was understood. */
static const char *log_request_field(struct child *c, const char *name)
{
	const struct child_request *r = c->request;
	const struct http_field *f =
	    r && r->parsed ? http_head_field(&r->head, span_of(name)) : NULL;

	return f ? arena_span(&c->arena, f->value) : NULL;
}

static const char *log_error_lookup(const void *ctx, char what, const char *name)
{
	struct child *const *c = ctx;

	if (what == 'i')
		return log_request_field(*c, name);
	if (what == 'e' && (*c)->request)
		return child_env_get((*c)->request, name);
	if (what == 'L')
		return child_log_id(*c, strcasecmp(name, "c") == 0);
	return NULL;
}

/* As long as Apache's, and as unlikely to come twice. */
static void log_identify(struct child *c, size_t which)
{
	uint64_t id;

	if (c->log_ids[which][0] || getrandom(&id, sizeof(id), 0) != sizeof(id))
		return;
	memcpy(c->log_ids[which], base64_encode(&c->arena, &id, sizeof(id)),
	    sizeof(c->log_ids[which]) - 1);
}

const char *child_log_id(const struct child *c, bool connection)
{
	const char *id = c->log_ids[connection ? 0 : 1];

	return *id ? id : NULL;
}

/* ErrorLogFormat */
static void log_formatted(struct child *c, int level, const char *module, const char *message)
{
	char line[LOG_LINE_MAX], local[ADDR_IP_MAX + 8];
	struct child_request *r = c->request;
	struct error_record record = {
	    .message = message,
	    .module = module,
	    .level = level,
	    .pid = c->pid,
	    .client = c->client,
	    .local = local,
	    .server_name = c->vhost->server_name,
	    .host_name = r ? child_server_name(c, r) : c->vhost->server_name,
	    .keepalives = c->served ? c->served - 1 : 0,
	    .lookup = log_error_lookup,
	    .ctx = &c,
	};

	snprintf(local, sizeof(local), strchr(c->local, ':') ? "[%s]:%u" : "%s:%u", c->local,
	    c->local_port);
	record.now = clock_real();
	size_t n = error_format_line(c->vhost->error_format, &record, line, sizeof(line));

	if (n)
		log_write(c->logs[0], line, n);
}

bool child_log_wanted(const struct child *c, int level, const char *module)
{
	const struct conf_dir *dir = c->request ? &c->dir.merged : &c->vhost->dir;

	return level <= conf_log_level(dir->log_levels, module, (int)c->vhost->log_level);
}

void child_log(struct child *c, int level, const char *module, const char *fmt, ...)
{
	char message[LOG_LINE_MAX];
	const char *referer;
	va_list ap;

	if (!child_log_wanted(c, level, module))
		return;
	log_identify(c, 0);
	if (c->request)
		log_identify(c, 1);
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (c->vhost->error_format) {
		log_formatted(c, level, module, message);
		return;
	}
	referer = log_request_field(c, "Referer");
	log_to(c->logs[0], level, module, c->client, "%s%s%s", message,
	    referer ? ", referer: " : "", referer ? referer : "");
}

/* A field of the answer: not those that Apache adds behind its table, a type without parameters. */
static const char *log_answer_field(const struct log_context *l, const char *name)
{
	const char *value = child_field(l->r, &l->c->arena, name);

	if (strcasecmp(name, "Date") == 0 || strcasecmp(name, "Server") == 0)
		return NULL;
	/* Of the last request inside, as its status and length. */
	if (l->r->document_status)
		return strcasecmp(name, "Content-Type") == 0 ? l->r->document_type : NULL;
	if (value && strcasecmp(name, "Content-Type") == 0)
		return arena_strndup(&l->c->arena, value, strcspn(value, "; \t"));
	return value;
}

static const char *log_lookup(const void *ctx, char what, const char *name)
{
	const struct log_context *l = ctx;

	switch (what) {
	case 'o':
		return log_answer_field(l, name);
	case 'e':
		return child_env_get(l->r, name);
	case 'n':
		return child_note_get(l->r, &l->c->arena, name);
	case 'x':
		return child_tls_variable(l->c, name);
	case 'L':
		return child_log_id(l->c, strcmp(name, "c") == 0);
	default:
		return NULL;
	}
}

static bool log_wanted(
    struct child *c, const struct child_request *r, const struct conf_access_log *log)
{
	if (log->expr) {
		struct expr_source source = child_expr_source(c, c->request);

		return expr_true(log->expr, &source);
	}
	if (!log->env)
		return true;
	if (*log->env == '!')
		return !child_env_get(r, log->env + 1);
	return child_env_get(r, log->env) != NULL;
}

/* %p does not look at what the client said. */
static uint16_t log_canonical_port(const struct child *c)
{
	if (c->vhost->server_port)
		return c->vhost->server_port;
	return strcmp(child_scheme(c), "https") == 0 ? 443 : 80;
}

static void log_fill(struct log_record *record, struct child *c, const struct child_request *r)
{
	*record = (struct log_record){
	    .client = c->peer,
	    .client_name = child_lookup_known(c),
	    .user = r->user,
	    .peer = c->connection_peer,
	    .client_port = c->peer_port,
	    .local = c->local,
	    .local_port = c->local_port,
	    .server_port = log_canonical_port(c),
	    .head = r->parsed ? &r->head : NULL,
	    .request_line = r->head.line,
	    .method = r->method,
	    .query = child_query(r),
	    /* An index file counts as what was asked for (mod_dir). */
	    .path = r->redirects ? r->first_uri : r->uri,
	    .final_path = r->document_uri ? r->document_uri : r->uri,
	    .filename = r->target.file,
	    .handler = r->target.handler,
	    .server_name = c->vhost->server_name,
	    .host_name = child_server_name(c, r),
	    /* Of the last request inside, which sent nothing (ap_die). */
	    .status = r->document_status ? r->document_status : r->status,
	    .first_status = r->first_status ? r->first_status : r->status,
	    .body_bytes = r->document_status ? 0 : r->body_bytes,
	    .bytes_in = c->bytes_in,
	    .bytes_out = c->bytes_out,
	    .start = r->start,
	    .duration_us = clock_us() - r->start_us,
	    .keepalives = c->served ? c->served - 1 : 0,
	    .connection = r->aborted ? 'X'
	                  : r->keep  ? '+'
	                             : '-',
	    .pid = c->pid,
	    .lookup = log_lookup,
	};
}

void child_log_access(struct child *c, const struct child_request *r)
{
	struct log_context context = {c, r};
	struct log_record record;
	/* Behind the head, which a format may ask for: a buffer of its own is more pages to touch.
	 */
	char *line = c->out + c->out_n;

	assert(sizeof(c->out) - c->out_n >= LOG_ACCESS_MAX);
	log_fill(&record, c, r);
	record.ctx = &context;
	for (uint32_t i = 0; i < c->vhost->naccess; i++) {
		const struct conf_access_log *log = &c->vhost->access[i];
		bool pipe = conf_log_is_pipe(&c->start->conf->logs[log->log]);

		if (!log_wanted(c, r, log))
			continue;
		size_t n = log_format_line(
		    log->format, &record, line, pipe ? LOG_LINE_MAX : LOG_ACCESS_MAX);

		log_write(c->logs[log->fd_index], line, n);
	}
	child_status_count(c, r);
}

void child_state(struct child *c, char state)
{
	struct child_status *status = &c->status;

	if (status->magic != CHILD_STATUS_MAGIC) {
		static_assert(sizeof(status->client) >= sizeof(c->client), "a client's address");
		memcpy(status->client, c->client, sizeof(c->client));
		status->magic = CHILD_STATUS_MAGIC;
	}
	status->state = state;
	if (c->start->sums >= 0 && (state == 'K' || state == 'C'))
		child_status_tell(c, state == 'C');
}

/* Printable only: it is shown on an administrator's terminal. */
void child_state_request(struct child *c, const struct child_request *r)
{
	struct span line = r->head.line;
	char *request = c->status.request;
	size_t n = line.n < sizeof(c->status.request) ? line.n : sizeof(c->status.request) - 1;

	for (size_t i = 0; i < n; i++)
		request[i] = line.p[i] >= 0x20 && line.p[i] < 0x7f ? line.p[i] : '?';
	request[n] = '\0';
	c->status.requests++;
	c->status.since = r->start.tv_sec;
	child_state(c, 'W');
}

const int child_lost_causes[CHILD_LOST_CAUSES] = {ENOSPC, EDQUOT, EIO, EFBIG, 0};

/* Nobody else may say that the site's logs take no lines: they are where that would stand. */
int child_log_status(const struct child *c)
{
	int fd, error, cause = 0;
	uint32_t i = 0;

	if (log_take_failed(&fd, &error) == 0)
		return 0;
	while (i + 1 < c->vhost->nlogs && c->logs[i] != fd)
		i++;
	while (cause + 1 < CHILD_LOST_CAUSES && child_lost_causes[cause] != error)
		cause++;
	return CHILD_LOST + cause * CONF_VHOST_LOGS + (int)i;
}
