/*
 * Setters of mod_deflate and mod_brotli: how a server compresses. As in Apache, which merges none
 * of it, a virtual host that says one of them has the defaults for all others of that module. Run
 * by the loader on the administrator's words.
 */
#include "load/load.h"

#include <stdlib.h>
#include <strings.h>

static struct conf_deflate *deflate_of(struct loader *l, struct load_server *s)
{
	struct conf_deflate *own = ARENA_NEW(&l->common, struct conf_deflate);
	const struct conf_deflate *old = s->v.deflate;

	if (!old || (s->main && old == s->main->v.deflate))
		old = &conf_deflate_default;
	*own = *old;
	s->v.deflate = own;
	return own;
}

static struct conf_brotli *brotli_of(struct loader *l, struct load_server *s)
{
	struct conf_brotli *own = ARENA_NEW(&l->common, struct conf_brotli);
	const struct conf_brotli *old = s->v.brotli;

	if (!old || (s->main && old == s->main->v.brotli))
		old = &conf_brotli_default;
	*own = *old;
	s->v.brotli = own;
	return own;
}

/* As Apache's atoi() reads it: what stands behind the digits does not count. */
static bool number(const char *text, int32_t min, int32_t max, int32_t *to)
{
	long n = strtol(text, NULL, 10);

	if (n < min || n > max)
		return false;
	*to = (int32_t)n;
	return true;
}

static bool etag_word(const char *text, enum filter_etag *to)
{
	static const struct {
		const char *word;
		enum filter_etag etag;
	} words[] = {{"AddSuffix", FILTER_ETAG_SUFFIX}, {"NoChange", FILTER_ETAG_SAME},
	    {"Remove", FILTER_ETAG_NONE}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(text, words[i].word) == 0) {
			*to = words[i].etag;
			return true;
		}
	return false;
}

static bool note(struct loader *l, const struct conf_value *v, struct filter_notes *notes)
{
	const char *name = arena_strdup(&l->common, v->words[v->n - 1]);
	const char *what = v->n > 1 ? v->words[0] : "Ratio";

	if (strcasecmp(what, "Ratio") == 0)
		notes->ratio = name;
	else if (strcasecmp(what, "Input") == 0)
		notes->input = name;
	else if (strcasecmp(what, "Output") == 0)
		notes->output = name;
	else
		return false;
	return true;
}

const char *load_set_deflate_note(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return note(l, v, &deflate_of(l, s)->notes)
	           ? NULL
	           : load_fail(l, "Unknown note type %s", v->words[0]);
}

const char *load_set_deflate_window(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return number(v->text, 1, 15, &deflate_of(l, s)->window)
	           ? NULL
	           : "DeflateWindowSize must be between 1 and 15";
}

const char *load_set_deflate_buffer(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return number(v->text, 1, INT32_MAX, &deflate_of(l, s)->buffer)
	           ? NULL
	           : "DeflateBufferSize should be positive";
}

const char *load_set_deflate_memory(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return number(v->text, 1, 9, &deflate_of(l, s)->memory)
	           ? NULL
	           : "DeflateMemLevel must be between 1 and 9";
}

const char *load_set_deflate_level(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return number(v->text, 1, 9, &deflate_of(l, s)->level)
	           ? NULL
	           : "Compression Level must be between 1 and 9";
}

const char *load_set_deflate_etag(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return etag_word(v->text, &deflate_of(l, s)->etag)
	           ? NULL
	           : "DeflateAlterETAG accepts only 'NoChange', 'AddSuffix', and 'Remove'";
}

const char *load_set_brotli_note(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return note(l, v, &brotli_of(l, s)->notes)
	           ? NULL
	           : load_fail(l, "Unknown BrotliFilterNote type '%s'", v->words[0]);
}

const char *load_set_brotli_quality(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return number(v->text, 0, 11, &brotli_of(l, s)->quality)
	           ? NULL
	           : "BrotliCompressionQuality must be between 0 and 11";
}

const char *load_set_brotli_window(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return number(v->text, 10, 24, &brotli_of(l, s)->window)
	           ? NULL
	           : "BrotliCompressionWindow must be between 10 and 24";
}

const char *load_set_brotli_block(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return number(v->text, 16, 24, &brotli_of(l, s)->block)
	           ? NULL
	           : "BrotliCompressionMaxInputBlock must be between 16 and 24";
}

const char *load_set_brotli_etag(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return etag_word(v->text, &brotli_of(l, s)->etag)
	           ? NULL
	           : "BrotliAlterETag accepts only 'AddSuffix', 'NoChange' and 'Remove'";
}
