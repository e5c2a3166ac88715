/*
 * The state of one connection and of one request, as the files of src/child share it. All of it is
 * in a process of the vhost's user, after the drop, and ends with the connection.
 */
#ifndef ITKD_CHILD_STATE_H
#define ITKD_CHILD_STATE_H

#include "itkd/addr.h"
#include "child_filter.h"
#include "child_table.h"
#include "itkd/arena.h"
#include "itkd/child.h"
#include "itkd/date.h"
#include "itkd/expr.h"
#include "itkd/http_head.h"
#include "itkd/log.h"
#include "itkd/path.h"
#include <poll.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#define CHILD_BODY_ROOM 16384 /* of a body, behind the largest head */
#define CHILD_IN_MAX (HTTP_HEAD_MAX + CHILD_BODY_ROOM)
#define CHILD_SMALL 16384    /* up to here one write with the head is cheaper than sendfile */
#define CHILD_CGI_HEAD 65536 /* bytes of a CGI program's head */
#define CHILD_CGI_PIECE 65536
#define CHILD_OUT_MAX (CHILD_CGI_HEAD + CHILD_CGI_PIECE + 16384)
/* Of an answer's head: a piece of its body with a chunk's framing fits behind it. */
#define CHILD_HEAD_MAX (CHILD_OUT_MAX - CHILD_CGI_PIECE - 64)
#define CHILD_ARENA_MAX ((size_t)256 << 20)
#define CHILD_ARENA_FIRST 2048 /* enough for most requests for a file */
#define CHILD_DRAIN_MAX (256 * 1024) /* of a body that nobody wants, to keep a connection */
#define CHILD_HOST_MAX 256

/* How symbolic links are looked at: Options FollowSymLinks, neither, SymLinksIfOwnerMatch. */
enum child_links { LINKS_FOLLOW, LINKS_NONE, LINKS_OWNER };

/* From this byte of a path on, components are looked up under that policy. */
struct child_run {
	size_t at;
	enum child_links links;
};

#define CHILD_HTACCESS_MAX (4 * 1024 * 1024)  /* bytes of one */
#define CHILD_HTACCESS_FILES 64               /* on the way to one directory */
#define CHILD_HTACCESS_KEPT (8 * 1024 * 1024) /* bytes of parsed ones, for the connection */

/* Which file it is, and of when. */
struct child_stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime, ctime;
};

/* A .htaccess that was parsed. */
struct child_htaccess {
	const struct child_htaccess *next;
	const char *path;
	struct child_stamp stamp;
	unsigned request;        /* child.served when it was parsed */
	bool settled;            /* it was so old that the same stamp means the same bytes */
	struct conf_allow allow; /* what it might hold */
	struct conf_dir dir;
};

/* A name that was looked for on the way to a directory. */
struct child_look {
	struct child_look *next;
	const char *path;
	const struct child_htaccess *file; /* NULL: there is none */
};

/* The settings of one directory. The last one is kept: it is mostly the next one, too. */
struct child_dir {
	struct arena arena;
	const struct conf_vhost *vhost; /* NULL: nothing merged yet */
	const char *path;               /* without a slash behind it; "" is the root */
	size_t path_n;
	struct conf_dir walked; /* of its <Directory> and .htaccess */
	struct conf_dir merged; /* what holds for the request's current target */
	struct child_run *runs;
	size_t nruns;
	bool fresh;               /* nothing was merged for this request yet */
	bool undecided;           /* a section's pattern took too many steps for this name */
	unsigned nfiles;          /* .htaccess files that are in walked */
	uint32_t next;            /* the first of the vhost's sections that is deeper than path */
	const char *matched;      /* what <DirectoryMatch> was compared with in path */
	struct child_look *looks; /* what must be as it was for walked to hold */
	struct arena kept;        /* of what was parsed */
	uint64_t forgotten;       /* how often that was given back: print is of addresses in it */
	const struct child_htaccess *parsed;
};

/* A deadline that moves on with the bytes that come: RequestReadTimeout. 0: no limit. */
struct child_rate {
	int64_t deadline, last; /* milliseconds, CLOCK_MONOTONIC */
	uint32_t rate;          /* bytes a second; 0: the deadline stays */
};

