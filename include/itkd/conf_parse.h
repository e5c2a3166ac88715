/*
 * From files to a tree of directives and sections. Include, Define, <IfModule> and their like are
 * worked off here, as in Apache while reading; what they let through stands in the tree as if it
 * were written in place. No meaning is given to any other directive.
 */
#ifndef ITKD_CONF_PARSE_H
#define ITKD_CONF_PARSE_H

#include "itkd/arena.h"
#include "itkd/conf_map.h"
#include "itkd/conf_report.h"
#include "itkd/conf_table.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CONF_INCLUDE_DEPTH 20
#define CONF_MACRO_ARGS 250 /* of one macro: each place in its lines is compared with all */
#define CONF_MACRO_MAX ((size_t)64 << 20) /* bytes that all Use together may give or replace */
#define CONF_MACRO_HTACCESS_MAX ((size_t)256 << 10) /* those of a .htaccess */
#define CONF_FILE_MAX ((size_t)256 << 20)

struct conf_node {
	const struct conf_directive *directive; /* NULL: no such name */
	const char *name;                       /* as written, without '<' */
	bool section;
	const char *raw; /* what follows the name, variables replaced, without the section's '>' */
	uint32_t nargs;
	char *const *args; /* the words of raw */
	const char *file;
	uint32_t line;
	struct conf_node *next, *children, *last;
};

/* A file that was read, for -D DUMP_INCLUDES. */
struct conf_source {
	const char *path;
	uint32_t line; /* of the Include; 0: the main file */
	unsigned depth;
	struct conf_source *next;
};

/* Type and handler of mod_php; others begin with it. */
#define CONF_PHP_TYPE "application/x-httpd-php"

struct conf_frame;

struct conf_file_id {
	dev_t dev;
	ino_t ino; /* 0: no file */
};

struct conf_parser {
	struct arena *a;
	struct conf_report *report;
	const char *server_root;
	struct conf_map names;   /* of the directive table */
	struct conf_map vars;    /* for ${}: Define; names in any case, as in Apache */
	struct conf_map defines; /* for <IfDefine>: -D and Define, case counts */
	struct conf_vec defined; /* const char *: the names in order, for -S */
	struct conf_map macros;  /* struct conf_macro by name */
	bool quiet_macros;       /* MacroIgnoreBadNesting, MacroIgnoreEmptyArgs */
	size_t used;             /* bytes that Use has given so far */
	bool php;                /* a handler runs PHP: what load_php.c or the loader found */
	bool php_action;         /* an Action is that of CONF_PHP_TYPE */
	bool asked_php;          /* an <IfModule> was about mod_php */
	bool htaccess;           /* what is read is one: no Include, no Define */
	struct conf_node root;   /* its children are the result */
	struct conf_source *sources, *last_source;
	struct conf_frame *frame; /* files that are being read, innermost first */
	struct conf_file_id reading; /* the file that is opened next */
};

void conf_parser_init(struct conf_parser *p, struct arena *a, struct conf_report *report,
	const char *server_root);

/* value NULL: the name is defined without one. */
void conf_parse_define(struct conf_parser *p, const char *name, const char *value);

/* Reads a file into p->root. Everything that is wrong goes to the report. */
void conf_parse_file(struct conf_parser *p, const char *path);

/* Reads a text; name stands for the file's in messages. */
void conf_parse_text(struct conf_parser *p, const char *name, const char *text);

/* path itself, or below ServerRoot when it is relative. */
const char *conf_parse_path(struct conf_parser *p, const char *path);

#endif
