/*
 * Merging the settings of XSendFile (conf_sendfile.h), as mod_xsendfile does. Run by the loader for
 * the server context and by the child for what a request's path goes through.
 */
#include "itkd/conf_sendfile.h"

#include "itkd/arena.h"
#include <string.h>

void conf_sendfile_merge(struct arena *a, struct conf_sendfile **base, struct conf_sendfile *add)
{
	const struct conf_sendfile *below = *base;

	if (!add || !below) {
		*base = add ? add : *base;
		return;
	}
	struct conf_sendfile *to = ARENA_NEW(a, struct conf_sendfile);
	const char **paths = arena_array(a, (size_t)below->n + add->n, sizeof(*paths));

	if (below->n)
		memcpy(paths, below->paths, below->n * sizeof(*paths));
	if (add->n)
		memcpy(paths + below->n, add->paths, add->n * sizeof(*paths));
	*to = (struct conf_sendfile){
	    .on = add->on ? add->on : below->on, .n = below->n + add->n, .paths = paths};
	*base = to;
}
