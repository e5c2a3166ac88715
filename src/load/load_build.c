/*
 * Builds a struct conf from the configuration's files: reads down load_build() from tree to arena.
 * Nothing stops at an error; the result counts only when the report has none. Run by the loader as
 * root, short-lived: with the master's memfds, or for `itkd -t` and -S with memory of its own.
 */
#include "load/load.h"

#include <string.h>
#include <unistd.h>

void load_init(struct loader *l, struct arena *tmp, struct conf_report *report)
{
	*l = (struct loader){.tmp = tmp, .report = report};
	conf_map_init(&l->identity_of, tmp, false);
	conf_map_init(&l->who_of, tmp, false);
	conf_map_init(&l->log_of, tmp, false);
	conf_map_init(&l->format_of, tmp, false);
	conf_map_init(&l->noted, tmp, false);
}

static void collect_servers(struct loader *l)
{
	struct conf_vec servers = {0};

	for (const struct conf_node *n = l->parser.root.children; n; n = n->next) {
		if (!n->directive || n->directive->id != CONF_ID_SECTION_VirtualHost)
			continue;
		struct load_server *s = ARENA_NEW(l->tmp, struct load_server);

		s->node = n;
		*(struct load_server **)conf_vec_push(&servers, l->tmp, sizeof(s)) = s;
	}
	l->servers = servers.v;
	l->nservers = servers.n;
}

static bool begin_private(struct loader *l, struct load_region *r)
{
	uint32_t n = l->identities.n;

	if (!load_region_private(r, n * CONF_PRIVATE_STRIDE, l->report))
		return false;
	l->private = arena_array(l->tmp, n, sizeof(*l->private));
	for (uint32_t i = 0; i < n; i++)
		arena_init_fixed(&l->private[i],
		    (char *)r -> private_base + i * CONF_PRIVATE_STRIDE, CONF_PRIVATE_STRIDE);
	return true;
}

static const void *copy_list(struct loader *l, const struct conf_vec *list, size_t size)
{
	void *v = arena_array(&l->common, list->n, size);

	if (list->n)
		memcpy(v, list->v, list->n * size);
	return v;
}

/* As in Apache, a virtual host without a line of mod_rewrite has no rules of the server's. */
static void finish_rewrite(struct loader *l, struct load_server *s)
{
	struct conf_rewrite *own = s->dir.rewrite_server;

	if (!s->main || !s->rewrites) {
		s->v.rewrite = own;
		return;
	}
	s->v.rewrite = s->main->v.rewrite;
	if (s->site == s->main)
		return; /* the main server itself, as another identity */
	conf_rewrite_merge(
	    &l->common, &s->v.rewrite, own ? own : ARENA_NEW(&l->common, struct conf_rewrite));
}

/* The server context: the main server's settings with the virtual host's over them. */
static void finish_dir(struct loader *l, struct load_server *s)
{
	struct conf_dir_build *b = &s->dir;

	conf_dir_finish(b);
	if (!s->main) {
		static const char index[] = "index.html";

		if (!(b->dir.set & DIR_INDEX)) {
			*(const char **)conf_dir_push(&l->common, &b->dir.index.v, &b->dir.index.n,
			    sizeof(char *)) = arena_strdup(&l->common, index);
			b->dir.set |= DIR_INDEX;
		}
		s->v.dir = b->dir;
		conf_index_settle(s->v.dir.listing);
		return;
	}
	/* The list of variables is as private as its values. */
	struct conf_dir own = b->dir, base = s->main->v.dir;
	struct conf_dir secret = {.env = own.env, .php = own.php};

	size_t need = ((size_t)base.env.n + own.env.n + 4) * sizeof(struct conf_env) +
	              ((size_t)(base.php ? base.php->n : 0) + (own.php ? own.php->n : 0) + 4) *
	                  sizeof(struct conf_php_value);

	own.env = (struct conf_envs){0};
	own.php = NULL;
	conf_dir_merge(&l->common, &base, &own);
	if (need < b->secret->size - b->secret->used)
		conf_dir_merge(b->secret, &base, &secret);
	else
		conf_report(l->report, CONF_ERROR, s->node, CONF_PRIVATE_FULL);
	s->v.dir = base;
	conf_index_settle(s->v.dir.listing);
}

static void finish_server(struct loader *l, struct load_server *s, uint32_t id)
{
	struct conf_vhost *v = &s->v;

	load_server_name(l, s);
	load_alias_finish(l, s);
	load_proxy_passes(l, s);
	load_userdir_finish(l, s);
	load_remoteip_server(l, s);
	finish_dir(l, s);
	finish_rewrite(l, s);
	load_section_finish(l, s);
	load_proxy_finish(l, s);
	v->id = id;
	v->site = s->site ? s->site->v.id : id;
	/* NULL: the main server, and further identities of it. */
	v->file = s->node && s->node->file ? arena_strdup(&l->common, s->node->file) : NULL;
	v->line = s->node ? s->node->line : 0;
	v->host.name = v->server_name;
	v->host.naddrs = s->addrs.n;
	v->host.addrs = copy_list(l, &s->addrs, sizeof(struct host_addr));
	v->host.naliases = s->names.n;
	v->host.aliases = copy_list(l, &s->names, sizeof(char *));
	v->host.ntexts = s->texts.n;
	v->host.texts = copy_list(l, &s->texts, sizeof(char *));
	s->out = ARENA_NEW(&l->common, struct conf_vhost);
	s->out->host = v->host;
}

