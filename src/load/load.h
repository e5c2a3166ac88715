/*
 * The loader's own: from the tree of directives to a struct conf. Everything in src/load runs in
 * short-lived processes started by the administrator or by the master, and ends with them.
 */
#ifndef ITKD_LOAD_H
#define ITKD_LOAD_H

#include "itkd/arena.h"
#include "itkd/conf.h"
#include "itkd/conf_dir.h"
#include "itkd/conf_map.h"
#include "itkd/conf_parse.h"
#include "itkd/conf_report.h"
#include "itkd/conf_table.h"
#include <stdbool.h>
#include <stdint.h>

#define LOAD_IDENTITIES_MAX 65536u

/* The command line's part in the configuration. */
struct load_options {
	const char *config_file; /* -f: absolute */
	const char *server_root; /* -d: absolute */
	unsigned ndefines, npre, npost;
	const char **defines; /* -D */
	const char **pre;     /* -C: directives before the file */
	const char **post;    /* -c: and behind it */
	bool no_root_check;   /* -T */
	bool check_only;      /* -t: nothing is started */
};

/* A name or an id that the config gives for who something runs as. */
struct load_who {
	const struct conf_node *node; /* NULL: not given */
	const char *user, *group;     /* group NULL: the user's own */
};

struct load_ssl_file {
	const char *path; /* in the common arena */
	const struct conf_node *node;
};

struct load_access {
	const struct conf_node *node;
	const char *path;
	const char *format; /* name or text; NULL: the server's default one */
	const char *env;
	const struct expr *expr;
	bool global; /* GlobalLog */
};

/* UserDir while it is read. */
struct load_userdir {
	const struct conf_node *places; /* the line that names them; NULL: none */
	bool disabled;
	struct conf_vec enabled, disabled_users; /* const char *, not inherited */
};

/* RemoteIP while it is read. */
struct load_remoteip {
	const struct conf_node *header_node;
	const char *header, *proxies_header;
	enum conf_switch keep_alive;
	struct conf_vec proxies; /* struct conf_peer: its own, not inherited */
};

struct load_section {
	const struct conf_node *node;
	struct conf_match match;
	uint32_t components;
};

/* The main server or a virtual host while it is read: a conf_vhost and what becomes of it later. */
struct load_server {
	const struct conf_node *node; /* <VirtualHost>; NULL: the main server */
	const struct load_server *main; /* NULL in the main server */
	struct conf_vhost v;
	struct load_who assign, suexec;
	struct load_server *site;    /* whose further identity this is; NULL: it is a site */
	struct conf_vec variants;    /* struct load_server *: its further identities */
	struct conf_vec rules;       /* struct load_rule: sections with AssignUserID */
	struct conf_vec who;         /* struct load_rule: whom an expression may name */
	const struct conf_node *user_expr, *group_expr; /* AssignUserIDExpr, AssignGroupIDExpr */
	const char *error_log;
	const struct conf_node *error_log_node;
	struct conf_vec access;      /* struct load_access */
	struct conf_map formats;     /* LogFormat by name */
	const char *default_format;  /* the LogFormat without a name */
	struct conf_vec addrs;       /* struct host_addr */
	struct conf_vec texts;       /* const char *: what is looked up for them */
	struct conf_vec names;       /* const char *: ServerAlias */
	struct conf_vec sections;    /* struct load_section */
	struct conf_vec locations;   /* struct conf_match */
	struct conf_vec proxies;     /* the same, <Proxy> */
	struct conf_dir_build dir;
	bool rewrites; /* a line of mod_rewrite is in it, or in one of its sections */
	struct load_userdir userdir;
	struct load_remoteip remoteip;
	const struct conf_node *document_root;
	const struct conf_node *server_name;
	const struct conf_node *ssl_engine;
	struct conf_vec certificates, keys; /* struct load_ssl_file: its own, in pairs */
	struct conf_vhost *out; /* its place in the configuration */
	int engine; /* SSLEngine: 1 On, 0 Off, -1 not given */
};

struct load_listener {
	const struct conf_node *node;
	bool https; /* protocol https, given or by port 443 */
	bool given;
};

struct load_names;

struct loader {
	struct arena *tmp;         /* heap: the tree, lists that grow */
	struct conf_report *report;
	struct conf_parser parser;
	struct arena common;       /* the common part of the config */
	struct arena *private;     /* one an identity, over its part of the private region */
	struct conf *conf;
	uint64_t seed;

	struct load_server main;
	struct load_server **servers; /* virtual hosts, from 0 */
	uint32_t nservers;
	bool check_only;
	uint32_t nsites; /* the first of them; behind them, their further identities */

