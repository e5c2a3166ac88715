/*
 * What stands above and below a list: the preamble, HeaderName, the title, ReadmeName, the
 * signature. Runs as the vhost's user; the files are the site owner's, HTML is put in as it is, and
 * other text escaped.
 */
#include "child_index.h"

#include "itkd/fd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TEXT_TITLE_ROOM 8191 /* of a file's start, where its title is looked for */

static const char xhtml_type[] =
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n"
    "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n"
    "<html xmlns=\"http://www.w3.org/1999/xhtml\">\n <head>\n  <title>Index of ";
static const char html_type[] =
    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" "
    "\"http://www.w3.org/TR/html4/strict.dtd\">\n<html>\n <head>\n  <title>Index of ";

/* Without the slash at its end, but that of the root. */
static const char *text_title(struct index *x)
{
	const char *uri = x->r->uri;
	size_t n = strlen(uri);

	while (n > 1 && uri[n - 1] == '/')
		n--;
	return html_escape(&x->c->arena, arena_strndup(&x->c->arena, uri, n));
}

static void text_preamble(struct index *x)
{
	bool xhtml = x->options & INDEX_XHTML;

	child_index_put(x, xhtml ? xhtml_type : html_type);
	child_index_puts(x, (const char *const[]){text_title(x), "</title>\n", NULL});
	if (x->conf->style_sheet)
		child_index_puts(x, (const char *const[]){"  <link rel=\"stylesheet\" href=\"",
		                        x->conf->style_sheet, "\" type=\"text/css\"",
		                        xhtml ? " />\n" : ">\n", NULL});
	if (x->conf->head_insert)
		child_index_put(x, x->conf->head_insert);
	child_index_put(x, " </head>\n <body>\n");
}

static bool text_is(const char *type, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(type, name, n) == 0 && strchr("; \t", type[n]);
}

static bool text_is_html(const char *type)
{
	return text_is(type, "text/html") || text_is(type, "application/xhtml+xml");
}

/* The next bytes of the file; 0 at its end or where it cannot be read. */
static size_t text_read(int fd, char *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? 0 : (size_t)got;
}

/* As it is. What was buffered leaves with it: the length of all is not known any more. */
static void text_copy(struct index *x, int fd)
{
	char *p = arena_alloc(&x->c->arena, INDEX_BUFFER);
	size_t n;
	bool some = false;

	while (!x->r->aborted && (n = text_read(fd, p, INDEX_BUFFER)) > 0) {
		child_index_put_span(x, (struct span){p, n});
		some = true;
	}
	if (some)
		child_index_flush(x);
}

static void text_escape(struct index *x, struct span text)
{
	size_t done = 0;

	for (size_t i = 0; i < text.n; i++) {
		const char *entity = text.p[i] == '<'   ? "&lt;"
		                     : text.p[i] == '>' ? "&gt;"
		                     : text.p[i] == '&' ? "&amp;"
		                                        : NULL;

		if (!entity)
			continue;
		child_index_put_span(x, (struct span){text.p + done, i - done});
		child_index_put(x, entity);
		done = i + 1;
	}
	child_index_put_span(x, (struct span){text.p + done, text.n - done});
}

static void text_plain(struct index *x, int fd)
{
	char *p = arena_alloc(&x->c->arena, INDEX_BUFFER);
	size_t n;

	child_index_put(x, "<pre>\n");
	while (!x->r->aborted && (n = text_read(fd, p, INDEX_BUFFER)) > 0)
		text_escape(x, (struct span){p, n});
	child_index_put(x, "</pre>\n");
}

enum text_kind { TEXT_NONE, TEXT_HTML, TEXT_PLAIN };

/* The file that HeaderName or ReadmeName leads to: open, where it is one to show. */
static enum text_kind text_open(struct index *x, const char *name, struct child_request *sub)
{
	struct arena *a = &x->c->arena;
	const char *mark = strchr(name, '?');
	struct span raw = {name, mark ? (size_t)(mark - name) : strlen(name)};
	char *uri;

	if (*name != '/')
		raw = span_of(arena_printf(a, "%s%.*s", path_encode(a, x->uri), (int)raw.n, raw.p));
	if (path_decode(a, raw, &uri) != PATH_OK || child_index_look(x, uri, sub) != 0)
		return TEXT_NONE;
	const struct child_target *t = &sub->target;

	if (!S_ISREG(t->st.st_mode) || !t->type || t->fd < 0 || t->unreadable)
		return TEXT_NONE;
	if (text_is_html(t->type)) {
		/* A program's output is not put in. */
		bool file = !t->handler || strcmp(t->handler, "default-handler") == 0;

		return file && !t->path_info[0] ? TEXT_HTML : TEXT_NONE;
	}
	return strncasecmp(t->type, "text/", 5) == 0 ? TEXT_PLAIN : TEXT_NONE;
}

void child_index_top(struct index *x)
{
	struct child_request sub = {.target = {.fd = -1}};
	enum text_kind kind = TEXT_NONE;

	if (x->conf->header)
		kind = text_open(x, x->conf->header, &sub);
	if (kind != TEXT_HTML || !(x->options & INDEX_NO_PREAMBLE))
		text_preamble(x);
	if (kind == TEXT_HTML)
		text_copy(x, sub.target.fd);
	else if (kind == TEXT_PLAIN)
		text_plain(x, sub.target.fd);
	else
		child_index_puts(x,
		    (const char *const[]){x->conf->style_sheet ? "  <h1 id=\"indextitle\">Index of "
		                                               : "<h1>Index of ",
		        text_title(x), "</h1>\n", NULL});
	child_index_look_end(&sub);
}

void child_index_bottom(struct index *x)
{
	struct child_request sub = {.target = {.fd = -1}};
	enum text_kind kind = TEXT_NONE;

	if (x->conf->readme)
		kind = text_open(x, x->conf->readme, &sub);
	if (kind == TEXT_HTML)
		text_copy(x, sub.target.fd);
	else if (kind == TEXT_PLAIN)
		text_plain(x, sub.target.fd);
	else
		child_index_put(x, x->signature);
	if (kind != TEXT_HTML || !(x->options & INDEX_NO_PREAMBLE))
		child_index_put(x, "</body></html>\n");
	child_index_look_end(&sub);
}

/* Up to the next tag; line breaks are blanks, those before it nothing. */
static const char *title_text(struct index *x, char *text)
{
	text[strcspn(text, "<")] = '\0';
	while (*text == '\r' || *text == '\n')
		text++;
	for (char *p = text; *p; p++)
		if (*p == '\r' || *p == '\n')
			*p = ' ';
	return arena_strdup(x->keep, text);
}

/* Behind "<title>". As Apache's: what breaks a match off does not begin another one. */
static char *title_find(char *text)
{
	static const char tag[] = "<title>";
	size_t n = 0;

	for (; *text; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text;

		n = c == tag[n] ? n + 1 : 0;
		if (tag[n] == '\0')
			return text + 1;
	}
	return NULL;
}

const char *child_index_title(struct index *x, const struct child_request *sub, const char *file)
{
	char *text, *at;
	size_t n;

	if (!sub->target.type || !text_is_html(sub->target.type) || sub->target.encoding)
		return NULL;
	int fd = child_open(&x->c->dir, file, true);

	if (fd < 0)
		return NULL;
	text = arena_alloc(&x->c->arena, TEXT_TITLE_ROOM + 1);
	n = text_read(fd, text, TEXT_TITLE_ROOM);
	fd_close(&fd);
	text[n] = '\0';
	at = title_find(text);
	return at ? title_text(x, at) : NULL;
}
