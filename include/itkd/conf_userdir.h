/* UserDir (mod_userdir): what /~user stands for. */
#ifndef ITKD_CONF_USERDIR_H
#define ITKD_CONF_USERDIR_H

#include <stdbool.h>
#include <stdint.h>

/* A user's home directory: a child cannot ask NSS. Sorted by name. */
struct conf_home {
	const char *name;
	const char *home;
};

struct conf_userdir {
	uint32_t n;
	const char *const *places; /* in turn: below the home, absolute, a URL; * is the name */
	bool disabled;             /* for all but those enabled by name */
	uint32_t nenabled, ndisabled;
	const char *const *enabled, *const *disabled_users;
};

#endif
