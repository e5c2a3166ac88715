/*
 * The body of a request unpacked before its handler sees it (SetInputFilter DEFLATE, RFC 9110
 * section 8.4), within DeflateInflateLimitRequestBody and its like. Runs as the vhost's user; the
 * bytes are a client's, who may mean harm by them: what comes out is bounded while it comes.
 */
#include "child_filter_own.h"

#define INFLATE_ROOM_MAX 1048576
#define INFLATE_BODY_MAX (1 << 30) /* Apache's, where LimitRequestBody says nothing */

struct child_inflate {
	struct child_coder *coder;
	char *out;
	size_t room;
	struct span in; /* not unpacked yet */
	bool full;      /* more may come out without anything going in */
	bool raw_end;   /* the packed body is read */
	bool ended;
};

struct coder_limits child_inflate_limits(const struct child *c)
{
	const struct conf_dir *dir = &c->dir.merged;
	const struct filter_limits *limits =
	    dir->filter && dir->filter->limits ? dir->filter->limits : &conf_filter_limits_default;
	int64_t body = limits->body;

	if (body == 0)
		body = dir->set & DIR_LIMIT_BODY ? dir->limit_body : INFLATE_BODY_MAX;
	return (struct coder_limits){.body = body, .ratio = limits->ratio, .burst = limits->burst};
}

static bool is_gzip(struct span s)
{
	return span_ieq(s, SPAN("gzip")) || span_ieq(s, SPAN("x-gzip"));
}

/* The list without its last encoding, where that is gzip. False: it is another. */
static bool strip_gzip(struct span *list)
{
	struct span rest = span_trim(*list);

	for (;;) {
		const char *comma = memrchr(rest.p, ',', rest.n);
		size_t head = comma ? (size_t)(comma - rest.p) : 0;
		struct span last = comma ? (struct span){comma + 1, rest.n - head - 1} : rest;

		last = span_trim(last);
		if (is_gzip(last)) {
			*list = (struct span){rest.p, head};
			return true;
		}
		if (!comma || (last.n && !span_ieq(last, SPAN("identity"))))
			return false;
		rest.n = head;
	}
}

bool child_inflate_strip(struct arena *a, struct child_table *t)
{
	struct http_field *field = child_table_find(t, SPAN("Content-Encoding"));
	struct span list;

	if (!field)
		return false;
	list = field->value;
	if (!strip_gzip(&list))
		return false;
	if (list.n)
		field->value = span_of(arena_span(a, list));
	else
		child_table_unset(t, SPAN("Content-Encoding"));
	return true;
}

static bool inflate_is_named(struct child *c, const struct filter_names *names)
{
	bool named = false;

	for (uint32_t i = 0; i < names->n; i++) {
		named |= names->v[i].kind == FILTER_DEFLATE;
		if (names->v[i].kind == FILTER_UNKNOWN)
			child_log(c, LOG_ERR, "core",
			    "AH00082: an unknown filter was not added: %s", names->v[i].name);
	}
	return named;
}

static bool inflate_is_wanted(struct child *c, const struct child_request *r)
{
	const struct conf_filter *conf = c->dir.merged.filter;
	struct filter_names names = {.n = 0};
	bool named = conf && conf->input && inflate_is_named(c, conf->input);
	struct span list;

	if (r->target.input_filters &&
	    !conf_filter_names(&c->arena, &c->arena, r->target.input_filters, true, &names))
		named |= inflate_is_named(c, &names);
	if (!named || r->redirects || r->no_body || r->body.kind == BODY_NONE || r->body.seen)
		return false;
	list = http_head_joined(&c->arena, &r->head, SPAN("Content-Encoding"));
	return !http_head_field(&r->head, SPAN("Content-Range")) && list.p && strip_gzip(&list);
}

