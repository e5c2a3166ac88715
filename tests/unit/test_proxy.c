/* What a proxy reads and writes as text: addresses of backends, heads of answers, URLs, cookies. */
#include "itkd/arena.h"
#include "itkd/conf.h"
#include "itkd/conf_proxy.h"
#include "itkd/http_reply.h"
#include "itkd/proxy_map.h"
#include "suite.h"

static struct arena a;

static void setup(void)
{
	arena_init_heap(&a, 1 << 24);
}

static void teardown(void)
{
	arena_free(&a);
}

START_TEST(backends)
{
	static const struct {
		const char *url, *scheme, *socket, *host, *path, *authority;
		unsigned port;
	} rows[] = {
	    {"http://localhost", "http", NULL, "localhost", "", "localhost", 80},
	    {"HTTP://LocalHost:8080/a?b#c", "http", NULL, "localhost", "/a?b#c", "localhost:8080",
	        8080},
	    {"http://h:80/", "http", NULL, "h", "/", "h", 80},
	    {"http://h:/x", "http", NULL, "h", "/x", "h", 80},
	    {"http://h?x", "http", NULL, "h", "?x", "h", 80},
	    {"ws://[::1]:3000/ws", "ws", NULL, "::1", "/ws", "[::1]:3000", 3000},
	    {"fcgi://127.0.0.1:9000/var/www/", "fcgi", NULL, "127.0.0.1", "/var/www/",
	        "127.0.0.1:9000", 9000},
	    {"fcgi://h", "fcgi", NULL, "h", "", "h", 8000},
	    {"unix:/run/x.sock|fcgi://localhost/", "fcgi", "/run/x.sock", "localhost", "/",
	        "localhost", 8000},
	    {"UNIX:/run/x.sock|http://app:81/a", "http", "/run/x.sock", "app", "/a", "app:81", 81},
	    {"unix:/run/x.sock|http:", "http", "/run/x.sock", "localhost", "", "localhost", 80},
	    {"unix:/run/x.sock|fcgi://", "fcgi", "/run/x.sock", "localhost", "", "localhost", 8000},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct backend b;
		const char *error = backend_parse(&a, rows[i].url, &b);

		ck_assert_msg(!error, "%s: %s", rows[i].url, error);
		ck_assert_str_eq(backend_scheme_name(b.scheme), rows[i].scheme);
		if (rows[i].socket)
			ck_assert_str_eq(b.socket, rows[i].socket);
		else
			ck_assert_ptr_null(b.socket);
		ck_assert_str_eq(b.host, rows[i].host);
		ck_assert_str_eq(b.path, rows[i].path);
		ck_assert_uint_eq(b.port, rows[i].port);
		ck_assert_str_eq(backend_authority(&a, &b), rows[i].authority);
	}
}
END_TEST

START_TEST(no_backends)
{
	static const struct {
		const char *url, *says;
	} rows[] = {
	    {"", "no URL"},
	    {"/path", "no URL"},
	    {"http:/x", "no URL"},
	    {"http//x", "no URL"},
	    {"bogus://x", "no URL"},
	    {"https://x", "TLS"},
	    {"WSS://x", "TLS"},
	    {"balancer://x", "balancer"},
	    {"ajp://x", "AJP"},
	    {"http://", "host"},
	    {"http://:80", "host"},
	    {"http://a b", "host"},
	    {"http://a\r\nX: y", "host"},
	    {"http://a%00", "host"},
	    {"http://-a", "host"},
	    {"http://[::1", "]"},
	    {"http://[::1]x", "host"},
	    {"http://[g]", "host"},
	    {"http://::1/", "host"},
	    {"http://h:0", "port"},
	    {"http://h:65536", "port"},
	    {"http://h:8x", "port"},
	    {"http://u:p@h", "password"},
	    {"unix:/x", "unix:/path|"},
	    {"unix:x|http://h", "absolute"},
	    {"unix:|http://h", "absolute"},
	    {"unix:/x|/y", "no URL"},
	};
	char *longest = arena_printf(&a, "unix:/%0120d|http://h", 1);
	struct backend b;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *error = backend_parse(&a, rows[i].url, &b);

		ck_assert_msg(error != NULL, "%s", rows[i].url);
		ck_assert_msg(strstr(error, rows[i].says), "%s: %s", rows[i].url, error);
	}
	ck_assert_ptr_nonnull(backend_parse(&a, longest, &b));
}
END_TEST

