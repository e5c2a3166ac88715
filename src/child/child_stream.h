/*
 * The client's side of an answer that a program or a backend makes while it is sent, for the files
 * child_cgi*.c, child_fcgi*.c and child_proxy*.c: what waits for the client in c->out, its framing,
 * the body of the request, the deadline. The other side is the handler's: it polls over its own
 * descriptors and the client, whose entry child_stream_poll() fills in.
 *
 * A turn of a handler's loop, as child_cgi_stream():
 *	while (!child_stream_done(s)) {
 *		feed the program: s->feed, child_stream_take() while child_stream_buffered()
 *		child_stream_send(s);
 *		if (child_stream_done(s)) break;
 *		child_stream_poll(s, &p[0]); and own entries: read the program only while
 *			!child_stream_pending(s), write to it while s->feed.n
 *		child_poll(p, n, child_stream_deadline(s)):
 *			0: if (!child_stream_timeout(s)) the program's time is over: s->status = 504
 *			>0: child_stream_polled(s, p[0].revents), then own entries
 *	}
 */
#ifndef ITKD_CHILD_STREAM_H
#define ITKD_CHILD_STREAM_H

#include "child_internal.h"

enum stream_phase {
	STREAM_HEAD,    /* the program's head is not complete yet */
	STREAM_BODY,
	STREAM_RAW,     /* nph-, an upgraded connection: passed on as it comes */
	STREAM_DISCARD, /* the answer is whole in c->out: what else the program says is dropped */
};

struct child_stream {
	struct child *c;
	struct child_request *r;
	const char *module;  /* for the log: "cgi", "proxy_fcgi", "proxy_http" */
	const char *name;    /* what answers, for messages */
	enum stream_phase phase;
	bool want_body;      /* more of the request's body is to come */
	struct span feed;    /* of the body: taken from the client, not yet with the program */
	struct span out;     /* for a backend: what is to be sent before the next piece of feed */
	size_t piece;        /* bytes of feed that belong behind it */
	bool asked;          /* nothing comes behind that */
	bool refused;        /* it took not all of the request */
	size_t head_n;       /* bytes of the program's head in c->cgi, and of what came behind it */
	size_t head_end;     /* its length, once it is complete and waits for a filter's sake */
	size_t sent;         /* of c->out[0..out_n) */
	struct span rest;    /* of a piece that a filter has not taken yet */
	enum child_filter_mode mode;
	bool full;           /* what a filter has for the client did not fit into c->out */
	bool ending;         /* the filter is told of the end when it has the rest */
	int64_t pause;       /* when the program is taken to have paused; 0: nobody wants to know */
	int64_t left;        /* of its Content-Length; -1: it gave none */
	int spool;           /* the request's body, read beforehand; -1: it comes from the client */
	char *spooled;       /* a piece of it */
	int broken;          /* status for an answer that is none: 500, of a backend 502 */
	int status;          /* what to answer instead, or CHILD_REDIRECT; 0: all is well */
	bool gone;           /* the client is */
	bool timed_out;
	int64_t timeout;     /* milliseconds without a byte in either direction */
	int64_t deadline;
};

/*
 * phase STREAM_HEAD, timeout the vhost's, want_body where the request has one. The handler calls
 * child_stream_want() when the program runs: the client that waits for 100 (Continue) gets it.
 */
void child_stream_start(
	struct child_stream *s, struct child *c, struct child_request *r, const char *module);
void child_stream_want(struct child_stream *s);
/* A byte moved. */
void child_stream_progress(struct child_stream *s);
/* The client will send no more: it has gone, or only waits for its answer. */
bool child_stream_closed(const struct child_stream *s);
/*
 * The program said something that is not for the client: progress, but not for ever where the
 * client may have gone, which only something sent to it could tell.
 */
void child_stream_noise(struct child_stream *s);

/*
 * To the client. Its head is in c->out (child_head_start() to child_head_finish()), then
 * child_stream_headed(): s->phase becomes STREAM_BODY, or STREAM_DISCARD where no body follows.
 * length: what was given to child_head_finish().
 */
void child_stream_headed(struct child_stream *s, int64_t length);
/* The same where r->whole is all of the body and a filter is on: it is sent. False: not so. */
bool child_stream_whole(struct child_stream *s);
/* An answer of our own was sent in the program's place, whole: only its end is awaited. */
void child_stream_replied(struct child_stream *s);
/* Where to read the next piece of the body, while nothing is pending; then how much it was. */
char *child_stream_room(struct child_stream *s, size_t *room);
void child_stream_wrote(struct child_stream *s, size_t n);
/*
 * The same for a piece that lies elsewhere; the head may be pending. n <= CHILD_CGI_PIECE. It must
 * stay where it is, and no other may follow, while child_stream_full().
 */
bool child_stream_full(const struct child_stream *s);
void child_stream_body(struct child_stream *s, const char *p, size_t n);
/* The body is whole. One that is shorter than it said is an aborted answer: false, to be logged. */
bool child_stream_end(struct child_stream *s);
bool child_stream_pending(const struct child_stream *s);
void child_stream_send(struct child_stream *s);

/* The request's body, into s->feed, which is empty. Errors become s->status or s->gone, logged. */
void child_stream_take(struct child_stream *s);
/*
 * child_stream_spool.c: the whole body into a file without a name, for a program that must know its
 * length beforehand. -1: s->status or s->gone is set, logged. child_stream_finish() closes it.
 */
int64_t child_stream_spool(struct child_stream *s);
/* The same for a piece of it: into s->feed. */
void child_stream_spooled(struct child_stream *s);
/*
 * child_stream_feed.c: the request to a backend on a socket, as far as it takes it now: s->out, and
 * what next makes of the n bytes of the feed, 0 at the body's end: it sets s->out, s->piece, and
 * s->asked with the last.
 */
void child_stream_feed(
	struct child_stream *s, int fd, void (*next)(struct child_stream *s, size_t n));
/* It is to be called again when the socket takes more. */
bool child_stream_sends(const struct child_stream *s);
/* All of the request is sent. */
bool child_stream_asked(const struct child_stream *s);
/* Some of it is there without a poll: child_stream_take() now. */
bool child_stream_buffered(const struct child_stream *s);
/* len bytes of the feed are with the program. */
void child_stream_fed(struct child_stream *s, size_t len);
/* The program takes no more of it. */
void child_stream_unfed(struct child_stream *s);

/* Nothing is left to do: all is sent, or cannot be. */
bool child_stream_done(const struct child_stream *s);
void child_stream_poll(const struct child_stream *s, struct pollfd *client);
void child_stream_polled(struct child_stream *s, short revents);
int64_t child_stream_deadline(const struct child_stream *s);
/* For the client alone, as long as no program is asked. */
void child_stream_wait(struct child_stream *s);
/* The deadline was that of s->pause: what the program said has left, as far as it can. */
bool child_stream_paused(struct child_stream *s);
/* The deadline passed. True: it was the client's, and is dealt with; false: the program's. */
bool child_stream_timeout(struct child_stream *s);

/*
 * The program failed with s->status > 0: its error page, where nothing was sent yet. Returns what
 * the handler returns: 0, or CHILD_REDIRECT. Sets r->aborted as the end of the stream demands.
 */
int child_stream_finish(struct child_stream *s);

#endif
