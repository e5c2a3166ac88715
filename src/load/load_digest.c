/*
 * AuthDigestShmemSize, and for which identities the clients of AuthType Digest are kept in mind:
 * those for whose sites some line needs it, and all where AuthDigestShmemSize is given. Run by the
 * loader.
 */
#include "itkd/digest_clients.h"
#include "load/load.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define DIGEST_SIZE 1000    /* Apache's default */
#define DIGEST_SIZE_MIN 144 /* what one client needs in Apache */
#define DIGEST_SIZE_MAX (1 << 30)

const char *load_set_digest_size(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	char *unit;
	long long size = strtoll(v->text, &unit, 10);

	(void)s;
	while (isspace((unsigned char)*unit))
		unit++;
	if (size > DIGEST_SIZE_MAX)
		size = DIGEST_SIZE_MAX;
	if (strchr("kK", *unit) && *unit)
		size *= 1024;
	else if (strchr("mM", *unit) && *unit)
		size *= 1048576;
	else if (*unit && !strchr("bB", *unit))
		return load_fail(l, "Invalid size in AuthDigestShmemSize: %s", v->text);
	if (size < DIGEST_SIZE_MIN)
		return load_fail(
		    l, "size in AuthDigestShmemSize too small: %lld < %d", size, DIGEST_SIZE_MIN);
	l->conf->digest_size = size < DIGEST_SIZE_MAX ? (size_t)size : DIGEST_SIZE_MAX;
	return NULL;
}

static bool needs_clients(const struct conf_node *n)
{
	const enum conf_id id = n->directive->id;

	if (!n->nargs)
		return false;
	return id == CONF_ID_AuthDigestNcCheck         ? strcasecmp(n->args[0], "on") == 0
	       : id == CONF_ID_AuthDigestNonceLifetime ? strtoll(n->args[0], NULL, 10) == 0
	                                               : false;
}

static void keep_clients(struct loader *l, const struct load_server *s)
{
	struct conf_identity *ids = l->identities.v;

	for (uint32_t i = 0; i < s->v.nidentities; i++) {
		struct conf_identity *id = &ids[s->v.identities[i]];

		/* The master's process id, which this one's parent is: another server that is just
		 * being started, or that ends, has other files. */
		if (!id->digest_file)
			id->digest_file = arena_printf(&l->common, "%s.digest.%d.%u.%u",
			    l->conf->pid_file, (int)getppid(), l->conf->generation, id->index);
	}
}

void load_digest_files(struct loader *l)
{
	struct conf *c = l->conf;
	const bool everywhere =
	    c->digest_size > 0 || load_says(l->parser.root.children, needs_clients);

	c->digest_size = digest_clients_size(c->digest_size ? c->digest_size : DIGEST_SIZE);
	if (everywhere)
		keep_clients(l, &l->main);
	for (uint32_t i = 0; i < l->nservers; i++)
		if (everywhere || load_says(l->servers[i]->node->children, needs_clients))
			keep_clients(l, l->servers[i]);
}
