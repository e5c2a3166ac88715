/*
 * How an answer is made, for all files of src/child: its head, the rules that change it, the pages
 * of the server's own. A part of child_internal.h.
 */
#ifndef ITKD_CHILD_ANSWER_H
#define ITKD_CHILD_ANSWER_H

#include "child_internal.h"

/* child_reply.c: the head of an answer, in c->out. */
/* For status 200 that of the error which an ErrorDocument answers for; reason p NULL: its own. */
void child_head_start(struct child *c, struct child_request *r, int status, struct span reason);
void child_head_add(struct child *c, struct span name, struct span value);
/* The lines around them; version with a space behind it. For 1xx; others have all of the above. */
void child_head_line(
	struct child *c, struct span version, struct span status, struct span reason);
void child_head_end(struct child *c);
void child_head_number(struct child *c, struct span name, uint64_t value);
/* Whether the answer is sent in chunks, or ends with the connection; length -1: unknown. */
void child_head_framing(struct child_request *r, int64_t length);
/* Decides r->keep: rules and the head's end ask for it. */
void child_head_keep(struct child *c, struct child_request *r);
/*
 * length -1: unknown, in chunks where the client understands them. False: a rule made of it what is
 * no head; a 500 was sent instead, and nothing may follow.
 */
bool child_head_finish(struct child *c, struct child_request *r, int64_t length);
/* The head and a body of n bytes. */
void child_reply(struct child *c, struct child_request *r, const char *body, size_t n);
struct span child_reason(int status);
const char *child_field(const struct child_request *r, struct arena *a, const char *name);
/* A field that the answer has whatever it becomes: WWW-Authenticate and the like. */
void child_err_set(
	struct child *c, struct child_request *r, const char *name, const char *value);

/* child_headers.c */
/* Whether rules may change the answer's head. */
bool child_headers_any(struct child *c, const struct child_request *r);
/*
 * Applies them to what stands in c->out; filters may change the length. False, logged: what came
 * out is no head.
 */
bool child_headers_apply(struct child *c, struct child_request *r, int64_t *length);
/* A Content-Type (p NULL: none) with the charset that AddDefaultCharset adds to it. */
struct span child_type(struct child *c, const struct child_request *r, struct span type);
/* RequestHeader: with "early" at the beginning, the others before the handler. */
void child_headers_request(struct child *c, struct child_request *r, bool early);
/* While rules are applied: the first one of that name; NULL: none. */
const char *child_headers_get(const struct child_headers *h, struct arena *a, struct span name);

/* child_vary.c: the answer depends on this field of the request. */
void child_vary(struct child *c, struct child_request *r, const char *name);

/* child_note.c */
void child_note_set(
	struct child *c, struct child_request *r, struct span name, struct span value);
const char *child_note_get(const struct child_request *r, struct arena *a, const char *name);

/* child_error.c: what is answered when nothing else is. */
void child_error(struct child *c, struct child_request *r, int status);

/* child_error_document.c */
/* ErrorDocument with a path of this server: true, and r goes on as an internal redirect. */
bool child_error_redirect(struct child *c, struct child_request *r, int status);
/* ErrorDocument's text or URL for the status; NULL: none of that kind. */
const char *child_error_text(
	struct child *c, struct child_request *r, int status, enum error_document_kind kind);
/* The request goes on as a GET for another path; status is what REDIRECT_STATUS says. */
void child_internal_redirect(struct child *c, struct child_request *r, const char *path,
	struct span query, bool has_query, int status);

/* The same with the method and the body as they are. CHILD_REDIRECT. */
int child_redirect_inside(struct child *c, struct child_request *r, const char *path,
	struct span query, bool has_query);

/* child_trace.c: TRACE. 0 when it was answered, or a status. */
int child_trace(struct child *c, struct child_request *r);

/* child_etag.c: by FileETag; n 0: none. text has room for it. */
#define CHILD_ETAG_MAX 128
struct span child_etag(
	struct child *c, const struct child_request *r, char text[static CHILD_ETAG_MAX]);

/*
 * child_conditions.c: 0, 304 or 412 for what has that entity-tag (n 0: none) and date of its last
 * change (-1: none).
 */
int child_conditions(
	struct child *c, const struct child_request *r, struct span etag, time_t modified);

/* child_signature.c */
/* ServerSignature's line behind prefix; "" where there is none. */
const char *child_signature(
	struct child *c, const struct child_request *r, const char *prefix);

#endif