struct child {
	const struct child_start *start;
	const struct conf_vhost *vhost; /* of the current request */
	const struct host_group *group;
	const struct conf_vhost *first; /* of group: its limits hold for heads, as in Apache */
	struct http_limits limits;
	pid_t pid;
	int fd;
	bool relay;   /* the other end is the relay of a TLS connection */
	bool eof;     /* the client will send no more */
	bool nodelay; /* TCP_NODELAY was set */
	bool never_blocks; /* O_NONBLOCK stays on */
	uint8_t blocks_ms; /* it is off, and a read waits so long: see child_fill_soon(); 0: on */
	bool leads;   /* a process group of its own, for CGI programs and for killing them */
	bool last;    /* the client said itself that it sends no more requests, and no body */
	uint16_t peer_port, local_port;
	char peer[ADDR_IP_MAX], local[ADDR_IP_MAX];  /* peer: whose request it is, see below */
	struct sockaddr_storage connection;          /* the other end itself, perhaps a proxy */
	char connection_peer[ADDR_IP_MAX];
	bool proxied; /* a PROXY header came: no field of a request names another client */
	bool named;   /* a field of the current request did: peer is not connection_peer */
	bool host_known;             /* host was asked for */
	char host[CHILD_HOST_MAX];   /* the client's name, "" for none */
	char client[ADDR_TEXT_MAX];  /* for the error log */
	int logs[CONF_VHOST_LOGS];   /* by vhost->logs' index */
	unsigned served;             /* requests on this connection, the current one included */
	unsigned nonce_taken;        /* the one of them whose nonce was taken: child_auth_nonce.c */
	int unsent;                  /* bytes in the socket that the client has not taken */
	uint64_t bytes_in, bytes_out; /* of the current request */
	struct arena arena;          /* of the current request */
	struct child_request *request; /* that one */
	bool looking; /* files are looked at for a list, not opened for reading */
	struct child_dir dir;
	char log_ids[2][12];         /* of the connection and the request, once one had an error */
	struct child_status status;  /* see itkd/child.h */
	time_t date_second;
	char date[DATE_LEN + 1];
	size_t in_at, in_end; /* what was read and not used yet */
	size_t out_n;
	size_t out_fields, out_own; /* in out: behind Server; behind what r->err put there */
	bool out_over; /* the answer's head does not fit into out */
	bool out_bad;  /* a field of it is none (RFC 9110 section 5.5) */
	char request_first[CHILD_ARENA_FIRST], dir_first[CHILD_ARENA_FIRST];
	char in[CHILD_IN_MAX];
	char cgi[CHILD_CGI_HEAD];
	alignas(4096) char out[CHILD_OUT_MAX]; /* a small answer in one page */
};

/* What a URL path leads to. */
struct child_target {
	const char *file;           /* absolute path of what was opened, without PATH_INFO */
	const char *path_info;      /* "" or a path */
	const char *context_prefix; /* of the alias, or "" */
	const char *context_root;   /* what the alias stands for, or DocumentRoot */
	const char *handler;        /* "cgi-script", or NULL for a file as it is */
	const char *type;           /* Content-Type or NULL */
	const char *encoding;       /* Content-Encoding or NULL */
	const char *language;       /* Content-Language or NULL */
	const char *input_filters, *output_filters; /* AddInputFilter, AddOutputFilter, or NULL */
	bool script;                /* by ScriptAlias */
	bool typed;                 /* the handler is what its type stands for */
	bool unreadable;            /* there is such a file, but its bytes are not to be had */
	int fd;                     /* -1: nothing is open */
	int error;                  /* errno of the open that failed, or 0 */
	int status;                 /* of its .htaccess, which was refused; 0: none was */
	struct stat st;
	const char *uri;            /* what the choice among variants made of it; NULL: nothing */
};

enum child_body_kind { BODY_NONE, BODY_LENGTH, BODY_CHUNKED };
struct child_body {
	enum child_body_kind kind;
	bool done;     /* the last byte was taken from the connection */
	bool expect;   /* the client waits for 100 (Continue), which was not sent */
	uint64_t left; /* BODY_LENGTH */
	uint64_t seen, limit; /* LimitRequestBody; 0: none */
	struct http_chunked chunked;
	struct child_rate rate;
};

/* Settings that decided about access, and who asked. */
struct child_grant {
	bool set;
	uint64_t print; /* conf_dir.print */
	const char *user, *type;
};

/* Variables of a request (child_env.c). */
struct child_env {
	struct conf_env *v;
	uint32_t n, room;
	uint64_t names; /* a bit for each that was ever in it: most that are asked for never were */
};

/* One request, from the first byte of its head to its line in the access log. */
struct child_request {
	struct http_head head;
	bool parsed;                /* head holds something */
	size_t head_end;            /* offset in c->in of what follows the head */
	struct timespec start;      /* CLOCK_REALTIME */
	int64_t start_us;           /* CLOCK_MONOTONIC */
	bool head_only;             /* HEAD: no body in the answer */
	struct child_body body;

