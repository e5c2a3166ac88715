/*
 * Apache's defaults, what a virtual host inherits from the main server, and its name. Run by the
 * loader.
 */
#include "load/load.h"

#include "itkd/log.h"
#include "itkd/scoreboard.h"
#include <string.h>
#include <unistd.h>

static void default_globals(struct loader *l)
{
	struct conf *c = l->conf;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	c->server_root = arena_strdup(&l->common, l->parser.server_root);
	c->runtime_dir = arena_strdup(&l->common, "/run/itkd");
	c->fronts = cpus < 1 ? 1 : cpus > CONF_FRONTS_MAX ? CONF_FRONTS_MAX : (uint32_t)cpus;
	c->start_servers = 5;
	c->min_spare = 5;
	c->max_spare = 10;
	c->max_workers = 256;
	c->extended_status = true;
	c->listen_backlog = 511;
	l->server_limit = SCOREBOARD_SLOTS;
	l->types_config = "/etc/mime.types";
}

static void begin_dir(struct loader *l, struct load_server *s, struct arena *secret)
{
	conf_dir_begin(&s->dir, l->tmp, &l->common, secret, l->report);
	s->dir.server_root = l->parser.server_root;
	s->dir.context = s->node ? CTX_VHOST : CTX_SERVER;
	s->dir.within = s->node ? 0 : WITHIN_MAIN;
	s->dir.noted = &l->noted;
	s->dir.rewrites = &s->rewrites;
}

void load_server_main(struct loader *l)
{
	struct load_server *s = &l->main;
	struct conf_vhost *v = &s->v;

	default_globals(l);
	v->server_admin = arena_strdup(&l->common, "[no address given]");
	v->document_root = v->root_told = arena_strdup(&l->common, "/var/www/html");
	v->log_level = LOG_WARNING;
	v->timeout = 60;
	v->keep_alive = true;
	v->tls.tickets = true;
	v->keep_alive_timeout = 5000;
	v->max_keep_alive_requests = 100;
	v->read_timeout = (struct conf_read_timeout){.header_initial = 20,
	    .header_max = 40,
	    .header_rate = 500,
	    .body_initial = 20,
	    .body_rate = 500};
	v->limit_line = 8190;
	v->limit_fields = 100;
	v->limit_field_size = 8190;
	v->redirects_max = 10;
	v->proxy.max_forwards = -1;
	v->proxy.inherit = true;
	load_server_token(l, 3, false);
	v->tls.protocols = TLS_V1_2 | TLS_V1_3;
	s->engine = -1;
	s->error_log = "/var/log/itkd/error.log";
	conf_map_init(&s->formats, l->tmp, false);
	load_htaccess_names(l);
	/* What the main server sets, every identity reads. */
	begin_dir(l, s, &l->common);
	s->dir.dir.options = OPT_SYM_LINKS;
	s->dir.dir.allow.options = OPT_ANY;
	s->dir.dir.slash = true;
	s->dir.dir.limit_body = 1073741824;
	s->dir.dir.set = DIR_OPTIONS | DIR_SLASH | DIR_LIMIT_BODY;
}

/* The main server once more, as another identity: what virtual hosts do not inherit, too. */
static void inherit_all(const struct loader *l, struct load_server *s)
{
	const struct load_server *m = &l->main;

	s->rewrites = true;
	s->v.server_name = m->v.server_name;
	s->v.server_port = m->v.server_port;
	s->v.scheme = m->v.scheme;
	s->v.named = m->v.named;
	s->v.encoded_slashes = m->v.encoded_slashes;
	s->server_name = m->server_name;
	s->userdir.enabled = m->userdir.enabled;
	s->userdir.disabled_users = m->userdir.disabled_users;
}

/* All fields hold the main server's values; what Apache does not inherit begins anew. */
void load_server_inherit(struct loader *l, struct load_server *s)
{
	const struct load_server own = *s;
	uint32_t identity = own.v.identities[0];

	*s = l->main;
	s->node = own.node;
	s->main = &l->main;
	s->rewrites = false;
	/* Who it runs as was settled before. */
	s->assign = own.assign;
	s->site = own.site;
	s->variants = own.variants;
	s->rules = own.rules;
	s->who = own.who;
	s->user_expr = own.user_expr;
	s->group_expr = own.group_expr;
	s->v.nidentities = 1;
	s->v.identities = own.v.identities;
	s->v.server_name = NULL;
	s->v.scheme = NULL;
	s->v.named = false;
	s->v.encoded_slashes = SLASHES_REFUSED;
	s->server_name = NULL;
	s->default_format = NULL;
	s->ssl_engine = NULL;
	s->certificates = s->keys = (struct conf_vec){0};
	s->access = s->addrs = s->names = s->sections = (struct conf_vec){0};
	s->locations = s->proxies = (struct conf_vec){0};
	s->userdir.enabled = s->userdir.disabled_users = (struct conf_vec){0};
	s->remoteip.proxies = (struct conf_vec){0};
	conf_map_init(&s->formats, l->tmp, false);
	begin_dir(l, s, &l->private[identity]);
	if (s->site == &l->main)
		inherit_all(l, s);
}

/* The system's own name. No name service is asked: it may be down when the server starts. */
static const char *host_name(struct loader *l)
{
	char name[256];

	if (gethostname(name, sizeof(name) - 1) != 0)
		name[0] = '\0';
	name[sizeof(name) - 1] = '\0';
	return arena_lower(&l->common, name[0] ? name : "localhost");
}

void load_server_name(struct loader *l, struct load_server *s)
{
	if (!s->v.named && !s->node) {
		s->v.server_name = host_name(l);
		if (l->nservers == 0)
			conf_report_at(l->report, CONF_WARNING, NULL, 0, NULL,
			    "AH00558: Could not reliably determine the server's fully qualified "
			    "domain name, using %s. Set the 'ServerName' directive globally to "
			    "suppress this message",
			    s->v.server_name);
	} else if (!s->v.named) {
		s->v.server_name = l->main.v.server_name;
	}
}
