/*
 * An answer of the front itself: for a head that is wrong or late, or a site that is full. Sent,
 * logged, and the connection ended. Run by `itkd: front`; what it logs of the client is escaped by
 * log.h and log_format.h. RFC 9110 section 15.
 */
#include "front.h"
#include "front_tls.h"

#include "itkd/addr.h"
#include "itkd/clock.h"
#include "itkd/error_format.h"
#include "itkd/log.h"
#include "itkd/log_format.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_LINE_MAX 8190 /* of a request-line, in the access log */

static const struct sockaddr *answer_local(const struct front_conn *c, struct sockaddr_storage *sa)
{
	socklen_t n = sizeof(*sa);

	*sa = (struct sockaddr_storage){0};
	if (getsockname(c->fd, (struct sockaddr *)sa, &n) != 0)
		sa->ss_family = AF_UNSPEC;
	return (const struct sockaddr *)sa;
}

/* ErrorLogFormat */
static void answer_formatted(const struct front_conn *c, const struct conf_vhost *vhost, int level,
    const char *module, const char *client, const char *message)
{
	char line[LOG_LINE_MAX], local[ADDR_TEXT_MAX];
	struct sockaddr_storage own;
	struct error_record record = {
	    .message = message,
	    .module = module,
	    .level = level,
	    .pid = getpid(),
	    .client = client,
	    .local = addr_text(answer_local(c, &own), local),
	    .server_name = vhost->server_name,
	    .host_name = vhost->server_name,
	};

	record.now = clock_real();
	size_t n = error_format_line(vhost->error_format, &record, line, sizeof(line));

	if (n)
		log_write(front.own_logs[vhost->logs[0]], line, n);
}

void front_answer_log(const struct front_conn *c, const struct conf_vhost *vhost, int level,
    const char *module, const char *fmt, ...)
{
	char client[ADDR_TEXT_MAX], message[LOG_LINE_MAX];
	struct sockaddr_storage sa;
	va_list ap;

	if (level > (int)vhost->log_level)
		return;
	addr_text(front_proxy_client(c, &sa), client);
	va_start(ap, fmt);
	if (!vhost->error_format) {
		log_vto(front.own_logs[vhost->logs[0]], level, module, client, fmt, ap);
	} else {
		vsnprintf(message, sizeof(message), fmt, ap);
		answer_formatted(c, vhost, level, module, client, message);
	}
	va_end(ap);
}

/* The request-line as it was received, for the log; empty where not even that is there. */
static struct span answer_line(const struct http_head *head, struct span bytes)
{
	struct span line = bytes;

	if (head)
		return head->line;
	while (line.n && (*line.p == '\r' || *line.p == '\n')) {
		line.p++;
		line.n--;
	}
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '\r' || line.p[i] == '\n' || i == ANSWER_LINE_MAX)
			line.n = i;
	return line;
}

static void answer_access(
    const struct front_conn *c, const struct conf_vhost *vhost, struct log_record *r)
{
	char client[ADDR_IP_MAX], peer[ADDR_IP_MAX], local[ADDR_IP_MAX], line[LOG_LINE_MAX];
	struct sockaddr_storage from, named, own;

	r->peer = addr_ip(front_conn_peer(c, &from), peer);
	r->client = addr_ip(front_proxy_request(c, vhost, r->head, &named), client);
	r->client_port = addr_port((const struct sockaddr *)&named);
	r->local = addr_ip(answer_local(c, &own), local);
	r->local_port = addr_port((const struct sockaddr *)&own);
	r->server_port = vhost->server_port ? vhost->server_port : c->tls ? 443 : 80;
	for (uint32_t i = 0; i < vhost->naccess; i++) {
		const struct conf_access_log *a = &vhost->access[i];

		if (a->env && a->env[0] != '!')
			continue; /* no variable is set here */
		log_write(front.own_logs[a->log], line,
		    log_format_line(a->format, r, line, sizeof(line)));
	}
}

static void answer_record(const struct front_conn *c, const struct conf_vhost *vhost, int status,
    size_t sent, size_t body, const struct http_head *head, struct span bytes)
{
	int64_t ms = clock_ms() - c->started;
	struct log_record r = {.head = head,
	    .request_line = answer_line(head, bytes),
	    .method = head ? head->method : SPAN(""),
	    .query = head && head->has_query ? head->query : (struct span){NULL, 0},
	    .server_name = vhost->server_name,
	    .host_name = vhost->server_name,
	    .status = status,
	    .first_status = status,
	    .body_bytes = body,
	    .bytes_in = bytes.n,
	    .bytes_out = sent,
	    .duration_us = ms * 1000,
	    .connection = '-',
	    .pid = getpid()};

	r.start.tv_sec = clock_real().tv_sec - ms / 1000;
	answer_access(c, vhost, &r);
}

/* What a fresh connection does not take of a page it would not take later. */
static bool answer_send(struct front_conn *c, const char *p, size_t n)
{
	if (c->tls && c->tls->established)
		return front_record_write(c, p, n);
	return send(c->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

void front_answer(struct front_conn *c, const struct conf_vhost *vhost,
    const struct front_refusal *refusal, const struct http_head *head, struct span bytes)
{
	bool head_only = bytes.n >= 5 && memcmp(bytes.p, "HEAD ", 5) == 0;
	size_t body;
	struct span page = front_page(c, vhost, refusal, head_only, &body);
	bool sent = answer_send(c, page.p, page.n);

	if (refusal->why)
		front_answer_log(c, vhost, refusal->level, refusal->module, "%d: %s",
		    refusal->status, refusal->why);
	answer_record(c, vhost, refusal->status, sent ? page.n : 0, body, head, bytes);
	if (!sent)
		front_conn_free(c);
	else
		front_end(c);
}
