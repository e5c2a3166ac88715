/*
 * What the files of src/child share: one connection, one request, and the steps between them. All
 * of it runs as the vhost's user, after the drop. The connection's bytes are a client's, the files
 * and the CGI programs are the site owner's: neither is trusted, and neither can gain more here
 * than the owner has anyway.
 */
#ifndef ITKD_CHILD_INTERNAL_H
#define ITKD_CHILD_INTERNAL_H

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
	int unsent;                  /* bytes in the socket that the client has not taken */
	uint64_t bytes_in, bytes_out; /* of the current request */
	struct arena arena;          /* of the current request */
	struct child_request *request; /* that one */
	bool looking; /* files are looked at for a list, not opened for reading */
	struct child_dir dir;
	struct child_status status;  /* read by the master, see itkd/child.h */
	time_t date_second;
	char date[DATE_LEN + 1];
	size_t in_at, in_end; /* what was read and not used yet */
	size_t out_n;
	size_t out_fields, out_own; /* in out: behind Server; behind what r->err put there */
	bool out_over; /* the answer's head does not fit into out */
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
	bool proxy_raw;             /* its text is encoded and has the query (NE) */
	bool rewrite_end;           /* END: no rules any more */
	int64_t rewrite_deadline;   /* for all of its rules; 0: none was tried yet */
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
	int first_status;           /* the same, for the log, whatever it answers */
	const char *error_uri;      /* what was asked for before it */
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
	bool refused;               /* one made it what is no head */
	bool error_page;            /* it is one: Header onsuccess does not apply */
	bool no_charset;            /* AddDefaultCharset does not apply */
	bool keep_alive_field;      /* the answer has the server's own Keep-Alive */
};

/* A rule's result instead of a status: a file answers, nobody else translates the path. */
#define CHILD_MAPPED (-2)
/* A handler's result instead of a status: r->uri has changed, look again. */
#define CHILD_REDIRECT (-1)

/* child_io.c: the connection with deadlines. */
enum child_io { IO_OK, IO_EOF, IO_TIMEOUT, IO_ERROR, IO_SIGNAL };

int64_t child_now(void); /* milliseconds */
bool child_ending(void); /* SIGUSR1 came: this generation ends */
bool child_hurry(void);  /* SIGUSR2 came: processes are short */
/*
 * While a program runs SIGTERM ends this process no more: it is let in by child_poll() alone, and
 * child_terminated() tells, so that the program can have its time to end.
 */
void child_defer_term(bool defer);
bool child_terminated(void);
/* As ppoll(2) with the signals let in: 0 at the deadline (0: none), -1 for a signal. */
int child_poll(struct pollfd *p, nfds_t n, int64_t deadline);
/* Waits until the connection is ready for what: IO_OK, IO_TIMEOUT, IO_SIGNAL. */
enum child_io child_wait(struct child *c, short what, int64_t deadline);
/* Reads once into c->in, without waiting: >0 bytes, 0 end, -1 with errno. */
ssize_t child_fill(struct child *c);
/* Sends all; each Timeout without a byte accepted is a failure. flags: MSG_MORE or 0. */
bool child_send(struct child *c, const void *p, size_t n, int flags);
/* The same from a file: n bytes from offset on. False too where the file has become shorter. */
bool child_send_file(struct child *c, int fd, off_t offset, uint64_t n);
/*
 * Whether the client took anything since this was asked last: a socket reports room only when a
 * third of its buffer is free, which a slow but honest client may need long for.
 */
bool child_drained(struct child *c);
/* An answer is about to leave in several writes: no waiting for acknowledgements (RFC 896). */
void child_nodelay(struct child *c);
void child_rate_start(struct child_rate *t, uint32_t initial, uint32_t max, uint32_t rate);
void child_rate_got(struct child_rate *t, size_t bytes);

/*
 * child_remoteip.c: whose request it is, in c->peer, c->peer_port and c->client; c->connection is
 * the peer of the connection itself.
 */
void child_remoteip_connection(struct child *c);
/* Takes the PROXY header where one must come first. False: the connection is not to be served. */
bool child_remoteip_header(struct child *c);
/* Before the next request: the connection's client again. */
void child_remoteip_reset(struct child *c);
/* RemoteIPHeader: the client that the request's field names. */
void child_remoteip_request(struct child *c, struct child_request *r);
/* Whether the next request of this connection may be for another site: it is a proxy's. */
bool child_remoteip_shared(const struct child *c, const struct child_request *r);

