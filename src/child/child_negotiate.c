/*
 * Content negotiation (RFC 9110 section 12, RFC 2295), as Apache's mod_negotiation does it: which
 * variant answers for a name that is no file's (MultiViews), and what the answer says of it. Runs
 * as the vhost's user; the wishes are the client's, the variants the site owner's.
 */
#include "child_negotiate.h"

#include "itkd/fd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static const char *negotiate_field(struct child *c, const struct child_request *r, struct span name)
{
	struct span value = http_head_joined(&c->arena, &r->head, name);

	return value.p ? arena_span(&c->arena, value) : NULL;
}

static enum negotiate_discard negotiate_discard(const struct child_request *r)
{
	const char *html = child_env_get(r, "gzip-only-text/html");

	if (child_env_get(r, "no-gzip"))
		return DISCARD_ENCODED;
	return html && strcmp(html, "1") == 0 ? DISCARD_ENCODED_BUT_HTML : DISCARD_NONE;
}

void child_negotiate_start(struct child *c, struct child_request *r, struct negotiate *g)
{
	const struct conf_negotiate *conf = c->dir.merged.negotiate;
	struct arena *a = &c->arena;

	*g = (struct negotiate){.a = a, .prefer = child_env_get(r, "prefer-language")};
	accept_parse(a, negotiate_field(c, r, SPAN("Accept")), &g->types);
	accept_parse(a, negotiate_field(c, r, SPAN("Accept-Charset")), &g->charsets);
	accept_parse(a, negotiate_field(c, r, SPAN("Accept-Encoding")), &g->encodings);
	accept_parse(a, negotiate_field(c, r, SPAN("Accept-Language")), &g->languages);
	g->discard = negotiate_discard(r);
	if (!conf)
		return;
	g->force = conf->force;
	g->npriority = conf->nlanguages;
	g->priority = conf->languages;
}

/* RFC 2295 section 10: variants elsewhere, or that are no files, have no place in its fields. */
static bool negotiate_is_transparent(
    const struct child_request *r, const struct negotiate *g, bool path_info)
{
	if ((r->method_id != HTTP_METHOD_GET && r->method_id != HTTP_METHOD_HEAD) || path_info)
		return false;
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].inside || strchr(g->v[i].file, '/'))
			return false;
	return true;
}

int child_negotiate_choose(struct child *c, struct child_request *r, struct negotiate *g,
    bool path_info, bool scripts, struct variant **best)
{
	const char *agent = negotiate_field(c, r, SPAN("User-Agent"));
	struct child_choice *choice = ARENA_NEW(&c->arena, struct child_choice);
	bool list;

	g->transparent = negotiate_is_transparent(r, g, path_info);
	negotiate_header(g, g->transparent ? negotiate_field(c, r, SPAN("Negotiate")) : NULL,
	    agent && strncmp(agent, "Lynx", 4) == 0);
	negotiate_defaults(g, scripts);
	*best = negotiate_choose(g, &list);
	r->choice = choice;
	choice->vary = negotiate_vary(g);
	if (g->transparent)
		choice->tcn = list ? "list" : "choice";
	if (g->alternates || list)
		choice->alternates = negotiate_alternates(g);
	if (list) {
		choice->list = negotiate_list(g);
		if (g->transparent && g->speaks)
			return 300;
		if (!*best) {
			child_log(c, LOG_ERR, "negotiation", "AH00690: no acceptable variant: %s",
			    r->target.file);
			return 406;
		}
	}
	if (g->transparent)
		choice->location = path_encode(&c->arena, (*best)->file);
	return 0;
}

/* The directory that is there, the first name in it that is not, and what follows that. */
static bool negotiate_place(
    struct child *c, const char *file, const char *uri, struct negotiate_place *place)
{
	size_t n = strlen(file), end = n, path_info;
	int fd, found;

	do {
		while (end > 1 && file[end - 1] == '/')
			end--;
		path_info = end;
		while (end > 1 && file[end - 1] != '/')
			end--;
		place->dir = arena_strndup(&c->arena, file, end);
		found = fd = child_open(&c->dir, place->dir, false);
		fd_close(&fd);
	} while (found == -ENOENT && end > 1);
	place->name = arena_strndup(&c->arena, file + end, path_info - end);
	place->path_info = file + path_info;
	/* Where a pattern made the file of the URL, their ends need not be the same. */
	if (found < 0 || !*place->name || strlen(uri) < n - end ||
	    strcmp(uri + strlen(uri) - (n - end), file + end) != 0)
		return false;
	place->uri = arena_strndup(&c->arena, uri, strlen(uri) - (n - end));
	return true;
}

void child_negotiate_validator(struct child *c, struct child_request *r,
    const struct child_target *map, const struct stat *dir)
{
	char text[CHILD_ETAG_MAX];
	struct child_request of = {.start = r->start};
	struct span tag;

	/* Of what is looked up on the way, as an index file, nothing is told. */
	if (r->main_uri)
		return;
	r->variants = NULL;
	r->variants_weak = false;
	if (!map) {
		int64_t modified =
		    (int64_t)dir->st_mtim.tv_sec * 1000000 + dir->st_mtim.tv_nsec / 1000;

		r->variants = arena_printf(&c->arena, "%" PRIx64, (uint64_t)modified);
		r->variants_weak =
		    (int64_t)r->start.tv_sec * 1000000 + r->start.tv_nsec / 1000 - modified <
		    1000000;
		return;
	}
	of.target = *map;
	tag = child_etag(c, &of, text);
	if (tag.n == 0)
		return;
	r->variants_weak = tag.p[0] == 'W';
	tag.p += r->variants_weak ? 3 : 1;
	tag.n -= r->variants_weak ? 4 : 2;
	r->variants = arena_span(&c->arena, tag);
}

