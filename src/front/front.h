/* What the files of src/front share. Nothing outside it includes this but front_main.c. */
#ifndef ITKD_FRONT_H
#define ITKD_FRONT_H

#include "itkd/conf.h"
#include "itkd/http_head.h"
#include "itkd/proxy_protocol.h"
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

struct arena;
struct scoreboard;
struct front_tls;

/*
 * One buffer for all that is read: empty between two events. A byte more than a head may have with
 * a PROXY header before it.
 */
#define FRONT_BUFFER (PROXY_PROTOCOL_MAX + HTTP_HEAD_MAX + 1)
extern char front_buffer[FRONT_BUFFER];

/* front_run.c: the process itself; does not return. front_check.c: `itkd-front --check`. */
_Noreturn void front_run(void);
int front_check(void);

/* front_conf.c: FRONT_FD_TABLE decoded into a, which is made here and the caller frees. */
const struct conf *front_conf(struct arena *a);

struct front_listener {
	int fd; /* -1: closed, this generation ends */
	const struct conf_listener *conf;
	struct event ev;
	uint16_t port;
	bool fixed; /* every connection to it means the same group: no getsockname(2) needed */
	const struct host_group *group; /* where fixed */
	/* Whose certificate a client gets that asks for nobody's; NULL: plain HTTP is spoken. */
	const struct conf_vhost *tls;
};

/* The one front that this process is. */
struct front {
	const struct conf *conf;
	const struct scoreboard *scoreboard;
	struct event_base *base;
	int *logs;     /* by log id: what a job passes on */
	int *own_logs; /* the same: what the front itself writes to */
	struct front_listener *listeners;
	bool draining; /* accepts no more and ends with its last connection */
	bool orphan;   /* the master died */
};
extern struct front front;

enum front_state {
	FRONT_HEAD,  /* waits for a complete head, or for the TLS handshake before it */
	FRONT_WAIT,  /* the head is complete, the queue of jobs is full */
	FRONT_RELAY, /* TLS: a child has the other end of the relay */
	FRONT_FLUSH, /* TLS: the last bytes are on their way */
	FRONT_LINGER,
};

/* One client. */
struct front_conn {
	LIST_ENTRY(front_conn) all;
	TAILQ_ENTRY(front_conn) waiting;
	struct event ev; /* the client's socket; also carries every deadline */
	int fd;          /* -1: passed on or closed */
	enum front_state state;
	bool closed;     /* the client sent a FIN */
	bool late;       /* FRONT_WAIT: in the list of those who sent a FIN */
	bool looked;     /* its site was full at the first look */
	const struct front_listener *listener;
	const struct host_group *group;    /* what the local address means */
	const struct conf_vhost *base;     /* its default vhost: limits and deadlines (as Apache) */
	const struct conf_vhost *vhost;    /* FRONT_WAIT and later: whose head it is */
	int64_t started;                   /* ms: the deadline counts from here */
	size_t scanned;                    /* http_head_parse's own */
	size_t drained;                    /* FRONT_LINGER: bytes thrown away */
	int64_t heard;                     /* FRONT_LINGER: ms, of the last of them */
	struct front_tls *tls;             /* NULL: plain */
	bool proxied;                      /* a PROXY header comes first */
	size_t proxy_size;                 /* of that header, once it has come */
	struct sockaddr_storage *named;    /* whom it names; NULL: nobody else than the peer */
};

/* front_conn.c */
struct front_conn *front_conn_new(const struct front_listener *l, int fd);
/* Closes and frees; the last one of a draining front ends the process. */
void front_conn_free(struct front_conn *c);
/* Takes the socket out of the loop: before its close, since a child may hold the same open file. */
void front_conn_quiet(struct front_conn *c);
/* Registers the socket with cb; timeout in ms, negative: none. false: c is freed. */
bool front_conn_watch(struct front_conn *c, short what, event_callback_fn cb, int64_t timeout);
/* The socket's other end, in *sa. */
const struct sockaddr *front_conn_peer(const struct front_conn *c, struct sockaddr_storage *sa);
/* The client's reset, which a half-closed connection does not show otherwise. */
bool front_conn_reset(const struct front_conn *c);
/* Drops all that no child has yet: the master died. */
void front_conn_orphan(void);
bool front_conn_none(void);

/* front_accept.c */
void front_accept_start(void);
void front_accept_pause(void);
void front_accept_resume(void);
void front_accept_stop(void); /* closes the listeners */

/* front_full.c. false: it was looked at before. bytes: what is there, the head first. */
bool front_full_wait(struct front_conn *c, struct span bytes);

