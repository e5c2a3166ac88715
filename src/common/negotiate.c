/*
 * Which variant is the best one: Apache's algorithm, and that of RFC 2296 for who asks for it. Run
 * by the child; the wishes are the client's, the variants the site owner's. The qualities are
 * floats, as Apache's are: ties are decided by them.
 */
#include "itkd/negotiate.h"

#include "itkd/arena.h"
#include "itkd/conf_negotiate.h"
#include "itkd/span.h"
#include <string.h>
#include <strings.h>

#define TYPE_PROGRAM "application/x-httpd-cgi"

static bool is_parsed_html(const char *type)
{
	return strcmp(type, "text/x-server-parsed-html") == 0 ||
	       strcmp(type, "text/x-server-parsed-html3") == 0;
}

static bool is_html(const char *type)
{
	return strcmp(type, "text/html") == 0 || is_parsed_html(type);
}

void variant_type(struct arena *a, struct variant *v, const char *type)
{
	struct accept item;

	accept_take(a, type, &item);
	v->type = item.name;
	v->quality = item.q;
	v->level = item.level;
	v->charset = item.charset;
}

/* RFC 2295 section 8.4: what a client that negotiates itself can do. */
void negotiate_header(struct negotiate *g, const char *value, bool lynx)
{
	struct span rest = span_of(value), token;

	g->choose = true;
	if (!value || (lynx && strcmp(value, "trans") == 0))
		return;
	g->choose = false;
	while (span_list_next(&rest, &token)) {
		bool one = span_eq(token, SPAN("1.0")), any = token.p[0] == '*';

		if (!span_ieq(token, SPAN("trans")) && !span_ieq(token, SPAN("vlist")) &&
		    !span_ieq(token, SPAN("guess-small")) && !span_eq(token, SPAN("*")) &&
		    !(token.p[0] >= '0' && token.p[0] <= '9'))
			continue;
		g->speaks = g->alternates = true;
		g->rvsa |= one;
		g->choose |= one || any;
		g->strict |= one || any;
	}
}

void negotiate_defaults(struct negotiate *g, bool scripts)
{
	struct accept_list *types = &g->types;
	struct accept *v = arena_array(g->a, types->n + 2, sizeof(*v));
	size_t n = types->n;

	for (size_t i = 0; i < n; i++) {
		v[i] = types->v[i];
		g->weighed |= v[i].q < 1.0f;
	}
	if (!types->present)
		v[n++] = (struct accept){.name = "*/*", .charset = "", .q = 1.0f};
	v[n++] = (struct accept){.name = TYPE_PROGRAM,
	    .charset = "",
	    .q = g->rvsa   ? 0.0f
	         : scripts ? 2.0f
	                   : 0.001f};
	*types = (struct accept_list){true, n, v};
}

/* Section 12.5.1: how exactly a range names the variant's type; 0: it does not. */
static int type_match(const struct accept *range, struct variant *v)
{
	size_t n = strlen(range->name);

	if (strcmp(range->name, "*") == 0 || strcmp(range->name, "*/*") == 0)
		return 1;
	if (n > 2 && strcmp(range->name + n - 2, "/*") == 0 &&
	    strncmp(range->name, v->type, n - 1) == 0)
		return 2;
	if (strcmp(range->name, v->type) != 0 &&
	    !(strcmp(range->name, "text/html") == 0 && is_parsed_html(v->type)))
		return 0;
	if (range->level < v->level)
		return 0;
	v->level_matched = v->level;
	return 3;
}

/* Browsers that say any type without a weight mean: what you cannot avoid. */
static float type_quality(const struct negotiate *g, const struct accept *range, int stars)
{
	if (g->strict || g->weighed || stars == 3)
		return range->q;
	return stars == 1 ? 0.01f : 0.02f;
}

static void set_type(const struct negotiate *g, struct variant *v)
{
	bool definite = true;

	v->type_q = 0.0f;
	for (size_t i = 0; i < g->types.n; i++) {
		int stars = type_match(&g->types.v[i], v);

		if (stars <= v->stars)
			continue;
		v->stars = stars;
		v->type_q = type_quality(g, &g->types.v[i], stars);
		definite = stars == 3;
	}
	v->definite &= definite;
}

/* Section 12.5.4: a range is a language, or what it begins with. */
static bool language_in(const char *language, const char *range)
{
	size_t n = strlen(range);

	return strncmp(language, range, n) == 0 && (!language[n] || language[n] == '-');
}

