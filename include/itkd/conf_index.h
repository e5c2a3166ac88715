/*
 * What mod_autoindex keeps of one directory: how its list looks, and which names get which icon,
 * alternative text and description, or none of the list at all.
 */
#ifndef ITKD_CONF_INDEX_H
#define ITKD_CONF_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* IndexOptions. */
#define INDEX_NONE_SET 0x1u /* None */
#define INDEX_ICON_LINKS 0x2u
#define INDEX_TITLES 0x4u
#define INDEX_NO_ICON 0x8u
#define INDEX_NO_MODIFIED 0x10u
#define INDEX_NO_SIZE 0x20u
#define INDEX_NO_DESC 0x40u
#define INDEX_NO_PREAMBLE 0x80u
#define INDEX_NO_SORT 0x100u
#define INDEX_NO_RULES 0x200u
#define INDEX_FOLDERS_FIRST 0x400u
#define INDEX_VERSIONS 0x800u
#define INDEX_TRACK 0x1000u
#define INDEX_FANCY 0x2000u
#define INDEX_TABLE 0x4000u
#define INDEX_IGNORE_CLIENT 0x8000u
#define INDEX_IGNORE_CASE 0x10000u
#define INDEX_XHTML 0x20000u
#define INDEX_FORBIDDEN 0x40000u
#define INDEX_ALT_CLASS 0x80000u
#define INDEX_UNSET 0x100000u /* no word without + or - was written */

#define INDEX_NAME_WIDTH 23
#define INDEX_DESC_WIDTH 23
#define INDEX_WIDTH_MAX 4096 /* a column wider than that is no column */
#define INDEX_ICON_WIDTH 20
#define INDEX_ICON_HEIGHT 22

enum conf_index_by { INDEX_BY_NAME, INDEX_BY_TYPE, INDEX_BY_ENCODING };

/* AddIcon, AddAlt, IndexIgnore and their like: one pattern and what it gives. */
struct conf_index_item {
	enum conf_index_by by;
	const char *pattern;
	const char *path; /* of the section: what it is for begins with it; NULL: all */
	const char *text; /* NULL: IndexIgnore */
};

/* AddDescription. */
struct conf_index_desc {
	const char *pattern;
	const char *text;
	bool whole; /* compared with the whole path, not with the name */
	bool glob;  /* wildcards; else a part of the name */
};

/* Lists of the innermost section first; below is the one around it. Within one as written. */
struct conf_index_items {
	const struct conf_index_item *v;
	uint32_t n;
	const struct conf_index_items *below;
};
struct conf_index_descs {
	const struct conf_index_desc *v;
	uint32_t n;
	const struct conf_index_descs *below;
};

enum conf_index_adjust { INDEX_WIDTH_UNSET, INDEX_WIDTH_FIXED, INDEX_WIDTH_FITS };
struct conf_index_width {
	enum conf_index_adjust adjust;
	uint32_t width;
};

struct conf_index {
	uint32_t options, options_add, options_remove;
	struct conf_index_width name, desc;
	int icon_width, icon_height; /* 0: not written */
	char key, direction;         /* IndexOrderDefault: N M S D, A D; NUL: not given */
	bool old_date;               /* UseOldDateFormat */
	bool ignore_reset;           /* IndexIgnoreReset */
	const char *default_icon, *style_sheet, *head_insert, *header, *readme, *type, *charset;
	struct conf_index_items icons, alts, ignores;
	struct conf_index_descs descs;

	/*
	 * Apache merges the sections of a request with each other first, then all of it over what
	 * the server says, and for IndexOptions that is not the same as one after the other.
	 */
	bool of_server;                  /* of server context */
	const struct conf_index *server; /* what this lies over; NULL: nothing said there */
	struct conf_index *sections;     /* all that lies over it; NULL: one section alone */
};

/* The loader: this is all that is said in server context. NULL: nothing. */
void conf_index_settle(struct conf_index *index);
/* Lays add over *base; neither is changed. */
void conf_index_merge(struct arena *a, struct conf_index **base, struct conf_index *add);

#endif
