/*
 * The request head: every file of vectors/http_head (ok-*, more-*, bad-STATUS-*, and
 * second-STATUS-* for what only the second parser refuses), whole and byte by byte, then what a
 * good head says, the limits, and that a slow client costs no second look.
 */
#include "itkd/arena.h"
#include "itkd/http_head.h"
#include "vectors.h"

#include <dirent.h>

static const struct http_limits defaults = {.line = 8190, .fields = 100, .field_size = 8190};

struct outcome {
	enum http_head_result result;
	int status;
	const char *why;
	size_t scanned;
	struct http_head head;
};

/* On a copy of exactly these bytes, so that a read beyond them is seen. */
static void parse_copy(
    struct arena *a, struct span s, const struct http_limits *limits, struct outcome *o)
{
	char *copy = malloc(s.n ? s.n : 1);

	ck_assert(copy != NULL);
	if (s.n)
		memcpy(copy, s.p, s.n);
	o->status = 0;
	o->why = NULL;
	o->result =
	    http_head_parse(a, copy, s.n, &o->scanned, limits, &o->head, &o->status, &o->why);
	free(copy);
}

static struct outcome parse_whole(struct arena *a, struct span s, const struct http_limits *limits)
{
	struct outcome o = {.scanned = 0};

	parse_copy(a, s, limits, &o);
	return o;
}

/* One more byte with each call (in a long head a few), as long as the answer is "more". */
static struct outcome parse_dripped(struct arena *a, struct span s)
{
	struct outcome o = {.scanned = 0};

	size_t step = s.n > 9000 ? 61 : 1;

	for (size_t n = 0; n < s.n; n += step) {
		parse_copy(a, (struct span){s.p, n}, &defaults, &o);
		if (o.result != HTTP_HEAD_MORE)
			return o;
	}
	parse_copy(a, s, &defaults, &o);
	return o;
}

static void check_file(const char *name)
{
	char path[512];
	struct arena a;
	int status = 0;
	bool second = strncmp(name, "second-", 7) == 0;
	enum http_head_result want = HTTP_HEAD_BAD;

	if (strncmp(name, "ok-", 3) == 0)
		want = HTTP_HEAD_DONE;
	else if (strncmp(name, "more-", 5) == 0)
		want = HTTP_HEAD_MORE;
	else
		ck_assert_msg(sscanf(strchr(name, '-'), "-%3d-", &status) == 1, "%s: what?", name);
	snprintf(path, sizeof(path), "%s/http_head/%s", VECTORS, name);

	struct span s = vector_file(path);

	arena_init_heap(&a, 1 << 20);
	struct outcome whole = parse_whole(&a, s, &defaults);
	struct outcome dripped = parse_dripped(&a, s);

	ck_assert_msg(whole.result == want && whole.status == status, "%s: result %d, %d %s", name,
	    whole.result, whole.status, whole.why ? whole.why : "");
	ck_assert_msg((whole.why != NULL) == (want == HTTP_HEAD_BAD), "%s: why", name);
	ck_assert_msg(second == (whole.why && strcmp(whole.why, "parsers disagree") == 0), "%s: %s",
	    name, whole.why ? whole.why : "");
	ck_assert_msg(dripped.result == want && dripped.status == status,
	    "%s, dripped: result %d, %d %s", name, dripped.result, dripped.status,
	    dripped.why ? dripped.why : "");
	ck_assert_uint_eq(whole.head.size, dripped.head.size);
	ck_assert_uint_eq(whole.head.nfields, dripped.head.nfields);
	ck_assert_int_eq(whole.head.content_length, dripped.head.content_length);
	arena_free(&a);
	free((char *)(size_t)s.p);
}

START_TEST(vector_files)
{
	DIR *dir = opendir(VECTORS "/http_head");
	struct dirent *e;
	unsigned n = 0;

	ck_assert(dir != NULL);
	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.') {
			check_file(e->d_name);
			n++;
		}
	ck_assert_int_eq(closedir(dir), 0);
	ck_assert_uint_ge(n, 100);
}
END_TEST

/* What a head says, as one line: path?query host:port flags. */
static char *summary(struct arena *a, const struct http_head *h)
{
	return arena_printf(a, "%d 1.%u %.*s%s%.*s %.*s:%u%s%s%s%s%s %lld", (int)h->method_id,
	    h->minor, (int)h->path.n, h->path.p ? h->path.p : "", h->has_query ? "?" : "",
	    (int)h->query.n, h->query.p ? h->query.p : "", (int)h->host.n,
	    h->host.p ? h->host.p : "", h->host_port,
	    h->https      ? " https"
	    : h->absolute ? " absolute"
	                  : "",
	    h->keep_alive ? " keep" : "", h->chunked ? " chunked" : "",
	    h->expect_continue ? " expect" : "", h->expect_unknown ? " wonder" : "",
	    (long long)h->content_length);
}