	struct load_who user, front, log; /* User and Group, FrontUser, LogUser */
	const struct conf_node *group_node;
	const struct conf_node *main_lines; /* the main server's, without the virtual hosts */
	struct conf_vec identities;  /* struct conf_identity */
	uint32_t nobody;             /* index + 1 of a stand-in for unknown users; 0: none */
	struct conf_map identity_of; /* by uid, gid, groups */
	struct conf_map who_of;      /* by the config's words */
	struct conf_vec listeners;   /* struct conf_listener */
	struct conf_vec listens;     /* struct load_listener, the same order */
	struct conf_vec logs;        /* struct conf_log */
	struct conf_map log_of;      /* index + 1 by path */
	struct conf_map format_of;   /* compiled formats by text */
	struct load_names *names;    /* load_names.c; NULL: not read yet */
	struct conf_vec proxied;     /* struct load_proxied: RemoteIPProxyProtocol */
	struct conf_vec exceptions;  /* struct subnet: RemoteIPProxyProtocolExceptions */
	struct conf_map noted;       /* accepted directives of which a note was given */
	bool homes;                /* a UserDir needs home directories */
	const char *types_config;
	const struct conf_node *types_config_node;
	uint32_t server_limit;
	bool no_root_check; /* -T: a DocumentRoot need not be there */
};

/* load_php.c: whether a line among nodes, or in their sections, makes something run PHP. */
bool load_php_runs(const struct conf_node *nodes);
/* Whether an Action is that of mod_php's handler. */
bool load_php_action(const struct conf_node *nodes);
/* load_tree.c: reads the files; the result is l->parser.root. */
void load_tree(struct loader *l, const struct load_options *o);
/* The file that -f means, and the ServerRoot before it is read. */
const char *load_default_root(void);
const char *load_default_file(void);

/* load_region.c: the memory that the config is built in. */
struct load_region {
	int common_fd, private_fd;
	void *base;  /* where the common part is to be; NULL: anywhere */
	bool fixed;  /* the private region follows at its place */
	void *private_base;
	size_t private_mapped;
};
/* Memory of this process's own. */
bool load_region_own(struct load_region *r, struct conf_report *report);
bool load_region_common(struct load_region *r, struct conf_report *report);
bool load_region_private(struct load_region *r, size_t size, struct conf_report *report);
/* Unmaps; memfds are cut to the size used. */
bool load_region_end(struct load_region *r, size_t common, size_t private);

/*
 * load_build.c: builds the configuration; NULL when there are errors, which are in the report.
 * With memfds in r they are cut to size, but not sealed.
 */
const struct conf *load_build(
	struct loader *l, const struct load_options *o, struct load_region *r, uint32_t generation);
void load_init(struct loader *l, struct arena *tmp, struct conf_report *report);

/* load_walk.c: applies the directives of one server. */
void load_walk(struct loader *l, struct load_server *s, const struct conf_node *nodes);

/* load_set.c and its like: one function a directive, found by directives.def. */
typedef const char *(*load_setter)(
	struct loader *l, struct load_server *s, const struct conf_value *v);
const char *load_set(struct loader *l, struct load_server *s, const struct conf_value *v);
#define VHOST(field)
#define GLOBAL(field)
#define DIR(f)
#define EARLY
#define NONE
#define SERVER(f)                    \
	const char *load_set_##f(    \
		struct loader *l, struct load_server *s, const struct conf_value *v);
#define SECTION(name, ...)
#define DIRECTIVE(name, arg, context, override, module, status, initial, min, max, setter, ...) \
	setter
#include "itkd/directives.def"
#undef VHOST
#undef GLOBAL
#undef DIR
#undef EARLY
#undef NONE
#undef SERVER
#undef SECTION
#undef DIRECTIVE

/* load_set_answer.c: the Server field, with so many components of the version. */
void load_server_token(struct loader *l, unsigned components, bool system);

/* load_server.c: Apache's defaults, and what a virtual host inherits. */
void load_server_main(struct loader *l);
void load_server_inherit(struct loader *l, struct load_server *s);
/* ServerName where none is given, port and scheme; after all directives. */
void load_server_name(struct loader *l, struct load_server *s);

/* load_who.c: names to ids, by NSS. */
void load_identities(struct loader *l);
/* The identity of s by who's names, as its only one. */
void load_who_set(struct loader *l, struct load_server *s, const struct load_who *who);
/* Which identity of a site a request gets, by a section or by the names of an expression. */
struct load_rule {
	const struct conf_node *section, *node; /* AssignUserID or an expression, in that section */
	const char *user, *group;
	struct load_server *server; /* NULL: an expression */
};
/* load_assign_expr.c */
struct assign;
struct expr;
/* Who a site runs as where nothing else is said. */
const struct load_who *load_assign_base(const struct loader *l, const struct load_server *s);
/* Of AssignUserIDExpr or AssignGroupIDExpr; its text in *text. NULL: it was reported. */
const struct expr *load_assign_text(struct loader *l, const struct load_server *s,
	const struct conf_node *n, const char **text);
