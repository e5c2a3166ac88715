/*
 * Header, RequestHeader, Expires and AddDefaultCharset: what they change in a head that a handler
 * has made (mod_headers, mod_expires), at one place for all handlers. Runs as the vhost's user.
 * Values can come from the request: a field that would end its line makes the answer a 500, as in
 * Apache (RFC 9110 section 5.5).
 */
#include "child_headers.h"

#include "itkd/conf_headers.h"
#include "itkd/expr.h"
#include "itkd/regex.h"

/* The next "Name: value" of what was built in c->out. */
static bool headers_next(struct span *rest, struct http_field *field)
{
	const char *lf = memchr(rest->p, '\n', rest->n);
	const char *colon = memchr(rest->p, ':', rest->n);
	const char *end;

	if (!lf || !colon || colon > lf)
		return false;
	end = lf > rest->p && lf[-1] == '\r' ? lf - 1 : lf;
	field->name = (struct span){rest->p, (size_t)(colon - rest->p)};
	field->value = (struct span){colon + 2, (size_t)(end - colon) - 2};
	*rest = (struct span){lf + 1, rest->n - (size_t)(lf + 1 - rest->p)};
	return true;
}

static void headers_read(struct child *c, struct child_request *r, struct child_headers *h)
{
	size_t n = c->out_n - c->out_fields;
	struct span text = {arena_strndup(&c->arena, c->out + c->out_fields, n), n}, rest = text;
	const char *own = text.p + (c->out_own - c->out_fields);
	struct http_field field;

	h->out.a = h->err.a = &c->arena;
	while (headers_next(&rest, &field)) {
		/* An error page has nothing but what stays on it: it is no err field any more. */
		if (span_ieq(field.name, SPAN("Content-Type")))
			h->type = field.value;
		else
			child_table_add(field.name.p < own && !r->error_page ? &h->err : &h->out,
			    field.name, field.value);
	}
}

/* Its values, with commas inside of quotes, as ap_get_token() reads them. */
static bool headers_has_token(struct span list, struct span token)
{
	size_t i = 0;

	while (i < list.n) {
		while (i < list.n && (list.p[i] == ' ' || list.p[i] == '\t'))
			i++;
		size_t start = i;

		for (bool quoted = false; i < list.n && (quoted || list.p[i] != ','); i++)
			quoted ^= list.p[i] == '"';
		if (span_eq((struct span){list.p + start, i - start}, token))
			return true;
		i++;
	}
	return false;
}

static void headers_echo(struct headers_run *run, const struct header_rule *rule)
{
	const struct http_head *head = &run->r->head;

	for (size_t i = 0; i < head->nfields; i++)
		if (regex_find(rule->regex, head->fields[i].name, NULL))
			child_table_add(&run->h->out, head->fields[i].name, head->fields[i].value);
}

static void headers_edit(struct headers_run *run, const struct header_rule *rule, struct span name)
{
	if (run->h && span_ieq(name, SPAN("Content-Type")) && run->h->type.p)
		run->h->type = child_headers_edit(run, rule, run->h->type);
	for (size_t i = 0; i < run->table->n; i++)
		if (span_ieq(run->table->v[i].name, name))
			run->table->v[i].value =
			    child_headers_edit(run, rule, run->table->v[i].value);
}

static void headers_set(struct headers_run *run, struct span name, struct span value)
{
	if (run->h && span_ieq(name, SPAN("Content-Type")))
		run->h->type = value;
	child_table_set(run->table, name, value);
}

static void headers_act(struct headers_run *run, const struct header_rule *rule)
{
	struct child_table *t = run->table;
	struct span name = span_of(rule->name);
	const struct http_field *old = child_table_find(t, name);

	switch (rule->action) {
	case HEADER_ADD:
		child_table_add(t, name, child_headers_value(run, rule));
		return;
	case HEADER_APPEND:
		child_table_merge(t, name, child_headers_value(run, rule));
		return;
	case HEADER_MERGE: {
		struct span value = child_headers_value(run, rule);

		if (!old || !headers_has_token(old->value, value))
			child_table_merge(t, name, value);
		return;
	}
	case HEADER_SETIFEMPTY:
		if (!old)
			headers_set(run, name, child_headers_value(run, rule));
		return;
	case HEADER_SET:
		headers_set(run, name, child_headers_value(run, rule));
		return;
	case HEADER_UNSET:
		child_table_unset(t, name);
		if (run->h && span_ieq(name, SPAN("Content-Type")))
			run->h->type = (struct span){NULL, 0};
		return;
	case HEADER_ECHO:
		headers_echo(run, rule);
		return;
	case HEADER_EDIT:
	case HEADER_EDIT_ALL:
		headers_edit(run, rule, name);
		return;
	case HEADER_NOTE:
		child_note_set(run->c, run->r, child_headers_value(run, rule),
		    old ? old->value : (struct span){NULL, 0});
		return;
	}
}

