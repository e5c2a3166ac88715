/*
 * Which filters an answer goes through, and what they do to its fields: Apache's insert_filter
 * hooks, the harness of mod_filter, and the first halves of mod_deflate's and mod_brotli's filters
 * (RFC 9110 sections 8.4, 8.8.3.3, 12.5.3, 12.5.5). Runs as the vhost's user; the fields are a
 * client's and a program's.
 */
#include "child_filter_own.h"

#include "itkd/expr.h"
#include <string.h>
#include <strings.h>

/* 50 is what Apache allows for the fields that a compressed answer has more. */
#define FILTER_SMALL (10 + 8 + 50)

static struct child_filter *filter_of(struct child *c, struct child_request *r)
{
	if (!r->filter)
		r->filter = ARENA_NEW(&c->arena, struct child_filter);
	return r->filter;
}

/* Behind all that stand at its place or before it. */
static void filter_use(struct child *c, struct child_request *r, struct filter_use use)
{
	struct child_filter *f = filter_of(c, r);
	struct filter_use *new = ARENA_NEW(&c->arena, struct filter_use), **at = &f->uses;

	while (*at && (*at)->place <= use.place)
		at = &(*at)->next;
	*new = use;
	new->next = *at;
	*at = new;
}

static void filter_unknown(struct child *c, const char *name)
{
	child_log(c, LOG_ERR, "core", "AH00082: an unknown filter was not added: %s", name);
}

static void filter_use_names(
    struct child *c, struct child_request *r, const struct filter_names *names)
{
	for (uint32_t i = 0; i < names->n; i++) {
		enum filter_kind kind = names->v[i].kind;

		if (kind == FILTER_UNKNOWN)
			filter_unknown(c, names->v[i].name);
		else if (kind != FILTER_NOTHING)
			filter_use(c, r,
			    (struct filter_use){.kind = kind,
			        .place = kind == FILTER_INFLATE ? FILTER_BEFORE_RESOURCE
			                                        : FILTER_CONTENT_SET});
	}
}

/* AddOutputFilter: the text was looked at when it was read. */
static void filter_use_text(struct child *c, struct child_request *r, const char *text)
{
	struct filter_names names = {.n = 0};

	if (text && !conf_filter_names(&c->arena, &c->arena, text, false, &names))
		filter_use_names(c, r, &names);
}

static void filter_use_chain(
    struct child *c, struct child_request *r, const struct conf_filter *conf)
{
	uint32_t from = conf->nchain;

	while (from && conf->chain[from - 1])
		from--;
	for (uint32_t i = from; i < conf->nchain; i++) {
		const struct filter_smart *smart = conf_filter_smart(conf, conf->chain[i]);

		if (smart)
			filter_use(
			    c, r, (struct filter_use){.smart = smart, .place = smart->place});
		else
			child_log(c, LOG_WARNING, "filter", "AH01380: Unknown filter %s not added",
			    conf->chain[i]);
	}
}

void child_filter_insert(struct child *c, struct child_request *r)
{
	const struct conf_filter *conf = c->dir.merged.filter;

	if (!conf && !r->target.output_filters && !r->target.input_filters)
		return;
	filter_use_text(c, r, r->target.output_filters);
	if (conf && conf->output)
		filter_use_names(c, r, conf->output);
	if (conf)
		filter_use_chain(c, r, conf);
	child_inflate_insert(c, r);
}

void child_filter_drop(struct child_request *r)
{
	struct child_filter *f = r->filter;

	if (!f)
		return;
	for (struct filter_stage *s = f->stages; s; s = s->next)
		child_coder_end(s->coder);
	r->filter = NULL;
}

void child_filter_end(struct child_request *r)
{
	child_filter_drop(r);
	child_inflate_end(r);
}

bool child_filter_on(const struct child_request *r)
{
	return r->filter && r->filter->stages;
}

static bool kind_is_wanted(const struct child_filter *f, enum filter_kind kind)
{
	for (const struct filter_use *use = f->uses; use; use = use->next)
		if (use->smart ? use->smart->nproviders > 0 : use->kind == kind)
			return true;
	return false;
}

bool child_filter_wants(const struct child_request *r, uint64_t n)
{
	return r->filter && n <= FILTER_SMALL && kind_is_wanted(r->filter, FILTER_DEFLATE);
}

static void stage_add(struct child *c, struct child_filter *f, struct child_coder *coder)
{
	struct filter_stage *s = ARENA_NEW(&c->arena, struct filter_stage), **at = &f->stages;

	for (; *at; at = &(*at)->next)
		if (!(*at)->room)
			(*at)->room = arena_alloc(&c->arena, FILTER_ROOM);
	s->coder = coder;
	*at = s;
}

static unsigned stage_count(const struct child_filter *f)
{
	unsigned n = 0;

	for (const struct filter_stage *s = f->stages; s; s = s->next)
		n++;
	return n;
}

/* What is there already: values of both tables, with what is no encoding left out. */
static const struct http_field *encoding_of(const struct child_headers *h)
{
	const struct http_field *field = child_table_find(&h->out, SPAN("Content-Encoding"));

	return field ? field : child_table_find(&h->err, SPAN("Content-Encoding"));
}

