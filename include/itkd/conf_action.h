/* Action and Script (mod_actions): which script answers for a handler, a media type, a method. */
#ifndef ITKD_CONF_ACTION_H
#define ITKD_CONF_ACTION_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stdint.h>

struct arena;

struct conf_action {
	const char *type;   /* handler or media type, case ignored; of Script: the method */
	const char *script; /* URL path */
	bool virtual;       /* the file asked for need not exist */
};

/* Of one section; below is what the one around it says. */
struct conf_actions {
	uint32_t n, nscripts;
	const struct conf_action *v;
	const struct conf_action *scripts;
	struct conf_actions *below;
};

/* NULL: none. */
const struct conf_action *conf_action_find(const struct conf_actions *actions, const char *type);
const struct conf_action *conf_action_script(
	const struct conf_actions *actions, struct span method);
/* Lays add over *base; neither is changed. */
void conf_action_merge(struct arena *a, struct conf_actions **base, struct conf_actions *add);

#endif
