/*
 * RewriteMap at a request: the files of txt: and rnd: maps, and the functions of int:. Runs as the
 * vhost's user, who must be able to read the file; keys are mostly the client's.
 *
 * A file is read anew at each look-up, up to the key. Apache keeps what it found until the file
 * changes, but in memory of the process, which under mpm-itk has one connection to use it, too. To
 * sort a file first would cost more than the few look-ups of a connection; a site pays for its own.
 */
#include "child_rewrite.h"

#include "itkd/fd.h"
#include "itkd/rewrite_uri.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define MAP_LINE 1025 /* bytes that Apache takes at once, the NUL included */
#define MAP_FILE_MAX (64 * 1024 * 1024)

static bool map_is_space(char c)
{
	return isspace((unsigned char)c) != 0;
}

/* The value in a line for key; p NULL: it is for another. */
static struct span map_value(const char *line, struct span key)
{
	const struct span none = {NULL, 0};

	if (*line == '#' || map_is_space(*line) || strncmp(line, key.p, key.n) != 0)
		return none;
	/* A key with a space in it is none that a line could have. */
	for (size_t i = 0; i < key.n; i++)
		if (map_is_space(key.p[i]))
			return none;
	line += key.n;
	if (!map_is_space(*line))
		return none;
	while (map_is_space(*line))
		line++;
	struct span value = {line, 0};

	while (line[value.n] && !map_is_space(line[value.n]))
		value.n++;
	return value.n ? value : none;
}

static const char *map_scan(struct child *c, FILE *f, struct span key)
{
	char line[MAP_LINE];

	while (fgets(line, sizeof(line), f)) {
		struct span value = map_value(line, key);

		if (value.p)
			return arena_span(&c->arena, value);
	}
	return NULL;
}

/* Opened where it is a file and no larger than anybody may wait for; NULL, logged. */
static FILE *map_open(struct child *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error = errno;
	struct stat st;

	if (fd < 0) {
		child_log(c, LOG_ERR, "rewrite",
		    "(%d)%s: AH%s: mod_rewrite: can't %s text RewriteMap file %s", error,
		    strerror(error), error == EACCES ? "00655" : "00661",
		    error == EACCES ? "open" : "access", path);
		return NULL;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MAP_FILE_MAX) {
		FILE *f = fdopen(fd, "r");

		if (f)
			return f;
	} else {
		child_log(c, LOG_ERR, "rewrite",
		    "AH00655: mod_rewrite: can't open text RewriteMap file %s: it is no file, or "
		    "larger than %d bytes",
		    path, MAP_FILE_MAX);
	}
	fd_close(&fd);
	return NULL;
}

/* One of the values of a rnd: map. */
static const char *map_choose(struct rewrite *x, const char *value)
{
	uint32_t n = 1, random = 0;

	for (const char *p = value; (p = strchr(p, '|')); p++)
		n++;
	if (n > 1 && getrandom(&random, sizeof(random), 0) == (ssize_t)sizeof(random))
		for (random %= n; random; random--)
			value = strchr(value, '|') + 1;
	value = arena_strndup(&x->c->arena, value, strcspn(value, "|"));
	child_rewrite_trace(x, 5, "randomly chosen the subvalue `%s'", value);
	return *value ? value : NULL;
}

static const char *map_text(struct rewrite *x, const struct rewrite_map *map, const char *key)
{
	FILE *f = map_open(x->c, map->file);

	if (!f)
		return NULL;
	child_rewrite_trace(x, 6, "cache lookup FAILED, forcing new map lookup");
	const char *value = map_scan(x->c, f, span_of(key));

	fclose(f);
	if (!value) {
		child_rewrite_trace(x, 5, "map lookup FAILED: map=%s[txt] key=%s", map->name, key);
		return NULL;
	}
	child_rewrite_trace(
	    x, 5, "map lookup OK: map=%s[txt] key=%s -> val=%s", map->name, key, value);
	return map->kind == REWRITE_MAP_RND ? map_choose(x, value) : value;
}

static const char *map_function(struct rewrite *x, const struct rewrite_map *map, const char *key)
{
	struct arena *a = &x->c->arena;
	char *text = arena_strdup(a, key);

	switch (map->kind) {
	case REWRITE_MAP_ESCAPE:
		return rewrite_escape(a, key);
	case REWRITE_MAP_UNESCAPE:
		return rewrite_unescape(a, key);
	default:
		break;
	}
	for (char *p = text; *p; p++)
		*p = (char)(map->kind == REWRITE_MAP_UPPER ? toupper((unsigned char)*p)
		                                           : tolower((unsigned char)*p));
	return text;
}

const char *child_rewrite_map(struct rewrite *x, const char *name, const char *key)
{
	const struct conf_rewrite *server = x->c->vhost->rewrite;
	const struct rewrite_maps none = {0, NULL}, *maps = server ? &server->maps : &none;

	for (uint32_t i = 0; i < maps->n; i++) {
		const struct rewrite_map *map = &maps->v[i];

		if (strcmp(map->name, name) != 0)
			continue;
		if (map->kind == REWRITE_MAP_TXT || map->kind == REWRITE_MAP_RND)
			return map_text(x, map, key);
		const char *value = map_function(x, map, key);

		child_rewrite_trace(
		    x, 5, "map lookup OK: map=%s key=%s -> val=%s", name, key, value);
		return value;
	}
	return NULL;
}
