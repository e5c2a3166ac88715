/*
 * A CGI program (RFC 3875) and the pipes to it, for the files child_cgi*.c. The program runs as the
 * vhost's user, as the child does, in the child's process group.
 */
#ifndef ITKD_CHILD_CGI_H
#define ITKD_CHILD_CGI_H

#include "child_internal.h"

enum cgi_phase {
	CGI_HEAD,    /* its head is not complete yet */
	CGI_BODY,
	CGI_RAW,     /* nph-: passed on as it comes */
	CGI_DISCARD, /* the answer is whole: what else it writes is read and dropped */
};

#define CGI_LINE 2048 /* of its stderr in one line of the log */

struct cgi {
	struct child *c;
	struct child_request *r;
	const char *name;     /* of the file, for messages */
	pid_t pid;            /* 0: reaped */
	int in, out, err;     /* our ends of its 0, 1, 2; -1: closed */
	enum cgi_phase phase;
	bool want_body;       /* more of the request's body is to come */
	struct span feed;     /* of the body: taken from the client, not yet written to it */
	size_t head_n;        /* bytes in c->cgi */
	size_t sent;          /* of c->out[0..out_n) */
	int64_t left;         /* of its Content-Length; -1: it gave none */
	int status;           /* what to answer instead, or CHILD_REDIRECT; 0: all is well */
	bool gone;            /* the client is */
	bool timed_out;
	bool failed;          /* an ErrorDocument answers for it */
	int64_t deadline;     /* moves on with each byte, in whatever direction */
	char line[CGI_LINE];
	size_t line_n;
};

/* child_cgi_env.c: NULL-terminated, in the request's arena. */
char **child_cgi_env(struct child *c, struct child_request *r);

/* child_cgi_spawn.c: 0, or the status to answer where it could not be started, logged. */
int child_cgi_spawn(struct cgi *g, char *const *env);
/*
 * A program of itkd's own, without input; *out becomes the end of the pipe that it writes to. -1,
 * logged, where it cannot be started.
 */
pid_t child_cgi_helper(struct child *c, const char *path, char *const *argv, int *out);

/* child_cgi_head.c: its head, c->cgi[0..n), becomes the answer's in c->out. Sets g->status. */
void child_cgi_head(struct cgi *g, size_t n);
/* Length of the head with its empty line, 0 while it is incomplete; looked at up to `from`. */
size_t child_cgi_head_end(const char *p, size_t n, size_t from);

/* child_cgi_stream.c: until the answer is whole, or cannot become so. */
void child_cgi_stream(struct cgi *g);
/* Logs what has come on its stderr; false where nothing has. */
bool child_cgi_read_err(struct cgi *g);
/* The same to the end, for now. */
void child_cgi_end_err(struct cgi *g);
void child_cgi_close(int *fd);

/* child_cgi_end.c */
/* Waits for the end of a program whose answer is whole; not for ever. */
void child_cgi_reap(struct cgi *g);
/* Ends it and all that it started. */
void child_cgi_kill(struct cgi *g);

#endif