static void headers_rules(
    struct headers_run *run, const struct header_rules *rules, struct child_table *t, bool early)
{
	run->table = t;
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct header_rule *rule = &rules->v[i];

		if (rule->early == early && child_headers_wanted(run, rule))
			headers_act(run, rule);
	}
}

/* Header ... early: as if it had been there before the handler, which sets over it. */
static void headers_early(struct headers_run *run, const struct conf_headers *conf)
{
	struct child_headers *h = run->h, handler = *h;
	struct child_table *to = &h->out;

	if (!conf || !conf->early)
		return;
	h->out = h->err = (struct child_table){.a = &run->c->arena};
	headers_rules(run, &conf->always, &h->err, true);
	if (!run->r->error_page)
		headers_rules(run, &conf->success, &h->out, true);
	for (size_t i = 0; i < handler.out.n; i++)
		child_table_set(to, handler.out.v[i].name, handler.out.v[i].value);
	for (size_t i = 0; i < handler.err.n; i++) {
		const struct http_field *f = &handler.err.v[i];

		(span_ieq(f->name, SPAN("Set-Cookie")) ? child_table_add : child_table_merge)(
		    &h->err, f->name, f->value);
	}
	h->type = handler.type;
}

/* ap_make_content_type: only for the two types that browsers guess a charset of. */
struct span child_type(struct child *c, const struct child_request *r, struct span type)
{
	const char *charset = c->dir.merged.answer.charset, *end;
	struct span bare = type;

	if (!charset || !*charset || r->no_charset || r->plain || !type.p)
		return type;
	end = memchr(type.p, ';', type.n);
	if (end)
		bare.n = (size_t)(end - type.p);
	bare = span_trim(bare);
	if (!span_ieq(bare, SPAN("text/plain")) && !span_ieq(bare, SPAN("text/html")))
		return type;
	if (end && strcasestr(arena_span(&c->arena, type), "charset="))
		return type;
	return span_of(arena_printf(&c->arena, "%.*s; charset=%s", (int)type.n, type.p, charset));
}

static bool headers_is_valid(struct child *c, const struct child_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct http_field *f = &t->v[i];
		bool name = http_field_name(f->name);

		if (name && http_field_value(f->value))
			continue;
		if (name)
			child_log(c, LOG_ERR, "http",
			    "AH02430: Response header '%.*s' value of '%.*s' contains invalid "
			    "characters, aborting request",
			    (int)f->name.n, f->name.p, (int)f->value.n, f->value.p);
		else
			child_log(c, LOG_ERR, "http",
			    "AH02429: Response header name '%.*s' contains invalid characters, "
			    "aborting request",
			    (int)f->name.n, f->name.p);
		return false;
	}
	return true;
}

/* What the server says itself: a rule cannot change how an answer is framed. */
static bool headers_is_ours(struct span name)
{
	static const struct span ours[] = {{"Date", 4}, {"Server", 6}, {"Content-Length", 14},
	    {"Transfer-Encoding", 17}, {"Connection", 10}};

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (span_ieq(name, ours[i]))
			return true;
	return false;
}

/* Connection is the server's, but a rule may add to it, or end it. */
static void headers_connection(struct child_request *r, const struct child_table *t)
{
	const struct http_field *field = child_table_find(t, SPAN("Connection"));

	if (!field)
		return;
	r->connection = field->value;
	r->connection_close = headers_has_token(field->value, SPAN("close")) ||
	                      headers_has_token(field->value, SPAN("Close"));
	r->close |= r->connection_close;
}

static size_t headers_size(const struct child_table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->v[i].name.n + t->v[i].value.n + 4;
	return n;
}

