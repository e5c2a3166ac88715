/* What conf_parse.c and conf_include.c share: the files and sections that are open. */
#ifndef ITKD_CONF_PARSE_FRAME_H
#define ITKD_CONF_PARSE_FRAME_H

#include "itkd/conf_parse.h"

enum conf_open_kind {
	OPEN_NODE,    /* a section of the tree */
	OPEN_THROUGH, /* a condition that holds: its contents belong to what is around it */
	OPEN_SKIP,    /* one that does not, or something inside of it */
};

/* A section that waits for its end. */
struct conf_open {
	struct conf_open *up;
	const char *name;
	uint32_t line;
	unsigned depth; /* of the frame that it was opened in */
	enum conf_open_kind kind;
	bool php; /* it, or one around it, is for mod_php */
	struct conf_node *node; /* where what follows is added */
};

struct conf_lines;
struct conf_macro;

/* A file that is being read, whose sections must end in it, or a macro that is used. */
struct conf_frame {
	struct conf_frame *up;
	const char *file;
	uint32_t line;
	unsigned depth;
	struct conf_file_id id;
	struct conf_node *node; /* where the file's own top level is added */
	struct conf_open *open;
	struct conf_lines *lines;       /* what follows */
	const struct conf_macro *macro; /* NULL: a file */
};

/* At the current line; directive may be NULL. */
void conf_parse_error(struct conf_parser *p, const char *directive, const char *text);
/* With ${} replaced; "" after an error. */
const char *conf_parse_expand(struct conf_parser *p, const char *text);

/* Include, Define and the like. */
void conf_parse_read(struct conf_parser *p, const struct conf_directive *d, const char *rest);
/* conf_condition.c: <IfModule mod_php.c>, by any of its names. */
bool conf_parse_is_php(
	const struct conf_parser *p, const struct conf_directive *d, const char *argument);
/* conf_condition.c: <IfModule> and the like: false when d is no condition, else *holds tells. */
bool conf_parse_condition(struct conf_parser *p, const struct conf_directive *d,
	const char *argument, bool *holds);

/* conf_macro.c: takes the lines up to </Macro>. */
void conf_macro_define(struct conf_parser *p, const char *argument);
void conf_macro_undefine(struct conf_parser *p, const char *name);
void conf_macro_use(struct conf_parser *p, uint32_t n, char *const *words);
/* Reads a macro's lines in the place of its Use; name stands for the file's in messages. */
void conf_parse_macro(struct conf_parser *p, const struct conf_macro *macro, const char *name,
	const char *text, size_t n);

#endif
