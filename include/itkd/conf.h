/*
 * The loaded configuration: plain structs with plain pointers, built once by the loader (src/load)
 * into a memfd at a fixed address and mapped read-only ever after. Nothing here is ever written
 * again; pointers lead into the same mapping or into the private region of one identity.
 */
#ifndef ITKD_CONF_H
#define ITKD_CONF_H

#include "itkd/conf_alias.h"
#include "itkd/conf_access.h"
#include "itkd/conf_action.h"
#include "itkd/conf_auth.h"
#include "itkd/conf_index.h"
#include "itkd/conf_map.h"
#include "itkd/conf_log.h"
#include "itkd/conf_mime.h"
#include "itkd/conf_negotiate.h"
#include "itkd/conf_fcgi.h"
#include "itkd/conf_php.h"
#include "itkd/conf_sendfile.h"
#include "itkd/conf_proxy.h"
#include "itkd/conf_rewrite.h"
#include "itkd/conf_remoteip.h"
#include "itkd/conf_userdir.h"
#include "itkd/conf_answer.h"
#include "itkd/conf_env.h"
#include "itkd/conf_expires.h"
#include "itkd/conf_filter.h"
#include "itkd/conf_headers.h"
#include "itkd/host.h"
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define CONF_MAGIC 0x69746b64u
/*
 * A loader that another build of itkd left on the disk lays things out otherwise: the master, which
 * is root, must not read them by its own structs.
 */
#define CONF_FORMAT                                                                            \
	((uint32_t)((((sizeof(struct conf) * 31 + sizeof(struct conf_vhost)) * 31 +            \
	                 sizeof(struct conf_dir)) * 31 + sizeof(struct conf_identity)) * 31 +  \
	            sizeof(struct conf_listener) + sizeof(struct conf_log)))
#define CONF_COMMON_MAX ((size_t)4 << 30)   /* address space, not memory */
#define CONF_PRIVATE_STRIDE ((size_t)16 << 20) /* an identity's part begins at a multiple of it */
#define CONF_PRIVATE_FULL "the values of this user's virtual hosts exceed 16 MiB" /* the same */
#define CONF_VHOST_LOGS 8                   /* error log and access logs of one vhost */
#define CONF_LISTENERS_MAX 512              /* Listen */
#define CONF_FRONTS_MAX 64                  /* processes of a generation */

/* Who a vhost runs as. Resolved from names at load; nobody asks NSS again. */
struct conf_identity {
	uint32_t index;
	uid_t uid;
	gid_t gid;
	uint32_t ngroups;
	const gid_t *groups;      /* what initgroups(user, gid) would set */
	const char *user, *group; /* as the config names them, for messages */
	const char *home;         /* "" when unknown */
	const void *private_base; /* this identity's part of the private region */
	size_t private_size;      /* bytes used of it; 0: it has none */
	const char *digest_file;  /* digest_clients.h; NULL: nothing asks for one */
};

struct conf_listener {
	struct sockaddr_storage addr;
	socklen_t addr_len;
	bool tls;            /* `Listen 443 https`, or port 443, or a vhost with SSLEngine on it */
	bool v6only;
	const char *text;    /* as in the config, for messages: "[::]:443" */
	const char *file;
	uint32_t line;
};

struct assign;     /* assign.h */

/* RequestReadTimeout: 0 = no limit. Seconds; rate in bytes a second. */
struct conf_read_timeout {
	uint32_t header_initial, header_max, header_rate;
	uint32_t body_initial, body_max, body_rate;
	uint32_t handshake_initial, handshake_max, handshake_rate;
};

/* Options, with Apache's meaning. */
#define OPT_INDEXES 0x01u
#define OPT_INCLUDES 0x02u
#define OPT_SYM_LINKS 0x04u
#define OPT_EXECCGI 0x08u
#define OPT_UNSET 0x10u /* only + and - were written: options itself says nothing */
#define OPT_INC_WITH_EXEC 0x20u
#define OPT_SYM_OWNER 0x40u
#define OPT_MULTI 0x80u
/* More than "All" means: what Options may name where AllowOverride says nothing of it. */
#define OPT_ANY (OPT_ALL | OPT_SYM_OWNER | OPT_MULTI)
#define OPT_ALL (OPT_INDEXES | OPT_INCLUDES | OPT_INC_WITH_EXEC | OPT_SYM_LINKS | OPT_EXECCGI)

