/*
 * Content negotiation: which of several variants suits a client best (RFC 9110 section 12.5), by
 * the algorithms of Apache's mod_negotiation, RFC 2295 and RFC 2296 included. Pure: who finds the
 * variants and who sends the answer is the child's matter. Memory is the arena's.
 */
#ifndef ITKD_NEGOTIATE_H
#define ITKD_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

/* One element of Accept and its like, in lower case. */
struct accept {
	const char *name, *charset; /* charset "": none */
	float q, level;             /* level: of text/html, before RFC 1866 */
};
struct accept_list {
	bool present; /* there is such a field, which may be empty */
	size_t n;
	const struct accept *v;
};

/* value NULL: there is no such field. */
void accept_parse(struct arena *a, const char *value, struct accept_list *list);
/* The first element of text alone; what follows it. */
const char *accept_take(struct arena *a, const char *text, struct accept *item);
/* A token up to a blank, ',' or ';', quoted strings kept whole; *text moves on behind blanks. */
char *accept_token(struct arena *a, const char **text, bool blanks);

struct variant {
	const char *file;        /* its name in the directory, or what a type map says */
	const char *type, *charset, *encoding, *description; /* never NULL; "": none */
	size_t nlanguages;
	const char *const *languages;
	float quality, level;    /* of its own: qs and level of its type */
	int64_t length;          /* -1: unknown */
	bool handled;            /* a program makes it: its length says nothing */
	bool inside;             /* it is bytes of the type map itself, from body on */
	off_t body;

	/* What negotiate_choose() finds. */
	float type_q, charset_q, encoding_q, language_q, level_matched;
	int index;               /* in LanguagePriority; -1: not there */
	int stars;               /* how exactly its type was named: 1, 2, 3 */
	bool definite;
};

/* The type of a variant with its parameters: qs, level, charset. */
void variant_type(struct arena *a, struct variant *v, const char *type);

enum negotiate_discard { DISCARD_NONE, DISCARD_ENCODED, DISCARD_ENCODED_BUT_HTML };

struct negotiate {
	struct arena *a;
	struct accept_list types, charsets, encodings, languages;
	bool weighed;          /* Accept has a q below 1 */
	unsigned force;        /* FORCE_ bits of conf_negotiate.h */
	size_t npriority;
	const char *const *priority;
	const char *prefer;    /* a language that wins where it can; NULL: none */
	enum negotiate_discard discard;
	bool transparent;      /* RFC 2295 may be spoken */
	/* What the client said of it, or the opposite. */
	bool speaks, alternates, choose, rvsa, strict;
	size_t n;
	struct variant *v;
};

/* The field Negotiate (NULL: none); lynx: of the client that says "trans" and means nothing. */
void negotiate_header(struct negotiate *g, const char *value, bool lynx);
/* scripts: programs are preferred, since the request is more than a name. */
void negotiate_defaults(struct negotiate *g, bool scripts);
/* The best variant, or NULL; *list: the client must choose itself. */
struct variant *negotiate_choose(struct negotiate *g, bool *list);

/* negotiate_text.c: values of fields; NULL where there is nothing to say. */
const char *negotiate_vary(const struct negotiate *g);
const char *negotiate_alternates(const struct negotiate *g);
/* The variant's own, with commas between; "": none. */
const char *negotiate_languages(const struct negotiate *g, const struct variant *v);
/* The list on the pages of 300 and 406. */
const char *negotiate_list(const struct negotiate *g);

#endif
