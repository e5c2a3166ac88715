/*
 * Header and RequestHeader (Apache's mod_headers): rules over the fields of a request and of its
 * answer. An answer has two tables: what a handler sets for a success (headers_out), and what also
 * stays on an error page or behind an internal redirect (err_headers_out); CGI programs write into
 * the second one.
 */
#ifndef ITKD_CONF_HEADERS_H
#define ITKD_CONF_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct expr;
struct regex;

enum header_action {
	HEADER_ADD,
	HEADER_SET,
	HEADER_APPEND,
	HEADER_MERGE,
	HEADER_SETIFEMPTY,
	HEADER_UNSET,
	HEADER_ECHO,
	HEADER_EDIT,
	HEADER_EDIT_ALL, /* edit* */
	HEADER_NOTE,
};

/* A piece of a value. */
enum header_tag_kind {
	HEADER_TEXT,     /* text as it is */
	HEADER_DURATION, /* %D */
	HEADER_TIME,     /* %t */
	HEADER_LOAD,     /* %l */
	HEADER_ENV,      /* %{text}e */
	HEADER_SSL,      /* %{text}s */
};
struct header_tag {
	enum header_tag_kind kind;
	const char *text;
};

struct header_rule {
	enum header_action action;
	const char *name;           /* of the field; ECHO: none */
	uint32_t ntags;
	const struct header_tag *tags;
	const struct expr *value;   /* expr=: instead of tags */
	const struct regex *regex;  /* ECHO, EDIT, EDIT_ALL */
	bool early;                 /* at the beginning of the request: server context only */
	const char *env;            /* env=NAME, with the '!'; NULL: always */
	const struct expr *condition;
};
struct header_rules {
	uint32_t n;
	const struct header_rule *v;
};

struct conf_headers {
	struct header_rules in;      /* RequestHeader */
	struct header_rules success; /* Header onsuccess, the default */
	struct header_rules always;
	bool early;                  /* one of them is */
};

/* How a rule is read. */
struct header_reader {
	struct arena *a;
	struct arena *secret; /* for the texts of values */
	struct arena *tmp;    /* for what is wrong */
	bool in;              /* RequestHeader */
	bool restricted;      /* a .htaccess: expressions read no files */
};

/* The arguments behind "always" and the like. NULL, or what is wrong. */
const char *conf_headers_rule(const struct header_reader *reader, char *const *words, uint32_t n,
	struct header_rule *rule);
/* The pieces of a value. NULL, or what is wrong. */
const char *conf_headers_format(
	struct arena *a, struct arena *tmp, const char *text, struct header_rule *rule);
/* Appends, as mod_headers does. */
void conf_headers_merge(
	struct arena *a, struct conf_headers **base, const struct conf_headers *add);

#endif
