/*
 * The part of a file that a client wants: Range, If-Range, one range as it is and several as
 * multipart/byteranges (RFC 9110 section 14), in the form of Apache's byterange filter. Runs as the
 * vhost's user; the fields are the client's.
 */
#include "child_range.h"

#include "itkd/etag.h"
#include <errno.h>
#include <inttypes.h>
#include <sys/random.h>
#include <unistd.h>

#define RANGE_BOUNDARY 16 /* hexadecimal digits, as Apache has them */

/* RFC 9110 section 13.1.5: without If-Range, or where it names exactly this file as it is. */
static bool range_holds(
    struct child *c, const struct child_request *r, struct span etag, time_t modified)
{
	struct span value = http_head_joined(&c->arena, &r->head, SPAN("If-Range"));

	if (!value.p)
		return true;
	if (etag_valid(value))
		return etag_equal(value, etag, ETAG_STRONG);
	/* A date is as strong as a tag only where the file has been at rest since. */
	return r->start.tv_sec - modified > 1 && date_parse(value, r->start.tv_sec) == modified;
}

/* Of bytes that nobody can know before, so that no file holds it (RFC 2046 section 5.1.1). */
static const char *range_boundary(struct child *c)
{
	uint64_t bits = 0;

	if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits))
		return NULL;
	return arena_printf(&c->arena, "%0*" PRIx64, RANGE_BOUNDARY, bits);
}

/* What stands before a part's bytes. */
static struct span range_part(
    struct child *c, const struct child_ranges *x, const struct range *range)
{
	return span_of(arena_printf(&c->arena,
	    "\r\n--%s\r\n%s%.*s%sContent-range: bytes %" PRId64 "-%" PRId64 "/%" PRId64 "\r\n\r\n",
	    x->boundary, x->type.p ? "Content-type: " : "", (int)x->type.n,
	    x->type.p ? x->type.p : "", x->type.p ? "\r\n" : "", range->start, range->end - 1,
	    x->size));
}

static struct span range_close(struct child *c, const struct child_ranges *x)
{
	return span_of(arena_printf(&c->arena, "\r\n--%s--\r\n", x->boundary));
}

static void range_measure(struct child *c, struct child_ranges *x)
{
	x->length = 0;
	for (size_t i = 0; i < x->n; i++) {
		x->length += x->v[i].end - x->v[i].start;
		if (x->boundary)
			x->length += (int64_t)range_part(c, x, &x->v[i]).n;
	}
	if (x->boundary)
		x->length += (int64_t)range_close(c, x).n;
}

/* The whole of it, where nothing else is asked for. */
static void range_whole(struct child_ranges *x)
{
	x->whole = (struct range){0, x->size};
	x->v = &x->whole;
	x->n = 1;
	x->length = x->size;
}

int child_range(struct child *c, struct child_request *r, struct child_ranges *x, struct span etag,
    time_t modified)
{
	bool get = r->method_id == HTTP_METHOD_GET || r->method_id == HTTP_METHOD_HEAD;
	struct range_limits limits;
	struct span value;

	range_whole(x);
	/*
	 * Section 14.2 defines it for GET, and has it ignored for methods for which nothing defines
	 * it. HEAD is answered as GET would be (section 9.3.2), 206 too, as by Apache and nginx. An
	 * ErrorDocument is no representation of what was asked for.
	 */
	if (!get || r->error_status)
		return 200;
	value = http_head_joined(&c->arena, &r->head, SPAN("Range"));
	if (!value.p || !range_holds(c, r, etag, modified))
		return 200;
	conf_answer_ranges(&c->dir.merged.answer, &limits);
	struct range *v = arena_array(&c->arena, range_room(value), sizeof(*v));

	switch (range_parse(value, x->size, &limits, v, &x->n)) {
	case RANGE_UNSATISFIABLE:
		r->content_range = arena_printf(&c->arena, "bytes */%" PRId64, x->size);
		return 416;
	case RANGE_OK:
		x->v = v;
		break;
	default:
		range_whole(x);
		return 200;
	}
	if (x->n > 1 && !(x->boundary = range_boundary(c))) {
		range_whole(x);
		return 200;
	}
	range_measure(c, x);
	return 206;
}

void child_range_accept(struct child *c)
{
	struct range_limits limits;

	conf_answer_ranges(&c->dir.merged.answer, &limits);
	child_head_add(c, SPAN("Accept-Ranges"), limits.ranges ? SPAN("bytes") : SPAN("none"));
}

void child_range_fields(struct child *c, struct child_request *r, const struct child_ranges *x)
{
	if (r->status == 206 && !x->boundary)
		child_head_add(c, SPAN("Content-Range"),
		    span_of(arena_printf(&c->arena, "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
		        x->v->start, x->v->end - 1, x->size)));
	r->parts_type = x->boundary ? x->type : (struct span){NULL, 0};
	if (x->boundary)
		child_head_add(c, SPAN("Content-Type"),
		    span_of(
		        arena_printf(&c->arena, "multipart/byteranges; boundary=%s", x->boundary)));
	else if (x->type.p)
		child_head_add(c, SPAN("Content-Type"), x->type);
}

/* A small file leaves with its head in one write; false where it has become shorter. */
static bool range_send_small(struct child *c, int fd, off_t at, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t part = pread(fd, c->out + c->out_n + got, n - got, at + (off_t)got);

		if (part == 0 || (part < 0 && errno != EINTR))
			return false;
		if (part > 0)
			got += (size_t)part;
	}
	c->out_n += n;
	return child_send(c, c->out, c->out_n, 0);
}

static bool range_send_parts(struct child *c, int fd, const struct child_ranges *x)
{
	struct span text;

	for (size_t i = 0; i < x->n; i++) {
		const struct range *range = &x->v[i];

		text = range_part(c, x, range);
		if (!child_send(c, text.p, text.n, MSG_MORE) ||
		    !child_send_file(
		        c, fd, x->base + range->start, (uint64_t)(range->end - range->start)))
			return false;
	}
	text = range_close(c, x);
	return child_send(c, text.p, text.n, 0);
}

bool child_range_send(struct child *c, int fd, const struct child_ranges *x)
{
	if (!x->boundary && x->length <= CHILD_SMALL)
		return range_send_small(c, fd, x->base + x->v->start, (size_t)x->length);
	child_nodelay(c);
	if (!child_send(c, c->out, c->out_n, MSG_MORE))
		return false;
	if (x->boundary)
		return range_send_parts(c, fd, x);
	return child_send_file(c, fd, x->base + x->v->start, (uint64_t)x->length);
}
