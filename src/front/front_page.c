/*
 * The text of an answer that the front makes itself: the same page that a child makes. Run by
 * `itkd: front`. RFC 9110 section 15.
 */
#include "front.h"

#include "itkd/arena.h"
#include "itkd/date.h"
#include "itkd/error_page.h"
#include "itkd/http_status.h"
#include <time.h>

#define PAGE_ARENA ((size_t)1 << 20) /* far above what a page can need */

static const char *page_text(const struct front_conn *c, const struct conf_vhost *v,
    const struct front_refusal *refusal, struct arena *a)
{
	const struct error_document *d = conf_answer_document(&v->dir.answer, refusal->status);
	uint16_t otherwise = c->tls ? 443 : 80;

	if (d && d->kind == DOCUMENT_TEXT)
		return d->text;
	struct error_signature s = {.kind = v->dir.answer.signature,
	    .server = front.conf->server_token,
	    .admin = v->server_admin,
	    .name = v->server_name,
	    .port = v->server_port ? v->server_port : otherwise};
	struct error_page page = {.status = refusal->status,
	    .admin = v->server_admin,
	    .notes = refusal->page,
	    .signature = error_signature(a, &s, "<hr>\n")};

	return error_page(a, &page);
}

struct span front_page(const struct front_conn *c, const struct conf_vhost *v,
    const struct front_refusal *refusal, bool head_only, size_t *body)
{
	static struct arena a;
	struct span reason = http_status_reason(refusal->status), text;
	char date[DATE_LEN + 1];
	const char *length = "";

	if (!a.limit)
		arena_init_heap(&a, PAGE_ARENA);
	arena_reset(&a);
	date_format(time(NULL), date);
	text = span_of(head_only ? "" : page_text(c, v, refusal, &a));
	/* Apache has not made the page when it answers HEAD, and so knows no length. */
	if (!head_only)
		length = arena_printf(&a, "Content-Length: %zu\r\n", text.n);
	*body = text.n;
	return span_of(arena_printf(&a,
	    "HTTP/1.1 %d %.*s\r\nDate: %s\r\nServer: %s\r\n%s%sConnection: close\r\n"
	    "Content-Type: text/html; charset=iso-8859-1\r\n\r\n%s",
	    refusal->status, (int)reason.n, reason.p, date, front.conf->server_token,
	    refusal->status == 503 ? "Retry-After: 1\r\n" : "", length, text.p));
}
