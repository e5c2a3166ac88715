/*
 * From a URL path to an open file: Alias and ScriptAlias, DocumentRoot, PATH_INFO, index files
 * (Apache's mod_alias, directory_walk and mod_dir). Runs as the vhost's user; the path is the
 * client's, decoded and without dot segments (path.h).
 */
#include "child_internal.h"

#include "itkd/conf_alias.h"
#include "itkd/conf_table.h"
#include "itkd/fd.h"
#include "itkd/mime.h"
#include "itkd/regex.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

const char *child_map_join(struct child *c, const char *root, const char *rest, bool slash)
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

/* What a pattern's text gave is not a path yet: without it, ".." would name what no section sees.
 */
static const char *map_clean(struct child *c, const char *text)
{
	size_t n = strlen(text);
	const char *root = c->start->conf->server_root;

	if (*text != '/')
		text = arena_printf(&c->arena, "%s/%s", root, text);
	const char *path = conf_path_clean(&c->arena, text);

	/* The slash at its end says that it must be a directory. */
	return n > 1 && text[strlen(text) - 1] == '/' && path[1]
	           ? arena_printf(&c->arena, "%s/", path)
	           : path;
}

/* The file that the alias makes of uri; NULL: it is not for it. */
static const char *map_alias(struct child *c, const struct conf_alias *alias, const char *uri)
{
	struct regex_match m;
	size_t n;

	if (alias->regex) {
		if (!regex_find(alias->regex, span_of(uri), &m))
			return NULL;
		return map_clean(c, regex_expand(&c->arena, alias->to, &m));
	}
	n = conf_alias_match(uri, alias->from);
	return n ? child_map_join(c, alias->to, uri + n, false) : NULL;
}

/* `Alias file` in <Location>: all below it is that file, unless AliasPreservePath adds the rest. */
static bool map_location(struct child *c, const char *uri, struct child_target *t)
{
	const struct conf_alias_dir *d = child_dir_alias(c, uri);
	const char *file = d && d->alias ? child_alias_text(c, d->alias) : NULL;
	size_t n = d && d->alias_path ? strlen(d->alias_path) : 0;

	if (!file)
		return false;
	if (d->preserve == ALIAS_FLAG_ON && n && strlen(uri) > n)
		file = arena_printf(&c->arena, "%s%s", file, uri + n);
	t->context_prefix = "";
	t->context_root = c->vhost->root_told;
	t->script = d->alias_script;
	t->file = map_clean(c, file);
	return true;
}

static bool map_aliases(struct child *c, const char *uri, struct child_target *t)
{
	const struct conf_vhost *v = c->vhost;

	for (uint32_t i = 0; i < v->naliases; i++) {
		const struct conf_alias *alias = &v->aliases[i];
		const char *file = map_alias(c, alias, uri);

		if (!file)
			continue;
		/* Where a pattern leads has no root of its own (ap_set_context_info). */
		t->context_prefix = alias->regex ? "" : alias->from;
		t->context_root = alias->regex ? v->root_told : alias->to;
		t->script = alias->script;
		t->file = file;
		return true;
	}
	return false;
}

bool child_map_aliased(struct child *c, const char *uri)
{
	struct child_target t = {.fd = -1};

	return map_location(c, uri, &t) || map_aliases(c, uri, &t);
}

void child_translate(struct child *c, const char *uri, struct child_target *t)
{
	const struct conf_vhost *v = c->vhost;
	const struct child_request *r = c->request;

	/* A rule of the server has named the file: nobody else translates. */
	if (r && r->mapped && strcmp(uri, r->mapped_uri) == 0) {
		t->context_prefix = "";
		t->context_root = v->root_told;
		t->script = false;
		t->file = r->mapped;
		return;
	}
	if (map_location(c, uri, t) || map_aliases(c, uri, t))
		return;
	if (v->userdir && child_userdir(c, uri, t))
		return;
	t->context_prefix = "";
	t->context_root = v->root_told;
	t->script = false;
	t->file = child_map_join(c, v->document_root, uri, true);
}

/* The type stands for a handler where there is none; the other is of times before there were any.
 */
bool child_type_is_cgi(const char *type)
{
	return type &&
	       (strcmp(type, "cgi-script") == 0 || strcmp(type, "application/x-httpd-cgi") == 0);
}

