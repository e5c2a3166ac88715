/* What the files of expr share: a parsed expression as a tree, all of it in one arena. */
#ifndef ITKD_EXPR_NODE_H
#define ITKD_EXPR_NODE_H

#include "itkd/expr.h"

#define EXPR_PIECE_MAX 8191 /* bytes of one literal or pattern: Apache's MAX_STRING_LEN */

enum expr_op {
	/* Conditions. */
	EXPR_TRUE,
	EXPR_FALSE,
	EXPR_NOT,     /* a */
	EXPR_AND,     /* of a and what follows it by next */
	EXPR_OR,
	EXPR_NUMBERS, /* a and b as numbers; id is the relation */
	EXPR_STRINGS, /* a and b as strings */
	EXPR_IN,      /* a is one of b and what follows it by next */
	EXPR_MATCH,   /* a =~ re; id is 1 for !~ */
	EXPR_TEST,    /* -n, -f and the like: id is the letter */
	EXPR_IP,      /* a, or the client's address where it is NULL, is in net */
	EXPR_GLOB,    /* a matches the pattern b: id is an enum expr_glob */
	/* Words. */
	EXPR_TEXT,
	EXPR_CONCAT,   /* of a and what follows it by next */
	EXPR_VARIABLE, /* text: its name */
	EXPR_FUNCTION, /* of a; text: its name, id: enum expr_func */
	EXPR_GROUP,    /* $id */
};

enum expr_relation { EXPR_EQ, EXPR_NE, EXPR_LT, EXPR_LE, EXPR_GT, EXPR_GE };
enum expr_glob { EXPR_GLOB_PATH, EXPR_GLOB_TEXT, EXPR_GLOB_NOCASE };

enum expr_func {
	EXPR_FUNC_ASK, /* the source knows it */
	EXPR_FUNC_LOWER,
	EXPR_FUNC_UPPER,
	EXPR_FUNC_ESCAPE,
	EXPR_FUNC_UNESCAPE,
	EXPR_FUNC_BASE64,
	EXPR_FUNC_UNBASE64,
	EXPR_FUNC_MD5,
	EXPR_FUNC_SHA1,
	EXPR_FUNC_LDAP,
};

struct subnet;

struct expr_node {
	enum expr_op op;
	unsigned id;
	const struct expr_node *a, *b;
	struct expr_node *next; /* in a list of operands */
	union {
		const char *text;
		const struct regex *re;
		const struct subnet *net;
	};
};

struct expr {
	const struct expr_node *root;
};

/* expr_scan.c */
enum expr_token {
	TOKEN_END,
	TOKEN_ERROR,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_DIGIT,  /* text */
	TOKEN_ID,     /* text */
	TOKEN_REGEX,  /* text; icase */
	TOKEN_BACKREF, /* number */
	TOKEN_UNARY,  /* text, without its '-' */
	TOKEN_BINARY, /* the same */
	TOKEN_STR_BEGIN, /* quote: what ends it */
	TOKEN_VAR_BEGIN,
	TOKEN_EQ, /* numbers: in the order of enum expr_relation */
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_STR_EQ, /* strings: the same order */
	TOKEN_STR_NE,
	TOKEN_STR_LT,
	TOKEN_STR_LE,
	TOKEN_STR_GT,
	TOKEN_STR_GE,
	TOKEN_REG,
	TOKEN_NRE,
	TOKEN_IN,
	TOKEN_CONCAT,
	TOKEN_OR,
	TOKEN_AND,
	TOKEN_NOT,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_BRACE_OPEN,
	TOKEN_BRACE_CLOSE,
	TOKEN_COMMA,
	TOKEN_COLON,
};

struct expr_scan {
	struct arena *a;
	const char *p;     /* what was not scanned yet */
	const char *error; /* the first one */
	enum expr_token token;
	const char *text;
	unsigned number;
	bool icase;
	char quote;
};

/* The next token into s->token and what belongs to it. */
void expr_scan_next(struct expr_scan *s);
/*
 * A literal piece of a string that ends at end ('"', '\'', '}' of %{name:, or '\0'), at "%{" or at
 * "$0".."$9", from s->p on. NULL: s->error says why.
 */
const char *expr_scan_piece(struct expr_scan *s, char end);
/* As Apache's parser calls the token in its messages. */
const char *expr_scan_name(enum expr_token token);

/* expr_names.c: what there is. */
/* Its name as the source is asked for it (in a), or NULL. */
const char *expr_variable_name(struct arena *a, const char *name);
/* The request field that a variable stands for and that the answer varies by, or NULL. */
const char *expr_variable_field(const char *name);
struct expr_function {
	const char *name;
	enum expr_func func;
	bool restricted;  /* not for .htaccess */
};
const struct expr_function *expr_function_find(const char *name);

/* expr_func.c: functions that need nothing but their argument. */
const char *expr_func_call(enum expr_func func, struct arena *a, const char *arg);

#endif
