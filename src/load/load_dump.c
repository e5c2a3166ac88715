/*
 * What `itkd -S`, -M, -v, -V and -t -D DUMP_... print, in the layout of httpd: panels and certbot
 * read it by machine. Run by the administrator.
 */
#include "load/load_cli.h"

#include "itkd/build.h"
#include <string.h>

/* The virtual hosts of one address and port. */
struct dump_group {
	struct host_addr addr;
	struct conf_vec vhosts; /* const struct conf_vhost * */
};

static void collect_group(struct loader *l, struct conf_map *by_text, struct conf_vec *groups,
    const struct conf_vhost *v, const struct host_addr *addr)
{
	void **at = conf_map_at(by_text, load_addr_text(l->tmp, addr));
	struct dump_group *g = *at;

	if (!g) {
		*at = g = ARENA_NEW(l->tmp, struct dump_group);
		g->addr = *addr;
		*(struct dump_group **)conf_vec_push(groups, l->tmp, sizeof(g)) = g;
	}
	*(const struct conf_vhost **)conf_vec_push(&g->vhosts, l->tmp, sizeof(v)) = v;
}

/* Beyond httpd: who it runs as, and how many. */
static void dump_identity(const struct conf *c, const struct conf_vhost *v)
{
	const struct conf_identity *id = &c->identities[v->identities[0]];

	printf("%16s user %s (%u) group %s (%u) groups", "", id->user, id->uid, id->group, id->gid);
	for (uint32_t i = 0; i < id->ngroups; i++)
		printf("%c%u", i ? ',' : ' ', id->groups[i]);
	if (v->max_clients)
		printf(" cap %u", v->max_clients);
	else
		printf(" cap none");
	printf(" nice %d\n", v->nice);
}

static void dump_vhost(const struct conf *c, const struct conf_vhost *v)
{
	for (uint32_t i = 0; i < v->host.naliases; i++)
		printf("%16s %s %s\n", "",
		    strpbrk(v->host.aliases[i], "*?") ? "wild alias" : "alias", v->host.aliases[i]);
	dump_identity(c, v);
}

static void dump_group(struct loader *l, const struct dump_group *g)
{
	const struct conf_vhost *const *v = g->vhosts.v;

	printf("%-22s ", load_addr_text(l->tmp, &g->addr));
	if (g->vhosts.n == 1) {
		printf("%s (%s:%u)\n", v[0]->server_name, v[0]->file, v[0]->line);
		dump_identity(l->conf, v[0]);
		return;
	}
	printf("is a NameVirtualHost\n");
	printf("%8s default server %s (%s:%u)\n", "", v[0]->server_name, v[0]->file, v[0]->line);
	for (uint32_t i = 0; i < g->vhosts.n; i++) {
		if (g->addr.port)
			printf("%8s port %u ", "", g->addr.port);
		else
			printf("%8s port * ", "");
		printf("namevhost %s (%s:%u)\n", v[i]->server_name, v[i]->file, v[i]->line);
		dump_vhost(l->conf, v[i]);
	}
}

void load_dump_vhosts(const struct loader *loader)
{
	struct loader l = *loader;
	const struct conf *c = l.conf;
	struct conf_map by_text;
	struct conf_vec groups = {0};

	conf_map_init(&by_text, l.tmp, false);
	for (uint32_t i = 1; i < c->nsites; i++)
		for (uint32_t j = 0; j < c->vhosts[i]->host.naddrs; j++)
			collect_group(
			    &l, &by_text, &groups, c->vhosts[i], &c->vhosts[i]->host.addrs[j]);
	printf("VirtualHost configuration:\n");
	/* As httpd: addresses first, then what holds for all of them. */
	for (int wild = 0; wild < 2; wild++)
		for (uint32_t i = 0; i < groups.n; i++) {
			const struct dump_group *g = ((struct dump_group **)groups.v)[i];

			if ((g->addr.family == 0) == wild)
				dump_group(&l, g);
		}
}

