/* ExpiresActive, ExpiresByType and ExpiresDefault (Apache's mod_expires). RFC 9111 section 5. */
#ifndef ITKD_CONF_EXPIRES_H
#define ITKD_CONF_EXPIRES_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

enum expires_base {
	EXPIRES_UNSET,
	EXPIRES_ACCESS,       /* seconds after the request */
	EXPIRES_MODIFICATION, /* after the file was changed */
};
struct expires_code {
	enum expires_base base;
	int32_t seconds;
};
struct expires_type {
	const char *type; /* as written, or with the subtype "*" */
	struct expires_code code;
};

enum expires_active { EXPIRES_DONTCARE, EXPIRES_ON, EXPIRES_OFF };

struct conf_expires {
	enum expires_active active;
	bool wildcards; /* a type with "*" was written in the section that was merged last */
	struct expires_code standard; /* ExpiresDefault */
	uint32_t ntypes;
	struct expires_type *types;       /* the first one that matches counts */
};

/* "A3600", "access plus 1 month 2 days". NULL, or what is wrong (in tmp). */
const char *conf_expires_code(struct arena *tmp, const char *text, struct expires_code *code);
void conf_expires_merge(
	struct arena *a, struct conf_expires **base, const struct conf_expires *add);
/* What holds for an answer of that media type (with its parameters; NULL: none); NULL: nothing. */
const struct expires_code *conf_expires_find(const struct conf_expires *e, const char *type);

#endif
