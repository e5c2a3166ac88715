/*
 * The lowest layer of the config language (Apache 2.4, server/util.c): logical lines and words.
 */
#ifndef ITKD_CONF_LEX_H
#define ITKD_CONF_LEX_H

#include "itkd/conf_map.h"
#include "itkd/span.h"
#include <stdint.h>

struct arena;

#define CONF_LINE_MAX ((size_t)1 << 20) /* bytes of a logical line of a server config */
#define CONF_HTACCESS_LINE_MAX ((size_t)8191) /* and of a .htaccess, as in Apache */

/* The lines of a text in memory. */
struct conf_lines {
	const char *p, *end;
	uint32_t line; /* number of the physical line at p, from 1 */
	size_t max;    /* bytes that a logical line may have */
};

enum conf_line_result {
	CONF_LINE_END,
	CONF_LINE_OK,
	CONF_LINE_NUL,  /* a NUL byte stands in it */
	CONF_LINE_LONG, /* longer than max */
};

/*
 * The next logical line, with continuations ('\' before the line's end, in comments too) joined
 * and blanks at both ends cut. *line: the number of its first physical line.
 */
enum conf_line_result conf_lex_line(
	struct conf_lines *l, struct arena *a, char **text, uint32_t *line);

/*
 * The next word of *at, which moves on; "" at the end. "…" and '…' quote at the start of a word
 * only; a missing final quote is accepted; \\ is a backslash, \" a quote inside of quotes.
 */
char *conf_lex_word(struct arena *a, const char **at);

/* All words of text; *n of them. */
char **conf_lex_words(struct arena *a, const char *text, uint32_t *n);

/*
 * text with each ${NAME} replaced by vars, else by the environment; what is undefined stays as it
 * is, and undefined(ctx, name) is told, but not for a name with ':' (a RewriteMap). NULL: longer
 * than max.
 */
const char *conf_lex_expand(struct arena *a, const struct conf_map *vars, const char *text,
	size_t max, void (*undefined)(void *ctx, const char *name), void *ctx);

#endif
