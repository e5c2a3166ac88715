/*
 * The list of a directory's files, for Options Indexes: mod_autoindex. Runs as the vhost's user;
 * names are the site owner's, or those of whoever can upload: escaped.
 */
#include "child_index.h"

#include "itkd/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define INDEX_DIR_MAX ((size_t)16 << 20)

static const char *index_names(struct child *c)
{
	const struct conf_strings *names = &c->dir.merged.index;
	const char *text = NULL;

	for (uint32_t i = 0; i < names->n; i++)
		text = text ? arena_printf(&c->arena, "%s,%s", text, names->v[i]) : names->v[i];
	return text ? text : "";
}

void child_index_swap(struct index *x)
{
	struct child *c = x->c;
	struct arena arena = c->arena;
	struct child_dir dir = c->dir;

	c->arena = x->arena;
	c->dir = x->dir;
	x->arena = arena;
	x->dir = dir;
	x->aside = !x->aside;
	x->keep = x->aside ? &x->arena : &c->arena;
}

static const char *index_slash(struct arena *a, const char *path)
{
	size_t n = strlen(path);

	return n && path[n - 1] == '/' ? path : arena_printf(a, "%s/", path);
}

static void index_start(struct index *x, struct child *c, struct child_request *r)
{
	static const struct conf_index none = {.name = {INDEX_WIDTH_UNSET, INDEX_NAME_WIDTH},
	    .desc = {INDEX_WIDTH_UNSET, INDEX_DESC_WIDTH}};
	struct conf_index *conf = ARENA_NEW(&c->arena, struct conf_index);

	*conf = c->dir.merged.listing ? *c->dir.merged.listing : none;
	if (conf->name.adjust == INDEX_WIDTH_UNSET)
		conf->name.width = INDEX_NAME_WIDTH;
	if (conf->desc.adjust == INDEX_WIDTH_UNSET)
		conf->desc.width = INDEX_DESC_WIDTH;
	*x = (struct index){.c = c, .r = r, .conf = conf};
	x->options = (conf->options | conf->options_add) & ~conf->options_remove;
	x->path = index_slash(&c->arena, r->target.file);
	x->uri = index_slash(&c->arena, r->uri);
	x->out = arena_alloc(&c->arena, INDEX_BUFFER);
	x->keep = &c->arena;
	x->signature = child_signature(c, r, "");
	child_index_query(x);
}

static bool index_make(struct index *x, int fd)
{
	struct child *c = x->c;

	arena_init_heap(&x->arena, CHILD_ARENA_MAX);
	arena_init_heap(&x->dir.arena, INDEX_DIR_MAX);
	arena_init_heap(&x->dir.kept, INDEX_DIR_MAX);
	child_index_swap(x);
	bool listed = child_index_list(x, fd);

	if (listed) {
		child_index_top(x);
		arena_reset(&c->arena);
		child_index_page(x);
		child_index_bottom(x);
	}
	child_index_swap(x);
	arena_free(&x->arena);
	arena_free(&x->dir.arena);
	arena_free(&x->dir.kept);
	return listed;
}

static int index_failed(struct child *c, const struct child_request *r, int error)
{
	child_log(c, LOG_ERR, "autoindex", "(%d)%s: AH01275: Can't open directory for index: %s",
	    error, strerror(error), r->target.file);
	return 403;
}

/* The descriptor may be one that can only be looked at: a directory with 0711. */
static int index_open(const struct child_request *r)
{
	return openat(r->target.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int index_answer(struct child *c, struct child_request *r)
{
	struct index x;
	int fd = index_open(r);

	if (fd < 0)
		return index_failed(c, r, errno);
	index_start(&x, c, r);
	if (r->head_only) {
		fd_close(&fd);
		child_index_head(&x);
		/* Nobody counts what the list would be; to a filter it is nothing. */
		r->whole = (struct child_whole){.all = true, .p = ""};
		if (child_head_finish(c, r, -1))
			r->aborted = !child_send(c, c->out, c->out_n, 0);
		return 0;
	}
	if (!index_make(&x, fd))
		return index_failed(c, r, errno);
	child_index_end(&x);
	return 0;
}

bool child_index_wants(const struct child_request *r)
{
	const char *handler = r->target.handler;

	return S_ISDIR(r->target.st.st_mode) && !handler &&
	       (r->method_id == HTTP_METHOD_GET || r->method_id == HTTP_METHOD_HEAD);
}

int child_index(struct child *c, struct child_request *r)
{
	int status = child_method(c, r);

	if (status)
		return status == 200 ? 0 : status;
	if (!child_index_wants(r)) {
		child_log(
		    c, LOG_INFO, "core", "AH00129: Attempt to serve directory: %s", r->target.file);
		return 404;
	}
	if (child_option(c, OPT_INDEXES))
		return index_answer(c, r);
	child_log(c, LOG_ERR, "autoindex",
	    "AH01276: Cannot serve directory %s: No matching DirectoryIndex (%s) found, and "
	    "server-generated directory index forbidden by Options directive",
	    index_slash(&c->arena, r->target.file), index_names(c));
	return 403;
}