const char *child_negotiate_path(struct child *c, const char *dir, const char *file)
{
	const char *text = *file == '/'
	                       ? file
	                       : arena_printf(&c->arena, "%s%s", path_encode(&c->arena, dir), file);
	char *path;

	return path_decode(&c->arena, span_of(text), &path) == PATH_OK ? path : NULL;
}

/* The variant takes the target's place: 0, or a status. */
static int negotiate_take(struct child *c, struct child_request *r,
    const struct negotiate_place *place, const struct variant *best, const struct child_target *map)
{
	struct child_target *t = &r->target, found = {.fd = -1};
	bool mapped = map->file;
	const char *name = best->inside ? strrchr(map->file, '/') + 1 : best->file, *uri;
	int status;

	if (mapped && !best->inside) {
		uri = child_negotiate_path(c, place->uri, name);
		if (!uri)
			return 404;
		child_map_quiet(c, uri, &found);
		status = found.status ? found.status : child_access(c, r, found.file);
	} else {
		uri = arena_printf(&c->arena, "%s%s", place->uri, name);
		status = child_map_file(
		    c, uri, arena_printf(&c->arena, "%s%s", place->dir, name), t, &found);
	}
	if (!status)
		status = child_map_status(c, &found);
	if (!status && r->choice->tcn && found.handler && strcmp(found.handler, "type-map") == 0)
		status = 506;
	if (status) {
		child_target_close(&found);
		return status;
	}
	child_target_close(t);
	*t = found;
	if (*place->path_info)
		t->path_info = place->path_info;
	t->uri = arena_printf(&c->arena, "%s%s", uri, place->path_info);
	return 0;
}

int child_negotiate(struct child *c, struct child_request *r, const char *uri)
{
	struct negotiate_place place;
	struct child_target map = {.fd = -1};
	struct negotiate g;
	struct variant *best;
	bool get = r->method_id == HTTP_METHOD_GET || r->method_id == HTTP_METHOD_HEAD;
	int status;

	r->choice = NULL;
	if (r->target.error != ENOENT || !child_option(c, OPT_MULTI) ||
	    !negotiate_place(c,
	        arena_printf(&c->arena, "%s%s", r->target.file, r->target.path_info), uri, &place))
		return 0;
	child_negotiate_start(c, r, &g);
	status = child_negotiate_find(c, r, &place, &g, &map);
	if (!status && g.n)
		status = child_negotiate_choose(
		    c, r, &g, *place.path_info, !get || r->has_query || *place.path_info, &best);
	if (!status && g.n)
		status = negotiate_take(c, r, &place, best, &map);
	if (r->target.uri)
		return status;
	/* Of a variant that cannot be had nothing is told. */
	if (r->choice && status == 506)
		r->choice = NULL;
	/* The settings are those of a variant. */
	int walk = child_dir_walk(c, uri, r->target.file, WALK_NAME);

	return status ? status : walk;
}

static bool negotiated_has(struct span list, struct span name)
{
	struct span one;

	while (span_list_next(&list, &one))
		if (span_ieq(one, name))
			return true;
	return false;
}

/* Of an ErrorDocument that is chosen, too, each name once. */
static void negotiated_vary(struct child_request *r, const char *vary)
{
	const struct http_field *known = child_table_find(&r->err, SPAN("Vary"));
	struct span rest = span_of(vary), name;

	if (!vary)
		return;
	if (!known) {
		child_table_set(&r->err, SPAN("Vary"), span_of(vary));
		return;
	}
	while (span_list_next(&rest, &name)) {
		known = child_table_find(&r->err, SPAN("Vary"));
		if (!negotiated_has(known->value, name))
			child_table_merge(&r->err, SPAN("Vary"), name);
	}
}

void child_negotiated(struct child *c, struct child_request *r)
{
	const struct child_choice *choice = r->choice;
	r->err.a = &c->arena;
	negotiated_vary(r, choice->vary);
	if (choice->alternates)
		child_table_merge(&r->err, SPAN("Alternates"), span_of(choice->alternates));
	if (choice->tcn)
		child_err_set(c, r, "TCN", choice->tcn);
	if (choice->location)
		child_err_set(c, r, "Content-Location", choice->location);
	if (choice->list && !r->error_notes)
		r->error_notes = choice->list;
	r->choice = NULL;
}

/* RFC 9110 section 8.4.1.3: "x-gzip" is "gzip"; a client gets the name that it knows. */
void child_negotiate_encoding(
    struct child *c, const struct child_request *r, struct child_target *t)
{
	const char *encoding = t->encoding, *value;
	struct accept_list list;

	if (!encoding || !*encoding)
		return;
	if (strncmp(encoding, "x-", 2) == 0)
		encoding += 2;
	value = negotiate_field(c, r, SPAN("Accept-Encoding"));
	accept_parse(&c->arena, value, &list);
	for (size_t i = 0; i < list.n; i++) {
		const char *name = list.v[i].name;

		if (strcmp(name, encoding) == 0) {
			t->encoding = name;
			return;
		}
		if (strncmp(name, "x-", 2) == 0 && strcmp(name + 2, encoding) == 0)
			t->encoding = name;
	}
}