/* child_end.c: the end of a connection. */
void child_close(struct child *c);
void child_abort(struct child *c);

/* child_body.c: the request's body. */
enum child_body_result {
	CHILD_BODY_DATA,
	CHILD_BODY_END,
	CHILD_BODY_AGAIN, /* nothing there yet */
	CHILD_BODY_BAD,   /* 400 */
	CHILD_BODY_LARGE, /* 413 */
	CHILD_BODY_GONE,  /* the client is */
};
void child_body_init(struct child *c, struct child_request *r);
/* Somebody is about to read the body: sends 100 (Continue) where the client waits for it. */
bool child_body_want(struct child *c, struct child_request *r);
/* The next piece, without waiting; it stays valid until the next call. */
enum child_body_result child_body_next(
	struct child *c, struct child_request *r, struct span *data);
/* The same without SetInputFilter, for child_inflate.c. */
enum child_body_result child_body_raw(
	struct child *c, struct child_request *r, struct span *data);
enum child_body_result child_inflate_next(
	struct child *c, struct child_request *r, struct span *data);
/* Whether child_body_next() has more to give, or an end to tell. */
bool child_body_more(const struct child_request *r);
/* Until when the client may take its time for the next bytes of the body. */
int64_t child_body_deadline(const struct child *c, const struct child_request *r);
/* Whether what is left of the body may be read and thrown away to keep the connection. */
bool child_body_drainable(const struct child_request *r);
bool child_body_drain(struct child *c, struct child_request *r);
/* Before an answer that reads no body: 0, or the status that its chunks get. */
int child_body_skip(struct child *c, struct child_request *r);

/* child_dir.c, child_dir_over.c: the settings that hold for a target, in c->dir.merged. */
/* At a request's start: those of the server. */
void child_dir_start(struct child *c);
/* Those of a directory alone. 0, or a status for its .htaccess, which is logged. */
int child_dir_merge(struct child *c, const char *path, size_t n);
/* And over them those of <Directory> that match a file in it. */
void child_dir_merge_file(struct child *c, const char *file);
/*
 * All sections for uri, which leads to file: <Directory> and .htaccess, <DirectoryMatch>, <Files>,
 * <Location>, <If>. 0, or a status as above.
 */
enum child_walk {
	WALK_NAME, /* nobody has looked yet whether there is such a file */
	WALK_FILE,
	WALK_DIRECTORY,
};
int child_dir_walk(struct child *c, const char *uri, const char *file, enum child_walk what);
/* Those of a request for uri that the backend at url answers, not a file: <Proxy>, <Location>. */
void child_dir_proxied(struct child *c, const char *uri, const char *url);
/* Whether more is known now that file is one: the walk for its name must be done again. */
bool child_dir_again(struct child *c, const char *file);
/*
 * Alias and Redirect of the server and of the <Location>s for uri: they hold before there is a
 * file. NULL: there are none.
 */
const struct conf_alias_dir *child_dir_alias(struct child *c, const char *uri);
/* The same of ProxyPass. */
const struct conf_proxy *child_dir_proxy(struct child *c, const char *uri);
/* The same for mod_rewrite, over what the server says. */
const struct conf_rewrite *child_dir_rewrite(
	struct child *c, const char *uri, const struct conf_rewrite *rewrite);
/* child_htaccess.c: the one in dir[0..n), or NULL. 0, or a status, logged. */
int child_htaccess_read(struct child *c, const char *dir, size_t n, const struct conf_allow *allow,
	const struct child_htaccess **out);
/* Whether what was looked for then would be found the same now. */
bool child_htaccess_same(const struct child_look *look);
bool child_option(const struct child *c, uint32_t option);


/* child_open.c. Returns a descriptor or -errno; -ELOOP for a link that Options does not allow. */
int child_open(const struct child_dir *dir, const char *path, bool readable);

/*
 * child_access.c: whether the client may have file, whose settings were merged: 0, or the status,
 * logged.
 */
int child_access(struct child *c, struct child_request *r, const char *file);
/* child_auth.c: AuthBasicFake: 0, or 500. */
int child_auth_fake(struct child *c, struct child_request *r);
/* child_lookup.c: the client's name, which leads back to its address; NULL: it has none. */
const char *child_lookup_host(struct child *c);
/* The name of a user or group, of an identity's or as NSS knows it; NULL: it has none. */
const char *child_owner(struct child *c, bool group, unsigned id);
/* The same where HostnameLookups wants it, or where it was looked up already. */
const char *child_lookup_known(struct child *c);
/* Whether the name has the client's address. */
bool child_lookup_leads(struct child *c, const char *name);
/* The name's addresses, without a port; how many. */
size_t child_lookup_addresses(
	struct child *c, const char *name, struct sockaddr_storage *v, size_t max);

