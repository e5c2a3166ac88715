/*
 * The head that a CGI program writes (RFC 3875 section 6), made into the head of the answer. Runs
 * as the vhost's user. The program may echo what a client sent: a field that could end its line or
 * smuggle another answer is an error, never passed on (RFC 9110 section 5.5).
 */
#include "child_backend.h"
#include "child_cgi.h"
#include "child_headers.h"

#include <string.h>

#define HEAD_FIELDS 1000                  /* of one program */
#define HEAD_COPIED (16 * CHILD_CGI_HEAD) /* bytes, while fields of one name become one */

static bool head_scan(struct child_stream *s, struct span head, struct cgi_head *f)
{
	struct span bad;

	if (cgi_head_scan(head, f, &bad))
		return true;
	child_log(s->c, LOG_ERR, s->module,
	    "AH02429: malformed header from script '%s': Bad header: %.*s", s->name,
	    bad.n < 256 ? (int)bad.n : 256, bad.p);
	return false;
}

/* Fields that are the server's own, or of the connection (RFC 9110 section 7.6.1). */
static bool head_is_ours(struct span name)
{
	static const struct span ours[] = {{"Status", 6}, {"Content-Length", 14},
	    {"Transfer-Encoding", 17}, {"Connection", 10}, {"Keep-Alive", 10}, {"Date", 4},
	    {"Server", 6}, {"Upgrade", 7}, {"Trailer", 7}, {"Proxy-Connection", 16}};

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (span_ieq(name, ours[i]))
			return true;
	return false;
}

/* What Apache keeps in headers_out: gone where the answer becomes another one. */
static bool head_is_answers(struct span name)
{
	static const struct span names[] = {{"Content-Type", 12}, {"Location", 8},
	    {"Content-Range", 13}, {"ETag", 4}, {"Last-Modified", 13}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_ieq(name, names[i]))
			return true;
	return false;
}

/* How much was copied for it. */
static size_t head_merge(struct child_table *t, struct span name, struct span value)
{
	const struct http_field *field = child_table_find(t, name);
	size_t before = field ? field->value.n : 0;

	child_table_merge(t, name, value);
	return before;
}

/*
 * All other fields stay, on an error page and behind an internal redirect, too; those of one name
 * become one field, but for cookies. False: there are too many of all programs together.
 */
static bool head_keep(struct child_stream *s, struct span head)
{
	struct span line, name, value;
	struct arena *a = &s->c->arena;
	const struct conf_sendfile *sendfile = s->c->dir.merged.sendfile;
	bool sends = sendfile && sendfile->on == CONF_ON;
	size_t size = 0, fields = 0, copied = 0;

	s->r->err.a = a;
	while (cgi_head_line(&head, &line)) {
		if (++fields > HEAD_FIELDS || copied > HEAD_COPIED)
			return false;
		if (!cgi_head_field(line, &name, &value) || head_is_ours(name) ||
		    head_is_answers(name))
			continue;
		if (sends && span_ieq(name, SPAN("X-Sendfile")))
			continue;
		/* The buffer that they stand in is the next program's. */
		name = span_of(arena_span(a, name));
		value = span_of(arena_span(a, value));
		if (span_ieq(name, SPAN("Set-Cookie")))
			child_table_add(&s->r->err, name, value);
		else
			copied += head_merge(&s->r->err, name, value);
	}
	for (size_t i = 0; i < s->r->err.n; i++)
		size += s->r->err.v[i].name.n + s->r->err.v[i].value.n + 4;
	return size <= CHILD_CGI_HEAD;
}

/* Section 6.2.2: the answer is that of a GET for another path of this server. */
static void head_redirect(struct child_stream *s, struct span location)
{
	/* A fragment is the client's: it has no meaning in here. */
	const char *end = memchr(location.p, '#', location.n);

	location.n = end ? (size_t)(end - location.p) : location.n;
	const char *mark = memchr(location.p, '?', location.n);
	size_t n = mark ? (size_t)(mark - location.p) : location.n;
	struct span query = {"", 0};
	char *path;

	s->status = s->broken;
	if (path_decode(&s->c->arena, (struct span){location.p, n}, &path) != PATH_OK) {
		child_log(s->c, LOG_ERR, s->module,
		    "script '%s' gave a Location that is no path: %.*s", s->name, (int)location.n,
		    location.p);
		return;
	}
	if (mark)
		query = span_of(arena_strndup(&s->c->arena, mark + 1, location.n - n - 1));
	child_internal_redirect(s->c, s->r, path, query, mark != NULL, 200);
	s->status = CHILD_REDIRECT;
}

