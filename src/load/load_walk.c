/*
 * Applies the directives of one server in the order written, each checked against the table first:
 * known, implemented, in its place, its arguments of the right type. Run by the loader.
 */
#include "load/load.h"

static bool is_place(enum conf_id id)
{
	return id == CONF_ID_SECTION_Directory || id == CONF_ID_SECTION_DirectoryMatch ||
	       id == CONF_ID_SECTION_Location || id == CONF_ID_SECTION_LocationMatch;
}

/* A section among a server's own lines. <VirtualHost> was taken out of them before. */
static const char *walk_section(struct loader *l, struct load_server *s, const struct conf_node *n)
{
	if (n->directive->id == CONF_ID_SECTION_VirtualHost)
		return NULL;
	if (n->directive->id == CONF_ID_SECTION_Proxy ||
	    n->directive->id == CONF_ID_SECTION_ProxyMatch) {
		load_proxy_section(l, s, n);
		return NULL;
	}
	if (!is_place(n->directive->id))
		return conf_dir_section(&s->dir, n);
	load_section_add(l, s, n);
	return NULL;
}

void load_walk(struct loader *l, struct load_server *s, const struct conf_node *nodes)
{
	struct conf_value value;

	for (const struct conf_node *n = nodes; n; n = n->next) {
		if (!conf_dir_allowed(&s->dir, n))
			continue;
		const char *error = conf_table_value(l->tmp, l->parser.server_root, n, &value);

		if (!error)
			error = n->section ? walk_section(l, s, n) : load_set(l, s, &value);
		if (error)
			conf_report(l->report, CONF_ERROR, n, "%s", error);
	}
}
