/*
 * Type maps (mod_negotiation's AddHandler type-map): a file that names the variants of what it
 * stands for, each with fields of its own, or holds them. Runs as the vhost's user; the file is the
 * site owner's.
 */
#include "child_negotiate.h"

#include "child_range.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAP_MAX ((off_t)4 << 20) /* bytes of a type map */

struct map_reader {
	struct child *c;
	const char *file;       /* for messages */
	const char *text, *end; /* all of it, with a NUL behind */
	const char *at;
	struct negotiate *g;
	size_t room;
	struct variant v; /* the one that is being read */
	bool content;     /* it has a field that says what it is */
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *line_end(const struct map_reader *m, const char *p)
{
	const char *lf = memchr(p, '\n', (size_t)(m->end - p));

	return lf ? lf : m->end;
}

static bool line_is_empty(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p == end;
}

/*
 * The next field with the lines that continue it, as one text; "" where a variant ends; NULL at the
 * end of the file.
 */
static char *map_field(struct map_reader *m)
{
	struct arena *a = &m->c->arena;
	const char *end;
	char *field;

	while (m->at < m->end && *m->at == '#')
		m->at = line_end(m, m->at) + 1;
	if (m->at >= m->end)
		return NULL;
	end = line_end(m, m->at);
	field = line_is_empty(m->at, end) ? arena_strdup(a, "")
	                                  : arena_strndup(a, m->at, (size_t)(end - m->at));
	m->at = end + 1;
	if (!*field || strncasecmp(field, "body:", 5) == 0)
		return field;
	while (m->at < m->end && (*m->at == '#' || is_blank(*m->at))) {
		end = line_end(m, m->at);
		if (line_is_empty(m->at, end))
			break;
		if (*m->at != '#') {
			while (is_blank(*m->at))
				m->at++;
			field = arena_printf(a, "%s\n%.*s", field, (int)(end - m->at), m->at);
		}
		m->at = end + 1;
	}
	return field;
}

/* What stands in it may become a field of the answer: no control character may end that. */
static char *map_clean_field(struct map_reader *m)
{
	char *field = map_field(m);

	for (char *p = field; p && *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return field;
}

/* RFC 822 comments. */
static void map_strip_comments(char *p)
{
	while ((p = strchr(p, '('))) {
		while (*p && *p != ')')
			*p++ = ' ';
		if (*p)
			*p++ = ' ';
	}
}

/* What stands behind the field's name, which becomes lower case; NULL: it is none, logged. */
static char *map_value(const struct map_reader *m, char *field)
{
	char *p = field;

	for (; *p && *p != ':'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	if (!*p) {
		child_log(m->c, LOG_ERR, "negotiation",
		    "AH00681: Syntax error in type map, no ':' in %s for header %s", m->file,
		    field);
		return NULL;
	}
	do
		p++;
	while (is_blank(*p));
	if (*p) {
		map_strip_comments(p);
		return p;
	}
	child_log(m->c, LOG_ERR, "negotiation",
	    "AH00682: Syntax error in type map --- no header body: %s for %s", field, m->file);
	return NULL;
}

static void map_languages(struct map_reader *m, const char *value)
{
	struct arena *a = &m->c->arena;
	const char **v = arena_array(a, strlen(value) + 1, sizeof(*v));

	m->v.nlanguages = 0;
	while (*value) {
		char *language = accept_token(a, &value, false);

		for (char *p = language; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p |= 0x20;
		v[m->v.nlanguages++] = language;
		value += *value == ',' || *value == ';';
	}
	m->v.languages = v;
}

/* Up to a line that begins with tag; false, logged, where there is none. */
static bool map_body(struct map_reader *m, char *tag)
{
	size_t n = strlen(tag);
	const char *start = m->at, *found;

	while (n && is_blank(tag[n - 1]))
		tag[--n] = '\0';
	found = start < m->end ? memmem(start, (size_t)(m->end - start), tag, n) : NULL;
	if (!found) {
		child_log(m->c, LOG_ERR, "negotiation",
		    "AH00685: Syntax error in type map, no end tag '%s' found in %s for Body: "
		    "content.",
		    tag, m->file);
		return false;
	}
	m->v.inside = true;
	m->v.body = start - m->text;
	m->v.length = found - start;
	m->v.file = strrchr(m->file, '/') + 1;
	m->at = line_end(m, found + n) + 1;
	return true;
}

static bool map_length(struct map_reader *m, const char *value)
{
	const char *text = accept_token(&m->c->arena, &value, false);

	m->v.length = span_number(span_of(text), INT64_MAX);
	if (m->v.length >= 0)
		return true;
	child_log(m->c, LOG_ERR, "negotiation",
	    "AH00684: Parse error in type map, Content-Length: '%s' in %s is invalid.", text,
	    m->file);
	return false;
}

/* False where the map ends there, as it is broken. */
static bool map_set(struct map_reader *m, const char *name, char *value)
{
	struct arena *a = &m->c->arena;
	const char *text = value;

	if (strncmp(name, "uri:", 4) == 0) {
		m->v.file = accept_token(a, &text, false);
		return true;
	}
	if (strncmp(name, "description:", 12) == 0) {
		m->v.description = value;
		return true;
	}
	if (strncmp(name, "body:", 5) == 0)
		return map_body(m, value);
	if (strncmp(name, "content-type:", 13) == 0)
		variant_type(a, &m->v, value);
	else if (strncmp(name, "content-language:", 17) == 0)
		map_languages(m, value);
	else if (strncmp(name, "content-encoding:", 17) == 0)
		m->v.encoding = accept_token(a, &text, false);
	else if (strncmp(name, "content-length:", 15) != 0)
		return true;
	else if (!map_length(m, value))
		return false;
	m->content = true;
	return true;
}

static void map_end_variant(struct map_reader *m)
{
	struct negotiate *g = m->g;

	if (m->v.file && *m->v.file && m->content) {
		if (g->n == m->room) {
			m->room = m->room ? m->room * 2 : 8;
			struct variant *v = arena_array(&m->c->arena, m->room, sizeof(*v));

			if (g->n)
				memcpy(v, g->v, g->n * sizeof(*v));
			g->v = v;
		}
		g->v[g->n++] = m->v;
	}
	m->content = false;
	m->v = (struct variant){
	    .file = "", .type = "", .charset = "", .encoding = "", .description = "", .length = -1};
}

static int map_read(struct map_reader *m)
{
	char *field, *value;

	map_end_variant(m);
	do {
		field = map_clean_field(m);
		if (!field || !*field) {
			map_end_variant(m);
			continue;
		}
		value = map_value(m, field);
		if (!value)
			return 500;
		if (!map_set(m, field, value))
			break;
	} while (field);
	return 0;
}

/* All of the open file; NULL, logged. */
static const char *map_text(struct child *c, const struct child_target *t, size_t *n)
{
	char *text;

	*n = 0;
	if (t->st.st_size > MAP_MAX) {
		child_log(c, LOG_ERR, "negotiation", "the type map %s is larger than %lld bytes",
		    t->file, (long long)MAP_MAX);
		return NULL;
	}
	text = arena_alloc(&c->arena, (size_t)t->st.st_size + 1);
	while (*n < (size_t)t->st.st_size) {
		ssize_t got = pread(t->fd, text + *n, (size_t)t->st.st_size - *n, (off_t)*n);

		if (got == 0)
			break;
		if (got > 0)
			*n += (size_t)got;
		else if (errno != EINTR) {
			child_log(c, LOG_ERR, "negotiation",
			    "(%d)%s: AH00683: cannot access type map file: %s", errno,
			    strerror(errno), t->file);
			return NULL;
		}
	}
	text[*n] = '\0';
	return text;
}

/* Lengths that the map does not tell are those of the files. */
static void map_lengths(const struct child_target *t, struct negotiate *g, struct arena *a)
{
	const char *slash = strrchr(t->file, '/');

	for (size_t i = 0; i < g->n; i++) {
		struct variant *v = &g->v[i];
		struct stat st;

		if (v->length < 0 &&
		    stat(arena_printf(a, "%.*s%s", (int)(slash + 1 - t->file), t->file, v->file),
		        &st) == 0)
			v->length = st.st_size;
	}
}

int child_negotiate_map(struct child *c, const struct child_target *t, struct negotiate *g)
{
	struct map_reader m = {.c = c, .file = t->file, .g = g};
	size_t n;
	int status;

	m.text = m.at = map_text(c, t, &n);
	if (!m.text)
		return 403;
	m.end = m.text + n;
	status = map_read(&m);
	if (status == 0)
		map_lengths(t, g, &c->arena);
	return status;
}

bool child_is_type_map(const struct child_target *t)
{
	const char *name = t->handler ? t->handler : t->type;

	return name && S_ISREG(t->st.st_mode) &&
	       (strcmp(name, "type-map") == 0 || strcmp(name, "application/x-type-map") == 0);
}

/* What the variant is cannot itself be a choice (RFC 2295 section 4.6): 0, or a status. */
static int map_check(struct child *c, struct child_request *r, const char *path)
{
	struct child_target t = {.fd = -1};
	bool looking = c->looking;
	int status;

	c->looking = true;
	child_map_quiet(c, path, &t);
	c->looking = looking;
	status = t.status ? t.status : child_access(c, r, t.file);
	if (!status && t.error == ENOENT && child_option(c, OPT_MULTI))
		status = 506;
	/* Who asks for what is not there will be told so. */
	if (!status && t.error != ENOENT)
		status = child_map_status(c, &t);
	if (!status && t.handler && strcmp(t.handler, "type-map") == 0)
		status = 506;
	child_target_close(&t);
	return status;
}

/* The variant is a part of the map. */
static int map_answer_inside(struct child *c, struct child_request *r, const struct variant *v)
{
	struct child_ranges x = {.size = v->length, .base = v->body};
	struct span none = {NULL, 0};
	int status;

	r->allow = "HEAD,GET,POST,OPTIONS";
	if (r->method_id != HTTP_METHOD_GET && r->method_id != HTTP_METHOD_HEAD &&
	    r->method_id != HTTP_METHOD_POST)
		return 405;
	if (*v->type)
		x.type = span_of(
		    *v->charset ? arena_printf(&c->arena, "%s; charset=%s", v->type, v->charset)
		                : v->type);
	x.type = child_type(c, r, x.type);
	status = r->error_status ? 0 : child_conditions(c, r, none, -1);
	if (status == 412)
		return status;
	if (status == 0)
		status = child_range(c, r, &x, none, -1);
	if (status == 416)
		return status;
	child_static_answer(c, r, status, NULL, &x);
	return 0;
}

/* What the map's names are relative to. */
static const char *map_dir(struct child *c, const char *uri, const char *info)
{
	const char *slash = memrchr(uri, '/', path_without_info(uri, info));

	return slash ? arena_strndup(&c->arena, uri, (size_t)(slash - uri) + 1) : "/";
}

int child_type_map(struct child *c, struct child_request *r)
{
	const char *info = r->target.path_info, *path = NULL;
	struct negotiate g;
	struct variant *best;
	int status = child_target_denied(c, &r->target);

	if (status)
		return status;
	child_negotiate_start(c, r, &g);
	status = child_negotiate_map(c, &r->target, &g);
	if (status)
		return status;
	child_negotiate_validator(c, r, &r->target, NULL);
	status = child_negotiate_choose(c, r, &g, *info, false, &best);
	/* A cache that knows no Vary must not keep it. */
	r->no_cache = !status && r->head.minor == 0 &&
	              !(c->dir.merged.negotiate && c->dir.merged.negotiate->cache);
	if (!status && !best->inside) {
		path = child_negotiate_path(c, map_dir(c, r->uri, info), best->file);
		status = !path ? 404 : r->choice->tcn ? map_check(c, r, path) : 0;
	}
	if (status != 506)
		child_negotiated(c, r);
	r->choice = NULL;
	if (status)
		return status;
	if (best->inside) {
		r->target.encoding = *best->encoding ? best->encoding : NULL;
		r->target.language = best->nlanguages ? negotiate_languages(&g, best) : NULL;
		return map_answer_inside(c, r, best);
	}
	/* What is behind the map's name was asked of the variant. */
	r->uri = arena_strndup(&c->arena, r->uri, path_without_info(r->uri, info));
	return child_redirect_inside(
	    c, r, arena_printf(&c->arena, "%s%s", path, info), r->query, r->has_query);
}