/*
 * The longest range that has the language, or NULL. *near: there is one of which the part before
 * '-' is at the language's front: "en-us" is content with "en" where there is nothing better.
 */
static const struct accept *language_range(
    const struct negotiate *g, const char *language, bool *near)
{
	const struct accept *best = NULL;

	for (size_t i = 0; i < g->languages.n; i++) {
		const struct accept *range = &g->languages.v[i];
		const char *dash = strchr(range->name, '-');

		if (strcmp(range->name, "*") == 0)
			continue;
		if (language_in(language, range->name) &&
		    strlen(range->name) > (best ? strlen(best->name) : 0))
			best = range;
		if (!best && !g->strict && dash &&
		    strncmp(language, range->name, (size_t)(dash - range->name)) == 0)
			*near = true;
	}
	return best;
}

static const struct accept *find_star(const struct accept_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].name, "*") == 0)
			return &list->v[i];
	return NULL;
}

static void set_language_by_field(const struct negotiate *g, struct variant *v)
{
	const struct accept *best = NULL, *star = find_star(&g->languages);
	bool near = false, other = false;

	if (!g->languages.present) {
		v->definite = false;
		return;
	}
	for (size_t i = 0; i < v->nlanguages; i++) {
		const struct accept *range = language_range(g, v->languages[i], &near);

		if (!best || (range && range->q > best->q))
			best = range;
		other |= !range;
	}
	if (star && other && (!best || star->q > best->q)) {
		best = star;
		v->definite = false;
	}
	v->language_q = best ? best->q : near ? 0.001f : 0.0f;
}

/* The place of a variant's languages in LanguagePriority; -1: none has one. */
static int language_index(const struct negotiate *g, const struct variant *v)
{
	for (size_t i = 0; i < g->npriority; i++)
		for (size_t k = 0; k < v->nlanguages; k++)
			if (strncasecmp(v->languages[k], g->priority[i], strlen(g->priority[i])) ==
			    0)
				return (int)i;
	return -1;
}

static void set_language(const struct negotiate *g, struct variant *v, float without)
{
	unsigned force = g->force ? g->force : FORCE_PREFER;

	if (v->nlanguages == 0) {
		if (!g->strict)
			v->language_q = without;
		return;
	}
	set_language_by_field(g, v);
	int index = language_index(g, v);

	if (index < 0)
		return;
	if (v->language_q != 0.0f) {
		if (force & FORCE_PREFER)
			v->index = index;
	} else if (force & FORCE_FALLBACK) {
		v->index = index;
		v->language_q = 0.0001f;
		v->definite = false;
	}
}

static bool is_identity(const char *encoding)
{
	return !*encoding || strcmp(encoding, "7bit") == 0 || strcmp(encoding, "8bit") == 0 ||
	       strcmp(encoding, "binary") == 0;
}

static const char *without_x(const char *encoding)
{
	return strncmp(encoding, "x-", 2) == 0 ? encoding + 2 : encoding;
}

/* Section 12.5.3. */
static void set_encoding(const struct negotiate *g, struct variant *v)
{
	bool identity = is_identity(v->encoding);
	const char *encoding = identity ? "identity" : without_x(v->encoding);
	const struct accept *star = NULL;

	if (!g->encodings.present) {
		v->encoding_q = identity ? 1.0f : 0.5f;
		return;
	}
	for (size_t i = 0; i < g->encodings.n; i++) {
		const struct accept *item = &g->encodings.v[i];

		if (strcmp(without_x(item->name), encoding) == 0) {
			v->encoding_q = item->q;
			return;
		}
		if (strcmp(item->name, "*") == 0)
			star = item;
	}
	v->encoding_q = star ? star->q : identity ? 0.0001f : 0.0f;
}

/* Section 12.5.2. */
static void set_charset(const struct negotiate *g, struct variant *v)
{
	const char *charset = v->charset;
	const struct accept *star = NULL;

	if (!g->charsets.present) {
		v->definite &= !*charset;
		return;
	}
	if (!*charset) {
		if ((strncmp(v->type, "text/", 5) != 0) || g->strict)
			return;
		charset = "iso-8859-1"; /* what text was in where nothing else is said */
	}
	for (size_t i = 0; i < g->charsets.n; i++) {
		const struct accept *item = &g->charsets.v[i];

		if (strcmp(item->name, charset) == 0) {
			v->charset_q = item->q;
			return;
		}
		if (strcmp(item->name, "*") == 0)
			star = item;
	}
	if (star) {
		v->charset_q = star->q;
		v->definite = false;
	} else if (strcmp(charset, "iso-8859-1") != 0) {
		v->charset_q = 0.0f;
	}
}