/* The name of a handler that an expression gives; NULL: it could not be evaluated. */
static const char *map_handler_expr(struct child *c, const struct expr *e)
{
	struct expr_source source = child_expr_source(c, c->request);
	const char *name = expr_string(e, &source);

	if (!name) {
		child_log(c, LOG_ERR, "core", "AH03154: Can't evaluate handler expression: %s",
		    source.error);
		return NULL;
	}
	char *lower = arena_strdup(&c->arena, name);

	for (char *p = lower; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	return lower;
}

/* SetHandler; NULL where it says nothing, or "None". */
static const char *map_set_handler(struct child *c)
{
	const struct conf_dir *dir = &c->dir.merged;
	const char *name = NULL;

	if (dir->set & DIR_HANDLER)
		name = dir->handler_expr ? map_handler_expr(c, dir->handler_expr) : dir->handler;
	return name && *name && strcmp(name, "none") != 0 ? name : NULL;
}

/* What the name says of the file: who handles it, and its media type. */
static void map_handler(struct child *c, struct child_target *t, const char *file)
{
	const struct conf_dir *dir = &c->dir.merged;
	struct mime_info info = {0};

	if (dir->mime && dir->mime->path_info == CONF_ON && *t->path_info)
		file = arena_printf(&c->arena, "%s%s", file, t->path_info);
	mime_lookup(&c->arena, c->start->conf, dir, file, &info);
	t->type = dir->set & DIR_TYPE && *dir->type ? dir->type : info.type;
	t->encoding = info.encoding;
	t->language = info.language;
	t->input_filters = info.input_filters;
	t->output_filters = info.output_filters;
	t->handler = map_set_handler(c);
	if (!t->handler)
		t->handler = info.handler;
	if (!t->handler && t->script)
		t->handler = "cgi-script";
	t->typed = !t->handler;
	if (child_type_is_cgi(t->handler ? t->handler : t->type))
		t->handler = "cgi-script";
}

/* Opens one candidate: 0 or -errno. */
static int map_open(struct child *c, struct child_target *t, const char *uri, const char *file)
{
	t->file = file;
	t->status = child_dir_walk(c, uri, file, WALK_NAME);
	if (t->status)
		return -EACCES;
	map_handler(c, t, file);
	/* A program need not be readable, only executable. */
	bool readable = !c->looking && (!t->handler || strcmp(t->handler, "cgi-script") != 0);
	int fd = child_open(&c->dir, file, readable);

	/* What may not be read is there all the same: who answers for it says what that means. */
	t->unreadable = fd == -EACCES && readable;
	if (t->unreadable)
		fd = child_open(&c->dir, file, false);
	if (fd < 0)
		return fd;
	t->fd = fd;
	if (fstat(fd, &t->st) < 0)
		return -errno;
	if (S_ISDIR(t->st.st_mode)) {
		t->status = child_dir_walk(c, uri, file, WALK_DIRECTORY);
	} else if (child_dir_again(c, file)) {
		t->status = child_dir_walk(c, uri, file, WALK_FILE);
		map_handler(c, t, file);
	}
	return t->status ? -EACCES : 0;
}

void child_map_cut(struct child *c, struct child_target *t)
{
	const char *root = t->context_root ? t->context_root : "", *file = t->file;
	size_t at = strncmp(file, root, strlen(root)) == 0 ? strlen(root) : 0;
	struct stat st;

	do {
		at += strspn(file + at, "/");
		at += strcspn(file + at, "/");
		t->file = arena_strndup(&c->arena, file, at);
	} while (file[at] && stat(t->file, &st) == 0 && S_ISDIR(st.st_mode));
	t->path_info = file + at;
}

/* Nothing is there. 0 or -errno, as for what is opened. */
static int map_missing(struct child *c, struct child_target *t, const char *uri)
{
	struct stat st;

	child_map_cut(c, t);
	/* A link that leads nowhere is something. */
	if (lstat(t->file, &st) == 0 && S_ISLNK(st.st_mode))
		return -ELOOP;
	if (!*t->path_info)
		return -ENOENT;
	t->status = child_dir_walk(c, uri, t->file, WALK_NAME);
	if (t->status)
		return -EACCES;
	map_handler(c, t, t->file);
	return -ENOENT;
}

/* Where context_root ends that t->file begins with: nothing above it is anybody's PATH_INFO. */
static size_t map_least(const struct child_target *t)
{
	size_t least = strlen(t->context_root);

	while (least > 1 && t->context_root[least - 1] == '/')
		least--;
	/* A pattern led elsewhere. */
	return strncmp(t->file, t->context_root, least) == 0 ? least : 1;
}

/* Without the last name of path[0..end), and the slash before it. */
static size_t map_above(const char *path, size_t end)
{
	while (end > 0 && path[end - 1] != '/')
		end--;
	return end > 0 ? end - 1 : 0;
}

/*
 * The first file on the way; what follows it is PATH_INFO. Looked for from the front: from the end
 * each name of a path that the client made long would be a walk of its own.
 */
static int map_walk(struct child *c, struct child_target *t, const char *uri)
{
	const char *whole = t->file;
	size_t least = map_least(t);
	int error;

	t->path_info = "";
	error = map_open(c, t, uri, whole);
	/* ENOTDIR: something above is a file. */
	if (error == -ENOTDIR)
		child_map_cut(c, t);
	/* Once; but the root itself, which may be a file, was taken for a directory. */
	for (size_t end = strlen(t->file); error == -ENOTDIR; end = map_above(whole, end)) {
		if (end < least || end == 0) {
			t->file = whole;
			break;
		}
		t->path_info = whole + end;
		error = map_open(c, t, uri, arena_strndup(&c->arena, whole, end));
	}
	return error == -ENOENT ? map_missing(c, t, uri) : error;
}

/* The first directory on the way that lets the site's user not pass, mostly a home; or NULL. */
static const char *map_shut(struct child *c, const char *file)
{
	for (const char *at = strchr(file, '/'); at; at = strchr(at + 1, '/')) {
		const char *dir =
		    arena_strndup(&c->arena, file, (size_t)(at - file) + (at == file));

		if (access(dir, X_OK) != 0)
			return errno == EACCES ? dir : NULL;
	}
	return NULL;
}

static int map_denied(struct child *c, const char *file)
{
	const char *shut = map_shut(c, file);

	if (shut)
		child_log(c, LOG_ERR, "core",
		    "(13)Permission denied: AH00035: access to %s denied (filesystem path '%s') "
		    "because search permissions are missing on a component of the path",
		    file, shut);
	else
		child_log(c, LOG_ERR, "core",
		    "(13)Permission denied: AH00132: file permissions deny server access: %s",
		    file);
	return 403;
}

/* The status for an open that failed, and its line in the log. */
static int map_failed(struct child *c, const struct child_target *t)
{
	switch (t->error) {
	case ENOENT:
	case ENOTDIR:
		child_log(c, LOG_INFO, "core", "AH00128: File does not exist: %s%s", t->file,
		    t->path_info ? t->path_info : "");
		return 404;
	case EACCES:
		return map_denied(c, t->file);
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
	t->error = -map_walk(c, t, uri);
}

int child_map_file(struct child *c, const char *uri, const char *file,
    const struct child_target *beside, struct child_target *t)
{
	*t = (struct child_target){.fd = -1,
	    .path_info = "",
	    .context_prefix = beside->context_prefix,
	    .context_root = beside->context_root,
	    .script = beside->script};
	t->error = -map_open(c, t, uri, file);
	return t->status;
}

int child_map(struct child *c, struct child_request *r, const char *uri, struct child_target *t)
{
	int status;

	child_map_quiet(c, uri, t);
	status = t->status ? t->status : child_access(c, r, t->file);
	return status ? status : child_map_status(c, t);
}

int child_target_denied(struct child *c, struct child_target *t)
{
	if (!t->unreadable)
		return 0;
	t->error = EACCES;
	return child_map_status(c, t);
}

int child_target_read(struct child *c, struct child_target *t)
{
	child_target_close(t);
	int fd = child_open(&c->dir, t->file, true);

	t->fd = fd < 0 ? -1 : fd;
	t->error = fd < 0 ? -fd : 0;
	return child_map_status(c, t);
}

void child_target_close(struct child_target *t)
{
	fd_close(&t->fd);
}
