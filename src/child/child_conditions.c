/*
 * Preconditions of a request (RFC 9110 section 13). Runs as the vhost's user; the fields are the
 * client's.
 */
#include "child_internal.h"

#include "itkd/etag.h"

/* Sections 13.1.4 and 13.1.3: false where there is no such field, or no date in it. */
static bool conditions_date(const struct child_request *r, struct span name, time_t *date)
{
	const struct http_field *field = http_head_field(&r->head, name);

	if (!field)
		return false;
	*date = date_parse(field->value, r->start.tv_sec);
	return *date != -1;
}

/* Section 13.2.2, steps 1 to 4. */
int child_conditions(
    struct child *c, const struct child_request *r, struct span etag, time_t modified)
{
	struct span match = http_head_joined(&c->arena, &r->head, SPAN("If-Match"));
	struct span none = http_head_joined(&c->arena, &r->head, SPAN("If-None-Match"));
	bool get = r->method_id == HTTP_METHOD_GET || r->method_id == HTTP_METHOD_HEAD;
	time_t date;

	if (modified == -1)
		modified = r->start.tv_sec;
	if (match.p) {
		if (etag_match(match, etag, ETAG_STRONG) == ETAG_DIFFERS)
			return 412;
	} else if (conditions_date(r, SPAN("If-Unmodified-Since"), &date) && modified > date) {
		return 412;
	}
	if (none.p && etag_match(none, etag, ETAG_WEAK) != ETAG_DIFFERS)
		return get ? 304 : 412;
	if (none.p || !get)
		return 0;
	return conditions_date(r, SPAN("If-Modified-Since"), &date) && modified <= date ? 304 : 0;
}