static int compare(float a, float b)
{
	return a > b ? 1 : a < b ? -1 : 0;
}

/* Of one type at several levels: the highest that was named, else the lowest. */
static int compare_level(const struct variant *v, const struct variant *best)
{
	if (is_html(v->type) ? !is_html(best->type) : strcmp(v->type, best->type) != 0)
		return 0;
	int matched = compare(v->level_matched, best->level_matched);

	return matched ? matched : compare(best->level, v->level);
}

static int compare_index(const struct variant *v, const struct variant *best)
{
	if (v->index == best->index)
		return 0;
	if (v->index < 0 || best->index < 0)
		return v->index < 0 ? -1 : 1;
	return v->index < best->index ? 1 : -1;
}

static bool is_latin(const struct variant *v)
{
	return !*v->charset || strcmp(v->charset, "iso-8859-1") == 0;
}

static int compare_charset(const struct variant *v, const struct variant *best)
{
	int order = compare(v->charset_q, best->charset_q);

	return order ? order : !is_latin(v) && is_latin(best);
}

/* Apache's own algorithm. q: of the best one so far. */
static bool is_better(const struct variant *v, const struct variant *best, float *q)
{
	float own = v->type_q * v->quality;
	int order;

	if (v->encoding_q == 0.0f || v->language_q == 0.0f || v->charset_q == 0.0f || own == 0.0f ||
	    own < *q)
		return false;
	if (own > *q || !best) {
		*q = own;
		return true;
	}
	order = compare(v->language_q, best->language_q);
	if (order == 0)
		order = compare_index(v, best);
	if (order == 0)
		order = compare_level(v, best);
	if (order == 0)
		order = compare_charset(v, best);
	if (order == 0)
		order = compare(v->encoding_q, best->encoding_q);
	return order ? order > 0 : v->length < best->length;
}

/* RFC 2296 section 3: encodings are not part of it, unless one is refused. */
static bool is_better_rvsa(const struct variant *v, const struct variant *best, float *q)
{
	float own = v->type_q * v->quality * v->charset_q * v->language_q;

	if (v->encoding_q == 0.0f || own <= 0.0f || own < *q)
		return false;
	if (own == *q && !(best && v->encoding_q > best->encoding_q))
		return false;
	*q = own;
	return true;
}

static bool is_discarded(const struct negotiate *g, const struct variant *v)
{
	if (g->discard == DISCARD_NONE || is_identity(v->encoding) ||
	    strcmp(v->encoding, "identity") == 0)
		return false;
	return g->discard == DISCARD_ENCODED || strncmp(v->type, "text/html", 9) != 0;
}

static bool has_language(const struct variant *v, const char *language)
{
	for (size_t i = 0; i < v->nlanguages; i++)
		if (strcmp(v->languages[i], language) == 0)
			return true;
	return false;
}

static void set_all(const struct negotiate *g, struct variant *v, const char *prefer, float without)
{
	v->type_q = v->charset_q = v->encoding_q = v->language_q = 1.0f;
	v->level_matched = 0.0f;
	v->index = -1;
	v->stars = 0;
	v->definite = true;
	set_type(g, v);
	if (prefer)
		v->definite = true;
	else
		set_language(g, v, without);
	set_encoding(g, v);
	set_charset(g, v);
}

/* What a variant without a language counts where others have one. */
static float quality_without(const struct negotiate *g)
{
	for (size_t i = 0; i < g->n && !g->strict; i++)
		if (g->v[i].nlanguages)
			return 0.0001f;
	return 1.0f;
}

static struct variant *choose_among(struct negotiate *g, const char *prefer, float *q)
{
	float without = quality_without(g);
	struct variant *best = NULL;

	for (size_t i = 0; i < g->n; i++) {
		struct variant *v = &g->v[i];

		if (is_discarded(g, v) || (prefer && !has_language(v, prefer)))
			continue;
		set_all(g, v, prefer, without);
		if (g->choose && (g->rvsa ? is_better_rvsa : is_better)(v, best, q))
			best = v;
	}
	return best;
}

struct variant *negotiate_choose(struct negotiate *g, bool *list)
{
	const char *prefer = g->prefer;
	struct variant *best;
	float q = 0.0f;

	for (;; prefer = NULL) {
		best = choose_among(g, prefer, &q);
		*list = g->rvsa ? !(best && best->definite && q > 0.0f) : !(q > 0.0f);
		if (!prefer || (best && !*list))
			return best;
	}
}
