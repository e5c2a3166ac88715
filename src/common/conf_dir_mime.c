/*
 * The directives of mod_mime into a conf_dir. Run by the loader as root on the
 * administrator's words, and by the child as the vhost's user on those of a .htaccess.
 */
#include "common/conf_dir_set.h"
#include "itkd/conf_filter.h"
#include <string.h>

static struct conf_mime_dir *mime_of(struct conf_dir_build *b)
{
	if (!b->dir.mime)
		b->dir.mime = ARENA_NEW(b->a, struct conf_mime_dir);
	return b->dir.mime;
}

static struct conf_mime_ext *mime_ext(struct conf_dir_build *b, const char *word)
{
	struct conf_mime_dir *m = mime_of(b);
	const char *key = arena_lower(b->tmp, *word == '.' ? word + 1 : word);
	struct conf_mime_ext *e = conf_map_get(&m->exts, key);

	if (e)
		return e;
	e = ARENA_NEW(b->a, struct conf_mime_ext);
	/* The finished map is read by other programs, in which this arena is nothing. */
	m->exts.a = b->a;
	*conf_map_at(&m->exts, arena_strdup(b->a, key)) = e;
	m->exts.a = NULL;
	return e;
}

static const char *mime_add(
    struct conf_dir_build *b, const struct conf_value *v, enum conf_mime_kind kind)
{
	const char *value = arena_lower(b->a, v->words[0]);

	for (uint32_t i = 1; i < v->n; i++)
		mime_ext(b, v->words[i])->value[kind] = value;
	return NULL;
}

static const char *mime_remove(
    struct conf_dir_build *b, const struct conf_value *v, enum conf_mime_kind kind)
{
	for (uint32_t i = 0; i < v->n; i++)
		mime_ext(b, v->words[i])->removed |= (uint8_t)(1u << kind);
	return NULL;
}

const char *dir_add_type(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_add(b, v, MIME_TYPE);
}

const char *dir_add_handler(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_add(b, v, MIME_HANDLER);
}

const char *dir_add_charset(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_add(b, v, MIME_CHARSET);
}

const char *dir_add_encoding(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_add(b, v, MIME_ENCODING);
}

const char *dir_add_language(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_add(b, v, MIME_LANGUAGE);
}

/* Unlike its siblings: a type taken away is one in its place in the file, and hides mime.types. */
const char *dir_remove_type(struct conf_dir_build *b, const struct conf_value *v)
{
	static const char none[] = "";
	const char *value = arena_strdup(b->a, none);

	for (uint32_t i = 0; i < v->n; i++)
		mime_ext(b, v->words[i])->value[MIME_TYPE] = value;
	return NULL;
}

const char *dir_remove_handler(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_remove(b, v, MIME_HANDLER);
}

const char *dir_remove_charset(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_remove(b, v, MIME_CHARSET);
}

const char *dir_remove_encoding(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_remove(b, v, MIME_ENCODING);
}

const char *dir_remove_language(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_remove(b, v, MIME_LANGUAGE);
}

/* The name of a filter is looked at where it is written. */
static const char *mime_filter(
    struct conf_dir_build *b, const struct conf_value *v, enum conf_mime_kind kind)
{
	struct filter_names names = {.n = 0};
	const char *error =
	    conf_filter_names(b->tmp, b->tmp, v->words[0], kind == MIME_INPUT_FILTER, &names);

	return error ? error : mime_add(b, v, kind);
}

const char *dir_add_input_filter(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_filter(b, v, MIME_INPUT_FILTER);
}

const char *dir_add_output_filter(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_filter(b, v, MIME_OUTPUT_FILTER);
}

const char *dir_remove_input_filter(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_remove(b, v, MIME_INPUT_FILTER);
}

const char *dir_remove_output_filter(struct conf_dir_build *b, const struct conf_value *v)
{
	return mime_remove(b, v, MIME_OUTPUT_FILTER);
}

const char *dir_default_language(struct conf_dir_build *b, const struct conf_value *v)
{
	mime_of(b)->language = arena_strdup(b->a, v->text);
	return NULL;
}

const char *dir_mod_mime_use_path_info(struct conf_dir_build *b, const struct conf_value *v)
{
	mime_of(b)->path_info = v->flag ? CONF_ON : CONF_OFF;
	return NULL;
}
