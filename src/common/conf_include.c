/*
 * What is worked off while reading: Include, Define and their like. Run by the loader as root; file
 * names and patterns are the administrator's.
 */
#include "common/conf_parse_frame.h"
#include "itkd/conf_lex.h"
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void conf_parse_define(struct conf_parser *p, const char *name, const char *value)
{
	void **defined = conf_map_at(&p->defines, name);

	if (!*defined)
		*(const char **)conf_vec_push(&p->defined, p->a, sizeof(char *)) = name;
	*defined = p;
	if (value)
		*conf_map_at(&p->vars, name) = arena_strdup(p->a, value);
}

static bool has_wildcard(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The entries of dir that match the pattern (all but the hidden ones for NULL), sorted. */
static struct conf_vec list_directory(struct conf_parser *p, const char *dir, const char *pattern)
{
	struct conf_vec names = {0};
	struct dirent *e;
	DIR *d = opendir(*dir ? dir : "/");

	if (!d)
		return names;
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (pattern && fnmatch(pattern, e->d_name, FNM_PERIOD) != 0)
			continue;
		*(char **)conf_vec_push(&names, p->a, sizeof(char *)) =
		    arena_printf(p->a, "%s/%s", dir, e->d_name);
	}
	closedir(d);
	if (names.n)
		qsort(names.v, names.n, sizeof(char *), by_name);
	return names;
}

/* A file, or all files below a directory, as ap_process_resource_config. */
static void include_path(struct conf_parser *p, const char *path, unsigned depth)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		conf_parse_file(p, path);
		return;
	}
	if (depth > CONF_INCLUDE_DEPTH) {
		conf_parse_error(p, "Include",
		    arena_printf(p->a,
		        "Directory %s exceeds the maximum include directory nesting level of %d",
		        path, CONF_INCLUDE_DEPTH));
		return;
	}
	struct conf_vec names = list_directory(p, path, NULL);

	for (uint32_t i = 0; i < names.n; i++)
		include_path(p, ((char **)names.v)[i], depth + 1);
}

/* Expands the first segment of rest below dir; how many paths were found in the end. */
static unsigned include_pattern(struct conf_parser *p, const char *dir, const char *rest)
{
	size_t n = strcspn(rest, "/");
	const char *segment = arena_strndup(p->a, rest, n), *next = rest + n + (rest[n] == '/');
	unsigned found = 0;
	struct stat st;

	if (!has_wildcard(rest)) {
		const char *path = arena_printf(p->a, "%s/%s", dir, rest);

		if (stat(path, &st) != 0)
			return 0;
		include_path(p, path, 0);
		return 1;
	}
	if (!has_wildcard(segment))
		return include_pattern(p, arena_printf(p->a, "%s/%s", dir, segment), next);
	struct conf_vec names = list_directory(p, dir, segment);

	for (uint32_t i = 0; i < names.n; i++) {
		const char *path = ((char **)names.v)[i];

		if (!*next) {
			include_path(p, path, 0);
			found++;
		} else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			found += include_pattern(p, path, next);
		}
	}
	return found;
}

static void read_include(struct conf_parser *p, const char *name, const char *word, bool optional)
{
	struct stat st;

	if (!*word) {
		conf_parse_error(p, name, "takes one argument");
		return;
	}
	const char *path = conf_parse_path(p, word);

	if (!has_wildcard(path)) {
		if (!optional || stat(path, &st) == 0 || errno != ENOENT)
			include_path(p, path, 0);
		return;
	}
	if (include_pattern(p, "", path + 1) == 0 && !optional)
		conf_parse_error(p, name,
		    arena_printf(p->a,
		        "No matches for the wildcard '%s', failing (use IncludeOptional if "
		        "required)",
		        path));
}

static void read_define(struct conf_parser *p, const char *name, uint32_t n, char *const *words)
{
	if (strchr(words[0], ':'))
		conf_parse_error(p, name, "Variable name must not contain ':'");
	else
		conf_parse_define(p, words[0], n == 2 ? words[1] : NULL);
}

static void read_undefine(struct conf_parser *p, const char *directive, const char *name)
{
	if (strchr(name, ':')) {
		conf_parse_error(p, directive, "Variable name must not contain ':'");
		return;
	}
	void **defined = conf_map_at(&p->defines, name);
	const char **v = p->defined.v;

	*defined = NULL;
	*conf_map_at(&p->vars, name) = NULL;
	for (uint32_t i = 0; i < p->defined.n; i++)
		if (v[i] && strcmp(v[i], name) == 0)
			v[i] = NULL;
}

static const char *count_error(const struct conf_directive *d)
{
	if (d->max == 0)
		return "takes no arguments";
	if (d->max == 1)
		return "takes one argument";
	return d->max == 2 ? "takes one or two arguments" : "takes one or more arguments";
}

void conf_parse_read(struct conf_parser *p, const struct conf_directive *d, const char *rest)
{
	uint32_t n;
	char **words = conf_lex_words(p->a, rest, &n);

	if (p->htaccess && !(d->contexts & CTX_HTACCESS)) {
		conf_parse_error(p, d->name, arena_printf(p->a, "%s not allowed here", d->name));
		return;
	}
	if (n < d->min || n > d->max) {
		conf_parse_error(p, d->name, count_error(d));
		return;
	}
	switch (d->id) {
	case CONF_ID_Include:
	case CONF_ID_IncludeOptional:
		read_include(p, d->name, words[0], d->id == CONF_ID_IncludeOptional);
		break;
	case CONF_ID_Define:
		read_define(p, d->name, n, words);
		break;
	case CONF_ID_Use:
		conf_macro_use(p, n, words);
		break;
	case CONF_ID_UndefMacro:
		conf_macro_undefine(p, words[0]);
		break;
	case CONF_ID_MacroIgnoreEmptyArgs:
	case CONF_ID_MacroIgnoreBadNesting:
		p->quiet_macros = true;
		break;
	default:
		read_undefine(p, d->name, words[0]);
	}
}
