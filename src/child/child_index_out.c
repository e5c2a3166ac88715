/*
 * The page of a list on its way to the client. A small one is sent whole, with its length; a longer
 * one leaves in pieces, so that its size costs no memory. Runs as the vhost's user.
 */
#include "child_index.h"

#include <assert.h>
#include <string.h>

void child_index_head(struct index *x)
{
	const struct conf_index *conf = x->conf;
	const char *type = conf->type ? conf->type : "text/html";
	const char *charset = conf->charset ? conf->charset : "ISO-8859-1";
	struct child *c = x->c;

	child_head_start(c, x->r, 200, child_reason(200));
	if (x->options & INDEX_TRACK)
		child_static_validators(c, x->r);
	if (*charset)
		type = arena_printf(x->keep, "%s;charset=%s", type, charset);
	child_head_add(c, SPAN("Content-Type"), span_of(type));
}

/* The head, by the settings of the directory itself. */
static void out_start(struct index *x)
{
	struct child *c = x->c;
	struct child_request *r = x->r;
	bool aside = x->aside;

	if (aside)
		child_index_swap(x);
	x->sent = true;
	child_nodelay(c);
	child_index_head(x);
	if (child_head_finish(c, r, -1)) {
		r->reply = span_of(arena_strndup(&c->arena, c->out, c->out_n));
		r->aborted = !child_send(c, c->out, c->out_n, MSG_MORE);
	} else {
		x->refused = true;
	}
	if (aside)
		child_index_swap(x);
}

void child_index_flush(struct index *x)
{
	struct child_request *r = x->r;

	if (!x->sent)
		out_start(x);
	if (!r->aborted && !x->refused && x->out_n)
		child_piece(x->c, r, x->out, x->out_n, FILTER_MORE);
	x->out_n = 0;
}

void child_index_put_span(struct index *x, struct span text)
{
	/* What does not fit is never split: Apache's buffer does not, and so lengths agree. */
	if (text.n > INDEX_BUFFER - x->out_n)
		child_index_flush(x);
	while (text.n > INDEX_BUFFER) {
		memcpy(x->out, text.p, INDEX_BUFFER);
		x->out_n = INDEX_BUFFER;
		child_index_flush(x);
		text = (struct span){text.p + INDEX_BUFFER, text.n - INDEX_BUFFER};
	}
	memcpy(x->out + x->out_n, text.p, text.n);
	x->out_n += text.n;
}

void child_index_put(struct index *x, const char *text)
{
	child_index_put_span(x, span_of(text));
}

void child_index_puts(struct index *x, const char *const *texts)
{
	for (; *texts; texts++)
		child_index_put(x, *texts);
}

void child_index_put_number(struct index *x, int number)
{
	char digits[SPAN_DECIMAL_MAX];

	child_index_put_span(x, span_decimal(digits, number < 0 ? 0 : (uint64_t)number));
}

void child_index_put_escaped(struct index *x, const char *text)
{
	child_index_put(x, html_escape(&x->c->arena, text));
}

void child_index_end(struct index *x)
{
	struct child_request *r = x->r;

	if (!x->sent) {
		child_index_head(x);
		child_reply(x->c, r, x->out, x->out_n);
		return;
	}
	if (x->out_n)
		child_index_flush(x);
	if (!r->aborted && !x->refused)
		child_piece(x->c, r, NULL, 0, FILTER_END);
}
