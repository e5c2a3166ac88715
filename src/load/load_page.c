/*
 * Which virtual hosts may show the status page: those in whose own configuration, or the main
 * server's, some line says so. A .htaccess cannot. Run by the loader.
 */
#include "load/load.h"

#include <strings.h>

static bool is_status(const struct conf_node *n)
{
	return (n->directive->id == CONF_ID_SetHandler || n->directive->id == CONF_ID_AddHandler) &&
	       n->nargs && strcasecmp(n->args[0], "server-status") == 0;
}

bool load_says(const struct conf_node *nodes, bool (*is)(const struct conf_node *n))
{
	for (const struct conf_node *n = nodes; n; n = n->next) {
		if (!n->directive)
			continue;
		if (n->section && n->directive->id != CONF_ID_SECTION_VirtualHost &&
		    load_says(n->children, is))
			return true;
		if (is(n))
			return true;
	}
	return false;
}

void load_status_page(struct loader *l)
{
	bool everywhere = load_says(l->parser.root.children, is_status);

	l->main.v.status_page = everywhere;
	for (uint32_t i = 0; i < l->nservers; i++)
		l->servers[i]->v.status_page =
		    everywhere || load_says(l->servers[i]->node->children, is_status);
	bool shown = everywhere;

	for (uint32_t i = 0; i < l->nservers; i++)
		shown = shown || l->servers[i]->v.status_page;
	l->conf->extended_status = l->conf->extended_status && shown;
}
