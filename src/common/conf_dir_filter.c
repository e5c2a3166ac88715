/*
 * The directives of filters into a conf_dir: SetOutputFilter and SetInputFilter, mod_filter, the
 * limits of mod_deflate. Run by the loader as root on the administrator's words, and by the child
 * as the vhost's user on those of a .htaccess.
 */
#include "common/conf_dir_set.h"
#include "itkd/conf_filter.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct conf_filter *filter_of(struct conf_dir_build *b)
{
	if (!b->dir.filter)
		b->dir.filter = ARENA_NEW(b->a, struct conf_filter);
	return b->dir.filter;
}

static const char *set_names(struct conf_dir_build *b, const struct conf_value *v, bool input,
    const struct filter_names **to)
{
	struct filter_names *names = ARENA_NEW(b->a, struct filter_names);

	*to = names;
	return conf_filter_names(b->a, b->tmp, v->text, input, names);
}

const char *dir_set_output_filter(struct conf_dir_build *b, const struct conf_value *v)
{
	return set_names(b, v, false, &filter_of(b)->output);
}

const char *dir_set_input_filter(struct conf_dir_build *b, const struct conf_value *v)
{
	return set_names(b, v, true, &filter_of(b)->input);
}

#define FILTERS_FULL "a .htaccess has at most 1,000 filters, and as many for one name"

/* NULL: there are as many as there may be. */
static struct filter_smart *smart_declare(
    struct conf_dir_build *b, const char *name, enum filter_place place)
{
	struct conf_filter *f = filter_of(b);
	struct filter_smart *smart = conf_filter_smart(f, name);

	if (!smart && conf_dir_full(b, f->nsmart))
		return NULL;
	if (!smart)
		smart = conf_dir_push(b->a, &f->smart, &f->nsmart, sizeof(*smart));
	*smart = (struct filter_smart){.name = arena_strdup(b->a, name), .place = place};
	return smart;
}

const char *dir_filter_declare(struct conf_dir_build *b, const struct conf_value *v)
{
	enum filter_place place = FILTER_RESOURCE;
	const char *type = v->n > 1 ? v->words[1] : "";

	if (strcasecmp(type, "CONTENT_SET") == 0)
		place = FILTER_CONTENT_SET;
	else if (strcasecmp(type, "PROTOCOL") == 0 || strcasecmp(type, "CONNECTION") == 0 ||
	         strcasecmp(type, "NETWORK") == 0)
		return arena_printf(b->tmp,
		    "FilterDeclare: %s is behind an answer's head, where nothing may change its "
		    "body any more; write CONTENT_SET",
		    type);
	return smart_declare(b, v->words[0], place) ? NULL : FILTERS_FULL;
}

/* The last one that was written is asked first. */
static const char *provider_add(struct conf_dir_build *b, const char *name, const char *provider,
    const struct filter_provider *what)
{
	struct conf_filter *f = filter_of(b);
	struct filter_smart *smart = conf_filter_smart(f, name);
	const char *error;
	enum filter_kind kind = conf_filter_kind(b->tmp, provider, false, &error);

	if (kind == FILTER_UNKNOWN)
		return error ? error : arena_printf(b->tmp, "Unknown filter provider %s", provider);
	if (!smart)
		smart = smart_declare(
		    b, name, kind == FILTER_INFLATE ? FILTER_BEFORE_RESOURCE : FILTER_CONTENT_SET);
	if (!smart || conf_dir_full(b, smart->nproviders))
		return FILTERS_FULL;
	conf_dir_push(b->a, &smart->providers, &smart->nproviders, sizeof(*what));
	memmove(smart->providers + 1, smart->providers,
	    (smart->nproviders - 1) * sizeof(*smart->providers));
	smart->providers[0] = *what;
	smart->providers[0].kind = kind;
	return NULL;
}

const char *dir_filter_provider(struct conf_dir_build *b, const struct conf_value *v)
{
	struct filter_provider what = {.kind = FILTER_UNKNOWN};
	const char *error = NULL;

	what.condition = conf_dir_expr(b, b->a, v->words[2], EXPR_CONDITION, &error);
	if (!what.condition)
		return arena_printf(b->tmp, "Error parsing FilterProvider expression:%s", error);
	return provider_add(b, v->words[0], v->words[1], &what);
}

static void chain_append(struct conf_dir_build *b, const char *name)
{
	struct conf_filter *f = filter_of(b);

	*(const char **)conf_dir_push(b->a, &f->chain, &f->nchain, sizeof(*f->chain)) =
	    name ? arena_strdup(b->a, name) : NULL;
}

static void chain_remove(struct conf_filter *f, const char *name)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->nchain; i++)
		if (!f->chain[i] || strcasecmp(f->chain[i], name) != 0)
			f->chain[n++] = f->chain[i];
	f->nchain = n;
}