void child_inflate_insert(struct child *c, struct child_request *r)
{
	const struct conf_deflate *conf = c->vhost->deflate;
	struct coder_limits limits = child_inflate_limits(c);
	struct child_inflate *x;
	struct child_coder *coder;
	int code;

	if (!inflate_is_wanted(c, r))
		return;
	if (!conf)
		conf = &conf_deflate_default;
	coder = child_coder_inflate(&c->arena, conf->window, &limits, &code);
	if (!coder) {
		child_log(c, LOG_ERR, "deflate",
		    "AH01389: unable to init Zlib: inflateInit2 returned %d: URL %s", code, r->uri);
		return;
	}
	x = r->inflate = ARENA_NEW(&c->arena, struct child_inflate);
	x->coder = coder;
	x->room = conf->buffer < INFLATE_ROOM_MAX ? (size_t)conf->buffer : INFLATE_ROOM_MAX;
	x->out = arena_alloc(&c->arena, x->room);
}

void child_inflate_end(struct child_request *r)
{
	if (r->inflate)
		child_coder_end(r->inflate->coder);
	r->inflate = NULL;
}

bool child_filter_input(const struct child_request *r)
{
	return r->inflate != NULL;
}

bool child_inflate_pending(const struct child_request *r)
{
	const struct child_inflate *x = r->inflate;

	return x && !x->ended && (x->in.n || x->full || r->body.done);
}

static void inflate_log(struct child *c, int code, const char *text)
{
	static const struct {
		const char *zlib, *apache;
	} known[] = {
	    {"incorrect header check", "AH01387: Zlib: Invalid header"},
	    {"unknown header flags set", "AH01388: Zlib: Invalid flags"},
	    {"incorrect data check", "AH01394: Zlib: CRC error inflating data"},
	    {"incorrect length check", "AH01395: Zlib: Length of inflated data does not match"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(text, known[i].zlib) == 0) {
			child_log(c, LOG_WARNING, "deflate", "%s", known[i].apache);
			return;
		}
	child_log(
	    c, LOG_WARNING, "deflate", "AH01392: Zlib error %d inflating data (%s)", code, text);
}

static enum child_body_result inflate_failed(struct child *c, struct child_inflate *x)
{
	struct coder_limits limits = child_inflate_limits(c);
	const char *text;
	int code;

	switch (child_coder_error(x->coder, &code, &text)) {
	case CODER_LARGE:
		child_log(c, LOG_WARNING, "deflate",
		    "AH02648: Inflated content length of %llu is larger than the configured limit "
		    "of %lld",
		    (unsigned long long)child_coder_out(x->coder), (long long)limits.body);
		return CHILD_BODY_LARGE;
	case CODER_RATIO:
		child_log(c, LOG_WARNING, "deflate",
		    "AH02649: Inflated content ratio is larger than the configured limit %d by %d "
		    "time(s)",
		    limits.ratio, limits.burst);
		return CHILD_BODY_BAD;
	default:
		if (x->raw_end && x->in.n == 0)
			child_log(c, LOG_ERR, "deflate",
			    "AH02481: Encountered premature end-of-stream while inflating");
		else
			inflate_log(c, code, text);
		return CHILD_BODY_BAD;
	}
}

/* The packed body is read and unpacked. */
static enum child_body_result inflate_finish(struct child *c, struct child_inflate *x)
{
	x->ended = true;
	if (x->in.n == 0)
		return CHILD_BODY_END;
	child_log(c, LOG_ERR, "deflate", "AH02485: Encountered extra data after compressed data");
	return CHILD_BODY_BAD;
}

enum child_body_result child_inflate_next(
    struct child *c, struct child_request *r, struct span *data)
{
	struct child_inflate *x = r->inflate;
	enum child_body_result raw;
	size_t n;

	for (;;) {
		/* No body at all is not one that is cut. */
		if (x->ended || (x->raw_end && child_coder_in(x->coder) == 0 && x->in.n == 0))
			return CHILD_BODY_END;
		enum child_filter_result result = child_coder_run(
		    x->coder, &x->in, x->raw_end ? FILTER_END : FILTER_MORE, x->out, x->room, &n);

		if (result == FILTER_FAILED) {
			x->ended = true;
			return inflate_failed(c, x);
		}
		x->full = result == FILTER_FULL;
		if (n) {
			*data = (struct span){x->out, n};
			return CHILD_BODY_DATA;
		}
		if (child_coder_done(x->coder) && (x->raw_end || x->in.n))
			return inflate_finish(c, x);
		raw = child_body_raw(c, r, &x->in);
		if (raw == CHILD_BODY_END)
			x->raw_end = true;
		else if (raw != CHILD_BODY_DATA)
			return raw;
	}
}
