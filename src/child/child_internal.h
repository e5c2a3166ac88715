/*
 * What the files of src/child share: one connection, one request, and the steps between them. All
 * of it runs as the vhost's user, after the drop. The connection's bytes are a client's, the files
 * and the CGI programs are the site owner's: neither is trusted, and neither can gain more here
 * than the owner has anyway.
 */
#ifndef ITKD_CHILD_INTERNAL_H
#define ITKD_CHILD_INTERNAL_H

#include "child_state.h"

#include "itkd/clock.h"

/* A rule's result instead of a status: a file answers, nobody else translates the path. */
#define CHILD_MAPPED (-2)
/* A handler's result instead of a status: r->uri has changed, look again. */
#define CHILD_REDIRECT (-1)

/* child_io.c: the connection with deadlines. */
enum child_io { IO_OK, IO_EOF, IO_TIMEOUT, IO_ERROR, IO_SIGNAL };

bool child_ending(void); /* SIGUSR1 came: this generation ends */
bool child_hurry(void);  /* SIGUSR2 came: processes are short */
/*
 * While a program runs SIGTERM ends this process no more: it is let in by child_poll() alone, and
 * child_terminated() tells, so that the program can have its time to end.
 */
void child_defer_term(bool defer);
bool child_terminated(void);
/* child_status.c: what a status page shows of this process, where one shows anything. */
void child_status_count(struct child *c, const struct child_request *r);
void child_status_tell(struct child *c, bool now); /* the master, once a second at most, or now */
void child_status_start(const struct child_start *start);
void child_report(void); /* SIGURG came */
/* As ppoll(2) with the signals let in: 0 at the deadline (0: none), -1 for a signal. */
int child_poll(struct pollfd *p, nfds_t n, int64_t deadline);
/* Waits until the connection is ready for what: IO_OK, IO_TIMEOUT, IO_SIGNAL. */
enum child_io child_wait(struct child *c, short what, int64_t deadline);
/* Reads once into c->in, without waiting: >0 bytes, 0 end, -1 with errno. */
ssize_t child_fill(struct child *c);
/* The same once something has come; IO_TIMEOUT: nothing did until the rate's end, or Timeout. */
enum child_io child_fill_wait(struct child *c, struct child_rate *rate);
/* How long a read may wait, without letting signals in, with a place in a FastCGI pool in hand. */
#define CHILD_SOON_HELD_MS 4
/*
 * The same, but waits for a moment: a kept connection's next request mostly comes at once, and one
 * call is cheaper than to poll and to read. EAGAIN: child_wait() is the way to wait for it.
 */
ssize_t child_fill_soon(struct child *c);
/* Before anything is done with c->fd that knows no MSG_DONTWAIT: O_NONBLOCK is on from now on. */
void child_never_block(struct child *c);
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
bool child_remoteip_connection(struct child *c);
/* Takes the PROXY header where one must come first. False: the connection is not to be served. */
bool child_remoteip_header(struct child *c);
/* Before the next request: the connection's client again. */
void child_remoteip_reset(struct child *c);
/* RemoteIPHeader: the client that the request's field names. */
void child_remoteip_request(struct child *c, struct child_request *r);
/* Whether the next request of this connection may be for another site: it is a proxy's. */
bool child_remoteip_shared(const struct child *c, const struct child_request *r);
/* Whether the peer is a proxy that the configuration trusts. */
bool child_remoteip_gateway(const struct child *c);

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
/* Waits until then for them: IO_OK or IO_TIMEOUT. */
enum child_io child_body_wait(struct child *c, const struct child_request *r);
/* Whether what is left of the body may be read and thrown away to keep the connection. */
bool child_body_drainable(const struct child_request *r);
bool child_body_drain(struct child *c, struct child_request *r);
/* Before an answer that reads no body: 0, or the status that its chunks get. */
int child_body_skip(struct child *c, struct child_request *r);

/* child_dir.c, child_dir_over.c: the settings that hold for a target, in c->dir.merged. */
/* At a request's start: those of the server. */
void child_dir_start(struct child *c);
/* The same within a request: the way to a file failed, and its settings are nobody's. */
void child_dir_server(struct child *c);
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
bool child_htaccess_same(const struct child *c, const struct child_look *look);
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
/*
 * The WWW-Authenticate that the answer has so far (p NULL: none), for taking back what was asked on
 * behalf of a file that does not answer.
 */