void load_assign_expr(struct loader *l, struct load_server *s, struct conf_vec *all);
void load_assign_expr_finish(struct loader *l, const struct load_server *s, struct assign *out);
/* The server of s for that identity: s itself, or one of its variants. */
struct load_server *load_assign_variant(
	struct loader *l, struct load_server *s, const struct load_who *who, struct conf_vec *all);
/* load_assign.c: AssignUserID below a site. After load_identities(); after all is read. */
void load_assign_identities(struct loader *l);
void load_assign_finish(struct loader *l);
/* load_ranges.c: checks over all identities; uid 0, ranges, FrontUser and LogUser. */
void load_identity_checks(struct loader *l);
struct load_ids {
	uid_t uid;
	gid_t gid;
	const char *name; /* as NSS has it; NULL for a bare id */
	const char *home;
};
/* NULL, or what is wrong. */
const char *load_who_user(struct loader *l, const char *text, struct load_ids *ids);
const char *load_who_group(struct loader *l, const char *text, gid_t *gid);
/* Sorted, without repetition; *n of them, in the common part. */
const gid_t *load_who_groups(struct loader *l, const struct load_ids *ids, uint32_t *n);

/* load_names.c: passwd and group files read once, where NSS would ask them first anyway. */
bool load_names_user(struct loader *l, const char *name, struct load_ids *ids);
bool load_names_group(struct loader *l, const char *name, gid_t *gid);
/* The groups that list the user, without its own; false: NSS must be asked. */
bool load_names_member(struct loader *l, const char *user, struct conf_vec *gids);

/* load_listen.c, load_addr.c */
void load_listen_finish(struct loader *l);
/* The addresses of a <VirtualHost>. */
void load_addrs(struct loader *l, struct load_server *s);
/* host[:port]; *any for port "*"; *port 0 for none. false where it is malformed. */
bool load_addr_split(
	struct loader *l, const char *text, const char **host, uint16_t *port, bool *any);
void load_addr_from(struct host_addr *to, const struct sockaddr *sa, uint16_t port);
/* "address:port" of a virtual host's address, as -S shows it. */
const char *load_addr_text(struct arena *a, const struct host_addr *addr);

/* load_tls.c: which virtual hosts and listeners are TLS. */
void load_tls_finish(struct loader *l);

/* load_alias.c: aliases and redirects of server context; before they are merged. */
void load_alias_finish(struct loader *l, struct load_server *s);

/* load_page.c: who may show the status page. */
void load_status_page(struct loader *l);
/* Whether a line among nodes, or in a section of them that is no <VirtualHost>, is one of those. */
bool load_says(const struct conf_node *nodes, bool (*is)(const struct conf_node *n));

/* load_digest.c: whose clients of AuthType Digest are kept in mind. At the end. */
void load_digest_files(struct loader *l);

/* load_log_target.c: the log that a text names, of what kind it is, and who writes it. */
uint32_t load_log_id(struct loader *l, const struct load_server *s, const char *text,
	const struct conf_node *node);

/* load_log.c */
void load_log_finish(struct loader *l);

/* load_section.c */
void load_section_add(struct loader *l, struct load_server *s, const struct conf_node *node);
void load_section_finish(struct loader *l, struct load_server *s);

/* load_proxy.c: <Proxy>; ProxyPass of server context, before it is merged; all else after that. */
void load_proxy_section(struct loader *l, struct load_server *s, const struct conf_node *node);
void load_proxy_passes(struct loader *l, struct load_server *s);
void load_proxy_finish(struct loader *l, struct load_server *s);
/* Addresses of the backends that the files name. */
void load_proxy_hosts(struct loader *l);

/* load_htaccess.c: the file's default name, and what a child needs to read one. */
void load_htaccess_names(struct loader *l);
void load_htaccess_finish(struct loader *l);

/* load_count.c: the counter of a site in the scoreboard. */
void load_counters(struct loader *l);
uint64_t load_siphash(uint64_t k0, uint64_t k1, const char *p, size_t n);

/* load_check.c: warnings over the whole. */
void load_check(struct loader *l);

/* load_userdir.c */
void load_userdir_finish(struct loader *l, struct load_server *s);
/* The home directories, after all servers and ranges. */
void load_homes(struct loader *l);

/* load_remoteip.c: the proxies of a server; then the addresses that PROXY headers come to. */
void load_remoteip_server(struct loader *l, struct load_server *s);
void load_remoteip_finish(struct loader *l);

/* load_mime.c, load_filter.c */
void load_mime(struct loader *l);
void load_filter(struct loader *l);

/* load_start.c: the full path of this program, or NULL. */
const char *load_self(struct arena *a);

/* load_text.c */
const char *load_fail(struct loader *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