void load_dump_run(const struct loader *l)
{
	const struct conf *conf = l->conf;
	const struct conf_vhost *v = conf->vhosts[0];
	const struct conf_identity *id = &conf->identities[v->identities[0]];
	const char *const *names = l->parser.defined.v;

	printf("ServerRoot: \"%s\"\n", conf->server_root);
	printf("Main DocumentRoot: \"%s\"\n", v->document_root);
	printf("Main ErrorLog: \"%s\"\n", conf->logs[conf->main_log].path);
	printf("Mutex default: dir=\"%s/\" mechanism=default \n", conf->runtime_dir);
	printf("PidFile: \"%s\"\n", conf->pid_file);
	for (uint32_t i = 0; i < l->parser.defined.n; i++) {
		const char *value = names[i] ? conf_map_get(&l->parser.vars, names[i]) : NULL;

		if (names[i])
			printf("Define: %s%s%s\n", names[i], value ? "=" : "", value ? value : "");
	}
	printf("User: name=\"%s\" id=%u\n", id->user, id->uid);
	printf("Group: name=\"%s\" id=%u\n", id->group, id->gid);
}

void load_dump_includes(const struct loader *l)
{
	printf("Included configuration files:\n");
	for (const struct conf_source *s = l->parser.sources; s; s = s->next)
		if (s->depth)
			printf("%*s(%u) %s\n", (int)(2 * s->depth + 2), "", s->line, s->path);
		else
			printf("  (*) %s\n", s->path);
}

static bool is_static(const char *module)
{
	for (const char *const *m = conf_table_static_modules; *m; m++)
		if (strcmp(*m, module) == 0)
			return true;
	return false;
}

/* "shared" is what stands there in Apache: none of them is loaded from a file. */
void load_dump_modules(void)
{
	struct arena a;
	uint32_t n;

	arena_init_heap(&a, SIZE_MAX / 2);
	const char *const *names = conf_table_modules(&a, &n);

	printf("Loaded Modules:\n");
	for (uint32_t i = 0; i < n; i++)
		printf(" %s_module (%s)\n", names[i], is_static(names[i]) ? "static" : "shared");
	arena_free(&a);
}

void load_dump_static_modules(void)
{
	struct arena a;

	arena_init_heap(&a, SIZE_MAX / 2);
	printf("Compiled in modules:\n");
	for (const char *const *m = conf_table_static_modules; *m; m++)
		printf("  %s\n", conf_table_module_file(&a, *m));
	arena_free(&a);
}

/* As mod_ssl. */
void load_dump_certs(const struct loader *l)
{
	printf("Server certificates:\n");
	for (uint32_t i = 0; i < l->conf->nvhosts; i++) {
		const struct conf_tls *tls = &l->conf->vhosts[i]->tls;

		for (uint32_t k = 0; tls->engine && k < tls->npairs; k++)
			printf("  %s\n", tls->pairs[k].cert);
	}
}

/* certbot and panels look for Apache/2.4 in it; it tells whose configuration is understood. */
void load_dump_version(void)
{
	printf("Server version: itkd/%s\n", ITKD_VERSION);
	printf("Server built:   %s %s\n", __DATE__, __TIME__);
	printf("Configuration:  as of Apache/%d.%d.%d with mpm-itk\n", CONF_APACHE_MAJOR,
	    CONF_APACHE_MINOR, CONF_APACHE_PATCH);
}

void load_dump_settings(void)
{
	printf("Architecture:   %u-bit\n", (unsigned)(8 * sizeof(void *)));
	printf("Server MPM:     prefork\n");
	printf("  threaded:     no\n");
	printf("    forked:     yes (variable process count)\n");
	printf("Server compiled with....\n");
#ifdef ITKD_BIG_SECURITY_HOLE
	printf(" -D BIG_SECURITY_HOLE\n");
#endif
	printf(" -D HTTPD_ROOT=\"%s\"\n", load_default_root());
	printf(" -D DEFAULT_PIDLOG=\"/run/itkd/itkd.pid\"\n");
	printf(" -D DEFAULT_ERRORLOG=\"/var/log/itkd/error.log\"\n");
	printf(" -D AP_TYPES_CONFIG_FILE=\"/etc/mime.types\"\n");
	printf(" -D SERVER_CONFIG_FILE=\"%s\"\n", load_default_file());
	printf(" -D ITKD_LIBEXECDIR=\"%s\"\n", ITKD_LIBEXECDIR);
}