struct span child_auth_asked(const struct child_request *r);
void child_auth_ask(struct child *c, struct child_request *r, struct span asked);
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
/* root and rest as one path, without doubled slashes: sections are compared with it as text. */
const char *child_map_join(struct child *c, const char *root, const char *rest, bool slash);
/* The file that uri stands for by alias and DocumentRoot: text only. */
void child_translate(struct child *c, const char *uri, struct child_target *t);
/* Whether an alias is for it. */
bool child_map_aliased(struct child *c, const char *uri);
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
/* For whoever is about to read it: 0, or the status of what may not be read, logged. */
int child_target_denied(struct child *c, struct child_target *t);
/* A program's file is opened for others to read, too: 0, or the status that says why not. */
int child_target_read(struct child *c, struct child_target *t);
/* A media type that is a handler's name. */
bool child_type_is_cgi(const char *type);

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
 * child_rewrite_dir.c: RewriteRule of the directory whose settings were merged; uri leads to
 * r->target. 0 or a status; r->rewritten or r->proxy is set where they lead elsewhere.
 */
int child_rewrite_dir(struct child *c, struct child_request *r, const char *uri);
/* Whether there are any. */
bool child_rewrite_has_dir(const struct child *c);
/*
 * child_rewrite_result.c: last of all, what rules have decided of who answers: 0, CHILD_REDIRECT,
 * or a status.
 */
int child_rewrite_force(struct child *c, struct child_request *r);

/* child_resolve.c */
/* The same for the request: index files, the slash behind a directory. */
int child_resolve(struct child *c, struct child_request *r);

/*
 * child_action.c: Action and Script. 0: none is for it; CHILD_REDIRECT, or a status.
 */
int child_action(struct child *c, struct child_request *r);
/* An Action is for it, whatever there is of it. */
bool child_action_has(struct child *c, const struct child_target *t);
/* The query; p NULL: there is no '?'. */
struct span child_query(const struct child_request *r);
/* A handler that is asked even where there is no file. */
bool child_handler_is_virtual(const char *handler);
/* "proxy:URL", of SetHandler: a backend answers for the file. */
bool child_handler_is_proxy(const char *handler);
/* What would run the file is not here: its source is nobody's business. */
bool child_handler_is_program(struct child *c, const struct child_target *t);

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
/* What Host says, or the target in its place (RFC 9112 section 3.2.2); p NULL: nothing. */
struct span child_host_field(struct child *c, const struct child_request *r);
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
/* Those of what an index file was looked up for lie behind those of the file, as with SetEnv. */
void child_env_behind(
	struct child *c, struct child_request *r, const struct child_env *env);
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
/* Apache's name for what is no file. */
#define CHILD_DIRECTORY_TYPE "httpd/unix-directory"
/* What a file, a list and a page of ours can be asked with, for Allow. */
#define CHILD_ALLOW "HEAD,GET,POST,OPTIONS"
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
/* Whether that Action may lead to PHP for the file. */
bool child_php_may_run(
	const struct child *c, const struct conf_action *action, const char *file);
/* 0, or 403 for php-cgi that would run without the administrator's settings, logged. */
int child_php_bare(struct child *c, const struct child_request *r);
/* For FastCGI: PHP_VALUE and PHP_ADMIN_VALUE into the request's variables. */
void child_php_params(struct child *c, struct child_request *r);
/* For php-cgi, which will run file: r->php_arguments, out of the merged settings. */
void child_php_arguments(struct child *c, struct child_request *r, const char *file);
/* child_proxy.c: r->proxy, or the handler "proxy:URL". */
int child_proxy(struct child *c, struct child_request *r);
/* ProxyPass for uri: sets r->proxy where one is for it. 0, or a status. */
int child_proxy_translate(struct child *c, struct child_request *r, const char *uri);

/*
 * child_request.c: raw, decoded as the vhost's settings say. 0, or a status, logged; *path is then
 * what is told of it, or NULL.
 */
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
/* What its error log lines and its access log line have in common (%L); NULL: no error yet. */
const char *child_log_id(const struct child *c, bool connection);
/* The exit status: 0, or which log lost lines (CHILD_LOST). */
int child_log_status(const struct child *c);
void child_state(struct child *c, char state);
void child_state_request(struct child *c, const struct child_request *r);

#include "child_answer.h"

#endif