static void headers_put(
    struct child *c, const struct child_request *r, const struct child_table *t, bool typed)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct http_field *f = &t->v[i];

		if (headers_is_ours(f->name) ||
		    (typed && span_ieq(f->name, SPAN("Content-Type"))) ||
		    (r->keep_alive_field && span_ieq(f->name, SPAN("Keep-Alive"))))
			continue;
		child_head_add(c, f->name, f->value);
	}
}

/* Back into c->out: what stays on error pages first, as ap_http_header_filter does. */
static bool headers_write(struct child *c, struct child_request *r, struct child_headers *h)
{
	bool typed = h->type.p != NULL;

	if (!headers_is_valid(c, &h->err) || !headers_is_valid(c, &h->out) ||
	    !http_field_value(h->type))
		return false;
	if (headers_size(&h->err) + headers_size(&h->out) + h->type.n > CHILD_CGI_HEAD) {
		child_log(c, LOG_ERR, "headers", "the answer's head is too large");
		return false;
	}
	child_vary_fix(c, r, h);
	headers_connection(r, &h->err);
	headers_connection(r, &h->out);
	child_head_keep(c, r);
	c->out_n = c->out_fields;
	headers_put(c, r, &h->err, typed);
	headers_put(c, r, &h->out, typed);
	if (typed)
		child_head_add(c, SPAN("Content-Type"), h->type);
	return true;
}

const char *child_headers_get(const struct child_headers *h, struct arena *a, struct span name)
{
	const struct http_field *field = child_table_find(&h->out, name);

	if (span_ieq(name, SPAN("Content-Type")))
		return h->type.p ? arena_span(a, h->type) : NULL;
	if (!field)
		field = child_table_find(&h->err, name);
	return field ? arena_span(a, field->value) : NULL;
}

bool child_headers_any(struct child *c, const struct child_request *r)
{
	const struct conf_dir *dir = &c->dir.merged;

	return !r->plain &&
	       (r->filter || r->no_cache || r->vary.n || child_env_get(r, "force-no-vary") ||
	           dir->headers || dir->answer.charset ||
	           (dir->expires && dir->expires->active == EXPIRES_ON));
}

/* For caches that know no Vary: a variant is old at once. */
static void headers_no_cache(
    struct child *c, const struct child_request *r, struct child_headers *h)
{
	char date[DATE_LEN + 1];

	if (!r->no_cache || child_table_find(&h->out, SPAN("Expires")))
		return;
	date_format(r->start.tv_sec, date);
	child_table_set(&h->out, SPAN("Expires"), span_of(arena_strdup(&c->arena, date)));
}

/* The answer's filters, and what they make of its length. */
static void headers_filter(
    struct child *c, struct child_request *r, struct child_headers *h, int64_t *length)
{
	child_filter_start(c, r, h);
	if (!child_filter_on(r))
		return;
	*length = child_whole_length(c, r);
	child_head_framing(r, *length);
}

bool child_headers_apply(struct child *c, struct child_request *r, int64_t *length)
{
	const struct conf_dir *dir = &c->dir.merged;
	struct child_headers h = {.type = {NULL, 0}};
	struct headers_run run = {.c = c, .r = r, .h = &h};
	struct headers_file file;

	headers_read(c, r, &h);
	r->headers = &h;
	headers_early(&run, c->vhost->dir.headers);
	child_expires(c, r, &h);
	if (r->filter)
		headers_filter(c, r, &h, length);
	if (dir->headers) {
		child_headers_file(r, &h, &file);
		headers_rules(&run, &dir->headers->always, &h.err, false);
		if (!r->error_page)
			headers_rules(&run, &dir->headers->success, &h.out, false);
		child_headers_file_over(c, &h, &file);
	}
	h.type = child_type(c, r, h.type);
	headers_no_cache(c, r, &h);
	r->headers = NULL;
	return !run.failed && headers_write(c, r, &h);
}

void child_headers_request(struct child *c, struct child_request *r, bool early)
{
	const struct conf_headers *conf = early ? c->vhost->dir.headers : c->dir.merged.headers;
	struct headers_run run = {.c = c, .r = r};
	struct child_table t = {.a = &c->arena};

	if (!conf || conf->in.n == 0 || (early && !conf->early))
		return;
	for (size_t i = 0; i < r->head.nfields; i++)
		child_table_add(&t, r->head.fields[i].name, r->head.fields[i].value);
	headers_rules(&run, &conf->in, &t, early);
	r->head.fields = t.v;
	r->head.nfields = t.n;
}