static enum http_reply_result parse(const char *text, enum http_reply_bad bad, struct http_reply *r)
{
	struct span line;

	return http_reply_parse(&a, arena_strdup(&a, text), strlen(text), 100, bad, r, &line);
}

START_TEST(replies)
{
	static const struct {
		const char *text;
		int status;
		const char *reason;
		bool chunked, keep;
		long long length;
		size_t fields;
	} rows[] = {
	    {"HTTP/1.1 200 OK\r\n\r\n", 200, "OK", false, true, -1, 0},
	    {"HTTP/1.0 404\r\n\r\n", 404, "", false, false, -1, 0},
	    {"http/1.2 299 A  b \n\n", 299, "A  b", false, true, -1, 0},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "OK", false, true, 5, 1},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\n", 200, "OK",
	        false, true, 5, 2},
	    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", 200, "OK", true, true, -1, 1},
	    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 200,
	        "OK", true, false, -1, 2},
	    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n", 200,
	        "OK", true, false, -1, 2},
	    {"HTTP/1.1 200 OK\r\nConnection: x, CLOSE\r\n\r\n", 200, "OK", false, false, -1, 1},
	    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", 200, "OK", false, true, -1, 1},
	    {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\t d\r\nE: f\r\n\r\n", 200, "OK", false, true, -1,
	        2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_reply r;

		ck_assert_msg(
		    parse(rows[i].text, HTTP_REPLY_BAD, &r) == HTTP_REPLY_OK, "%s", rows[i].text);
		ck_assert_uint_eq(r.size, strlen(rows[i].text));
		ck_assert_int_eq(r.status, rows[i].status);
		ck_assert(span_eq(r.reason, span_of(rows[i].reason)));
		ck_assert_int_eq(r.chunked, rows[i].chunked);
		ck_assert_msg(r.keep_alive == rows[i].keep, "%s", rows[i].text);
		ck_assert_int_eq(r.length, rows[i].length);
		ck_assert_uint_eq(r.nfields, rows[i].fields);
	}
}
END_TEST

START_TEST(no_replies)
{
	static const struct {
		const char *text;
		enum http_reply_result result;
	} rows[] = {
	    {"\r\n\r\n", HTTP_REPLY_NO_STATUS},
	    {"hello\r\n\r\n", HTTP_REPLY_NO_STATUS},
	    {"HTTP/2.0 200 OK\r\n\r\n", HTTP_REPLY_NO_STATUS},
	    {"HTTP/1.1  200 OK\r\n\r\n", HTTP_REPLY_NO_STATUS},
	    {"HTTP/1.1 20 OK\r\n\r\n", HTTP_REPLY_NO_STATUS},
	    {"HTTP/1.1 099 OK\r\n\r\n", HTTP_REPLY_NO_STATUS},
	    {"HTTP/1.1 2000 OK\r\n\r\n", HTTP_REPLY_NO_STATUS},
	    {"HTTP/1.1 200 O\x01K\r\n\r\n", HTTP_REPLY_NO_STATUS},
	    {"HTTP/1.1 200 OK\r\nA\r\n\r\n", HTTP_REPLY_FIELD},
	    {"HTTP/1.1 200 OK\r\n A: b\r\n\r\n", HTTP_REPLY_FIELD},
	    {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", HTTP_REPLY_FIELD},
	    {"HTTP/1.1 200 OK\r\n: b\r\n\r\n", HTTP_REPLY_FIELD},
	    {"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", HTTP_REPLY_FIELD},
	    {"HTTP/1.1 200 OK\r\nA: b\x7f\r\n\r\n", HTTP_REPLY_FIELD},
	    {"HTTP/1.1 200 OK\r\nA: b\r\n \x01\r\n\r\n", HTTP_REPLY_FIELD},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
	        HTTP_REPLY_FRAMING},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", HTTP_REPLY_FRAMING},
	    {"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", HTTP_REPLY_FRAMING},
	    {"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", HTTP_REPLY_FRAMING},
	    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", HTTP_REPLY_FRAMING},
	    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", HTTP_REPLY_FRAMING},
	    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
	        HTTP_REPLY_FRAMING},
	    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", HTTP_REPLY_FRAMING},
	};
	char *longest = arena_printf(&a, "HTTP/1.1 200 OK\r\nA: %0100d\r\n\r\n", 1);
	struct http_reply r;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(
		    parse(rows[i].text, HTTP_REPLY_BAD, &r) == rows[i].result, "%s", rows[i].text);
	ck_assert_int_eq(parse(longest, HTTP_REPLY_BAD, &r), HTTP_REPLY_FIELD);
}
END_TEST

