/*
 * The list of a directory's files, for Options Indexes: mod_autoindex without IndexOptions. Runs as
 * the vhost's user; names are the site owner's, or those of whoever can upload: escaped.
 */
#include "child_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INDEX_NAMES 20000 /* more than that is no list for a reader */

struct index_list {
	char **v; /* a directory with a slash behind it */
	size_t n, room;
};

static int index_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void index_add(struct child *c, struct index_list *l, const char *name, bool directory)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		char **v = arena_array(&c->arena, room, sizeof(*v));

		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
		l->room = room;
	}
	l->v[l->n++] = arena_printf(&c->arena, "%s%s", name, directory ? "/" : "");
}

static bool index_is_directory(int at, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
		return entry->d_type == DT_DIR;
	return fstatat(at, entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* Takes the descriptor over. */
static bool index_read(struct child *c, int fd, struct index_list *l)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		close(fd);
		return false;
	}
	for (errno = 0; l->n < INDEX_NAMES && (entry = readdir(dir)); errno = 0) {
		/* Where Apache needs IndexIgnore: nobody means to publish these by a list. */
		if (entry->d_name[0] == '.')
			continue;
		index_add(c, l, entry->d_name, index_is_directory(dirfd(dir), entry));
	}
	bool whole = errno == 0;

	closedir(dir);
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), index_compare);
	return whole;
}

struct index_page {
	char *p;
	size_t n, room;
};

static void index_put(struct child *c, struct index_page *page, const char *text)
{
	size_t n = strlen(text);

	if (n > page->room - page->n) {
		size_t room = (page->room + n) * 2;
		char *p = arena_alloc(&c->arena, room);

		if (page->n)
			memcpy(p, page->p, page->n);
		page->p = p;
		page->room = room;
	}
	memcpy(page->p + page->n, text, n);
	page->n += n;
}

static void index_item(struct child *c, struct index_page *page, const char *href, const char *name)
{
	index_put(c, page,
	    arena_printf(&c->arena, "<li><a href=\"%s\"> %s</a></li>\n",
	        html_escape(&c->arena, path_encode(&c->arena, href)),
	        html_escape(&c->arena, name)));
}

/* The path of the directory above; NULL at the root. */
static const char *index_parent(struct child *c, const char *uri)
{
	size_t n = strlen(uri);

	if (n <= 1)
		return NULL;
	for (n--; n > 0 && uri[n - 1] != '/';)
		n--;
	return arena_strndup(&c->arena, uri, n);
}

static void index_page(
    struct child *c, const char *uri, const struct index_list *l, struct index_page *page)
{
	const char *title = html_escape(&c->arena, uri), *parent = index_parent(c, uri);

	index_put(c, page,
	    arena_printf(&c->arena,
	        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<html>\n <head>\n"
	        "  <title>Index of %s</title>\n </head>\n <body>\n<h1>Index of %s</h1>\n<ul>",
	        title, title));
	if (parent)
		index_item(c, page, parent, "Parent Directory");
	for (size_t i = 0; i < l->n; i++)
		index_item(c, page, l->v[i], l->v[i]);
	index_put(c, page, "</ul>\n</body></html>\n");
}

int child_index(struct child *c, struct child_request *r)
{
	struct index_list list = {0};
	struct index_page page = {0};
	int fd = r->target.fd;

	if (!child_option(c, OPT_INDEXES)) {
		child_log(c, LOG_ERR, "autoindex",
		    "AH01276: Cannot serve directory %s: No matching DirectoryIndex found, and "
		    "server-generated directory index forbidden by Options directive",
		    r->target.file);
		return 403;
	}
	int status = child_method(c, r);

	if (status)
		return status == 200 ? 0 : status;
	r->target.fd = -1;
	if (!index_read(c, fd, &list)) {
		child_log(c, LOG_ERR, "autoindex", "AH01275: Can't open directory for index: %s",
		    r->target.file);
		return 403;
	}
	index_page(c, r->uri, &list, &page);
	child_head_start(c, r, 200, child_reason(200));
	child_head_add(c, SPAN("Content-Type"), SPAN("text/html;charset=UTF-8"));
	child_reply(c, r, page.p, page.n);
	return 0;
}