static bool encoding_is_plain(struct span list)
{
	static const struct span plain[] = {
	    {"identity", 8}, {"7bit", 4}, {"8bit", 4}, {"binary", 6}};
	struct span token;

	while (span_list_next(&list, &token)) {
		bool known = token.n == 0;

		for (size_t i = 0; i < sizeof(plain) / sizeof(*plain) && !known; i++)
			known = span_eq(token, plain[i]);
		if (!known)
			return false;
	}
	return true;
}

static bool is_encoded(const struct child_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (span_ieq(t->v[i].name, SPAN("Content-Encoding")) &&
		    !encoding_is_plain(t->v[i].value))
			return true;
	return false;
}

static void etag_change(
    struct child *c, struct child_headers *h, const char *suffix, enum filter_etag how)
{
	struct http_field *etag = child_table_find(&h->out, SPAN("ETag"));

	if (how == FILTER_ETAG_NONE) {
		child_table_unset(&h->out, SPAN("ETag"));
		return;
	}
	if (how == FILTER_ETAG_SAME || !etag)
		return;
	struct span old = etag->value;

	if (old.n > 2 && old.p[old.n - 1] == '"')
		etag->value =
		    span_of(arena_printf(&c->arena, "%.*s-%s\"", (int)old.n - 1, old.p, suffix));
}

/* Content-Type; of several ranges that of what they are ranges of. */
static struct span type_of(const struct child_request *r, const struct child_headers *h)
{
	return r->parts_type.p ? r->parts_type : h->type.p ? h->type : SPAN("");
}

/* A name of Accept-Encoding with its q, as Apache's filters read them. */
static bool accepts(const struct child_request *r, struct arena *a, struct span name)
{
	struct span list = http_head_joined(a, &r->head, SPAN("Accept-Encoding"));

	return list.p && child_filter_accepts(list, name);
}

/* What keeps DEFLATE away before it even looks at Accept-Encoding. */
static bool deflate_is_out(const struct child_request *r, const struct child_headers *h)
{
	const char *html = child_env_get(r, "gzip-only-text/html");
	struct span type = type_of(r, h);

	if ((r->whole.all || r->whole.sized) && r->whole.n <= FILTER_SMALL)
		return true;
	if (child_env_get(r, "no-gzip"))
		return true;
	return html && strcmp(html, "1") == 0 &&
	       (type.n < 9 || memcmp(type.p, "text/html", 9) != 0);
}

/* What is a part of a file says so in one of two ways. */
static bool is_range(const struct child_request *r, const struct child_headers *h)
{
	return r->whole.range || child_table_find(&h->out, SPAN("Content-Range"));
}

static bool encode_wanted(
    struct child *c, struct child_request *r, struct child_headers *h, enum filter_kind kind)
{
	bool gzip = kind == FILTER_DEFLATE;

	if (r->status == 204 ||
	    (!r->whole.range && child_table_find(&h->out, SPAN("Content-Range"))))
		return false;
	if (gzip ? deflate_is_out(r, h) : child_env_get(r, "no-brotli") != NULL)
		return false;
	if (is_encoded(&h->out) || is_encoded(&h->err))
		return false;
	/* Whoever does not accept it is told all the same that others may get it so. */
	child_table_merge(&h->out, SPAN("Vary"), SPAN("Accept-Encoding"));
	if (r->whole.range)
		return false;
	if (gzip && child_env_get(r, "force-gzip"))
		return true;
	return accepts(r, &c->arena, gzip ? SPAN("gzip") : SPAN("br"));
}

static struct child_coder *encode_coder(
    struct child *c, struct child_request *r, enum filter_kind kind)
{
	const struct conf_vhost *v = c->vhost;
	struct child_coder *coder;
	int code;

	if (kind == FILTER_BROTLI)
		return child_coder_brotli(&c->arena, v->brotli ? v->brotli : &conf_brotli_default);
	coder =
	    child_coder_deflate(&c->arena, v->deflate ? v->deflate : &conf_deflate_default, &code);
	if (!coder)
		child_log(c, LOG_ERR, "deflate",
		    "AH01383: unable to init Zlib: deflateInit2 returned %d: URL %s", code, r->uri);
	return coder;
}

static void encode_start(
    struct child *c, struct child_request *r, struct child_headers *h, enum filter_kind kind)
{
	const struct conf_vhost *v = c->vhost;
	bool gzip = kind == FILTER_DEFLATE;
	enum filter_etag etag = gzip ? (v->deflate ? v->deflate : &conf_deflate_default)->etag
	                             : (v->brotli ? v->brotli : &conf_brotli_default)->etag;
	const struct http_field *old;
	struct span name = gzip ? SPAN("gzip") : SPAN("br");