#define SSL_OPT_STD_ENV_VARS 0x1u

/* On and Off, or not given. */
enum conf_switch { CONF_UNSET, CONF_ON, CONF_OFF };

#define INDEX_REDIRECT_OFF 1

struct conf_strings {
	uint32_t n;
	const char *const *v;
};

/* Bits of conf_dir.set. */
#define DIR_OPTIONS (1ull << 0)
#define DIR_INDEX (1ull << 2)
#define DIR_LIMIT_BODY (1ull << 3)
#define DIR_HANDLER (1ull << 4) /* SetHandler */
#define DIR_TYPE (1ull << 5)    /* ForceType */
#define DIR_SLASH (1ull << 6)
#define DIR_SSL_OPTIONS (1ull << 7) /* absolute ones */
#define DIR_ALLOW (1ull << 40)      /* AllowOverride */
#define DIR_ALLOW_LIST (1ull << 41) /* AllowOverrideList */

struct conf_dir;
struct regex;
struct expr;

/* What a section's argument is compared with, and what holds where it matches. */
enum conf_match_kind { MATCH_TEXT, MATCH_GLOB, MATCH_REGEX };
struct conf_match {
	enum conf_match_kind kind;
	const char *text;          /* the argument as written, without what makes it a kind */
	const struct regex *regex; /* MATCH_REGEX */
	const struct conf_dir *dir;
};
struct conf_matches {
	uint32_t n;
	const struct conf_match *v;
};

enum conf_if_kind { IF_IF, IF_ELSEIF, IF_ELSE };
struct conf_if {
	enum conf_if_kind kind;
	const struct expr *condition; /* NULL: <Else> */
	const struct conf_dir *dir;
};
struct conf_ifs {
	uint32_t n;
	const struct conf_if *v;
};

/* AllowOverride: bits of enum conf_override, and what becomes of a line that is not allowed. */
#define NONFATAL_OVERRIDE 0x100u
#define NONFATAL_UNKNOWN 0x200u
struct conf_allow {
	uint32_t classes;    /* with the NONFATAL_ bits */
	uint32_t options;    /* those that Options may name there */
	uint32_t nlist;      /* AllowOverrideList */
	const uint16_t *list; /* enum conf_id */
};

/*
 * Per-directory settings. Merged base first, in the order of conf_vhost.sections
 * (conf_dir_merge). A field counts only when its bit is set.
 */
struct conf_dir {
	uint64_t set;
	uint64_t print; /* of what was merged in which order: the same one, the same settings */
	uint32_t options, options_add, options_remove; /* core_dir_config's three words */
	struct conf_access access;
	struct conf_auth *auth; /* AuthType and its like; NULL: nothing said */
	struct conf_strings index;
	int64_t limit_body; /* LimitRequestBody, 0: none */
	const char *handler, *type; /* SetHandler, ForceType: never NULL where their bit is set */
	const struct expr *handler_expr; /* SetHandler with %{} in it: handler is its text */
	bool slash;
	struct conf_log_levels *log_levels; /* LogLevel; NULL: nothing */
	struct conf_proxy *proxy;     /* ProxyPass and its like; NULL: nothing */
	struct conf_alias_dir *alias; /* Redirect and its like; NULL: nothing */
	const struct conf_rewrite *rewrite; /* NULL: nothing said */
	struct conf_index *listing; /* how its list looks; NULL: nothing said */
	struct conf_mime_dir *mime; /* AddType and its like; NULL: nothing */
	struct conf_negotiate *negotiate; /* languages; NULL: nothing said */
	struct conf_actions *actions;
	struct conf_fcgi *fcgi;
	struct conf_sendfile *sendfile;
	struct conf_php *php; /* in the identity's private region where a vhost wrote it */
	const char *fallback; /* FallbackResource; "": disabled; NULL: not given */
	uint16_t index_redirect; /* DirectoryIndexRedirect: a status; 0: not given */
	enum conf_switch check_handler; /* DirectoryCheckHandler */
	struct conf_envs env;             /* merged by appending */
	struct conf_setenvifs setenvif_server; /* outside of any section: before a file is known */
	struct conf_setenvifs setenvif;
	struct conf_answer answer;
	struct conf_headers *headers; /* Header and RequestHeader; NULL: none */
	struct conf_expires *expires; /* NULL: nothing said */
	struct conf_filter *filter; /* the same */
	/* SSLOptions, with + and - as Options; SSLRequireSSL */
	uint32_t ssl_options, ssl_options_add, ssl_options_remove;
	bool ssl_required;
	struct conf_allow allow;
	struct conf_matches files; /* <Files>, <FilesMatch>: merged by appending */
	struct conf_ifs ifs;       /* <If>, <ElseIf>, <Else>: the same */
};