/* Section 6.2.3: without a Status, the page is the server's own. */
static void head_elsewhere(struct child_stream *s, struct span location)
{
	s->r->location = arena_span(&s->c->arena, location);
	child_error(s->c, s->r, 302);
	child_stream_replied(s);
}

/* ap_content_type_tolower: but for the parameters. */
static struct span head_type(struct child_stream *s, struct span value)
{
	char *type = arena_span(&s->c->arena, value);

	for (char *p = type; *p && *p != ';'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	return span_of(type);
}

/* What its name says of the program's file, too, over what the program said. */
static void head_file_fields(struct child_stream *s)
{
	const struct child_target *t = &s->r->target;
	const struct span encoding = SPAN("Content-Encoding"), language = SPAN("Content-Language");

	if (t->encoding) {
		child_table_unset(&s->r->err, encoding);
		child_head_add(s->c, encoding, span_of(t->encoding));
	}
	if (t->language) {
		const struct http_field *said = child_table_find(&s->r->err, language);
		struct span other = said ? said->value : (struct span){NULL, 0};

		child_table_unset(&s->r->err, language);
		child_head_add(s->c, language,
		    child_headers_languages(&s->c->arena, span_of(t->language), other));
	}
}

/* What belongs to the answer itself. */
static void head_fields(struct child_stream *s, struct span head, const struct cgi_head *f)
{
	struct span line, name, value;
	const char *type = s->r->target.type;
	bool bodiless = s->r->status == 204 || s->r->status == 304;
	time_t now = s->r->start.tv_sec;
	char date[DATE_LEN + 1];

	while (cgi_head_line(&head, &line)) {
		if (!cgi_head_field(line, &name, &value) || !head_is_answers(name) ||
		    span_ieq(name, SPAN("Content-Type")))
			continue;
		if (!span_ieq(name, SPAN("Last-Modified"))) {
			child_head_add(s->c, name, value);
		} else if (f->modified != -1) {
			/* RFC 9110 section 8.8.2.1: what is no date is left out, the future is now.
			 */
			date_format(f->modified < now ? f->modified : now, date);
			child_head_add(s->c, name, (struct span){date, DATE_LEN});
		}
	}
	/* Without one of its own it has that which its file's name says; "" is to have none. */
	value = f->type.p ? head_type(s, f->type) : span_of(type ? type : "");
	if (value.n && !bodiless)
		child_head_add(s->c, SPAN("Content-Type"), value);
	if (!bodiless)
		head_file_fields(s);
}

static bool head_is_all(const struct child_stream *s, const struct cgi_head *f)
{
	return s->r->head_only || f->status == 204 || f->status == 304;
}

static void head_answer(struct child_stream *s, struct span head, const struct cgi_head *f)
{
	struct child_request *r = s->r;
	bool bodied = !head_is_all(s, f);
	/* Less than is there was no promise: nothing is cut off where nobody sees it. */
	int64_t length = bodied && f->length < (int64_t)r->whole.n ? -1 : f->length;

	/* What was promised and is not there makes it an answer that is cut, however it is sent. */
	if (length == 0)
		r->whole = (struct child_whole){.all = true, .p = ""};
	else if (length > 0 && bodied)
		r->whole.all &= (uint64_t)length == r->whole.n;
	else if (r->whole.all && bodied)
		length = (int64_t)r->whole.n;
	child_head_start(s->c, r, f->status, f->reason);
	head_fields(s, head, f);
	if (!child_head_finish(s->c, r, length)) {
		child_stream_replied(s);
		return;
	}
	child_stream_headed(s, length);
}

/* The client has it already (ap_meets_conditions). True: that was said. */
static bool head_conditions(struct child_stream *s, struct span head, const struct cgi_head *f)
{
	struct child_request *r = s->r;
	int status;

	if (r->method_id != HTTP_METHOD_GET && r->method_id != HTTP_METHOD_HEAD)
		return false;
	status = r->error_status ? 0 : child_conditions(s->c, r, f->etag, f->modified);
	if (status == 0)
		return false;
	if (status == 412) {
		child_error(s->c, r, 412);
		child_stream_replied(s);
		return true;
	}
	child_head_start(s->c, r, 304, child_reason(304));
	head_fields(s, head, f);
	child_reply(s->c, r, "", 0);
	child_stream_replied(s);
	return true;
}

static void head_take(struct child_stream *s, size_t n)
{
	struct cgi_head f;
	struct span head = {s->c->cgi, n};
	bool plain;

	if (!head_scan(s, head, &f)) {
		s->status = s->broken;
		return;
	}
	if (!head_keep(s, head)) {
		child_log(s->c, LOG_ERR, s->module,
		    "The heads are too large or have too many fields: script %s", s->name);
		s->r->err.n = 0;
		s->status = s->broken;
		return;
	}
	if (child_cgi_sendfile(s, f.sendfile, f.type, f.status))
		return;
	/* An ErrorDocument that says where to go keeps its status: it must name one to change it.
	 */
	plain = f.status == 200 || (f.status == 0 && !s->r->error_status);
	if (f.location.n && plain) {
		if (f.location.p[0] == '/')
			head_redirect(s, f.location);
		else
			head_elsewhere(s, f.location);
		return;
	}
	if (f.status == 0 && head_conditions(s, head, &f))
		return;
	/* Of the document that answers for an error it is asked no more. */
	if (s->broken == 502 && s->r->redirects == 0 &&
	    child_proxy_overrides(s->c->dir.merged.proxy, f.status)) {
		s->r->reason = span_of(arena_span(&s->c->arena, f.reason));
		s->status = f.status;
		return;
	}
	if (f.status == 0) {
		f.status = 200;
		f.reason = child_reason(200);
	} else {
		s->r->error_status = 0;
	}
	head_answer(s, head, &f);
}

static void head_none(struct child_stream *s, const char *why)
{
	child_log(s->c, LOG_ERR, s->module, "%s: %s", why, s->name);
	s->status = s->broken;
}

size_t child_cgi_head_room(const struct child_stream *s)
{
	return sizeof(s->c->cgi) - s->head_n;
}

/* The complete head becomes the answer's, with what is there of the body. */
static void head_complete(struct child_stream *s, bool ended)
{
	struct child_request *r = s->r;
	const char *body = s->c->cgi + s->head_end;
	size_t n = s->head_n - s->head_end;

	s->pause = 0;
	r->whole = (struct child_whole){.all = ended, .p = body, .n = n};
	head_take(s, s->head_end);
	if (s->status)
		return;
	if (!child_stream_whole(s))
		child_stream_body(s, body, n);
}

/*
 * What is wrong with a body that is unpacked shows while it is: its status must still be possible.
 * So the program's answer waits, as far as there is room for it.
 */
static bool head_waits_for_body(const struct child_stream *s)
{
	return s->want_body && child_filter_input(s->r) && child_cgi_head_room(s);
}

/*
 * Only its end says how long it is: a short answer waits a moment for that, since a client of
 * HTTP/1.0 cannot keep its connection behind an answer without a length.
 */
static bool head_waits_for_end(const struct child_stream *s)
{
	struct span head = {s->c->cgi, s->head_end}, bad;
	struct cgi_head f;

	return s->head_n - s->head_end <= CHILD_SMALL && cgi_head_scan(head, &f, &bad) &&
	       f.length < 0 && !f.location.n && !head_is_all(s, &f);
}

/* Whether the complete head waits for something that stands behind it. */
static bool head_waits(const struct child_stream *s)
{
	return child_cgi_head_room(s) &&
	       (head_waits_for_body(s) || child_filter_wants(s->r, s->head_n - s->head_end) ||
	           head_waits_for_end(s));
}

void child_cgi_head_paused(struct child_stream *s)
{
	if (head_waits_for_body(s))
		s->pause = clock_ms() + CHILD_FILTER_PAUSE;
	else
		head_complete(s, false);
}

void child_cgi_head_got(struct child_stream *s, size_t n)
{
	/* The empty line's LF is new, whatever stands before it. */
	if (!s->head_end)
		s->head_end = cgi_head_end(s->c->cgi, s->head_n + n, s->head_n);
	s->head_n += n;
	child_stream_progress(s);
	if (s->head_end && n && head_waits(s)) {
		/* However often it says a little: its first word is not kept back any longer. */
		if (!s->pause)
			s->pause = clock_ms() + CHILD_FILTER_PAUSE;
	} else if (s->head_end) {
		head_complete(s, n == 0);
	} else if (n == 0) {
		head_none(s, "End of script output before headers");
	} else if (child_cgi_head_room(s) == 0) {
		head_none(s, "The head is too large: script");
	}
}
