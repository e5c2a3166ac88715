/*
 * What the files of mod_autoindex's part share: the list of a directory while it is made. Runs as
 * the vhost's user; names are the site owner's, or those of whoever can upload; the query is the
 * client's.
 */
#ifndef ITKD_CHILD_INDEX_H
#define ITKD_CHILD_INDEX_H

#include "child_internal.h"

#define INDEX_BUFFER 8000 /* up to here the answer has a Content-Length, as in Apache */
#define INDEX_NAMES 200000 /* more than that is no list for a reader, and too much memory */

struct index_entry {
	const char *name; /* a directory's with a slash behind it; the parent's begins with one */
	const char *icon, *alt, *desc; /* NULL: none */
	int64_t size;                  /* -1: not told */
	int64_t modified;              /* seconds; -1: not told */
	bool directory;                /* with FoldersFirst */
};

struct index {
	struct child *c;
	struct child_request *r;
	const struct conf_index *conf;
	uint32_t options; /* the configuration's, as the query changed them */
	char key, direction;
	const char *pattern; /* P= of the query; NULL: all names */
	const char *args;    /* what links to other orders of the list carry on */
	const char *path;    /* the directory, with a slash at its end */
	const char *uri;     /* the same */

	/*
	 * A list is made of subrequests: while it is, c->arena is emptied after each entry and
	 * c->dir is theirs. What this request stands on is kept aside as it was.
	 */
	bool aside;
	struct arena arena;
	struct child_dir dir;
	struct arena *keep; /* what lasts as long as the list */
	const char *signature;

	struct index_entry *v;
	size_t n, room;

	char *out;   /* INDEX_BUFFER bytes */
	size_t out_n;
	bool refused; /* a rule made of the head what is none: another answer was sent */
	bool sent;   /* the head and a part of the list are on their way */
};

/* child_index_out.c: the page, in pieces as they fill the buffer. */
void child_index_put(struct index *x, const char *text);
void child_index_put_span(struct index *x, struct span text);
void child_index_put_number(struct index *x, int number);
/* Text of names and URLs: without what HTML would take for its own. */
void child_index_put_escaped(struct index *x, const char *text);
void child_index_puts(struct index *x, const char *const *texts);
/* child_index.c: what was kept aside takes its place again, and the other way round. */
void child_index_swap(struct index *x);

/* The head of the answer, and what is left of the page. */
void child_index_end(struct index *x);
/* The start of the head. */
void child_index_head(struct index *x);
/* What was put up to here leaves now, and with it all the rest in pieces. */
void child_index_flush(struct index *x);

/* child_index_query.c: what the client asks for. */
void child_index_query(struct index *x);

/* child_index_list.c: the entries, sorted. False where the directory cannot be read. */
bool child_index_list(struct index *x, int fd);
/* A subrequest: its target is open on 0 and when it says so; otherwise a status. */
int child_index_look(struct index *x, const char *uri, struct child_request *sub);
void child_index_look_end(struct child_request *sub);

/* child_index_item.c: what the configuration says of a name. */
/* path begins with "^^": one of the two special names. type and encoding may be NULL. */
const char *child_index_item(const struct conf_index_items *list, const char *path,
	const char *type, const char *encoding, bool path_only);
const char *child_index_desc(const struct conf_index *conf, const char *path);
bool child_index_ignored(const struct conf_index *conf, const char *path);

/* child_index_page.c: the list itself. */
struct index_widths {
	uint32_t name, desc;
};
void child_index_page(struct index *x);
void child_index_image(struct index *x, const char *icon, const char *alt);

/* child_index_row.c: entry i. */
void child_index_row_plain(struct index *x, size_t i);
void child_index_row_fancy(struct index *x, size_t i, const struct index_widths *w);
void child_index_row_table(struct index *x, size_t i, const struct index_widths *w);
/* Blanks behind a text of used bytes. */
void child_index_pad(struct index *x, size_t used, uint32_t width);

/* child_index_text.c: above it and below it, HeaderName and ReadmeName among them. */
void child_index_top(struct index *x);
void child_index_bottom(struct index *x);
/* ScanHTMLTitles: what stands between <title> and the next '<' near the start; NULL: nothing. */
const char *child_index_title(struct index *x, const struct child_request *sub, const char *file);

#endif
