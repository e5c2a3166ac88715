/*
 * The bytes of an answer through its filters, one behind the other, and what is said of it at the
 * end: the notes of DeflateFilterNote. Runs as the vhost's user.
 */
#include "child_filter_own.h"

/* What stands behind the end of what was packed belongs to nothing, as in Apache. */
static enum child_filter_result stage_code(struct filter_stage *s, struct span *in,
    enum child_filter_mode mode, char *out, size_t room, size_t *n)
{
	enum child_filter_result result = child_coder_run(s->coder, in, mode, out, room, n);

	if (result == FILTER_IDLE)
		in->n = 0;
	return result;
}

static enum child_filter_result stage_run(struct filter_stage *s, struct span *in,
    enum child_filter_mode mode, char *out, size_t room, size_t *n)
{
	*n = 0;
	if (!s->next)
		return stage_code(s, in, mode, out, room, n);
	for (;;) {
		enum child_filter_result down;
		size_t got, part;

		if (s->left.n == 0) {
			s->result = stage_code(s, in, mode, s->room, FILTER_ROOM, &got);
			if (s->result == FILTER_FAILED)
				return FILTER_FAILED;
			s->left = (struct span){s->room, got};
		}
		down = stage_run(s->next, &s->left, s->result == FILTER_IDLE ? mode : FILTER_MORE,
		    out + *n, room - *n, &part);
		*n += part;
		if (down != FILTER_IDLE || s->result == FILTER_IDLE)
			return down;
	}
}

static void stage_failed(struct child *c, struct child_request *r, const struct filter_stage *s)
{
	const char *text;
	int code;

	switch (child_coder_error(s->coder, &code, &text)) {
	case CODER_OK:
		return;
	case CODER_RATIO: {
		struct coder_limits limits = child_inflate_limits(c);

		child_log(c, LOG_WARNING, "deflate",
		    "AH02650: Inflated content ratio is larger than the configured limit %d by %d "
		    "time(s)",
		    limits.ratio, limits.burst);
		return;
	}
	default:
		break;
	}
	if (child_coder_kind(s->coder) == FILTER_INFLATE)
		child_log(c, LOG_WARNING, "deflate", "AH01409: Zlib error %d inflating data (%s)",
		    code, text);
	else
		child_log(c, LOG_ERR, "core", "the answer cannot be compressed (%d, %s): %s", code,
		    text, r->uri);
}

static void note_number(
    struct child *c, struct child_request *r, const char *name, uint64_t value, bool known)
{
	if (name)
		child_note_set(c, r, span_of(name),
		    known ? span_of(arena_printf(&c->arena, "%llu", (unsigned long long)value))
		          : SPAN("-"));
}

static void stage_ended(struct child *c, struct child_request *r, const struct filter_stage *s)
{
	const struct conf_vhost *v = c->vhost;
	bool gzip = child_coder_kind(s->coder) == FILTER_DEFLATE;
	const struct filter_notes *notes =
	    gzip ? &(v->deflate ? v->deflate : &conf_deflate_default)->notes
	         : &(v->brotli ? v->brotli : &conf_brotli_default)->notes;
	uint64_t in = child_coder_in(s->coder), out = child_coder_out(s->coder);

	if (child_coder_kind(s->coder) == FILTER_INFLATE)
		return;
	if (gzip)
		child_log(c, LOG_DEBUG, "deflate",
		    "AH01384: Zlib: Compressed %llu to %llu : URL %s", (unsigned long long)in,
		    (unsigned long long)out, r->uri);
	note_number(c, r, notes->input, in, !gzip || in > 0);
	note_number(c, r, notes->output, out, !gzip || out > 0);
	note_number(c, r, notes->ratio, in ? out * 100 / in : 0, in > 0);
}

enum child_filter_result child_filter_data(struct child *c, struct child_request *r,
    struct span *in, enum child_filter_mode mode, char *out, size_t room, size_t *n)
{
	struct child_filter *f = r->filter;
	enum child_filter_result result = stage_run(f->stages, in, mode, out, room, n);

	if (result == FILTER_FAILED)
		for (const struct filter_stage *s = f->stages; s; s = s->next)
			stage_failed(c, r, s);
	if (result != FILTER_IDLE || mode != FILTER_END || f->ended)
		return result;
	f->ended = true;
	for (const struct filter_stage *s = f->stages; s; s = s->next)
		stage_ended(c, r, s);
	return result;
}
