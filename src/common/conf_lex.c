/*
 * Lines, words and variables of the config language (conf_lex.h), as Apache 2.4 reads them
 * (ap_cfg_getline, ap_getword_conf, ap_resolve_env). Run by the loader, and by the child for
 * .htaccess: the bytes may be hostile, and every length is bounded by the caller.
 */
#include "itkd/conf_lex.h"

#include "itkd/arena.h"
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* One physical line without its end; false when the text is used up. */
static bool physical_line(struct conf_lines *l, struct span *s)
{
	if (l->p >= l->end)
		return false;
	const char *lf = memchr(l->p, '\n', (size_t)(l->end - l->p));
	const char *stop = lf ? lf : l->end;

	*s = (struct span){l->p, (size_t)(stop - l->p)};
	l->p = lf ? lf + 1 : l->end;
	l->line++;
	/* A '\r' belongs to the line's end only where there is one. */
	if (lf && s->n && s->p[s->n - 1] == '\r')
		s->n--;
	return true;
}

/* Whether the line goes on: only before a real line end, as in Apache. */
static bool continues(const struct conf_lines *l, struct span s)
{
	return s.n && s.p[s.n - 1] == '\\' && l->p[-1] == '\n';
}

/* Finds the physical lines of one logical line; their bytes in all. */
static size_t logical_size(struct conf_lines l)
{
	struct span s;
	size_t n = 0;

	while (physical_line(&l, &s)) {
		n += s.n;
		if (!continues(&l, s))
			break;
	}
	return n;
}

static char *trim(char *text, size_t n)
{
	while (n && is_blank(text[n - 1]))
		n--;
	text[n] = '\0';
	while (is_blank(*text))
		text++;
	return text;
}

enum conf_line_result conf_lex_line(
    struct conf_lines *l, struct arena *a, char **text, uint32_t *line)
{
	size_t size = logical_size(*l), n = 0;
	bool keep = size <= l->max;
	char *buf = keep ? arena_alloc(a, size + 1) : NULL;
	struct span s;

	*line = l->line;
	if (!physical_line(l, &s))
		return CONF_LINE_END;
	for (;;) {
		bool more = continues(l, s);

		if (keep)
			memcpy(buf + n, s.p, s.n - more);
		n += s.n - more;
		if (!more || !physical_line(l, &s))
			break;
	}
	if (!keep)
		return CONF_LINE_LONG;
	if (memchr(buf, '\0', n))
		return CONF_LINE_NUL;
	*text = trim(buf, n);
	return CONF_LINE_OK;
}

/* A copy without the escapes. Outside of quotes only "\\" is one. */
static char *unescape(struct arena *a, struct span s, char quote)
{
	char *word = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n &&
		    (s.p[i + 1] == '\\' || (quote && s.p[i + 1] == quote)))
			i++;
		word[n++] = s.p[i];
	}
	word[n] = '\0';
	return word;
}

char *conf_lex_word(struct arena *a, const char **at)
{
	const char *p = *at, *start;
	char quote = '\0', *word;

	while (is_blank(*p))
		p++;
	if (*p == '"' || *p == '\'')
		quote = *p++;
	start = p;
	if (quote) {
		while (*p && *p != quote)
			p += p[0] == '\\' && (p[1] == quote || p[1] == '\\') ? 2 : 1;
	} else {
		while (*p && !is_blank(*p))
			p++;
	}
	word = unescape(a, (struct span){start, (size_t)(p - start)}, quote);
	if (quote && *p)
		p++;
	while (is_blank(*p))
		p++;
	*at = p;
	return word;
}

char **conf_lex_words(struct arena *a, const char *text, uint32_t *n)
{
	struct conf_vec words = {0};

	while (is_blank(*text))
		text++;
	while (*text)
		*(char **)conf_vec_push(&words, a, sizeof(char *)) = conf_lex_word(a, &text);
	*n = words.n;
	return words.v;
}

static const char *lookup(const struct conf_map *vars, const char *name)
{
	const char *value = vars ? conf_map_get(vars, name) : NULL;

	return value ? value : getenv(name);
}

/* What stands at "${": the value and, in *n, how many bytes of text it replaces. */
static struct span variable(struct arena *a, const struct conf_map *vars, const char *text,
    size_t *n, void (*undefined)(void *ctx, const char *name), void *ctx)
{
	const char *end = strchr(text + 2, '}');

	if (!end) {
		*n = 1;
		return (struct span){text, 1};
	}
	*n = (size_t)(end - text) + 1;
	const char *name = arena_strndup(a, text + 2, *n - 3);
	const char *value = lookup(vars, name);

	if (value)
		return span_of(value);
	if (!strchr(name, ':'))
		undefined(ctx, name);
	return (struct span){text, *n};
}

const char *conf_lex_expand(struct arena *a, const struct conf_map *vars, const char *text,
    size_t max, void (*undefined)(void *ctx, const char *name), void *ctx)
{
	struct conf_vec out = {0};

	if (!strstr(text, "${"))
		return text;
	while (*text) {
		struct span piece = {text, 1};
		size_t n = 1;

		if (text[0] == '$' && text[1] == '{')
			piece = variable(a, vars, text, &n, undefined, ctx);
		else
			piece.n = n = strcspn(text + 1, "$") + 1;
		if (piece.n > max - out.n)
			return NULL;
		for (size_t i = 0; i < piece.n; i++)
			*(char *)conf_vec_push(&out, a, 1) = piece.p[i];
		text += n;
	}
	*(char *)conf_vec_push(&out, a, 1) = '\0';
	return out.v;
}