static const struct {
	const char *head, *want;
} meanings[] = {
    {"GET /a/b?c=d HTTP/1.1\r\nHost: x.y\r\n\r\n", "1 1.1 /a/b?c=d x.y:0 keep -1"},
    {"GET /? HTTP/1.1\r\nHost: x:81\r\n\r\n", "1 1.1 /? x:81 keep -1"},
    {"GET /?a?b HTTP/1.1\r\nHost: x:\r\n\r\n", "1 1.1 /?a?b x:0 keep -1"},
    {"HEAD / HTTP/1.7\r\nHost: [::1]:8\r\n\r\n", "2 1.1 / [::1]:8 keep -1"},
    {"GET / HTTP/1.0\r\n\r\n", "1 1.0 / :0 -1"},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "1 1.0 / :0 keep -1"},
    {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "1 1.0 / :0 -1"},
    {"GET / HTTP/1.0\r\nConnection: x, keep-alive\r\n\r\n", "1 1.0 / :0 keep -1"},
    {"GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n", "1 1.0 / :0 -1"},
    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "1 1.1 / x:0 -1"},
    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: a\r\nconnection: b,CLOSE\r\n\r\n", "1 1.1 / x:0 -1"},
    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: closed\r\n\r\n", "1 1.1 / x:0 keep -1"},
    {"GET / HTTP/1.1\r\nHost: x\r\nProxy-Connection: close\r\n\r\n", "1 1.1 / x:0 keep -1"},
    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        "1 1.1 / x:0 keep -1"},
    {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 007\r\n\r\n", "3 1.1 / x:0 keep 7"},
    {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775807\r\n\r\n",
        "3 1.1 / x:0 keep 9223372036854775807"},
    {"POST / HTTP/1.1\r\nContent-Length: 3\r\nHost: x\r\nContent-Length: 3\r\n\r\n",
        "3 1.1 / x:0 keep 3"},
    {"POST / HTTP/1.1\r\nHost: x\r\ntransfer-encoding:Chunked\r\n\r\n",
        "3 1.1 / x:0 keep chunked -1"},
    {"PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", "4 1.1 / x:0 keep expect -1"},
    {"PUT / HTTP/1.0\r\nHost: x\r\nExpect: 100-continue, y\r\n\r\n", "4 1.0 / x:0 -1"},
    {"PUT / HTTP/1.1\r\nHost: x\r\nExpect: y\r\n\r\n", "4 1.1 / x:0 keep wonder -1"},
    {"PUT / HTTP/1.1\r\nHost: x\r\nExpect: y, 100-CONTINUE\r\n\r\n",
        "4 1.1 / x:0 keep expect wonder -1"},
    {"GET http://A.b:82/c?d HTTP/1.1\r\nHost: x\r\n\r\n", "1 1.1 /c?d A.b:82 absolute keep -1"},
    {"GET http://A.b HTTP/1.1\r\nHost: x:1\r\n\r\n", "1 1.1 / A.b:0 absolute keep -1"},
    {"GET https://A.b?c/d HTTP/1.1\r\nHost:\r\n\r\n", "1 1.1 /?c/d A.b:0 https keep -1"},
    {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "6 1.1 * x:0 keep -1"},
    {"OPTIONS http://y HTTP/1.1\r\nHost: x\r\n\r\n", "6 1.1 * y:0 absolute keep -1"},
    {"OPTIONS http://y? HTTP/1.1\r\nHost: x\r\n\r\n", "6 1.1 /? y:0 absolute keep -1"},
    {"OPTIONS http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", "6 1.1 / y:0 absolute keep -1"},
    {"CONNECT y:443 HTTP/1.1\r\nHost: x\r\n\r\n", "8 1.1  y:443 keep -1"},
    {"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", "7 1.1 / x:0 keep -1"},
    {"GET / HTTP/1.0\r\nHost:\r\n\r\n", "1 1.0 / :0 -1"},
    {"GET /\xc3\xbc?\xe4 HTTP/1.1\r\nHost: x\r\n\r\n", "1 1.1 /\xc3\xbc?\xe4 x:0 keep -1"},
    {"SEARCH / HTTP/1.1\r\nHost: x\r\n\r\n", "0 1.1 / x:0 keep -1"},
    {"DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", "5 1.1 / x:0 keep -1"},
    {"PATCH / HTTP/1.1\r\nHost: x\r\n\r\n", "9 1.1 / x:0 keep -1"},
    {"PROPFIND / HTTP/1.1\r\nHost: x\r\n\r\n", "10 1.1 / x:0 keep -1"},
    {"VERSION-CONTROL / HTTP/1.1\r\nHost: x\r\n\r\n", "10 1.1 / x:0 keep -1"},
    {"PURGE / HTTP/1.1\r\nHost: x\r\n\r\n", "0 1.1 / x:0 keep -1"},
    {"get / HTTP/1.1\r\nHost: x\r\n\r\n", "0 1.1 / x:0 keep -1"},
    {"GETT / HTTP/1.1\r\nHost: x\r\n\r\n", "0 1.1 / x:0 keep -1"},
    {"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "1 1.1 / x:0 keep -1"},
};

START_TEST(meaning)
{
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		struct outcome o = {.scanned = 0};
		struct span s = span_of(meanings[i].head);

		o.result = http_head_parse(
		    &a, s.p, s.n, &o.scanned, &defaults, &o.head, &o.status, &o.why);
		ck_assert_msg(o.result == HTTP_HEAD_DONE, "%s: %d %s", s.p, o.status, o.why);
		ck_assert_str_eq(summary(&a, &o.head), meanings[i].want);
		ck_assert_uint_eq(o.head.size, s.n);
	}
	arena_free(&a);
}
END_TEST

