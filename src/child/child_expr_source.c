/*
 * How an expression asks about a request (expr.h): variables, req() and its like, and the tests of
 * files. Runs as the vhost's user, so that what a test tells is no more than the user may know
 * anyway; the expression may be a .htaccess's.
 */
#include "child_internal.h"

#include "child_headers.h"
#include "itkd/conf_table.h"
#include "itkd/expr.h"
#include "itkd/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define EXPR_FILE_MAX (10 * 1024 * 1024) /* of file() */
#define EXPR_SUB_ARENA ((size_t)16 << 20)

struct expr_context {
	struct child *c;
	struct child_request *r;
};

static const char *expr_variable(void *ctx, const char *name)
{
	const struct expr_context *x = ctx;

	return child_variable(x->c, x->r, name);
}

/* A field of the answer: what is being changed, or what was sent. */
static const char *expr_response(struct child *c, struct child_request *r, const char *name)
{
	const struct http_field *field = NULL;

	if (!r->headers)
		field = child_table_find(&r->err, span_of(name));
	else
		field = child_table_find(&r->headers->out, span_of(name));
	if (!field && r->headers)
		field = child_table_find(&r->headers->err, span_of(name));
	if (field)
		return arena_span(&c->arena, field->value);
	return r->reply.n ? child_field(r, &c->arena, name) : NULL;
}

static const char *expr_filesize(struct child *c, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return "0";
	return arena_printf(&c->arena, "%lld", (long long)st.st_size);
}

/* All of it, or NULL: not a file, too large, or it shrinks. */
static const char *file_read(struct child *c, int fd)
{
	struct stat st;
	size_t n = 0;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > EXPR_FILE_MAX)
		return NULL;
	char *text = arena_alloc(&c->arena, (size_t)st.st_size + 1);

	while (n < (size_t)st.st_size) {
		ssize_t got = read(fd, text + n, (size_t)st.st_size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	text[n] = '\0';
	return text;
}

static const char *expr_file(struct child *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return NULL;
	const char *text = file_read(c, fd);

	fd_close(&fd);
	return text;
}

/* env(): notes, variables, the server's own environment (which has none to tell). */
static const char *expr_env(struct child *c, struct child_request *r, const char *name)
{
	const char *note = child_note_get(r, &c->arena, name);

	return note ? note : child_env_get(r, name);
}

static const char *expr_function(void *ctx, const char *name, const char *arg)
{
	const struct expr_context *x = ctx;
	struct child_request *r = x->r;
	struct child *c = x->c;

	if (strcmp(name, "resp") == 0)
		return expr_response(c, r, arg);
	if (strcmp(name, "reqenv") == 0)
		return child_env_get(r, arg);
	if (strcmp(name, "env") == 0)
		return expr_env(c, r, arg);
	if (strcmp(name, "note") == 0)
		return child_note_get(r, &c->arena, arg);
	if (strcmp(name, "file") == 0)
		return expr_file(c, arg);
	if (strcmp(name, "filesize") == 0)
		return expr_filesize(c, arg);
	if (strcmp(name, "osenv") == 0)
		return getenv(arg);
	return child_request_field(c, r, arg);
}

/* Whether the settings of the URL, or of the file, let the request in. */
static bool lookup_allowed(struct child *c, struct child_request *sub, char test, const char *path)
{
	struct child_target *t = &sub->target;
	struct stat st;

	if (test == 'F') {
		if (stat(path, &st) < 0)
			return false;
		t->file = conf_path_clean(&c->arena, path);
		t->status = child_dir_walk(
		    c, "", t->file, S_ISDIR(st.st_mode) ? WALK_DIRECTORY : WALK_FILE);
	} else {
		child_map_quiet(c, sub->uri, t);
		child_target_close(t);
	}
	return !t->status && child_access(c, sub, t->file) == 0;
}

/*
 * -U, -A, -F: whether a request for it would be let in. Looked up with settings of its own, and
 * never from within such a look-up: an <If> would ask itself.
 */
static bool expr_lookup(const struct expr_context *x, char test, const char *path)
{
	struct child *c = x->c;
	struct child_request sub = *x->r;
	struct child_dir kept = c->dir;
	char *uri = NULL;

	if (sub.sub || *path != '/')
		return false;
	if (path_decode(&c->arena, (struct span){path, strcspn(path, "?")}, &uri) != PATH_OK)
		return false;
	sub.sub = true;
	child_env_own(c, &sub);
	sub.uri = uri;
	sub.target = (struct child_target){.fd = -1};
	c->request = &sub;
	c->dir = (struct child_dir){.fresh = true};
	arena_init_heap(&c->dir.arena, EXPR_SUB_ARENA);
	arena_init_heap(&c->dir.kept, EXPR_SUB_ARENA);
	bool allowed = lookup_allowed(c, &sub, test, path);

	arena_free(&c->dir.arena);
	arena_free(&c->dir.kept);
	c->dir = kept;
	c->request = x->r;
	return allowed;
}

static bool expr_test(void *ctx, char test, const char *path)
{
	struct stat st;

	switch (test) {
	case 'U':
	case 'A':
	case 'F':
		return expr_lookup(ctx, test, path);
	case 'L':
	case 'h':
		return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
	case 'x':
		return lstat(path, &st) == 0 && st.st_mode & 0111;
	default:
		break;
	}
	if (stat(path, &st) < 0)
		return false;
	switch (test) {
	case 'd':
		return S_ISDIR(st.st_mode);
	case 'f':
		return S_ISREG(st.st_mode);
	case 's':
		return S_ISREG(st.st_mode) && st.st_size > 0;
	default:
		return true;
	}
}

static void expr_vary(void *ctx, const char *field)
{
	const struct expr_context *x = ctx;

	child_vary(x->c, x->r, field);
}

struct expr_source child_expr_source(struct child *c, struct child_request *r)
{
	struct expr_context *x = ARENA_NEW(&c->arena, struct expr_context);

	*x = (struct expr_context){c, r};
	return (struct expr_source){.ctx = x,
	    .a = &c->arena,
	    .variable = expr_variable,
	    .function = expr_function,
	    .file = expr_test,
	    .vary = expr_vary};
}
