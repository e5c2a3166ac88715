/*
 * Which virtual hosts may show the status page: those in whose own configuration, or the main
 * server's, some line says so. A .htaccess cannot. Run by the loader.
 */
#include "load/load.h"

#include <strings.h>

static bool says_status(const struct conf_node *nodes)
{
	for (const struct conf_node *n = nodes; n; n = n->next) {
		if (!n->directive)
			continue;
		if (n->section && n->directive->id != CONF_ID_SECTION_VirtualHost &&
		    says_status(n->children))
			return true;
		if ((n->directive->id == CONF_ID_SetHandler ||
		        n->directive->id == CONF_ID_AddHandler) &&
		    n->nargs && strcasecmp(n->args[0], "server-status") == 0)
			return true;
	}
	return false;
}

void load_status_page(struct loader *l)
{
	bool everywhere = says_status(l->parser.root.children);

	l->main.v.status_page = everywhere;
	for (uint32_t i = 0; i < l->nservers; i++)
		l->servers[i]->v.status_page =
		    everywhere || says_status(l->servers[i]->node->children);
	bool shown = everywhere;

	for (uint32_t i = 0; i < l->nservers; i++)
		shown = shown || l->servers[i]->v.status_page;
	l->conf->extended_status = l->conf->extended_status && shown;
}
