/* mod_alias: Alias, ScriptAlias, Redirect and their like, as the configuration keeps them. */
#ifndef ITKD_CONF_ALIAS_H
#define ITKD_CONF_ALIAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct expr;
struct regex;

struct conf_alias {
	const char *from;         /* URL path, or the pattern's text */
	const char *to;           /* file path, or a redirect's URL; NULL: its status needs none */
	const struct regex *regex; /* from is a pattern, and to may hold $1; NULL: a prefix */
	uint16_t status;          /* of a redirect */
	bool script;              /* ScriptAlias */
};

struct conf_aliases {
	uint32_t n;
	const struct conf_alias *v;
};

/* A flag that may be unset, so that zeroed memory says nothing. */
enum conf_alias_flag { ALIAS_FLAG_UNSET, ALIAS_FLAG_OFF, ALIAS_FLAG_ON };

/* What stands in a directory context. Of a server its lists are moved to struct conf_vhost. */
struct conf_alias_dir {
	struct conf_aliases aliases;   /* server context only */
	struct conf_aliases redirects; /* in the order in which they are tried */
	/* `Alias target` in <Location>: all below it is that file. */
	const struct expr *alias;
	const char *alias_path; /* of that <Location>; NULL where it is a pattern */
	bool alias_script;
	/* `Redirect [status] URL` of all that the section holds for. */
	bool redirect_set;
	uint16_t redirect_status;
	const struct expr *redirect;
	uint8_t relative; /* enum conf_alias_flag: RedirectRelative */
	uint8_t preserve; /* AliasPreservePath */
};

/* As mod_alias merges: what comes later is tried first. */
void conf_alias_merge(
	struct arena *a, struct conf_alias_dir **base, const struct conf_alias_dir *add);

/* Bytes of uri that the prefix takes, or 0. Slashes match slashes, however many. */
size_t conf_alias_match(const char *uri, const char *from);

#endif