START_TEST(fields)
{
	static const char text[] =
	    "GET /x HTTP/1.1\r\nHost: h\r\nA:  one \t\r\nB: \"x, y\", Two\r\n"
	    "a: \r\na:three\r\n\r\nrest";
	struct arena a;
	struct http_head head;
	size_t scanned = 0;
	int status;
	const char *why;

	arena_init_heap(&a, 1 << 20);
	ck_assert_int_eq(
	    http_head_parse(&a, text, sizeof(text) - 1, &scanned, &defaults, &head, &status, &why),
	    HTTP_HEAD_DONE);
	ck_assert_uint_eq(head.size, sizeof(text) - 1 - 4);
	ck_assert(span_eq(head.line, SPAN("GET /x HTTP/1.1")));
	ck_assert(span_eq(head.method, SPAN("GET")));
	ck_assert(span_eq(head.target, SPAN("/x")));
	ck_assert_uint_eq(head.nfields, 5);
	ck_assert(span_eq(head.fields[1].name, SPAN("A")));
	ck_assert(span_eq(http_head_field(&head, SPAN("a"))->value, SPAN("one")));
	ck_assert(http_head_field(&head, SPAN("c")) == NULL);
	ck_assert(span_eq(http_head_joined(&a, &head, SPAN("A")), SPAN("one, , three")));
	ck_assert(span_eq(http_head_joined(&a, &head, SPAN("hOst")), SPAN("h")));
	ck_assert(http_head_joined(&a, &head, SPAN("none")).p == NULL);
	ck_assert(http_head_has_token(&head, SPAN("A"), SPAN("Three")));
	ck_assert(http_head_has_token(&head, SPAN("B"), SPAN("two")));
	ck_assert(!http_head_has_token(&head, SPAN("B"), SPAN("y\"")));
	ck_assert(!http_head_has_token(&head, SPAN("A"), SPAN("thre")));
	arena_free(&a);
}
END_TEST

/* A refused head's request-line, for the log. */
START_TEST(line_of_a_bad_head)
{
	static const struct {
		const char *head, *line;
	} rows[] = {
	    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "GET / HTTP/1.1"},
	    {"\r\nGET / HTTP/3.0\r\nHost: a\r\n\r\n", "GET / HTTP/3.0"},
	    {"GET /\n", "GET /"},
	    {"\x16\x03\x01", "\x16\x03\x01"},
	};
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o = {.scanned = 0};
		struct span s = span_of(rows[i].head);

		o.result = http_head_parse(
		    &a, s.p, s.n, &o.scanned, &defaults, &o.head, &o.status, &o.why);
		ck_assert_int_eq(o.result, HTTP_HEAD_BAD);
		ck_assert(span_eq(o.head.line, span_of(rows[i].line)));
	}
	arena_free(&a);
}
END_TEST

static struct outcome with_limits(const char *head, size_t line, size_t nfields, size_t field_size)
{
	struct http_limits limits = {.line = line, .fields = nfields, .field_size = field_size};
	struct arena a;
	struct outcome o;

	arena_init_heap(&a, 1 << 20);
	o = parse_whole(&a, span_of(head), &limits);
	arena_free(&a);
	return o;
}