	struct span method;         /* GET after an internal redirect */
	enum http_method method_id;
	const char *path;           /* decoded, as requested */
	const char *uri;            /* the same, or where an internal redirect led */
	struct span query;
	bool has_query;
	unsigned redirects;         /* internal ones so far */
	char *const *php_arguments; /* for the PHP that an Action leads to; NULL: none */
	unsigned php_redirect;      /* which of the redirects was that Action's; 0: none */
	bool no_body;               /* a program has it already, or it is too large for any */
	const char *redirect_url;   /* path that led there, and its query */
	int redirect_status;        /* REDIRECT_STATUS */
	struct child_grant before;  /* what held for what led there */
	struct child_grant granted; /* what let in, before it was looked for an index file */
	const char *user;           /* what the client says who it is; NULL: nothing was asked */
	const char *auth_type;      /* AuthType, once it was asked */
	const char *redirect_user;  /* REDIRECT_REMOTE_USER */
	const char *auth_info;      /* Authentication-Info of an answer that is no error */
	struct span redirect_query;
	struct child_target target;

	/* mod_rewrite. What an index file or a fallback is looked up for has a main_uri. */
	const char *main_uri;       /* NULL: it is what was asked for itself */
	const char *mapped_uri;     /* the path that rules of the server lead to mapped; or NULL */
	const char *mapped;         /* a file */
	const char *rewritten;      /* where rules of the directory lead: path and query; or NULL */
	const char *forced_type, *forced_handler; /* T and H of a rule */
	const char *proxy;          /* a backend's URL: that answers, not target */
	bool untyped;               /* Apache does not know its type yet, nor its handler */
	bool proxy_raw;             /* its text is encoded and has the query (NE) */
	bool rewrite_end;           /* END: no rules any more */
	int64_t rewrite_spent;      /* milliseconds in rules so far, of Timeout */
	int64_t rewrite_deadline;   /* while some are applied; otherwise 0 */
	unsigned depth;             /* look-ups in each other */
	struct child_cookie *cookies; /* that rules have set */


	bool close;                 /* the connection must not be kept */
	bool keep;                  /* what the answer's head said */
	bool aborted;               /* the answer was cut: the end must not look like a whole one */
	int status;                 /* 0: nothing was answered */
	uint64_t body_bytes;
	bool chunked;               /* the answer is sent in chunks */
	const char *location;       /* of a redirect: an encoded URL */
	const char *allow;          /* with 405 and OPTIONS */
	const char *content_range;  /* with 416 */
	struct child_choice *choice; /* among variants, of the last look-up; NULL: there was none */
	bool no_cache;              /* no cache of HTTP/1.0 may keep it */
	const char *variants;       /* what the choice among variants was made of; NULL: none was */
	bool variants_weak;
	struct span parts_type;     /* of what several ranges are sent of; p NULL: one or none */
	struct span reply;          /* the answer's head, for %{}o */
	struct child_env env;
	bool env_dir, env_fixed;    /* SetEnvIf and SetEnv of its place were done */
	bool old;                   /* answered as if it were of HTTP/1.0 */
	bool sub;                   /* a look-up on behalf of another (-U in an expression) */

	int error_status;           /* an ErrorDocument answers for this status; 0: none does */
	int document_status;        /* why an error's document could not be had, for the log; 0 */
	int first_status;           /* the same, for the log, whatever it answers */
	const char *error_uri;      /* what was asked for before it */
	const char *document_uri, *document_type; /* of the document that failed, for the log */
	const char *first_uri;      /* what an index file made of the path, before any of it */
	const char *error_notes;    /* told on the page, already escaped (Apache's error-notes) */
	struct span reason;         /* of an error's own page; p NULL: the status' */
	struct span origin_date, origin_server; /* of a backend's answer; p NULL: our own */
	struct child_table err;     /* fields for whatever the answer becomes: err_headers_out */
	struct child_headers *headers; /* while rules change the answer's fields */
	struct child_note *notes;
	struct child_filter *filter;   /* what its body goes through; NULL: nothing */
	struct child_inflate *inflate; /* what the request's body comes through; the same */
	struct child_whole whole;
	struct span connection;     /* what a rule put into Connection */
	bool connection_close;      /* and whether that ends it */
	struct span vary;           /* of conditions, before there is a head */
	bool plain;                 /* no rule applies to the answer */
	bool file_fields;           /* its encoding and languages are those of a file's name */
	bool refused;               /* one made it what is no head */
	bool error_page;            /* it is one: Header onsuccess does not apply */
	bool no_charset;            /* AddDefaultCharset does not apply */
	bool keep_alive_field;      /* the answer has the server's own Keep-Alive */
};

#endif
