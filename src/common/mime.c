/*
 * Media type, handler, encoding and language from a file's name. Run by the child after the drop.
 * The name is a user's; the tables are the config's. mod_mime's rules.
 */
#include "itkd/mime.h"

#include "itkd/arena.h"
#include "itkd/conf_mime.h"
#include <limits.h>
#include <stdlib.h>

static int compare_ext(const void *key, const void *entry)
{
	const struct conf_mime *m = entry;

	return strcmp(key, m->ext);
}

static const char *type_of(const struct conf *conf, const char *ext)
{
	const struct conf_mime *m = NULL;

	if (conf->nmime)
		m = bsearch(ext, conf->mime, conf->nmime, sizeof(*m), compare_ext);
	return m ? m->type : NULL;
}

static const char *append(struct arena *a, const char *list, const char *between, const char *value)
{
	return list ? arena_printf(a, "%s%s%s", list, between, value) : value;
}

static void lookup_ext(struct arena *a, const struct conf *conf, const struct conf_mime_dir *dir,
    const char *ext, struct mime_info *info, const char **charset)
{
	const char *type = conf_mime_find(dir, ext, MIME_TYPE), *value;

	if (!type)
		type = type_of(conf, ext);
	if (type && *type)
		info->type = type;
	if (!dir)
		return;
	value = conf_mime_find(dir, ext, MIME_HANDLER);
	if (value)
		info->handler = value;
	value = conf_mime_find(dir, ext, MIME_CHARSET);
	if (value)
		*charset = value;
	value = conf_mime_find(dir, ext, MIME_ENCODING);
	if (value)
		info->encoding = append(a, info->encoding, ", ", value);
	value = conf_mime_find(dir, ext, MIME_LANGUAGE);
	if (value)
		info->language = append(a, info->language, ",", value);
	value = conf_mime_find(dir, ext, MIME_INPUT_FILTER);
	if (value)
		info->input_filters = append(a, info->input_filters, ";", value);
	value = conf_mime_find(dir, ext, MIME_OUTPUT_FILTER);
	if (value)
		info->output_filters = append(a, info->output_filters, ";", value);
}

static bool is_token(char c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\n");
}

/* The end of a parameter's value at p, quotes included; NULL where it is malformed. */
static const char *value_end(const char *p)
{
	if (*p != '"') {
		while (is_token(*p))
			p++;
		return *p && *p != ';' ? NULL : p;
	}
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && !*++p)
			return NULL;
	if (*p)
		p = skip_blanks(p + 1);
	return *p && *p != ';' ? NULL : p;
}

/* One parameter "name=value" at *p; false at a malformed one. A name alone at the end is none. */
static bool next_parameter(const char **p, struct span *name, struct span *value)
{
	const char *start = skip_blanks(*p), *at = start;

	while (is_token(*at) || *at == ' ' || *at == '\t' || *at == '\n')
		at++;
	*name = span_trim((struct span){start, (size_t)(at - start)});
	if (!*at) {
		*name = (struct span){NULL, 0};
		*p = at;
		return true;
	}
	if (*at != '=' || name->n == 0)
		return false;
	start = skip_blanks(at + 1);
	at = value_end(start);
	if (!at || at == start)
		return false;
	*value = span_trim((struct span){start, (size_t)(at - start)});
	*p = *at ? at + 1 : at;
	return true;
}

/*
 * The type in mod_mime's form: "; " before each parameter, and the character set of an extension in
 * the place of its own. A type that is none is left as it is, without one.
 */
static const char *whole_type(struct arena *a, const char *type, const char *charset)
{
	const char *slash = strchr(type, '/'), *p = type + strcspn(type, "; \t\n");
	struct span name, value;
	bool has = false;

	if (!slash || slash == type || slash >= p || slash + 1 == p)
		return type;
	const char *out = arena_strndup(a, type, (size_t)(p - type));

	p = skip_blanks(p);
	if (*p && !*skip_blanks(++p))
		return type;
	while (*p) {
		if (!next_parameter(&p, &name, &value))
			return type;
		if (name.n == 0)
			break;
		if (charset && span_eq(name, SPAN("charset"))) {
			if (has)
				continue;
			has = true;
			value = span_of(charset);
		}
		out = arena_printf(
		    a, "%s; %.*s=%.*s", out, (int)name.n, name.p, (int)value.n, value.p);
	}
	return charset && !has ? arena_printf(a, "%s; charset=%s", out, charset) : out;
}