/* front_limit.c: descriptors. A connection counts as one, with a relay as two. */
void front_limit_start(void);
bool front_limit_room(void);       /* false: accepting has been paused */
void front_limit_short(int error); /* accept4 said EMFILE or the like */
void front_limit_took(unsigned n);
void front_limit_gave(unsigned n);

/* front_deadline.c: RequestReadTimeout (mod_reqtimeout) */
/* Ms left at now for a stage that began at `started` and has got n bytes; may be negative. */
int64_t front_deadline_left(uint32_t initial, uint32_t max, uint32_t rate, uint32_t otherwise,
	int64_t started, size_t n, int64_t now);
int64_t front_deadline_head(const struct front_conn *c, size_t n);
int64_t front_deadline_handshake(const struct front_conn *c);

/* front_proxy.c: PROXY headers (RemoteIPProxyProtocol) */
/* Whether c is to begin with one. false: the peer may send none, c is being closed. */
bool front_proxy_expect(struct front_conn *c);
enum front_proxy {
	FRONT_PROXY_MORE,
	FRONT_PROXY_READ, /* it has proxy_size bytes */
	FRONT_PROXY_BAD,  /* c is being closed */
};
enum front_proxy front_proxy_look(struct front_conn *c, const char *p, size_t n);
/* The peer sends no more, and there is no whole header. */
void front_proxy_closed(struct front_conn *c);
/* Whom that header names, or the peer. */
const struct sockaddr *front_proxy_client(
	const struct front_conn *c, struct sockaddr_storage *room);
/* The same for a request (RemoteIPHeader); head NULL: none was understood. */
const struct sockaddr *front_proxy_request(const struct front_conn *c,
	const struct conf_vhost *vhost, const struct http_head *head,
	struct sockaddr_storage *room);

/* front_peek.c: a plain connection until its head is complete */
void front_peek_start(struct front_conn *c);

/* front_head.c: what the bytes mean so far, the same for plain and TLS */
enum front_head { FRONT_HEAD_MORE, FRONT_HEAD_TAKEN };
enum front_head front_head_look(struct front_conn *c, const char *p, size_t n);
/* The deadline has passed with n bytes. */
void front_head_late(struct front_conn *c, const char *p, size_t n);
/* The client sends no more, and these bytes are no head. */
void front_head_closed(struct front_conn *c, const char *p, size_t n);

/* front_dispatch.c: from a complete head to a job. bytes: all that was read over TLS */
void front_dispatch(struct front_conn *c, const struct http_head *head, struct span bytes);

/* front_job.c */
enum front_sent { FRONT_SENT, FRONT_FULL, FRONT_FAILED };
/* Sends c's job with that descriptor. */
enum front_sent front_job_send(const struct front_conn *c, int fd);
/* Passes c on. FRONT_FULL: c is still the caller's; else it is gone or a child has it. */
enum front_sent front_job_pass_now(struct front_conn *c);
/* The same, but c waits where there is no room. */
void front_job_pass(struct front_conn *c);

/* front_wait.c: those for whom the queue had no room, first come, first served */
void front_wait_start(void);
bool front_wait_any(void);
void front_wait_add(struct front_conn *c);
void front_wait_remove(struct front_conn *c);

/* front_answer.c: an answer of the front itself, then a lingering close */
struct front_refusal {
	int status;
	const char *module, *why; /* for the error log; why NULL: it has been told */
	int level;
	const char *page; /* HTML to add to the page (Apache's error-notes), or NULL */
};
void front_answer(struct front_conn *c, const struct conf_vhost *vhost,
	const struct front_refusal *refusal, const struct http_head *head, struct span bytes);
/* Any line about a connection in a vhost's error log. */
void front_answer_log(const struct front_conn *c, const struct conf_vhost *vhost, int level,
	const char *module, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/*
 * front_page.c: the text of such an answer, valid until the next one; *body is the number of its
 * last bytes that are the body.
 */
struct span front_page(const struct front_conn *c, const struct conf_vhost *v,
	const struct front_refusal *refusal, bool head_only, size_t *body);

/* front_linger.c: SHUT_WR, then what still comes is thrown away for a while; front_end() says
   close_notify before it where that is due. */
void front_linger(struct front_conn *c);
void front_end(struct front_conn *c);

/* front_logs.c */
void front_logs_receive(void);
void front_logs_tell_lost(void);

/* front_control.c */
void front_control_start(void);
void front_control_send(uint32_t type, uint32_t value);

#endif
