/*
 * From a URL path to an open file: Alias and ScriptAlias, DocumentRoot, PATH_INFO, index files
 * (Apache's mod_alias, directory_walk and mod_dir). Runs as the vhost's user; the path is the
 * client's, decoded and without dot segments (path.h).
 */
#include "child_internal.h"

#include "itkd/mime.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Bytes of uri that the alias takes, or 0. Slashes match slashes, however many. */
static size_t map_alias_length(const char *uri, const char *from)
{
	const char *u = uri, *f = from;

	while (*f) {
		if (*u != *f)
			return 0;
		if (*f == '/') {
			u += strspn(u, "/");
			f += strspn(f, "/");
		} else {
			u++;
			f++;
		}
	}
	/* "/a" takes "/a" and "/a/b" but not "/ab". */
	if (f > from && f[-1] != '/' && *u && *u != '/')
		return 0;
	return (size_t)(u - uri);
}

/* root and rest as one path, without doubled slashes: sections are compared with it as text. */
static const char *map_join(struct child *c, const char *root, const char *rest, bool slash)
{
	size_t n = strlen(root), m = strlen(rest);
	char *file = arena_alloc(&c->arena, n + m + 2), *at = file;

	memcpy(at, root, n);
	if (slash)
		file[n++] = '/';
	memcpy(file + n, rest, m + 1);
	for (const char *p = file; *p; p++)
		if (*p != '/' || at == file || at[-1] != '/')
			*at++ = *p;
	*at = '\0';
	return file;
}

void child_translate(struct child *c, const char *uri, struct child_target *t)
{
	const struct conf_vhost *v = c->vhost;

	for (uint32_t i = 0; i < v->naliases; i++) {
		size_t n = map_alias_length(uri, v->aliases[i].from);

		if (n == 0)
			continue;
		t->context_prefix = v->aliases[i].from;
		t->context_root = v->aliases[i].to;
		t->script = v->aliases[i].script;
		t->file = map_join(c, v->aliases[i].to, uri + n, false);
		return;
	}
	t->context_prefix = "";
	t->context_root = v->document_root;
	t->script = false;
	t->file = map_join(c, v->document_root, uri, true);
}

/* What the name says of the file: who handles it, and its media type. */
static void map_handler(struct child *c, struct child_target *t, const char *file)
{
	const struct conf_dir *dir = &c->dir.merged;
	struct mime_info info = {0};

	mime_lookup(c->start->conf, dir, file, &info);
	t->type = dir->set & DIR_TYPE ? dir->type : info.type;
	t->handler = dir->set & DIR_HANDLER ? dir->handler : info.handler;
	if (t->script)
		t->handler = "cgi-script";
	/* SetHandler None */
	if (t->handler && *t->handler == '\0')
		t->handler = NULL;
}

/* The settings that hold for a file are those of the directory that it is in. */
static void map_merge_parent(struct child *c, const char *file)
{
	const char *slash = strrchr(file, '/');

	child_dir_merge(c, file, slash ? (size_t)(slash - file) : 0);
}

/* A directory that may be passed through but not read (0711) is a directory all the same. */
static int map_open_unreadable(struct child *c, const char *file)
{
	struct stat st;
	int fd = child_open(&c->dir, file, false);

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)))
		return fd;
	close(fd);
	return -EACCES;
}

/* Opens one candidate: 0 or -errno. */
static int map_open(struct child *c, struct child_target *t, const char *file)
{
	map_merge_parent(c, file);
	map_handler(c, t, file);
	/* A program need not be readable, only executable. */
	bool readable = !t->handler || strcmp(t->handler, "cgi-script") != 0;
	int fd = child_open(&c->dir, file, readable);

	if (fd == -EACCES && readable)
		fd = map_open_unreadable(c, file);
	if (fd < 0)
		return fd;
	t->fd = fd;
	t->file = file;
	if (fstat(fd, &t->st) < 0)
		return -errno;
	if (S_ISDIR(t->st.st_mode))
		child_dir_merge(c, file, strlen(file));
	return 0;
}

/* The first file on the way; what follows it is PATH_INFO. */
static int map_walk(struct child *c, struct child_target *t)
{
	const char *whole = t->file;
	size_t end = strlen(whole), least = strlen(t->context_root);
	int error;

	while (least > 1 && t->context_root[least - 1] == '/')
		least--;
	t->path_info = "";
	/* ENOTDIR: something above is a file. Nothing there, ENOENT, has no PATH_INFO. */
	for (error = map_open(c, t, whole); error == -ENOTDIR;) {
		if (whole[end - 1] != '/')
			while (end > 0 && whole[end - 1] != '/')
				end--;
		if (end > 0)
			end--;
		if (end < least || end == 0)
			break;
		t->path_info = whole + end;
		error = map_open(c, t, arena_strndup(&c->arena, whole, end));
	}
	return error;
}

/* The status for an open that failed, and its line in the log. */
static int map_failed(struct child *c, const struct child_target *t)
{
	switch (t->error) {
	case ENOENT:
	case ENOTDIR:
		child_log(c, LOG_INFO, "core", "AH00128: File does not exist: %s", t->file);
		return 404;
	case EACCES:
		child_log(c, LOG_ERR, "core",
		    "(13)Permission denied: AH00132: file permissions deny server access: %s",
		    t->file);
		return 403;
	case ELOOP:
		child_log(c, LOG_ERR, "core",
		    "AH00037: Symbolic link not allowed or link target not accessible: %s",
		    t->file);
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EIO:
		child_log(c, LOG_ERR, "core", "(%d)%s: cannot open %s", t->error,
		    strerror(t->error), t->file);
		return 500;
	default:
		child_log(c, LOG_ERR, "core", "(%d)%s: AH00036: access to %s failed", t->error,
		    strerror(t->error), t->file);
		return 403;
	}
}

/* The status for what was opened, or was not. */
int child_map_status(struct child *c, const struct child_target *t)
{
	if (child_dir_denied(c)) {
		child_log(c, LOG_ERR, "authz_core",
		    "AH01630: client denied by server configuration: %s", t->file);
		return 403;
	}
	if (t->error)
		return map_failed(c, t);
	if (S_ISREG(t->st.st_mode) || S_ISDIR(t->st.st_mode))
		return 0;
	child_log(c, LOG_ERR, "core", "AH00321: %s is not a regular file or a directory", t->file);
	return 403;
}

void child_map_quiet(struct child *c, const char *uri, struct child_target *t)
{
	*t = (struct child_target){.fd = -1};
	child_translate(c, uri, t);
	t->error = -map_walk(c, t);
}

int child_map(struct child *c, const char *uri, struct child_target *t)
{
	child_map_quiet(c, uri, t);
	return child_map_status(c, t);
}

void child_target_close(struct child_target *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
