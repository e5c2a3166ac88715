/*
 * Names of filters, and what a section's filters become over those around it (conf_filter.h). Run
 * by the loader, and by the child as the vhost's user.
 */
#include "itkd/conf_filter.h"

#include "itkd/arena.h"
#include <string.h>
#include <strings.h>

const struct conf_deflate conf_deflate_default = {
    .level = -1, .window = 15, .memory = 9, .buffer = 8096, .etag = FILTER_ETAG_SUFFIX};
const struct conf_brotli conf_brotli_default = {
    .quality = 5, .window = 18, .block = 0, .etag = FILTER_ETAG_SUFFIX};
const struct filter_limits conf_filter_limits_default = {.body = 0, .ratio = 200, .burst = 3};

static const struct {
	const char *name;
	enum filter_kind kind;
	bool input, output;
} known[] = {
    {"DEFLATE", FILTER_DEFLATE, true, true},
    {"BROTLI_COMPRESS", FILTER_BROTLI, false, true},
    {"INFLATE", FILTER_INFLATE, false, true},
    /* What Apache's core does for every answer anyway. */
    {"BYTERANGE", FILTER_NOTHING, false, true},
    {"CONTENT_LENGTH", FILTER_NOTHING, false, true},
    {"HTTP_HEADER", FILTER_NOTHING, false, true},
    {"HTTP_IN", FILTER_NOTHING, true, false},
    /* Of mod_buffer: the same bytes later. */
    {"BUFFER", FILTER_NOTHING, true, true},
};

/* Those of Apache's other modules: without them an answer would not be what was asked for. */
static const struct {
	const char *name, *why;
} lacking[] = {
    {"INCLUDES", "server-side includes are not implemented"},
    {"SUBSTITUTE", "mod_substitute is not implemented"},
    {"SED", "mod_sed is not implemented"},
    {"XLATEIN", "mod_charset_lite is not implemented"},
    {"XLATEOUT", "mod_charset_lite is not implemented"},
    {"XML2ENC", "mod_xml2enc is not implemented"},
    {"PROXY-HTML", "mod_proxy_html is not implemented"},
    {"RATE_LIMIT", "mod_ratelimit is not implemented"},
    {"CACHE", "mod_cache is not implemented"},
    {"CASEFILTER", "mod_case_filter is not implemented"},
    {"CASEFILTERIN", "mod_case_filter_in is not implemented"},
    {"LUA_OUTPUT_FILTER", "mod_lua is not implemented"},
    {"PHP", "as a filter PHP is not available: use SetHandler"},
};

enum filter_kind conf_filter_kind(
    struct arena *tmp, const char *name, bool input, const char **error)
{
	*error = NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcasecmp(name, known[i].name) == 0 &&
		    (input ? known[i].input : known[i].output))
			return known[i].kind;
	for (size_t i = 0; i < sizeof(lacking) / sizeof(*lacking); i++)
		if (strcasecmp(name, lacking[i].name) == 0)
			*error =
			    arena_printf(tmp, "there is no filter %s: %s", name, lacking[i].why);
	return FILTER_UNKNOWN;
}

const char *conf_filter_names(
    struct arena *a, struct arena *tmp, const char *text, bool input, struct filter_names *names)
{
	uint32_t room = 1;
	const char *error;

	for (const char *p = text; *p; p++)
		room += *p == ';';
	names->v = arena_array(a, room, sizeof(*names->v));
	/* As Apache's ap_getword() reads it: an empty name is one, but not at the end. */
	while (*text) {
		size_t n = strcspn(text, ";");
		struct filter_name *name = &names->v[names->n++];

		name->name = arena_strndup(a, text, n);
		name->kind = conf_filter_kind(tmp, name->name, input, &error);
		if (error)
			return error;
		text += n;
		while (*text == ';')
			text++;
	}
	return NULL;
}

struct filter_smart *conf_filter_smart(const struct conf_filter *f, const char *name)
{
	for (uint32_t i = 0; i < f->nsmart; i++)
		if (strcmp(f->smart[i].name, name) == 0)
			return &f->smart[i];
	return NULL;
}

/* A name that add declares is add's alone: what base said of it is forgotten (apr_hash_overlay). */
static void merge_smart(struct arena *a, struct conf_filter *new, const struct conf_filter *base,
    const struct conf_filter *add)
{
	if (base->nsmart == 0) {
		new->nsmart = add->nsmart;
		new->smart = add->smart;
		return;
	}
	new->smart = arena_array(a, (size_t)base->nsmart + add->nsmart, sizeof(*new->smart));
	for (uint32_t i = 0; i < add->nsmart; i++)
		new->smart[new->nsmart++] = add->smart[i];
	for (uint32_t i = 0; i < base->nsmart; i++)
		if (!conf_filter_smart(add, base->smart[i].name))
			new->smart[new->nsmart++] = base->smart[i];
}

static void merge_chain(struct arena *a, struct conf_filter *new, const struct conf_filter *base,
    const struct conf_filter *add)
{
	uint32_t from = add->nchain;

	while (from && add->chain[from - 1])
		from--;
	/* An order to forget is still one for what these two are laid over. */
	if (from || base->nchain == 0) {
		new->nchain = add->nchain;
		new->chain = add->chain;
		return;
	}
	new->nchain = base->nchain + add->nchain;
	new->chain = arena_array(a, new->nchain, sizeof(*new->chain));
	memcpy(new->chain, base->chain, base->nchain * sizeof(*new->chain));
	if (add->nchain)
		memcpy(new->chain + base->nchain, add->chain, add->nchain * sizeof(*new->chain));
}

void conf_filter_merge(struct arena *a, struct conf_filter **base, const struct conf_filter *add)
{
	if (!add)
		return;
	struct conf_filter *new = ARENA_NEW(a, struct conf_filter), none = {.output = NULL};
	const struct conf_filter *old = *base ? *base : &none;

	new->output = add->output ? add->output : old->output;
	new->input = add->input ? add->input : old->input;
	new->limits = add->limits ? add->limits : old->limits;
	merge_smart(a, new, old, add);
	merge_chain(a, new, old, add);
	*base = new;
}