START_TEST(bad_lines)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nA: b\r\nwords\r\nC: d\r\n\r\n";
	struct http_reply r;

	ck_assert_int_eq(parse(text, HTTP_REPLY_SKIP, &r), HTTP_REPLY_OK);
	ck_assert_uint_eq(r.nfields, 2);
	ck_assert_int_eq(parse(text, HTTP_REPLY_BODY, &r), HTTP_REPLY_OK);
	ck_assert_uint_eq(r.nfields, 1);
	ck_assert_uint_eq(r.size, strstr(text, "words") - text);
	/* One with a colon is a field that is wrong, whatever is to become of the others. */
	ck_assert_int_eq(
	    parse("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", HTTP_REPLY_SKIP, &r), HTTP_REPLY_FIELD);
}
END_TEST

START_TEST(encoded_paths)
{
	static const struct {
		const char *path, *want, *kept;
	} rows[] = {
	    {"a/b", "a/b", "a/b"},
	    {"a b?c#d", "a%20b%3Fc%23d", "a%20b%3Fc%23d"},
	    {"a%2fb%2Fc%41", "a%252fb%252Fc%2541", "a%2fb%2Fc%2541"},
	    {"~$-_.+!*'(),;:@&=", "~$-_.+!*'(),;:@&=", "~$-_.+!*'(),;:@&="},
	    {"\xc3\xa4\n%", "%C3%A4%0A%25", "%C3%A4%0A%25"},
	    {"%2", "%252", "%252"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert_str_eq(proxy_map_encode(&a, rows[i].path, false), rows[i].want);
		ck_assert_str_eq(proxy_map_encode(&a, rows[i].path, true), rows[i].kept);
	}
	ck_assert(proxy_map_is_sendable(SPAN("/a?b\xc3")));
	ck_assert(!proxy_map_is_sendable(SPAN("/a b")));
	ck_assert(!proxy_map_is_sendable(SPAN("/a\r\nX: y")));
	ck_assert(!proxy_map_is_sendable(SPAN("/a\x7f")));
}
END_TEST

START_TEST(locations)
{
	static const struct proxy_reverse entries[] = {
	    {"http://b:3000/x/", "/in/", false},
	    {"http://b:3000", "/out", false},
	    {"/back/", "/front/", false},
	};
	static const struct proxy_reverses list = {3, entries};
	static const struct {
		const char *url, *want;
	} rows[] = {
	    {"http://b:3000/x/y?z", "/in/y?z"},
	    {"HTTP://B:3000/x", "/out/x"},
	    {"http://b:3000", "/out"},
	    {"/back/x", "/front/x"},
	    {"http://other/back/x", "/front/x"},
	    {"http://other/x", NULL},
	    {"/x", NULL},
	    {"", NULL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *got = proxy_map_location(&a, &list, rows[i].url);

		if (rows[i].want)
			ck_assert_str_eq(got, rows[i].want);
		else
			ck_assert_ptr_null(got);
	}
}
END_TEST

START_TEST(cookies)
{
	static const struct proxy_reverse path[] = {{"/b", "/front", false}, {"/", "/all", false}};
	static const struct proxy_reverse domain[] = {{"back.test", "front.test", false}};
	static const struct proxy_reverses paths = {2, path}, domains = {1, domain},
	                                   none = {0, NULL};
	static const struct {
		const char *cookie, *want;
	} rows[] = {
	    {"a=1", "a=1"},
	    {"a=1; Path=/b", "a=1; Path=/front"},
	    {"a=1;path=/x;domain=BACK.test", "a=1;path=/all;domain=front.test"},
	    {"a=path=/b; HttpOnly", "a=path=/b; HttpOnly"},
	    {"a=1; path=/b/c; Secure", "a=1; path=/front; Secure"},
	    {"a=1; domain=other.test; path=x", "a=1; domain=other.test; path=x"},
	    {"a=1; path; domain", "a=1; path; domain"},
	    {"a=1; path=/b; path=/x", "a=1; path=/front; path=/x"},
	    {";", ";"},
	    {"", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct span got = proxy_map_cookie(&a, &paths, &domains, span_of(rows[i].cookie));

		ck_assert_msg(span_eq(got, span_of(rows[i].want)), "%s: %.*s", rows[i].cookie,
		    (int)got.n, got.p);
	}
	ck_assert(
	    span_eq(proxy_map_cookie(&a, &none, &none, SPAN("a; path=/b")), SPAN("a; path=/b")));
}
END_TEST

static struct proxy_worker worker(const char *url, const char *parameter)
{
	struct proxy_worker w = {0};

	ck_assert_ptr_null(backend_parse(&a, url, &w.at));
	ck_assert_ptr_null(conf_proxy_parameter(&a, &w, parameter));
	return w;
}

START_TEST(workers)
{
	struct proxy_worker v[] = {
	    worker("http://h/", "timeout=5"),
	    worker("http://h/deep/", "timeout=500ms"),
	    worker("http://h/deep/", "disablereuse=on"),
	    worker("unix:/s|http://h/", "connectiontimeout=2"),
	    worker("fcgi://h", "enablereuse=on"),
	};
	struct proxy_workers list = {sizeof(v) / sizeof(*v), v};
	struct proxy_worker out;
	struct backend b;

	backend_parse(&a, "http://H:80/x", &b);
	conf_proxy_worker(&list, &b, &out);
	ck_assert_uint_eq(out.timeout_ms, 5000);
	backend_parse(&a, "http://h/deep/x", &b);
	conf_proxy_worker(&list, &b, &out);
	ck_assert_uint_eq(out.timeout_ms, 500);
	ck_assert_int_eq(out.reuse, CONF_OFF);
	backend_parse(&a, "unix:/s|http://h/deep/x", &b);
	conf_proxy_worker(&list, &b, &out);
	ck_assert_uint_eq(out.connect_ms, 2000);
	ck_assert_uint_eq(out.timeout_ms, 0);
	backend_parse(&a, "unix:/t|http://h/", &b);
	conf_proxy_worker(&list, &b, &out);
	ck_assert_uint_eq(out.connect_ms, 0);
	backend_parse(&a, "fcgi://h/x", &b);
	conf_proxy_worker(&list, &b, &out);
	ck_assert_int_eq(out.reuse, CONF_ON);
	/* <Proxy "fcgi://localhost/"> with SetHandler "proxy:unix:/t|fcgi://localhost", and
	 * reversed. */
	backend_parse(&a, "unix:/t|fcgi://h/x", &b);
	conf_proxy_worker(&list, &b, &out);
	ck_assert_int_eq(out.reuse, CONF_ON);
	ck_assert_ptr_null(out.at.socket);
	v[4] = worker("unix:/u|fcgi://h", "timeout=7");
	backend_parse(&a, "fcgi://h/x", &b);
	conf_proxy_worker(&list, &b, &out);
	ck_assert_str_eq(out.at.socket, "/u");
	backend_parse(&a, "fcgi://other/x", &b);
	conf_proxy_worker(&list, &b, &out);
	ck_assert_ptr_null(out.at.host);
}
END_TEST

START_TEST(parameters)
{
	static const char *const wrong[] = {"timeout", "timeout=", "=5", "timeout=0", "timeout=x",
	    "timeout=-1", "connectiontimeout=5x", "disablereuse=maybe", "bogus=1",
	    "responsefieldsize=0", "timeout=99999999999"};
	static const char *const right[] = {"retry=0", "keepalive=On", "max=10",
	    "flushpackets=auto", "acquire=3000", "upgrade=websocket", "responsefieldsize=16384",
	    "TIMEOUT=1min"};
	struct proxy_worker w = {0};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_msg(conf_proxy_parameter(&a, &w, wrong[i]) != NULL, "%s", wrong[i]);
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		ck_assert_msg(conf_proxy_parameter(&a, &w, right[i]) == NULL, "%s", right[i]);
	ck_assert_uint_eq(w.timeout_ms, 60000);
	ck_assert_str_eq(w.upgrade, "websocket");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {backends, no_backends, replies, no_replies, bad_lines,
	    encoded_paths, locations, cookies, workers, parameters};
	Suite *suite = suite_create("proxy");
	TCase *tcase = tcase_create("proxy");

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_main(suite);
}
