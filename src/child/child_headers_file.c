/*
 * What mod_mime says of a file beside its type: Content-Encoding and Content-Language. Apache
 * writes them when all rules for the head are done (ap_http_header_filter), so that a rule cannot
 * take them away, and does not say twice what the file's name says already. Runs as the vhost's
 * user.
 */
#include "child_headers.h"

static struct span file_field(const struct child_headers *h, struct span name)
{
	const struct http_field *f = child_table_find(&h->out, name);

	return f ? f->value : (struct span){NULL, 0};
}

void child_headers_file(
    const struct child_request *r, const struct child_headers *h, struct headers_file *file)
{
	*file = (struct headers_file){0};
	if (!r->file_fields)
		return;
	file->encoding = file_field(h, SPAN("Content-Encoding"));
	file->language = file_field(h, SPAN("Content-Language"));
}

static bool file_has(struct span list, struct span token)
{
	struct span element;

	while (span_list_next(&list, &element))
		if (span_ieq(element, token))
			return true;
	return false;
}

struct span child_headers_languages(struct arena *a, struct span own, struct span other)
{
	struct span list = own, element;

	while (span_list_next(&other, &element))
		if (!file_has(own, element))
			list = span_of(arena_printf(
			    a, "%.*s,%.*s", (int)list.n, list.p, (int)element.n, element.p));
	return list;
}

static void file_set(struct child_headers *h, struct span name, struct span value)
{
	child_table_unset(&h->err, name);
	child_table_set(&h->out, name, value);
}

void child_headers_file_over(
    struct child *c, struct child_headers *h, const struct headers_file *file)
{
	const struct span name = SPAN("Content-Language");

	if (file->encoding.p)
		file_set(h, SPAN("Content-Encoding"), file->encoding);
	if (!file->language.p)
		return;
	const struct http_field *always = child_table_find(&h->err, name);
	struct span other = always ? always->value : file_field(h, name);

	file_set(h, name, child_headers_languages(&c->arena, file->language, other));
}
