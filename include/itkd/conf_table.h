/*
 * The directive table (directives.def) and the typed reading of arguments.
 */
#ifndef ITKD_CONF_TABLE_H
#define ITKD_CONF_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* The Apache whose language this is: <IfVersion>, `itkd -v`, `itkd -V`. */
#define CONF_APACHE_MAJOR 2
#define CONF_APACHE_MINOR 4
#define CONF_APACHE_PATCH 71

struct arena;
struct conf_map;
struct conf_node;

/* How the arguments are read. */
enum conf_arg {
	ARG_FLAG,    /* On or Off */
	ARG_INT,     /* one integer, min..max */
	ARG_TIME,    /* one duration: 5, 500ms, 2min; in milliseconds, min..max */
	ARG_STRING,  /* one word */
	ARG_PATH,    /* one file name, relative to ServerRoot */
	ARG_WORDS,   /* min..max words */
	ARG_RAW,     /* the rest of the line is the setter's */
	ARG_SECTION, /* <Name ...> with min..max words */
	ARG_READ,    /* worked off while reading: Include, Define, <IfModule> */
};

#define ARGS_MANY 65535

/* Where it may stand. */
#define CTX_SERVER 0x1u
#define CTX_VHOST 0x2u
#define CTX_DIRECTORY 0x4u
#define CTX_HTACCESS 0x8u

/* What AllowOverride must grant for it in .htaccess: any of these bits. */
enum conf_override {
	OVERRIDE_NONE = 0,
	OVERRIDE_AUTHCONFIG = 0x1,
	OVERRIDE_FILEINFO = 0x2,
	OVERRIDE_INDEXES = 0x4,
	OVERRIDE_LIMIT = 0x8,
	OVERRIDE_OPTIONS = 0x10,
	OVERRIDE_ALL = 0x1f,
};

enum conf_status {
	CONF_IMPLEMENTED,
	CONF_ACCEPTED, /* taken without effect; where a default is given, only with that value */
	CONF_REFUSED,  /* known, and an error: ignoring it would do something else than it says */
};

enum conf_id {
#define DIRECTIVE(name, ...) CONF_ID_##name,
#define SECTION(name, ...) CONF_ID_SECTION_##name,
#include "itkd/directives.def"
#undef DIRECTIVE
#undef SECTION
	CONF_IDS
};

struct conf_directive {
	enum conf_id id;
	const char *name;
	bool section;
	enum conf_arg arg;
	unsigned contexts;
	unsigned override;
	const char *module; /* as Apache names it, without "mod_" */
	enum conf_status status;
	const char *initial; /* the default as one would write it; accepted: the only values */
	int64_t min, max;
	const char *manual;
};

extern const struct conf_directive conf_table[CONF_IDS];

/* A map from names to entries: "Name", "<Name". */
void conf_table_index(struct conf_map *names, struct arena *a);
const struct conf_directive *conf_table_find(
	const struct conf_map *names, const char *name, bool section);
/* The entry whose name is nearest to a mistyped one; NULL when none is near. */
const struct conf_directive *conf_table_nearest(const char *name, bool section);
/* What <IfModule name> says: "mod_x.c", "x_module". */
bool conf_table_module(const char *name);
/* Those that Apache links into the program itself, and that are here, too; NULL at the end. */
extern const char *const conf_table_static_modules[];
/* The modules that say yes, without "mod_", those above first, the others sorted; *n: how many. */
const char *const *conf_table_modules(struct arena *a, uint32_t *n);
/* The file that Apache has a module in: "mod_alias.c", "core.c". */
const char *conf_table_module_file(struct arena *a, const char *module);

/* Arguments of one directive, read by its type. */
struct conf_value {
	const struct conf_node *node;
	bool flag;
	int64_t number;
	const char *text; /* ARG_STRING, ARG_PATH: absolute, ARG_RAW */
	uint32_t n;       /* ARG_WORDS */
	char *const *words;
};

/* NULL, or what is wrong. */
const char *conf_table_value(struct arena *a, const char *server_root,
	const struct conf_node *node, struct conf_value *value);

/* A whole decimal number in min..max; false for anything else. */
bool conf_number(const char *text, int64_t min, int64_t max, int64_t *number);

/* Whether a scheme and a colon begin it (ap_is_url). */
bool conf_is_url(const char *text);

/* "." and ".." and "//" taken out of an absolute path, and a '/' at its end. */
char *conf_path_clean(struct arena *a, const char *path);

#endif