static void read_servers(struct loader *l)
{
	load_walk(l, &l->main, l->parser.root.children);
	finish_server(l, &l->main, 0);
	for (uint32_t i = 0; i < l->nservers; i++) {
		struct load_server *s = l->servers[i];

		/* The same lines once more: what is to be said of them was said. */
		l->report->muted = s->site != NULL;
		load_server_inherit(l, s);
		load_addrs(l, s);
		load_walk(l, s, s->node->children);
		finish_server(l, s, i + 1);
		l->report->muted = false;
	}
}

static void build_hosts(struct loader *l)
{
	uint32_t n = l->nservers + 1;
	struct conf_vhost **vhosts = arena_array(&l->common, n, sizeof(*vhosts));
	const struct host_vhost **hosts = arena_array(l->tmp, n, sizeof(*hosts));

	vhosts[0] = l->main.out;
	for (uint32_t i = 1; i < n; i++)
		vhosts[i] = l->servers[i - 1]->out;
	for (uint32_t i = 0; i < n; i++)
		hosts[i] = &vhosts[i]->host;
	host_map_build(&l->common, &l->conf->host, l->nsites + 1, hosts);
	l->conf->nsites = l->nsites + 1;
	l->conf->vhosts = (const struct conf_vhost *const *)vhosts;
	l->conf->nvhosts = n;
}

static size_t pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

/* Lists that grew until now, and sizes. Nothing is allocated after this. */
static void finish_conf(struct loader *l, const struct load_options *o, struct load_region *r)
{
	struct conf *c = l->conf;
	struct conf_identity *ids = l->identities.v;

	*l->main.out = l->main.v;
	for (uint32_t i = 0; i < l->nservers; i++)
		*l->servers[i]->out = l->servers[i]->v;
	for (uint32_t i = 0; i < l->identities.n; i++) {
		ids[i].private_base = l->private[i].base;
		ids[i].private_size = l->private[i].used;
		if (l->private[i].used)
			c->private_size = i * CONF_PRIVATE_STRIDE + pages(l->private[i].used);
	}
	/* What bounds a graceful stop bounds an old generation, too; never is no bound for it. */
	if (c->graceful_timeout == 0)
		c->graceful_timeout = c->graceful_stop_timeout ? c->graceful_stop_timeout : 300;
	c->private_base = r->private_base;
	const char *program = load_self(l->tmp);

	c->program = arena_strdup(&l->common, program ? program : "itkd");
	c->config_file = arena_strdup(&l->common, o->config_file);
	if (!c->pid_file)
		c->pid_file = arena_printf(&l->common, "%s/itkd.pid", c->runtime_dir);
	load_digest_files(l);
	c->nlisteners = l->listeners.n;
	c->listeners = copy_list(l, &l->listeners, sizeof(struct conf_listener));
	c->nidentities = l->identities.n;
	c->identities = copy_list(l, &l->identities, sizeof(struct conf_identity));
	c->nlogs = l->logs.n;
	c->logs = copy_list(l, &l->logs, sizeof(struct conf_log));
	c->base = r->base;
	c->size = pages(l->common.used);
}

const struct conf *load_build(
    struct loader *l, const struct load_options *o, struct load_region *r, uint32_t generation)
{
	l->check_only = o->check_only;
	load_tree(l, o);
	if (!l->parser.sources || !load_region_common(r, l->report))
		return NULL;
	arena_init_fixed(&l->common, r->base, CONF_COMMON_MAX);
	l->conf = ARENA_NEW(&l->common, struct conf);
	l->conf->php_expected = l->parser.php;
	l->conf->magic = CONF_MAGIC;
	l->conf->format = CONF_FORMAT;
	l->conf->generation = generation;
	collect_servers(l);
	load_identities(l);
	load_assign_identities(l);
	load_identity_checks(l);
	if (!begin_private(l, r))
		return NULL;
	load_server_main(l);
	load_mime(l);
	read_servers(l);
	build_hosts(l);
	load_listen_finish(l);
	load_remoteip_finish(l);
	load_tls_finish(l);
	load_log_finish(l);
	load_status_page(l);
	load_counters(l);
	load_assign_finish(l);
	load_check(l);
	load_homes(l);
	load_filter(l);
	load_proxy_hosts(l);
	load_htaccess_finish(l);
	finish_conf(l, o, r);
	return l->report->errors ? NULL : l->conf;
}