static void chain_word(struct conf_dir_build *b, const char *word)
{
	struct conf_filter *f = filter_of(b);

	switch (*word) {
	case '-':
		chain_remove(f, word + 1);
		return;
	case '!':
		f->nchain = 0;
		chain_append(b, NULL);
		return;
	case '=':
		f->nchain = 0;
		chain_append(b, NULL);
		chain_append(b, word + 1);
		return;
	case '@':
		chain_append(b, word + 1);
		for (uint32_t i = f->nchain - 1; i; i--) {
			const char *last = f->chain[i];

			f->chain[i] = f->chain[i - 1];
			f->chain[i - 1] = last;
		}
		return;
	default:
		chain_append(b, *word == '+' ? word + 1 : word);
		return;
	}
}

const char *dir_filter_chain(struct conf_dir_build *b, const struct conf_value *v)
{
	for (uint32_t i = 0; i < v->n; i++) {
		if (conf_dir_full(b, filter_of(b)->nchain))
			return FILTERS_FULL;
		chain_word(b, v->words[i]);
	}
	return NULL;
}

/* A name's line of this section puts it into the chain; more of them only add types. */
const char *dir_add_output_filter_by_type(struct conf_dir_build *b, const struct conf_value *v)
{
	char *list = arena_strdup(b->tmp, v->words[0]), *save = NULL;
	struct filter_provider what = {.ntypes = v->n - 1};
	const char **types = arena_array(b->a, what.ntypes, sizeof(*types));

	for (uint32_t i = 1; i < v->n; i++)
		types[i - 1] = arena_strdup(b->a, v->words[i]);
	what.types = types;
	for (char *name = strtok_r(list, ";", &save); name; name = strtok_r(NULL, ";", &save)) {
		const char *smart = arena_printf(b->tmp, "BYTYPE:%s", name), *error;
		bool seen = conf_filter_smart(filter_of(b), smart) != NULL;

		error = provider_add(b, smart, name, &what);
		if (error)
			return error;
		if (!seen)
			chain_append(b, smart);
	}
	return NULL;
}

static uint32_t protocol_flags(char *text)
{
	static const struct {
		const char *word;
		uint32_t bits;
	} words[] = {
	    {"change=yes", FILTER_CHANGE | FILTER_CHANGE_LENGTH},
	    {"change=1:1", FILTER_CHANGE},
	    {"byteranges=no", FILTER_NO_RANGE},
	    {"proxy=no", FILTER_NO_PROXY},
	    {"proxy=transform", FILTER_TRANSFORM},
	    {"cache=no", FILTER_NO_CACHE},
	};
	uint32_t flags = 0;
	char *save = NULL;

	for (char *word = strtok_r(text, ";, \t", &save); word;
	     word = strtok_r(NULL, ";, \t", &save)) {
		if (strcasecmp(word, "change=no") == 0)
			flags &= ~(FILTER_CHANGE | FILTER_CHANGE_LENGTH);
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (strcasecmp(word, words[i].word) == 0)
				flags |= words[i].bits;
	}
	return flags;
}

const char *dir_filter_protocol(struct conf_dir_build *b, const struct conf_value *v)
{
	struct filter_smart *smart = conf_filter_smart(filter_of(b), v->words[0]);
	const char *error;
	enum filter_kind kind;

	if (!smart)
		return "FilterProtocol: No such filter";
	if (v->n == 2) {
		smart->protocol = protocol_flags(arena_strdup(b->tmp, v->words[1]));
		return NULL;
	}
	kind = conf_filter_kind(b->tmp, v->words[1], false, &error);
	for (uint32_t i = 0; i < smart->nproviders; i++)
		if (smart->providers[i].kind == kind) {
			smart->providers[i].protocol =
			    protocol_flags(arena_strdup(b->tmp, v->words[2]));
			return NULL;
		}
	return "FilterProtocol: No such provider for this filter";
}

static struct filter_limits *limits_of(struct conf_dir_build *b)
{
	struct conf_filter *f = filter_of(b);
	struct filter_limits *limits = ARENA_NEW(b->a, struct filter_limits);

	*limits = f->limits ? *f->limits : conf_filter_limits_default;
	f->limits = limits;
	return limits;
}

const char *dir_inflate_limit(struct conf_dir_build *b, const struct conf_value *v)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(v->text, &end, 10);
	if (errno)
		return "DeflateInflateLimitRequestBody is not parsable.";
	if (*end || n < 0)
		return "DeflateInflateLimitRequestBody requires a non-negative integer.";
	limits_of(b)->body = n;
	return NULL;
}

const char *dir_inflate_ratio_limit(struct conf_dir_build *b, const struct conf_value *v)
{
	long n = strtol(v->text, NULL, 10);

	if (n <= 0 || n > INT32_MAX)
		return "DeflateInflateRatioLimit must be positive";
	limits_of(b)->ratio = (int32_t)n;
	return NULL;
}

const char *dir_inflate_ratio_burst(struct conf_dir_build *b, const struct conf_value *v)
{
	long n = strtol(v->text, NULL, 10);

	if (n <= 0 || n > INT32_MAX)
		return "DeflateInflateRatioBurst must be positive";
	limits_of(b)->burst = (int32_t)n;
	return NULL;
}
