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
	enum conf_open_kind kind;
	struct conf_node *node; /* where what follows is added */
};

/* A file that is being read; its sections must end in it. */
struct conf_frame {
	struct conf_frame *up;
	const char *file;
	uint32_t line;
	unsigned depth;
	struct conf_file_id id;
	struct conf_node *node; /* where the file's own top level is added */
	struct conf_open *open;
};

/* At the current line; directive may be NULL. */
void conf_parse_error(struct conf_parser *p, const char *directive, const char *text);
/* With ${} replaced; "" after an error. */
const char *conf_parse_expand(struct conf_parser *p, const char *text);

/* Include, Define and the like. */
void conf_parse_read(struct conf_parser *p, const struct conf_directive *d, const char *rest);
/* <IfModule> and the like: false when name is no condition, else *holds is its outcome. */
bool conf_parse_condition(
	struct conf_parser *p, const char *name, const char *argument, bool *holds);

#endif