enum conf_section_kind { SECTION_DIRECTORY, SECTION_DIRECTORY_GLOB };

/* <Directory>: in the order in which they apply, shortest path first (Apache: ap_core_reorder). */
struct conf_section {
	enum conf_section_kind kind;
	const char *path;    /* canonical, "/" or without a trailing slash */
	uint32_t components; /* of path; "/" has 0 */
	const struct conf_dir *dir;
	const char *file;
	uint32_t line;
};
struct conf_sections {
	uint32_t n;
	const struct conf_section *v;
};

#define TLS_V1_2 0x1u
#define TLS_V1_3 0x2u

/* A certificate and its key: clients that take several kinds choose one. */
struct conf_tls_pair {
	const char *cert, *key; /* paths; key NULL: it is in cert */
	const char *file;       /* of the certificate's line, for messages */
	uint32_t line;
};

struct conf_tls {
	bool engine;
	uint32_t protocols;
	bool honor_order, tickets, strict_sni;
	uint32_t npairs;
	const struct conf_tls_pair *pairs;
	const char *chain; /* path; NULL: the chains are behind the certificates */
	const char *ciphers, *ciphersuites;
	const char *commands; /* SSLOpenSSLConfCmd: a line each, "NAME VALUE"; NULL: none */
};

struct conf_vhost {
	uint32_t id;             /* index into conf->vhosts; 0 is the main server */
	const char *file;        /* where <VirtualHost> stands; NULL for the main server */
	uint32_t line;
	struct host_vhost host;  /* addresses, ServerName, ServerAlias: what host.h resolves by */
	const char *server_name; /* never NULL */
	uint16_t server_port;    /* of ServerName, else of the address, else 0 */
	const char *scheme;      /* of ServerName, or NULL */
	bool named;              /* ServerName was given */
	const char *server_admin;
	const char *document_root;
	const char *root_told; /* with the slash that it was written with: what programs see */

	uint32_t site;                   /* id; of another one for a second identity of that one */
	const struct assign *assign;     /* which identity a request gets; NULL: always this one */
	uint32_t nidentities;            /* at least 1 */
	const uint32_t *identities;      /* indexes into conf->identities */
	uint64_t counter;                /* never 0: (ServerName, identity) in the scoreboard */
	uint32_t max_clients;            /* MaxClientsVHost; 0: no cap */
	int nice;                        /* NiceValue */

	uint32_t nlogs;                  /* descriptors that a job carries for it */
	uint32_t logs[CONF_VHOST_LOGS];  /* log ids; logs[0] is the ErrorLog */
	bool status_page;                /* SetHandler server-status is somewhere in it */
	uint32_t naccess;
	const struct conf_access_log *access;
	uint32_t log_level;              /* LogLevel for all modules but those of dir.log_levels */
	const struct error_format *error_format; /* ErrorLogFormat; NULL: Apache's own */

	uint32_t timeout;                /* seconds */
	bool keep_alive;
	uint32_t keep_alive_timeout;     /* milliseconds */
	uint32_t max_keep_alive_requests; /* 0: no limit */
	struct conf_read_timeout read_timeout;
	uint32_t limit_line, limit_fields, limit_field_size;
	enum answer_trace trace;
	enum answer_slashes encoded_slashes;
	bool keep_slashes;               /* MergeSlashes Off */
	bool registered_methods;         /* HttpProtocolOptions */
	uint32_t redirects_max;          /* LimitInternalRecursion */