START_TEST(limits_at_and_past)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: example\r\nA: b\r\n\r\n";

	ck_assert_int_eq(with_limits(head, 14, 2, 13).result, HTTP_HEAD_DONE);
	ck_assert_int_eq(with_limits(head, 13, 2, 13).status, 414);
	ck_assert_int_eq(with_limits(head, 14, 1, 13).status, 431);
	ck_assert_int_eq(with_limits(head, 14, 2, 12).status, 431);
	ck_assert_int_eq(with_limits(head, 14, 0, 13).result, HTTP_HEAD_DONE);
	/* told before the line, the field or the head is complete */
	ck_assert_int_eq(with_limits("GET /aaaaaaaaa", 13, 2, 13).status, 414);
	ck_assert_int_eq(with_limits("GET /aaaaaaaa", 13, 2, 13).result, HTTP_HEAD_MORE);
	ck_assert_int_eq(with_limits("GET / HTTP/1.1\r\nHost: e\r\nA", 14, 1, 13).status, 431);
	ck_assert_int_eq(with_limits("GET / HTTP/1.1\r\nHost: examplee", 14, 1, 13).status, 431);
	ck_assert_int_eq(
	    with_limits("GET / HTTP/1.1\r\nHost: example\r", 14, 1, 13).result, HTTP_HEAD_MORE);
}
END_TEST

/* A head of exactly n bytes, of many short fields or one long one. */
static struct outcome sum_of(size_t n, bool complete, size_t field)
{
	static const char first[] = "GET / HTTP/1.1\r\nHost: h\r\n";
	const struct http_limits none = {.line = 8190, .fields = 0, .field_size = SIZE_MAX};
	char *p = malloc(n);
	struct outcome o;
	struct arena a;
	size_t at = sizeof(first) - 1;

	ck_assert(p != NULL);
	memset(p, 'x', n);
	memcpy(p, first, at);
	while (at + 2 * field < n) {
		p[at + 1] = ':';
		at += field;
		memcpy(p + at - 2, "\r\n", 2);
	}
	p[at + 1] = ':';
	if (complete)
		memcpy(p + n - 4, "\r\n\r\n", 4);
	arena_init_heap(&a, 16 << 20);
	o = parse_whole(&a, (struct span){p, n}, &none);
	arena_free(&a);
	free(p);
	return o;
}

START_TEST(limit_of_the_sum)
{
	for (size_t field = 4; field <= HTTP_HEAD_MAX; field += 8191) {
		ck_assert_int_eq(sum_of(HTTP_HEAD_MAX, true, field).result, HTTP_HEAD_DONE);
		ck_assert_uint_eq(sum_of(HTTP_HEAD_MAX, true, field).head.size, HTTP_HEAD_MAX);
		ck_assert_int_eq(sum_of(HTTP_HEAD_MAX + 1, true, field).status, 431);
		ck_assert_int_eq(sum_of(HTTP_HEAD_MAX + 1, true, field).result, HTTP_HEAD_BAD);
		ck_assert_int_eq(sum_of(HTTP_HEAD_MAX - 3, false, field).result, HTTP_HEAD_MORE);
		/* what cannot become a head any more is not waited for */
		ck_assert_int_eq(sum_of(HTTP_HEAD_MAX, false, field).status, 431);
	}
}
END_TEST

/* Bytes of whole lines that were looked at are not looked at again before the head is complete. */
START_TEST(no_second_look)
{
	static const char line[] = "GET / HTTP/1.1\r\n", field[] = "Host: example.com\r\n";
	char buf[4096];
	struct arena a;
	struct http_head head;
	size_t scanned = 0, n = 0, rounds = 100;
	int status = 0;
	const char *why = "";

	arena_init_heap(&a, 1 << 20);
	memcpy(buf, line, sizeof(line) - 1);
	n = sizeof(line) - 1;
	ck_assert_int_eq(
	    http_head_parse(&a, buf, n, &scanned, &defaults, &head, &status, &why), HTTP_HEAD_MORE);
	for (size_t i = 0; i < rounds; i++) {
		memset(buf, '\1', n);
		memcpy(buf + n, field, sizeof(field) - 1);
		n += sizeof(field) - 1;
		ck_assert_int_eq(
		    http_head_parse(&a, buf, n, &scanned, &defaults, &head, &status, &why),
		    HTTP_HEAD_MORE);
	}
	/* The count of lines is kept, too: one more field is one too many. */
	memset(buf, '\1', n);
	buf[n++] = 'X';
	ck_assert_int_eq(
	    http_head_parse(&a, buf, n, &scanned, &defaults, &head, &status, &why), HTTP_HEAD_BAD);
	ck_assert_int_eq(status, 431);
	arena_free(&a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {vector_files, meaning, fields, line_of_a_bad_head,
	    limits_at_and_past, limit_of_the_sum, no_second_look};

	return vector_run("http_head", tests, sizeof(tests) / sizeof(tests[0]));
}
