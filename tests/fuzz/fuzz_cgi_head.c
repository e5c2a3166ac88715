/* The head that a CGI program writes: where it ends, and what its fields say. */
#include "fuzz.h"
#include "itkd/cgi_head.h"
#include "itkd/http_field.h"

static void must_lie_in(struct span head, struct span s)
{
	must(s.n == 0 || (s.p >= head.p && s.p + s.n <= head.p + head.n),
	    "a value lies in the head");
}

/* The end is the same, however much of it was looked at before. */
static size_t find_end(const char *p, size_t n)
{
	size_t whole = cgi_head_end(p, n, 0), end = 0;

	for (size_t have = 0, next; have < n && !end; have = next) {
		next = have + 1 + have % 7 < n ? have + 1 + have % 7 : n;
		end = cgi_head_end(p, next, have);
	}
	must(end == whole, "pieces end where the whole ends");
	must(end <= n && (end == 0 || p[end - 1] == '\n'), "the end is behind an LF");
	return end;
}

static void look_at_fields(struct span head)
{
	struct span rest = head, line, name, value;

	while (cgi_head_line(&rest, &line)) {
		must_lie_in(head, line);
		if (!cgi_head_field(line, &name, &value))
			continue;
		must(name.n && http_field_name(name) && http_field_value(value), "a field is one");
		must(!memchr(value.p, '\n', value.n) && !memchr(value.p, '\r', value.n),
		    "a value ends no line");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data;
	size_t end = n ? find_end(p, n) : 0;
	struct span head = {p, end ? end : n}, bad;
	struct cgi_head f;

	if (n == 0)
		return 0;
	look_at_fields(head);
	if (!cgi_head_scan(head, &f, &bad)) {
		must_lie_in(head, bad);
		return 0;
	}
	must(f.status == 0 || (f.status >= 200 && f.status <= 599), "a final status");
	must(f.status == 0 || http_field_value(f.reason), "a reason-phrase ends no line");
	must(f.length >= -1 && f.modified >= -1, "-1 or not negative");
	must_lie_in(head, f.location);
	must_lie_in(head, f.type);
	must_lie_in(head, f.etag);
	must_lie_in(head, f.sendfile);
	return 0;
}