/* child_map.c: from a URL path to a file. */
/* The file that uri stands for by alias and DocumentRoot: text only. */
void child_translate(struct child *c, const char *uri, struct child_target *t);
/* Opens it. 0, or the status that says why not. */
int child_map(
	struct child *c, struct child_request *r, const char *uri, struct child_target *t);
/* The two halves of it: t->error is set, nothing is logged; then the verdict, logged. */
void child_map_quiet(struct child *c, const char *uri, struct child_target *t);
int child_map_status(struct child *c, const struct child_target *t);
/*
 * The file of a name that was found in a directory, beside another target: nothing is translated.
 * 0 with t open or t->error set, or the status of its .htaccess.
 */
int child_map_file(struct child *c, const char *uri, const char *file,
	const struct child_target *beside, struct child_target *t);
/*
 * What is not there ends at the first name that is not; the rest is PATH_INFO. So names that
 * sections are for are found in it (Apache's directory_walk).
 */
void child_map_cut(struct child *c, struct child_target *t);
void child_target_close(struct child_target *t);

/*
 * child_redirect.c: Redirect for uri, of server context or of the directory whose settings were
 * merged. 0, or a status, with r->location where it has one.
 */
int child_redirect_server(struct child *c, struct child_request *r, const char *uri);
int child_redirect_dir(struct child *c, struct child_request *r, const char *uri);
/* The text of an Alias or Redirect with variables; NULL, logged, where it cannot be had. */
struct expr;
const char *child_alias_text(struct child *c, const struct expr *e);

/*
 * child_rewrite.c: RewriteRule of the server for *uri, which a rule with [PT] changes. 0, a status
 * with r->location where it has one, or CHILD_MAPPED: r->mapped or r->proxy is set.
 */
int child_rewrite_server(struct child *c, struct child_request *r, const char **uri);
/*
 * RewriteRule of the directory whose settings were merged; uri leads to r->target. 0 or a status;
 * r->rewritten or r->proxy is set where they lead elsewhere.
 */
int child_rewrite_dir(struct child *c, struct child_request *r, const char *uri);
/* Whether there are any. */
bool child_rewrite_has_dir(const struct child *c);
/* The internal redirect to r->rewritten: CHILD_REDIRECT, or a status. */
int child_rewrite_redirect(struct child *c, struct child_request *r);

/* child_resolve.c */
/* The same for the request: index files, the slash behind a directory. */
int child_resolve(struct child *c, struct child_request *r);

/*
 * child_action.c: Action and Script. 0: none is for it; CHILD_REDIRECT, or a status.
 */
int child_action(struct child *c, struct child_request *r);
/* The query; p NULL: there is no '?'. */
struct span child_query(const struct child_request *r);
/* A handler that is asked even where there is no file. */
bool child_handler_is_virtual(const char *handler);
/* "proxy:URL", of SetHandler: a backend answers for the file. */
bool child_handler_is_proxy(const char *handler);
/* What would run the file is not here: its source is nobody's business. */
bool child_handler_is_program(const struct child *c, const struct child_target *t);

/*
 * child_negotiate.c: MultiViews, where r->target was not found: 0, with another target and its uri
 * where one was chosen, or a status.
 */
int child_negotiate(struct child *c, struct child_request *r, const char *uri);
/* r->choice into the answer's fields. */
void child_negotiated(struct child *c, struct child_request *r);
/* The encoding's name as the client writes it. */
void child_negotiate_encoding(
	struct child *c, const struct child_request *r, struct child_target *t);
/* child_negotiate_map.c: the handler of type maps, by its name or by their type. */
bool child_is_type_map(const struct child_target *t);
int child_type_map(struct child *c, struct child_request *r);

/* child_userdir.c: UserDir. Whether uri is a user's: t->file and its context are set. */
bool child_userdir(struct child *c, const char *uri, struct child_target *t);
/* The same where it is a URL: 302 with r->location, or 0. */
int child_userdir_redirect(struct child *c, struct child_request *r, const char *uri);