	uint32_t naliases;
	const struct conf_alias *aliases; /* the vhost's own, then the main server's, in order */
	struct conf_aliases redirects;    /* the same; of server context */
	const struct conf_rewrite *rewrite; /* the server's own rules; NULL: nothing said */
	const struct conf_remoteip *remoteip; /* NULL: nothing said */
	const struct conf_userdir *userdir; /* NULL: /~user is a name like others */
	struct conf_dir dir;              /* server context: main server's, then the vhost's */
	struct conf_sections sections;    /* main server's and the vhost's, as they apply */
	struct conf_matches directory_matches; /* <DirectoryMatch>, after these */
	struct conf_matches proxies;      /* <Proxy>: what the backend's URL begins with */
	struct conf_proxy_server proxy;
	struct conf_matches locations;    /* <Location>, <LocationMatch> */
	struct conf_strings access_names; /* AccessFileName */
	const struct conf_deflate *deflate; /* NULL: the defaults */
	const struct conf_brotli *brotli;
	struct conf_tls tls;
};

/* An extension of mime.types. Sorted by ext, for bsearch. */
struct conf_mime {
	const char *ext;
	const char *type;
};

/* A host that the configuration names as a backend. */
struct conf_host {
	const char *name; /* lower case */
	uint32_t n;
	const struct sockaddr_storage *v; /* without a port */
};

struct sock_filter;

struct conf {
	uint32_t magic, format;
	uint32_t generation;
	void *base; /* where this is mapped */
	size_t size;
	void *private_base;
	size_t private_size; /* of the whole private region; 0: none */

	const char *program; /* itkd itself, for --lookup */
	const char *config_file, *server_root, *pid_file, *runtime_dir;
	const char *server_token; /* ServerTokens: what the Server field says */
	const char *server_software; /* what programs are told */
	struct conf_strings methods; /* RegisterHttpMethod */
	bool extended_status;     /* somewhere a status page is, and it shows what is served */
	size_t digest_size;       /* of the files of digest_clients.h */
	bool php_expected;        /* something runs PHP: its programs are not sent */
	uid_t front_uid;
	gid_t front_gid;
	uid_t log_uid;
	gid_t log_gid;
	uint32_t fronts; /* processes */

	uint32_t nlisteners;
	const struct conf_listener *listeners;
	uint32_t nidentities;
	const struct conf_identity *identities;
	uint32_t nvhosts;
	uint32_t nsites; /* the first of them: those that a name leads to (assign.h) */
	const struct conf_vhost *const *vhosts;
	uint32_t nlogs;
	const struct conf_log *logs;
	uint32_t main_log; /* the main server's ErrorLog: always shared */
	struct host_map host;
	const struct conf_proxy_protocol *proxy_protocol; /* NULL: on nowhere */

	uint32_t nhomes; /* for UserDir */
	const struct conf_home *homes;
	/* For .htaccess: the directive table's index, ${VAR}, <IfDefine>. */
	struct conf_map names, vars, defines;

	uint32_t nmime;
	const struct conf_mime *mime;

	uint32_t nhosts; /* of backends: resolved when this was loaded, sorted by name */
	const struct conf_host *hosts;

	uint32_t start_servers, min_spare, max_spare, max_workers;
	uint32_t listen_backlog;
	uint32_t graceful_timeout; /* seconds, for old generations; never 0 */
	uint32_t graceful_stop_timeout; /* seconds, for graceful-stop; 0: no limit */

	/* LimitUIDRange / LimitGIDRange where they are set: a filter for each spare (raw BPF). */
	bool limit_uid, limit_gid;
	uid_t uid_min, uid_max;
	gid_t gid_min, gid_max;
	uint32_t nfilter;
	const struct sock_filter *filter;
};

/* Lays add over base: what a later section says wins, lists are appended (from arena a). */
struct arena;
void conf_dir_merge(struct arena *a, struct conf_dir *base, const struct conf_dir *add);

#endif
