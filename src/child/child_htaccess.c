/*
 * .htaccess files: found, read and parsed (Apache's ap_parse_htaccess). Runs as the vhost's user,
 * which is what keeps other sites' files out of reach; the words are the site owner's, and bounded.
 * What was parsed is kept as long as the connection, and used again while the file is the same.
 */
#include "child_internal.h"

#include "itkd/conf_dir.h"
#include "itkd/conf_parse.h"
#include "itkd/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Without O_NONBLOCK a FIFO would hang the open. A symbolic link is followed, as in Apache. */
#define HTACCESS_OPEN (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define HTACCESS_SETTLE 2 /* seconds: a younger file may change again within its time stamp */

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_file(const struct child_stamp *s, const struct stat *st)
{
	return s->dev == st->st_dev && s->ino == st->st_ino && s->size == st->st_size &&
	       same_time(s->mtime, st->st_mtim) && same_time(s->ctime, st->st_ctim);
}

/* Within a request Apache, too, reads a file once. */
static bool is_current(const struct child *c, const struct child_htaccess *h, const struct stat *st)
{
	return (h->settled || h->request == c->served) && same_file(&h->stamp, st);
}

bool child_htaccess_same(const struct child *c, const struct child_look *look)
{
	struct stat st;

	if (stat(look->path, &st) < 0)
		return !look->file && (errno == ENOENT || errno == ENOTDIR);
	return look->file && is_current(c, look->file, &st);
}

static bool same_allow(const struct conf_allow *a, const struct conf_allow *b)
{
	return a->classes == b->classes && a->options == b->options && a->list == b->list &&
	       a->nlist == b->nlist;
}

static const struct child_htaccess *find_parsed(
    const struct child *c, const struct stat *st, const char *path, const struct conf_allow *allow)
{
	for (const struct child_htaccess *h = c->dir.parsed; h; h = h->next)
		if (is_current(c, h, st) && strcmp(h->path, path) == 0 &&
		    same_allow(&h->allow, allow))
			return h;
	return NULL;
}

/* All of the file into the request's memory; NULL with errno. */
static char *read_text(struct child *c, int fd, size_t size)
{
	char *text = arena_alloc(&c->arena, size + 1);
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, text + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return NULL;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	/* A NUL in it would hide what follows. */
	if (memchr(text, '\0', n)) {
		errno = EILSEQ;
		return NULL;
	}
	text[n] = '\0';
	return text;
}

static int refuse(struct child *c, int error, const char *path, const char *dir, size_t dir_n)
{
	child_log(c, LOG_CRIT, "core",
	    "(%d)%s: AH00529: %s pcfg_openfile: unable to check htaccess file, ensure it is "
	    "readable and that '%.*s/' is executable",
	    error, strerror(error), path, (int)dir_n, dir);
	if (c->request)
		c->request->error_notes =
		    "Server unable to read htaccess file, denying access to be safe";
	return 403;
}

/* What was said while reading it: the first error ends it, warnings are for the log alone. */
static int report(struct child *c, const struct conf_report *said, const char *path)
{
	for (const struct conf_message *m = said->first; m; m = m->next) {
		if (m->severity == CONF_NOTE)
			continue;
		bool error = m->severity == CONF_ERROR;

		child_log(c, error ? LOG_ALERT : LOG_WARNING, "core", "%s: %s (line %u)", path,
		    m->said, m->line);
		if (error)
			return 500;
	}
	return 0;
}

static int parse(struct child *c, struct child_htaccess *h, const char *text)
{
	const struct conf *conf = c->start->conf;
	struct conf_dir_build b;
	struct conf_report said;
	struct conf_parser p = {
	    .a = &c->arena,
	    .report = &said,
	    .server_root = conf->server_root,
	    .names = conf->names,
	    .vars = conf->vars,
	    .defines = conf->defines,
	    .php = conf->php_expected,
	    .htaccess = true,
	};

	conf_report_init(&said, &c->arena);
	conf_parse_text(&p, h->path, text);
	conf_dir_begin(&b, &c->arena, &c->dir.kept, &c->dir.kept, &said);
	b.server_root = conf->server_root;
	b.context = CTX_HTACCESS;
	b.directory =
	    arena_strndup(&c->arena, h->path, (size_t)(strrchr(h->path, '/') - h->path + 1));
	b.allow = &h->allow;
	conf_dir_read(&b, p.root.children);
	conf_dir_done(&b, NULL);
	h->dir = b.dir;
	return report(c, &said, h->path);
}

/* What is open as fd; *out is parsed then. 0, or a status. */
static int load(struct child *c, int fd, const char *path, const struct conf_allow *allow,
    const struct child_htaccess **out, int *error)
{
	struct child_htaccess *h;
	struct stat st;
	char *text;

	*error = fstat(fd, &st) < 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
	if (*error)
		return 403;
	*out = find_parsed(c, &st, path, allow);
	if (*out)
		return 0;
	if (st.st_size > CHILD_HTACCESS_MAX) {
		child_log(
		    c, LOG_ALERT, "core", "%s: larger than %d bytes", path, CHILD_HTACCESS_MAX);
		return 500;
	}
	text = read_text(c, fd, (size_t)st.st_size);
	if (!text && errno == EILSEQ) {
		child_log(c, LOG_ALERT, "core", "%s: holds a NUL byte", path);
		return 500;
	}
	if (!text) {
		*error = errno;
		return 403;
	}
	h = ARENA_NEW(&c->dir.kept, struct child_htaccess);
	h->path = arena_strdup(&c->dir.kept, path);
	h->allow = *allow;
	h->stamp = (struct child_stamp){st.st_dev, st.st_ino, st.st_size, st.st_mtim, st.st_ctim};
	h->request = c->served;
	h->settled = st.st_ctim.tv_sec + HTACCESS_SETTLE < time(NULL);
	int status = parse(c, h, text);

	if (status)
		return status;
	h->next = c->dir.parsed;
	c->dir.parsed = h;
	*out = h;
	return 0;
}

int child_htaccess_read(struct child *c, const char *dir, size_t n, const struct conf_allow *allow,
    const struct child_htaccess **out)
{
	const struct conf_strings *names = &c->vhost->access_names;

	*out = NULL;
	for (uint32_t i = 0; i < names->n; i++) {
		const char *path = arena_printf(&c->dir.arena, "%.*s/%s", (int)n, dir, names->v[i]);
		struct child_look *look = ARENA_NEW(&c->dir.arena, struct child_look);
		int fd = open(path, HTACCESS_OPEN), error = 0, status;

		look->path = path;
		look->next = c->dir.looks;
		c->dir.looks = look;
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
			continue;
		if (fd < 0)
			return refuse(c, errno, path, dir, n);
		status = load(c, fd, path, allow, out, &error);
		fd_close(&fd);
		if (status == 403)
			return refuse(c, error, path, dir, n);
		look->file = *out;
		return status;
	}
	return 0;
}