/* child_name.c: how the server calls itself, by UseCanonicalName. */
const char *child_server_name(struct child *c, const struct child_request *r);
uint16_t child_server_port(const struct child *c, const struct child_request *r);
const char *child_scheme(const struct child *c);
/* An absolute URL for an encoded path. */
const char *child_url(struct child *c, const struct child_request *r, const char *path);

/*
 * child_env.c: the request's variables. Names in any case; what is set is copied. For CGI programs
 * child_env_settle() comes first: SetEnv wins over SetEnvIf there.
 */
const char *child_env_get(const struct child_request *r, const char *name);
void child_env_set(
	struct child *c, struct child_request *r, const char *name, const char *value);
/* The same without a copy. */
void child_env_put(
	struct child *c, struct child_request *r, const char *name, const char *value);
void child_env_unset(struct child_request *r, const char *name);
void child_env_settle(struct child_request *r);
/* For a copy of a request: what it sets is its own. */
void child_env_own(struct child *c, struct child_request *r);
/* <LocationMatch> and its like: a group of the name x sets MATCH_X. */
struct regex;
struct regex_match;
void child_env_named(struct child *c, struct child_request *r, const struct regex *re,
	const struct regex_match *m);
/* SetEnvIf outside of sections: at the start, and again after an internal redirect. */
void child_env_server(struct child *c, struct child_request *r);
/* SetEnvIf of the merged settings: once, before access is checked. */
void child_env_dir(struct child *c, struct child_request *r);
/* SetEnv, and HTTPS and its like: before the handler. */
void child_env_fixup(struct child *c, struct child_request *r);
/* An internal redirect: X becomes REDIRECT_X. status: what REDIRECT_STATUS says. */
void child_env_redirect(struct child *c, struct child_request *r, int status);

/* child_var.c: an expression's %{NAME}; NULL where it has no value. */
const char *child_variable(struct child *c, const struct child_request *r, const char *name);
/* The values of the request's field, or NULL. */
const char *child_request_field(struct child *c, const struct child_request *r, const char *name);
/* One of mod_ssl's variables; NULL without TLS. */
const char *child_tls_variable(const struct child *c, const char *name);
/* child_expr_source.c: for expr_true() and expr_string(). */
struct expr_source child_expr_source(struct child *c, struct child_request *r);

/* Handlers: 0 when they have answered, a status for an error page, or CHILD_REDIRECT. */
int child_static(struct child *c, struct child_request *r);
/* Last-Modified and ETag of r->target.st. */
void child_static_validators(struct child *c, struct child_request *r);
/* What the method alone gets from a file or a list: 0 to go on, 200 when answered, or a status. */
int child_method(struct child *c, struct child_request *r);
int child_index(struct child *c, struct child_request *r);
/* Whether it is for a list before anything else: GET of a directory without a handler. */
bool child_index_wants(const struct child_request *r);
int child_cgi(struct child *c, struct child_request *r);
/*
 * child_php.c: php_value and its like.
 */
/* 0, or 403 for a program of PHP where it is switched off, logged. */
int child_php_check(struct child *c, const struct child_request *r);
/* Whether the file's name is one of PHP. */
bool child_php_named(const char *file);
/* For FastCGI: PHP_VALUE and PHP_ADMIN_VALUE into the request's variables. */
void child_php_params(struct child *c, struct child_request *r);
/* For php-cgi, which will run file: r->php_arguments, out of the merged settings. */
void child_php_arguments(struct child *c, struct child_request *r, const char *file);
/* child_proxy.c: r->proxy, or the handler "proxy:URL". */
int child_proxy(struct child *c, struct child_request *r);
/* ProxyPass for uri: sets r->proxy where one is for it. 0, or a status. */
int child_proxy_translate(struct child *c, struct child_request *r, const char *uri);

/* child_request.c: raw, decoded as the vhost's settings say. 0, or a status, logged. */
int child_path_decode(struct child *c, struct span raw, char **path);
/* child_request.c: one thing led to another too often: 500, logged. */
int child_too_deep(struct child *c, const char *number, const char *what);
/* Answers r, whose head was read and whose vhost is c->vhost. */
void child_request(struct child *c, struct child_request *r);

/* child_log.c */
/* LogLevel of the module, for where the request has got to. */
bool child_log_wanted(const struct child *c, int level, const char *module);
void child_log(struct child *c, int level, const char *module, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void child_log_access(struct child *c, const struct child_request *r);
void child_state(struct child *c, char state);
void child_state_request(struct child *c, const struct child_request *r);

#include "child_answer.h"

#endif
