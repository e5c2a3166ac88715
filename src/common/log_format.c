/*
 * One line of an access log (log_format.h). Run by the child, and by the front for what it answers
 * itself. Nearly everything in the record is the client's bytes: none is put without log_out's
 * escaping.
 */
#include "log_format.h"
#include "log_out.h"

#include "itkd/date.h"

#include <stdio.h>

typedef void log_writer(struct log_out *o, const struct log_item *i, const struct log_record *r);

static void write_text(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)r;
	log_out_put(o, i->arg, i->len);
}

static void write_none(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	(void)r;
	log_out_char(o, '-');
}

static void write_client(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_text(o, r->client);
}

static void write_host(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_text(o, r->client_name ? r->client_name : r->client);
}

static void write_peer(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_text(o, r->peer);
}

static void write_local(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_text(o, r->local);
}

/* Every kind that is one number. */
static void write_number(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	uint64_t duration = r->duration_us > 0 ? (uint64_t)r->duration_us : 0;
	uint64_t v = 0;

	switch ((enum log_item_kind)i->kind) {
	case LOG_ITEM_BYTES:
		v = r->body_bytes;
		break;
	case LOG_ITEM_BYTES_IN:
		v = r->bytes_in;
		break;
	case LOG_ITEM_BYTES_OUT:
		v = r->bytes_out;
		break;
	case LOG_ITEM_BYTES_BOTH:
		v = r->bytes_in + r->bytes_out;
		break;
	case LOG_ITEM_DURATION_S:
		v = duration / 1000000;
		break;
	case LOG_ITEM_DURATION_MS:
		v = duration / 1000;
		break;
	case LOG_ITEM_DURATION_US:
		v = duration;
		break;
	case LOG_ITEM_KEEPALIVES:
		v = r->keepalives;
		break;
	case LOG_ITEM_PORT:
		v = r->server_port;
		break;
	case LOG_ITEM_PORT_LOCAL:
		v = r->local_port;
		break;
	case LOG_ITEM_PORT_REMOTE:
		v = r->client_port;
		break;
	default:
		v = (uint64_t)r->pid;
		break;
	}
	log_out_number(o, v);
}

static void write_pid_hex(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	char text[24];

	(void)i;
	snprintf(text, sizeof(text), "0x%x", (unsigned)r->pid);
	log_out_put(o, text, strlen(text));
}

/* CLF writes no bytes as "-". */
static void write_bytes_clf(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	if (r->body_bytes)
		log_out_number(o, r->body_bytes);
	else
		log_out_char(o, '-');
}

static void out_status(struct log_out *o, int status)
{
	if (status > 0)
		log_out_number(o, (uint64_t)status);
	else
		log_out_char(o, '-');
}

static void write_status(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	out_status(o, i->kind == LOG_ITEM_STATUS ? r->status : r->first_status);
}

static void write_filename(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_text(o, r->filename);
}

static void write_handler(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_text(o, r->handler);
}

static void write_path(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	log_out_text(o, i->kind == LOG_ITEM_PATH ? r->path : r->final_path);
}

static void write_server_name(
    struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_text(o, r->server_name);
}

static void write_host_name(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_text(o, r->host_name);
}

/* An empty name is not the same as none. */
static void write_user(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	if (r->user && r->user[0] == '\0')
		log_out_put(o, "\"\"", 2);
	else
		log_out_text(o, r->user);
}

static void write_request(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_span(o, r->request_line.n ? r->request_line : SPAN("-"));
}

static void write_method(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_span(o, r->method.n ? r->method : SPAN("-"));
}

static void write_protocol(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	if (!r->head) {
		log_out_char(o, '-');
		return;
	}
	log_out_put(o, "HTTP/", 5);
	log_out_number(o, r->head->major);
	log_out_char(o, '.');
	log_out_number(o, r->head->minor);
}

static void write_query(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	if (!r->query.p)
		return;
	log_out_char(o, '?');
	log_out_span(o, r->query);
}

