/*
 * The directives of content negotiation into a conf_dir: mod_negotiation's, and what mod_mime knows
 * of it. Run by the loader as root on the administrator's words, and by the child as the vhost's
 * user on those of a .htaccess.
 */
#include "common/conf_dir_set.h"
#include <strings.h>

static struct conf_negotiate *negotiate_of(struct conf_dir_build *b)
{
	if (!b->dir.negotiate)
		b->dir.negotiate = ARENA_NEW(b->a, struct conf_negotiate);
	return b->dir.negotiate;
}

const char *dir_multiviews_match(struct conf_dir_build *b, const struct conf_value *v)
{
	static const struct {
		const char *word;
		unsigned bit, excludes;
		const char *error;
	} words[] = {
	    {"Any", MULTIMATCH_ANY,
	        MULTIMATCH_NEGOTIATED | MULTIMATCH_FILTERS | MULTIMATCH_HANDLERS,
	        "Any is incompatible with NegotiatedOnly, Filters and Handlers"},
	    {"NegotiatedOnly", MULTIMATCH_NEGOTIATED,
	        MULTIMATCH_ANY | MULTIMATCH_FILTERS | MULTIMATCH_HANDLERS,
	        "NegotiatedOnly is incompatible with Any, Filters and Handlers"},
	    {"Filters", MULTIMATCH_FILTERS, MULTIMATCH_ANY | MULTIMATCH_NEGOTIATED,
	        "Filters is incompatible with Any and NegotiatedOnly"},
	    {"Handlers", MULTIMATCH_HANDLERS, MULTIMATCH_ANY | MULTIMATCH_NEGOTIATED,
	        "Handlers is incompatible with Any and NegotiatedOnly"},
	};

	if (!b->dir.mime)
		b->dir.mime = ARENA_NEW(b->a, struct conf_mime_dir);
	for (uint32_t i = 0; i < v->n; i++) {
		size_t at = 0, n = sizeof(words) / sizeof(*words);

		while (at < n && strcasecmp(v->words[i], words[at].word) != 0)
			at++;
		if (at == n)
			return arena_printf(b->tmp, "Unrecognized option '%s'", v->words[i]);
		if (b->dir.mime->multimatch & words[at].excludes)
			return words[at].error;
		b->dir.mime->multimatch |= (uint8_t)words[at].bit;
	}
	return NULL;
}

const char *dir_language_priority(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_negotiate *n = negotiate_of(b);

	for (uint32_t i = 0; i < v->n; i++)
		*(const char **)conf_dir_push(b->a, &n->languages, &n->nlanguages,
		    sizeof(*n->languages)) = arena_strdup(b->a, v->words[i]);
	return NULL;
}

const char *dir_force_language_priority(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_negotiate *n = negotiate_of(b);

	for (uint32_t i = 0; i < v->n; i++) {
		const char *word = v->words[i];

		if (strcasecmp(word, "None") == 0)
			n->force |= FORCE_NONE;
		else if (strcasecmp(word, "Prefer") == 0)
			n->force |= FORCE_PREFER;
		else if (strcasecmp(word, "Fallback") == 0)
			n->force |= FORCE_FALLBACK;
		else
			return arena_printf(
			    b->tmp, "Invalid ForceLanguagePriority option %s", word);
		if ((n->force & FORCE_NONE) && n->force != FORCE_NONE)
			return "Cannot combine ForceLanguagePriority options with None";
	}
	return NULL;
}

const char *dir_cache_negotiated_docs(struct conf_dir_build *b, const struct conf_value *v)
{
	negotiate_of(b)->cache = v->flag;
	return NULL;
}
