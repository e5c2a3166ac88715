/*
 * ExpiresActive: when an answer expires (mod_expires, RFC 9111 sections 5.2 and 5.3). Runs as the
 * vhost's user.
 */
#include "child_headers.h"

#include "itkd/conf_expires.h"

static bool expires_base(
    const struct child_request *r, const struct expires_code *code, int64_t *base)
{
	*base = r->start.tv_sec;
	if (code->base == EXPIRES_ACCESS)
		return true;
	*base = r->target.st.st_mtim.tv_sec;
	/* There is nothing that was changed. */
	return r->target.st.st_mode != 0;
}

void child_expires(struct child *c, struct child_request *r, struct child_headers *h)
{
	const struct conf_expires *conf = c->dir.merged.expires;
	const struct expires_code *code;
	char date[DATE_LEN + 1];
	struct span type;
	int64_t at, base;

	if (!conf || conf->active != EXPIRES_ON || r->status >= 400)
		return;
	if (child_table_find(&h->err, SPAN("Expires")) ||
	    child_table_find(&h->out, SPAN("Expires")))
		return;
	type = r->parts_type.p ? r->parts_type : h->type;
	/* RFC 9110 section 15.4.5: a 304 says it as the 200 would have, though it has no type. */
	if (!type.p && r->status == 304)
		type = child_type(c, r, span_of(r->target.type));
	code = conf_expires_find(conf, type.p ? arena_span(&c->arena, type) : NULL);
	if (!code || !expires_base(r, code, &base))
		return;
	at = base + code->seconds;
	if (at < r->start.tv_sec)
		at = r->start.tv_sec;
	date_format((time_t)at, date);
	child_table_merge(&h->out, SPAN("Cache-Control"),
	    span_of(arena_printf(&c->arena, "max-age=%lld", (long long)(at - r->start.tv_sec))));
	child_table_set(&h->out, SPAN("Expires"), span_of(arena_strdup(&c->arena, date)));
}