/* All fields of the name, joined as one (RFC 9110 section 5.3). */
static void write_field(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	struct span name = {i->arg, i->len};
	bool found = false;

	for (size_t k = 0; r->head && k < r->head->nfields; k++) {
		if (!span_ieq(r->head->fields[k].name, name))
			continue;
		if (found)
			log_out_put(o, ", ", 2);
		log_out_span(o, r->head->fields[k].value);
		found = true;
	}
	if (!found)
		log_out_char(o, '-');
}

/* Finds "name=value" in a Cookie field (RFC 6265 section 4.2.1). */
static bool cookie_find(struct span field, struct span name, struct span *value)
{
	while (field.n) {
		const char *end = memchr(field.p, ';', field.n);
		size_t len = end ? (size_t)(end - field.p) : field.n;
		const char *equals = memchr(field.p, '=', len);
		size_t name_len = equals ? (size_t)(equals - field.p) : len;

		if (equals && span_ieq(span_trim((struct span){field.p, name_len}), name)) {
			*value = span_trim((struct span){equals + 1, len - name_len - 1});
			return true;
		}
		field.p += end ? len + 1 : len;
		field.n -= end ? len + 1 : len;
	}
	return false;
}

static void write_cookie(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	struct span value;

	for (size_t k = 0; r->head && k < r->head->nfields; k++) {
		const struct http_field *f = &r->head->fields[k];

		if (!span_ieq(f->name, SPAN("Cookie")))
			continue;
		if (cookie_find(f->value, (struct span){i->arg, i->len}, &value)) {
			log_out_span(o, value);
			return;
		}
	}
	log_out_char(o, '-');
}

static void write_lookup(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	log_out_text(o, r->lookup ? r->lookup(r->ctx, i->what, i->arg) : NULL);
}

static void write_connection(
    struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	(void)i;
	log_out_char(o, r->connection ? r->connection : '-');
}

static struct timespec time_of(const struct log_item *i, const struct log_record *r)
{
	struct timespec t = r->start;

