/*
 * Whether a configuration makes something run PHP: by FastCGI, by CGI, or by a module that Apache
 * would have. Run by the loader as root; the files are the administrator's.
 */
#include "load/load.h"

#include <string.h>
#include <strings.h>

static bool any_has(const struct conf_node *n, uint32_t from, const char *part)
{
	for (uint32_t i = from; i < n->nargs; i++)
		if (strcasestr(n->args[i], part))
			return true;
	return false;
}

/* A handler or a type by name: "php-cgi", "proxy:unix:/x|fcgi://", "cgi-script" for .php. */
static bool handler_runs(const struct conf_node *n)
{
	if (n->nargs == 0)
		return false;
	const char *name = n->args[0];

	if (strcasestr(name, "php") || strcasestr(name, "fcgi:"))
		return true;
	return (strcasecmp(name, "cgi-script") == 0 || strcasecmp(name, "fcgid-script") == 0) &&
	       any_has(n, 1, "ph");
}

static bool module_runs(const struct conf_node *n)
{
	static const char *const names[] = {
	    "php", "proxy_fcgi", "fcgid", "fastcgi", "suphp", "lsapi"};

	for (size_t i = 0; n->nargs && i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(n->args[0], names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static bool node_runs(const struct conf_node *n)
{
	if (!n->directive)
		return false;
	switch (n->directive->id) {
	case CONF_ID_SetHandler:
	case CONF_ID_AddHandler:
	case CONF_ID_AddType:
	case CONF_ID_ForceType:
		return handler_runs(n);
	case CONF_ID_Action:
		return any_has(n, 0, "php");
	case CONF_ID_ProxyPass:
	case CONF_ID_ProxyPassMatch:
	case CONF_ID_RewriteRule:
		return any_has(n, 0, "fcgi:");
	case CONF_ID_LoadModule:
		return module_runs(n);
	default:
		return false;
	}
}

static bool node_is_action(const struct conf_node *n)
{
	return n->directive && n->directive->id == CONF_ID_Action && n->nargs > 0 &&
	       strncasecmp(n->args[0], CONF_PHP_TYPE, strlen(CONF_PHP_TYPE)) == 0;
}

static bool any_node(const struct conf_node *nodes, bool (*holds)(const struct conf_node *))
{
	for (const struct conf_node *n = nodes; n; n = n->next)
		if (holds(n) || any_node(n->children, holds))
			return true;
	return false;
}

bool load_php_runs(const struct conf_node *nodes)
{
	return any_node(nodes, node_runs);
}

bool load_php_action(const struct conf_node *nodes)
{
	return any_node(nodes, node_is_action);
}
