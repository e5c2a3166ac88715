/*
 * mod_rewrite as the configuration keeps it: the rules of a server and those of a directory, each
 * pattern and expression compiled. The texts that are expanded with each request stay as written.
 */
#ifndef ITKD_CONF_REWRITE_H
#define ITKD_CONF_REWRITE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct expr;
struct regex;

#define REWRITE_ROUNDS 32000u /* of [N], where it names no number */

/* What a RewriteCond does with its text. */
enum rewrite_test {
	REWRITE_REGEX,
	REWRITE_EXPR,
	REWRITE_IS_FILE,
	REWRITE_HAS_SIZE,
	REWRITE_IS_LINK,
	REWRITE_IS_DIRECTORY,
	REWRITE_EXECUTABLE,
	REWRITE_URL,         /* -U: a request for it would be let in */
	REWRITE_FILE_ACCESS, /* -F */
	REWRITE_LESS,
	REWRITE_LESS_EQUAL,
	REWRITE_EQUAL,
	REWRITE_GREATER,
	REWRITE_GREATER_EQUAL,
	REWRITE_INT_LESS,
	REWRITE_INT_LESS_EQUAL,
	REWRITE_INT_EQUAL,
	REWRITE_INT_GREATER,
	REWRITE_INT_GREATER_EQUAL,
};

struct rewrite_cond {
	const char *input;
	const char *text;    /* the pattern as written */
	const char *pattern; /* the same without '!' and operator */
	enum rewrite_test test;
	bool negated, nocase, ornext, novary;
	const struct regex *regex; /* REWRITE_REGEX */
	const struct expr *expr;   /* REWRITE_EXPR */
};

#define RULE_REDIRECT (1u << 0)       /* R */
#define RULE_LAST (1u << 1)           /* L */
#define RULE_NEXT (1u << 2)           /* N */
#define RULE_CHAIN (1u << 3)          /* C */
#define RULE_NO_SUBREQUEST (1u << 4)  /* NS */
#define RULE_NEGATED (1u << 5)        /* !pattern */
#define RULE_PROXY (1u << 6)          /* P */
#define RULE_PASS (1u << 7)           /* PT */
#define RULE_QUERY_APPEND (1u << 8)   /* QSA */
#define RULE_NOCASE (1u << 9)         /* NC */
#define RULE_NO_ESCAPE (1u << 10)     /* NE */
#define RULE_NO_SUBSTITUTE (1u << 11) /* "-", or a status */
#define RULE_STATUS (1u << 12)        /* F, G, R=404 */
#define RULE_ESCAPE (1u << 13)        /* B */
#define RULE_DISCARD_PATH (1u << 14)  /* DPI */
#define RULE_QUERY_DISCARD (1u << 15) /* QSD */
#define RULE_END (1u << 16)           /* END */
#define RULE_ESCAPE_SPACE (1u << 17)  /* BNP: %20 and not + */
#define RULE_QUERY_LAST (1u << 18)    /* QSL */
#define RULE_QUERY_NONE (1u << 19)    /* the substitution ends in '?' */
#define RULE_ESCAPE_CONTROLS (1u << 20) /* BCTLS */
#define RULE_UNSAFE_STAT (1u << 21)   /* UnsafePrefixStat */
#define RULE_UNSAFE_3F (1u << 22)     /* UnsafeAllow3F */
#define RULE_KEEP_SLASHES (1u << 23)  /* UNC */

struct rewrite_texts {
	uint32_t n;
	const char *const *v;
};

struct rewrite_conds {
	uint32_t n;
	const struct rewrite_cond *v;
};

struct rewrite_rule {
	const char *pattern;
	const struct regex *regex;
	const char *output;
	uint32_t flags;
	uint16_t status;
	uint32_t skip, rounds;
	const char *type, *handler;       /* T, H; NULL: none */
	const char *escapes, *no_escapes; /* B=, BNE=; NULL: none */
	struct rewrite_texts env, cookies;
	struct rewrite_conds conds;
};

struct rewrite_rules {
	uint32_t n;
	const struct rewrite_rule *v;
};

enum rewrite_map_kind {
	REWRITE_MAP_TXT,
	REWRITE_MAP_RND,
	REWRITE_MAP_LOWER,
	REWRITE_MAP_UPPER,
	REWRITE_MAP_ESCAPE,
	REWRITE_MAP_UNESCAPE,
};

struct rewrite_map {
	const char *name;
	enum rewrite_map_kind kind;
	const char *file; /* TXT, RND */
};

struct rewrite_maps {
	uint32_t n;
	const struct rewrite_map *v;
};

#define REWRITE_INHERIT 0x01u
#define REWRITE_INHERIT_BEFORE 0x02u
#define REWRITE_ALLOW_NO_SLASH 0x04u
#define REWRITE_ALLOW_ANY_URI 0x08u
#define REWRITE_MERGE_BASE 0x10u
#define REWRITE_INHERIT_DOWN 0x20u
#define REWRITE_INHERIT_DOWN_BEFORE 0x40u
#define REWRITE_IGNORE_INHERIT 0x80u
#define REWRITE_IGNORE_CONTEXT 0x100u
#define REWRITE_LEGACY_ROOT 0x200u
#define REWRITE_UNSAFE_STAT 0x400u

enum rewrite_engine { REWRITE_UNSAID, REWRITE_ON, REWRITE_OFF };

/* Of a section or a .htaccess; and, in struct conf_vhost, of a server. */
struct conf_rewrite {
	enum rewrite_engine engine;
	uint32_t options;
	bool options_set;
	const char *base;      /* RewriteBase; NULL: none */
	const char *directory; /* whose rules these are, with a slash behind; NULL: the server's */
	struct rewrite_rules rules;
	struct rewrite_conds conds; /* while it is read: those of the next rule */
	struct rewrite_maps maps;   /* of a server */
};

/* As mod_rewrite merges; what says nothing leaves all as it was. */
void conf_rewrite_merge(
	struct arena *a, const struct conf_rewrite **base, const struct conf_rewrite *add);

/*
 * rewrite_parse.c: the line behind RewriteRule and RewriteCond. NULL, or what is wrong (in tmp).
 */
struct rewrite_reader {
	struct arena *a;      /* for what is kept */
	struct arena *secret; /* for what E= and CO= set */
	struct arena *tmp;
	bool restricted; /* a .htaccess: expressions read no files */
	bool warn_nocase; /* result: NC has no effect here */
};
const char *rewrite_parse_rule(
	struct rewrite_reader *reader, const char *line, struct rewrite_rule *rule);
const char *rewrite_parse_cond(
	struct rewrite_reader *reader, const char *line, struct rewrite_cond *cond);
/* One word of RewriteOptions. */
const char *rewrite_parse_option(struct arena *tmp, const char *word, uint32_t *options);

#endif