/* Without its case; false for what no buffer holds: no file system takes a longer name. */
static bool copy_ext(char ext[static NAME_MAX + 1], const char *p, size_t n)
{
	if (n == 0 || n > NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		ext[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 0x20) : p[i];
	ext[n] = '\0';
	return true;
}

void mime_lookup(struct arena *a, const struct conf *conf, const struct conf_dir *dir,
    const char *path, struct mime_info *info)
{
	const char *slash = strrchr(path, '/'), *charset = NULL;
	const char *p = slash ? slash + 1 : path;
	char ext[NAME_MAX + 1];

	*info = (struct mime_info){.type = NULL};
	/* Leading dots belong to the base name: ".png" is a hidden file named png. */
	p += strspn(p, ".");
	p += strcspn(p, ".");
	while (*p) {
		size_t n = strcspn(++p, ".");

		if (copy_ext(ext, p, n))
			lookup_ext(a, conf, dir->mime, ext, info, &charset);
		p += n;
	}
	if (info->type && (charset || strpbrk(info->type, "; \t\n")))
		info->type = whole_type(a, info->type, charset);
	if (!info->language && dir->mime)
		info->language = dir->mime->language;
}

static unsigned mime_multimatch(const struct conf_mime_dir *dir)
{
	for (; dir; dir = dir->below)
		if (dir->multimatch)
			return dir->multimatch;
	return MULTIMATCH_NEGOTIATED;
}

/* Whether an extension says something by which clients choose. */
static bool mime_known(
    const struct conf *conf, const struct conf_mime_dir *dir, const char *ext, unsigned multimatch)
{
	static const struct {
		enum conf_mime_kind kind;
		unsigned match; /* known where MultiviewsMatch has this */
	} kinds[] = {{MIME_CHARSET, ~0u}, {MIME_LANGUAGE, ~0u}, {MIME_ENCODING, ~0u},
	    {MIME_HANDLER, MULTIMATCH_HANDLERS}, {MIME_INPUT_FILTER, MULTIMATCH_FILTERS},
	    {MIME_OUTPUT_FILTER, MULTIMATCH_FILTERS}};
	const char *type = conf_mime_find(dir, ext, MIME_TYPE);

	/* RemoveType's "" hides that of mime.types. */
	if (type ? *type != '\0' : type_of(conf, ext) != NULL)
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if ((kinds[i].match & multimatch) && conf_mime_find(dir, ext, kinds[i].kind))
			return true;
	return multimatch & MULTIMATCH_ANY;
}

bool mime_unknown(struct arena *a, const struct conf *conf, const struct conf_dir *dir,
    const char *path, const char *const **parts, size_t *n)
{
	const char *slash = strrchr(path, '/'), *p = slash ? slash + 1 : path;
	const char **v = arena_array(a, strlen(p) + 1, sizeof(*v));
	unsigned multimatch = mime_multimatch(dir->mime);
	char ext[NAME_MAX + 1];
	bool known = false;

	size_t dots = strspn(p, "."), len = dots + strcspn(p + dots, ".");

	/* A hidden file's dot is no part of any name that is asked for: it has no variants. */
	v[0] = arena_strndup(a, p, len);
	*n = 1;
	for (p += len; *p; p += len) {
		len = strcspn(++p, ".");
		if (!copy_ext(ext, p, len))
			continue;
		if (mime_known(conf, dir->mime, ext, multimatch))
			known = true;
		else
			v[(*n)++] = arena_strndup(a, p, len);
	}
	*parts = v;
	return known;
}