	if (!i->end)
		return t;
	t.tv_sec += r->duration_us / 1000000;
	t.tv_nsec += r->duration_us % 1000000 * 1000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

static void write_time(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	/* A kept connection and a front write many lines within a second. */
	static struct {
		time_t second;
		char text[DATE_CLF_LEN + 1];
	} last;
	time_t second = time_of(i, r).tv_sec;

	if (last.second != second || last.text[0] == '\0') {
		date_format_clf(second, date_local_offset(second), last.text);
		last.second = second;
	}
	log_out_put(o, last.text, DATE_CLF_LEN);
}

static void write_time_part(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	struct timespec t = time_of(i, r);
	uint64_t sec = (uint64_t)t.tv_sec, usec = (uint64_t)t.tv_nsec / 1000;

	switch ((enum log_item_kind)i->kind) {
	case LOG_ITEM_TIME_SEC:
		log_out_number(o, sec);
		break;
	case LOG_ITEM_TIME_MSEC:
		log_out_number(o, sec * 1000 + usec / 1000);
		break;
	case LOG_ITEM_TIME_USEC:
		log_out_number(o, sec * 1000000 + usec);
		break;
	case LOG_ITEM_TIME_MSEC_FRAC:
		log_out_padded(o, usec / 1000, 3);
		break;
	default:
		log_out_padded(o, usec, 6);
		break;
	}
}

static void write_strftime(struct log_out *o, const struct log_item *i, const struct log_record *r)
{
	struct timespec t = time_of(i, r);
	struct tm tm = {0};
	char text[1024];

	localtime_r(&t.tv_sec, &tm);
	/* The format is the administrator's; a text longer than this gives nothing, as in Apache.
	 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	log_out_put(o, text, strftime(text, sizeof(text), i->arg, &tm));
#pragma GCC diagnostic pop
}

static log_writer *const writers[LOG_ITEM_KINDS] = {
    [LOG_ITEM_TEXT] = write_text,
    [LOG_ITEM_CLIENT] = write_client,
    [LOG_ITEM_HOST] = write_host,
    [LOG_ITEM_PEER] = write_peer,
    [LOG_ITEM_LOCAL] = write_local,
    [LOG_ITEM_BYTES] = write_number,
    [LOG_ITEM_BYTES_CLF] = write_bytes_clf,
    [LOG_ITEM_COOKIE] = write_cookie,
    [LOG_ITEM_DURATION_S] = write_number,
    [LOG_ITEM_DURATION_MS] = write_number,
    [LOG_ITEM_DURATION_US] = write_number,
    [LOG_ITEM_FILENAME] = write_filename,
    [LOG_ITEM_PROTOCOL] = write_protocol,
    [LOG_ITEM_FIELD] = write_field,
    [LOG_ITEM_BYTES_IN] = write_number,
    [LOG_ITEM_KEEPALIVES] = write_number,
    [LOG_ITEM_NONE] = write_none,
    [LOG_ITEM_METHOD] = write_method,
    [LOG_ITEM_BYTES_OUT] = write_number,
    [LOG_ITEM_PORT] = write_number,
    [LOG_ITEM_PORT_LOCAL] = write_number,
    [LOG_ITEM_PORT_REMOTE] = write_number,
    [LOG_ITEM_PID] = write_number,
    [LOG_ITEM_PID_HEX] = write_pid_hex,
    [LOG_ITEM_QUERY] = write_query,
    [LOG_ITEM_REQUEST] = write_request,
    [LOG_ITEM_HANDLER] = write_handler,
    [LOG_ITEM_STATUS] = write_status,
    [LOG_ITEM_STATUS_FIRST] = write_status,
    [LOG_ITEM_BYTES_BOTH] = write_number,
    [LOG_ITEM_TIME] = write_time,
    [LOG_ITEM_TIME_SEC] = write_time_part,
    [LOG_ITEM_TIME_MSEC] = write_time_part,
    [LOG_ITEM_TIME_USEC] = write_time_part,
    [LOG_ITEM_TIME_MSEC_FRAC] = write_time_part,
    [LOG_ITEM_TIME_USEC_FRAC] = write_time_part,
    [LOG_ITEM_TIME_STRFTIME] = write_strftime,
    [LOG_ITEM_USER] = write_user,
    [LOG_ITEM_PATH] = write_path,
    [LOG_ITEM_PATH_FINAL] = write_path,
    [LOG_ITEM_SERVER_NAME] = write_server_name,
    [LOG_ITEM_HOST_NAME] = write_host_name,
    [LOG_ITEM_CONNECTION] = write_connection,
    [LOG_ITEM_LOOKUP] = write_lookup,
};

static bool item_applies(const struct log_item *i, int status)
{
	bool listed = false;

	for (uint32_t k = 0; k < i->nstatus; k++)
		listed = listed || i->status[k] == status;
	return i->nstatus == 0 || listed != i->except;
}

static void line_write(const struct log_format *f, const struct log_record *r, struct log_out *o)
{
	for (uint32_t k = 0; k < f->n; k++) {
		const struct log_item *i = &f->items[k];

		if (item_applies(i, r->status))
			writers[i->kind](o, i, r);
		else
			log_out_char(o, '-');
	}
}

size_t log_format_line(
    const struct log_format *f, const struct log_record *r, char *buf, size_t cap)
{
	struct log_out o = {.p = buf, .cap = cap ? cap - 1 : 0};

	if (cap == 0)
		return 0;
	line_write(f, r, &o);
	if (o.cut) {
		/* A long request-line must not push the status behind it out of the log. */
		o = (struct log_out){.p = buf, .cap = cap - 1, .most = cap / 4};
		line_write(f, r, &o);
	}
	buf[o.n] = '\n';
	return o.n + 1;
}
