/*
 * A CGI program (RFC 3875) and the pipes to it, for the files child_cgi*.c. The program runs as the
 * vhost's user, as the child does, in the child's process group.
 */
#ifndef ITKD_CHILD_CGI_H
#define ITKD_CHILD_CGI_H

#include "child_stream.h"
#include "itkd/cgi_head.h"

#define CGI_LINE 2048 /* of its stderr in one line of the log */

struct cgi {
	struct child_stream s;
	const char *name; /* of the file */
	pid_t pid;        /* 0: reaped */
	int in, out, err; /* our ends of its 0, 1, 2; -1: closed */
	unsigned quiet;   /* looks at it since it has ended, without a byte of output */
	char line[CGI_LINE];
	size_t line_n;
};

/* child_cgi_env.c: all meta-variables, into the request's variables. For FastCGI, too. */
void child_cgi_vars(struct child *c, struct child_request *r);
/* The same as an environment: NULL-terminated, in the request's arena. */
char **child_cgi_env(struct child *c, struct child_request *r);

/* child_cgi_args.c: its arguments, name first, NULL-terminated. */
char **child_cgi_arguments(struct child *c, const struct child_request *r, char *name);

/* child_cgi_spawn.c: 0, or the status to answer where it could not be started, logged. */
int child_cgi_spawn(struct cgi *g, char *const *env);
/*
 * A program of itkd's own, without input; *out becomes the end of the pipe that it writes to. -1,
 * logged, where it cannot be started.
 */
pid_t child_cgi_helper(struct child *c, const char *path, char *const *argv, int *out);

/*
 * child_cgi_head.c, for FastCGI, too. n bytes of the program's output were put behind
 * c->cgi[s->head_n], none for its end; there is room for child_cgi_head_room(). When the head is
 * complete it becomes the answer's in c->out, with what is there of the body, and s->phase
 * changes; or s->status, logged.
 */
size_t child_cgi_head_room(const struct child_stream *s);
void child_cgi_head_got(struct child_stream *s, size_t n);
/* It is complete, and waited for more of the body, which does not come. */
void child_cgi_head_paused(struct child_stream *s);

/*
 * child_cgi_sendfile.c: where name (n 0: none) is a file to be sent in the place of the body it is,
 * and true, or s->status is set.
 */
bool child_cgi_sendfile(struct child_stream *s, struct span name, struct span type, int status);

/* child_cgi_stream.c: until the answer is whole, or cannot become so. */
void child_cgi_stream(struct cgi *g);
/* Logs what has come on its stderr; false where nothing has. */
bool child_cgi_read_err(struct cgi *g);
/* The same to the end, for now. */
void child_cgi_end_err(struct cgi *g);
/* The request's body to its stdin, as far as it is there and taken now; closed at its end. */
void child_cgi_feed(struct cgi *g);

/* child_cgi_end.c */
/* The program itself has ended, whatever else holds its pipes. */
bool child_cgi_ended(struct cgi *g);
/* Waits for the end of a program whose answer is whole; not for ever. */
void child_cgi_reap(struct cgi *g);
/* Ends it and all that it started. */
void child_cgi_kill(struct cgi *g);

#endif
