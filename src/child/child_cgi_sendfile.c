/*
 * X-Sendfile: a program's answer names a file, and that is sent in the place of its body. Runs as
 * the vhost's user, who alone decides what can be read. The name may have come from a client: it
 * must lead below the program's directory, or one that XSendFilePath names.
 */
#include "child_cgi.h"

#include "itkd/conf_table.h"
#include "itkd/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool sendfile_below(const char *path, const char *dir, size_t n)
{
	while (n && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) == 0 && path[n] == '/';
}

static bool sendfile_allowed(
    const struct conf_sendfile *conf, const char *program, const char *path)
{
	if (program && sendfile_below(path, program, (size_t)(strrchr(program, '/') - program)))
		return true;
	for (uint32_t i = 0; i < conf->n; i++)
		if (sendfile_below(path, conf->paths[i], strlen(conf->paths[i])))
			return true;
	return false;
}

/* NULL where a URL leads to it: nobody knows its directory. */
static const char *sendfile_program(const struct child_request *r)
{
	const char *file = r->target.file;

	return file && *file == '/' ? file : NULL;
}

/* Its clean path; NULL, logged: it may not be sent. */
static const char *sendfile_path(struct child_stream *s, struct span name)
{
	struct arena *a = &s->c->arena;
	const char *program = sendfile_program(s->r), *path = arena_span(a, name);

	if (*path != '/' && program)
		path = arena_printf(
		    a, "%.*s%s", (int)(strrchr(program, '/') + 1 - program), program, path);
	path = *path == '/' ? conf_path_clean(a, path) : path;
	if (*path == '/' && sendfile_allowed(s->c->dir.merged.sendfile, program, path))
		return path;
	child_log(s->c, LOG_ERR, "xsendfile",
	    "xsendfile: unable to find file: %s (neither below the program's directory nor an "
	    "XSendFilePath)",
	    path);
	return NULL;
}

/* In the place of the program as what the request leads to. */
static bool sendfile_open(struct child_stream *s, const char *path, struct span type)
{
	struct child_target *t = &s->r->target;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		child_log(s->c, LOG_ERR, "xsendfile", "(%d)%s: xsendfile: cannot open file: %s",
		    fd < 0 ? errno : EISDIR, strerror(fd < 0 ? errno : EISDIR), path);
		fd_close(&fd);
		return false;
	}
	child_target_close(t);
	t->fd = fd;
	t->st = st;
	t->file = path;
	t->path_info = "";
	t->encoding = t->language = NULL;
	if (type.p)
		t->type = arena_span(&s->c->arena, type);
	return true;
}

bool child_cgi_sendfile(struct child_stream *s, struct span name, struct span type, int status)
{
	const struct conf_sendfile *conf = s->c->dir.merged.sendfile;
	struct child_request *r = s->r;

	if (!name.n || !conf || conf->on != CONF_ON)
		return false;
	const char *path = sendfile_path(s, name);

	if (!path || !sendfile_open(s, path, type)) {
		s->status = 404;
		return true;
	}
	/* It was that of the body which nobody gets, as PHP's zlib.output_compression says it. */
	child_table_unset(&r->err, SPAN("Content-Encoding"));
	if (status && status != 200)
		r->error_status = status;
	s->status = child_static(s->c, r);
	if (!s->status)
		child_stream_replied(s);
	return true;
}
