/*
 * What a negotiated answer says of its variants: Vary, RFC 2295's Alternates, and the list for who
 * must choose himself. Run by the child. File names are the site owner's: each is escaped.
 */
#include "itkd/negotiate.h"

#include "itkd/arena.h"
#include "itkd/path.h"
#include <stdio.h>
#include <string.h>

static const char *languages_of(struct arena *a, const struct variant *v)
{
	return arena_join(a, v->languages, v->nlanguages, ",");
}

enum vary_by { BY_TYPE, BY_LANGUAGE, BY_CHARSET, BY_ENCODING, BY_ALL };

const char *negotiate_languages(const struct negotiate *g, const struct variant *v)
{
	return languages_of(g->a, v);
}

static const char *vary_value(struct arena *a, const struct variant *v, enum vary_by by)
{
	switch (by) {
	case BY_TYPE:
		return v->type;
	case BY_LANGUAGE:
		return languages_of(a, v);
	case BY_CHARSET:
		return v->charset;
	default:
		return v->encoding;
	}
}

const char *negotiate_vary(const struct negotiate *g)
{
	static const char *const names[BY_ALL] = {
	    "accept", "accept-language", "accept-charset", "accept-encoding"};
	const char *text = g->transparent ? "negotiate" : NULL;

	for (enum vary_by by = BY_TYPE; by < BY_ALL; by++)
		for (size_t i = 1; i < g->n; i++) {
			if (strcmp(vary_value(g->a, &g->v[0], by),
			        vary_value(g->a, &g->v[i], by)) == 0)
				continue;
			text = text ? arena_printf(g->a, "%s,%s", text, names[by]) : names[by];
			break;
		}
	return text;
}

/* At most three digits behind the point, without zeros at the end. */
static const char *quality_text(struct arena *a, float q)
{
	char *text = arena_printf(a, "%1.3f", (double)q);
	size_t n = strlen(text);

	while (n > 1 && text[n - 1] == '0')
		text[--n] = '\0';
	if (n > 1 && text[n - 1] == '.')
		text[--n] = '\0';
	return text;
}

static const char *attribute(struct arena *a, const char *name, const char *value)
{
	return *value ? arena_printf(a, " {%s %s}", name, value) : "";
}

const char *negotiate_alternates(const struct negotiate *g)
{
	struct arena *a = g->a;
	const char **items = arena_array(a, g->n, sizeof(*items));

	for (size_t i = 0; i < g->n; i++) {
		const struct variant *v = &g->v[i];
		const char *length = v->handled || v->length < 0
		                         ? ""
		                         : arena_printf(a, "%lld", (long long)v->length);

		items[i] = arena_printf(a, "{\"%s\" %s%s%s%s%s%s}", path_encode(a, v->file),
		    quality_text(a, v->quality), attribute(a, "type", v->type),
		    attribute(a, "charset", v->charset),
		    attribute(a, "language", languages_of(a, v)),
		    attribute(a, "encoding", v->encoding), attribute(a, "length", length));
	}
	return g->n ? arena_join(a, items, g->n, ", ") : NULL;
}

static const char *word(struct arena *a, const char *name, const char *value)
{
	return *value ? arena_printf(a, ", %s %s", name, html_escape(a, value)) : "";
}

const char *negotiate_list(const struct negotiate *g)
{
	struct arena *a = g->a;
	const char **items = arena_array(a, g->n, sizeof(*items));

	for (size_t i = 0; i < g->n; i++) {
		const struct variant *v = &g->v[i];

		items[i] = arena_printf(a, "<li><a href=\"%s\">%s</a> %s%s%s%s%s</li>\n",
		    html_escape(a, path_encode(a, v->file)), html_escape(a, v->file),
		    v->description, word(a, "type", v->type),
		    word(a, "language", languages_of(a, v)), word(a, "charset", v->charset),
		    word(a, "encoding", v->encoding));
	}
	return arena_printf(
	    a, "Available variants:\n<ul>\n%s</ul>\n", arena_join(a, items, g->n, ""));
}