	if (!encode_wanted(c, r, h, kind))
		return;
	if (r->status != 304) {
		struct child_coder *coder = encode_coder(c, r, kind);

		if (!coder)
			return;
		stage_add(c, r->filter, coder);
	}
	old = encoding_of(h);
	if (!old || span_ieq(old->value, SPAN("identity")))
		child_table_set(&h->out, SPAN("Content-Encoding"), name);
	else
		child_table_merge(&h->out, SPAN("Content-Encoding"), name);
	child_table_unset(&h->out, SPAN("Content-MD5"));
	etag_change(c, h, gzip ? "gzip" : "br", etag);
}

static void inflate_start(struct child *c, struct child_request *r, struct child_headers *h)
{
	const struct conf_vhost *v = c->vhost;
	const struct conf_deflate *conf = v->deflate ? v->deflate : &conf_deflate_default;
	struct coder_limits limits = child_inflate_limits(c);
	struct child_table *t = &h->out;
	struct child_coder *coder;
	int code;

	if (!child_table_find(t, SPAN("Content-Encoding")))
		t = &h->err;
	if (r->redirects || r->status == 204 || is_range(r, h) ||
	    stage_count(r->filter) >= FILTER_STAGES || !child_inflate_strip(&c->arena, t))
		return;
	child_table_unset(&h->out, SPAN("Content-MD5"));
	etag_change(c, h, "gunzip", conf->etag);
	if (r->status == 304)
		return;
	/* What the site itself has packed may become as large as it is. */
	limits.body = 0;
	coder = child_coder_inflate(&c->arena, conf->window, &limits, &code);
	if (coder)
		stage_add(c, r->filter, coder);
	else
		child_log(c, LOG_ERR, "deflate",
		    "AH01397: unable to init Zlib: inflateInit2 returned %d: URL %s", code, r->uri);
}

static bool type_matches(const struct filter_provider *p, struct span type)
{
	size_t n = 0;

	while (n < type.n && !strchr("; \t", type.p[n]))
		n++;
	for (uint32_t i = 0; n && i < p->ntypes; i++)
		if (span_eq(span_of(p->types[i]), (struct span){type.p, n}))
			return true;
	return false;
}

static bool provider_matches(struct child *c, struct child_request *r,
    const struct child_headers *h, const struct filter_provider *p)
{
	struct expr_source source;
	bool match;

	if (!p->condition)
		return type_matches(p, type_of(r, h));
	source = child_expr_source(c, r);
	match = expr_true(p->condition, &source);
	if (source.error)
		child_log(c, LOG_ERR, "filter",
		    "AH01379: Error evaluating filter dispatch condition: %s", source.error);
	return match && !source.error;
}

/* A proxied answer that says no-transform. */
static bool provider_is_barred(struct child *c, const struct child_request *r,
    const struct child_headers *h, uint32_t protocol)
{
	const struct http_field *control;

	if (!r->target.handler || strcmp(r->target.handler, "proxy-server") != 0)
		return false;
	if (protocol & FILTER_NO_PROXY)
		return true;
	control = child_table_find(&h->out, SPAN("Cache-Control"));
	return protocol & FILTER_TRANSFORM && control &&
	       strcasestr(arena_span(&c->arena, control->value), "no-transform");
}

/* FilterProtocol of a provider. */
static void provider_protocol(struct child_headers *h, uint32_t protocol)
{
	if (protocol & FILTER_CHANGE) {
		child_table_unset(&h->out, SPAN("Content-MD5"));
		child_table_unset(&h->out, SPAN("ETag"));
	}
	if (protocol & FILTER_NO_CACHE) {
		child_table_unset(&h->out, SPAN("Last-Modified"));
		child_table_add(&h->out, SPAN("Cache-Control"), SPAN("no-cache"));
	}
	if (protocol & FILTER_NO_RANGE)
		child_table_set(&h->out, SPAN("Accept-Ranges"), SPAN("none"));
}

/* What the first provider that matches makes of a smart filter. */
static enum filter_kind smart_kind(struct child *c, struct child_request *r,
    struct child_headers *h, const struct filter_smart *smart)
{
	if (r->status != 200 && !r->whole.range && !child_env_get(r, "filter-errordocs"))
		return FILTER_NOTHING;
	if (provider_is_barred(c, r, h, smart->protocol))
		return FILTER_NOTHING;
	for (uint32_t i = 0; i < smart->nproviders; i++) {
		const struct filter_provider *p = &smart->providers[i];

		if (!provider_matches(c, r, h, p) || provider_is_barred(c, r, h, p->protocol))
			continue;
		provider_protocol(h, p->protocol);
		return p->kind;
	}
	return FILTER_NOTHING;
}

void child_filter_start(struct child *c, struct child_request *r, struct child_headers *h)
{
	/* A page that is sent in the place of what was begun. */
	if (r->filter->started || r->error_page) {
		child_filter_drop(r);
		return;
	}
	r->filter->started = true;
	for (const struct filter_use *use = r->filter->uses; use; use = use->next) {
		enum filter_kind kind = use->smart ? smart_kind(c, r, h, use->smart) : use->kind;

		if (kind == FILTER_INFLATE)
			inflate_start(c, r, h);
		else if (kind != FILTER_NOTHING)
			encode_start(c, r, h, kind);
	}
}
