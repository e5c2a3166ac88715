/*
 * Merging what a FastCGI backend is told (conf_fcgi.h), as mod_proxy_fcgi does. Run by the loader
 * for the server context and by the child for what a request's path goes through.
 */
#include "itkd/conf_fcgi.h"

#include "itkd/arena.h"
#include <string.h>

void conf_fcgi_merge(struct arena *a, struct conf_fcgi **base, struct conf_fcgi *add)
{
	const struct conf_fcgi *below = *base;

	if (!add || !below) {
		*base = add ? add : *base;
		return;
	}
	struct conf_fcgi *to = ARENA_NEW(a, struct conf_fcgi);
	struct conf_fcgi_env *v = arena_array(a, (size_t)below->n + add->n, sizeof(*v));

	if (below->n)
		memcpy(v, below->v, below->n * sizeof(*v));
	if (add->n)
		memcpy(v + below->n, add->v, add->n * sizeof(*v));
	*to = (struct conf_fcgi){.backend = add->backend ? add->backend : below->backend,
	    .n = below->n + add->n,
	    .v = v};
	*base = to;
}
