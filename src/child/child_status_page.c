/*
 * SetHandler server-status (mod_status): the page for a reader and ?auto for a program. Runs as the
 * vhost's user, and shows what came with the connection (status_page.h): how many processes work,
 * never what another site is asked for.
 */
#include "child_internal.h"
#include "itkd/status_page.h"

#include "itkd/build.h"
#include <stdlib.h>
#include <string.h>

struct page {
	char *p;
	size_t n, room;
};

static void page_put(struct child *c, struct page *page, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void page_put(struct child *c, struct page *page, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = arena_vprintf(&c->arena, fmt, ap);

	va_end(ap);
	size_t n = strlen(text);

	if (n > page->room - page->n) {
		size_t room = (page->room + n) * 2;
		char *p = arena_alloc(&c->arena, room);

		if (page->n)
			memcpy(p, page->p, page->n);
		page->p = p;
		page->room = room;
	}
	memcpy(page->p + page->n, text, n);
	page->n += n;
}

static uint32_t page_count(const struct status_page *s, char letter)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		n += s->states[i] == letter;
	return n;
}

static const char *page_date(struct child *c, int64_t t)
{
	time_t second = (time_t)t;
	struct tm tm = {0};
	char text[64];

	localtime_r(&second, &tm);
	strftime(text, sizeof(text), "%A, %d-%b-%Y %H:%M:%S %Z", &tm);
	return arena_strdup(&c->arena, text);
}

/* " 1 day 2 hours 1 minute 5 seconds", as Apache counts. */
static const char *page_uptime(struct child *c, int64_t seconds)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}};
	const char *text = "";

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		int64_t n = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (n)
			text = arena_printf(&c->arena, "%s %lld %s%s", text, (long long)n,
			    units[i].name, n == 1 ? "" : "s");
	}
	return text;
}

/* Slots without a process up to what may be: the line is as long as MaxRequestWorkers. */
static const char *page_board(struct child *c, const struct status_page *s, uint32_t columns)
{
	uint32_t n = c->start->conf->max_workers > s->n ? c->start->conf->max_workers : s->n;
	char *text = arena_alloc(&c->arena, (size_t)n + (columns ? n / columns : 0) + 2),
	     *at = text;

	for (uint32_t i = 0; i < n; i++) {
		*at++ = i < s->n ? s->states[i] : '.';
		if (columns && (i + 1) % columns == 0)
			*at++ = '\n';
	}
	if (columns && n % columns)
		*at++ = '\n';
	*at = '\0';
	return text;
}

static void page_auto(
    struct child *c, const struct child_request *r, const struct status_page *s, struct page *page)
{
	int64_t now = r->start.tv_sec, up = now - s->started;
	double load[3] = {0};

	page_put(c, page, "%s\nServerVersion: itkd/" ITKD_VERSION "\nServerMPM: itk\n",
	    child_server_name(c, r));
	page_put(c, page, "CurrentTime: %s\nRestartTime: %s\n", page_date(c, now),
	    page_date(c, s->loaded));
	page_put(c, page,
	    "ParentServerConfigGeneration: %u\nParentServerMPMGeneration: %u\n"
	    "ServerUptimeSeconds: %lld\nServerUptime:%s\n",
	    s->generation, s->generation - 1, (long long)up, page_uptime(c, up));
	if (getloadavg(load, 3) == 3)
		page_put(
		    c, page, "Load1: %.2f\nLoad5: %.2f\nLoad15: %.2f\n", load[0], load[1], load[2]);
	page_put(c, page, "Total Accesses: %llu\nUptime: %lld\n", (unsigned long long)s->taken,
	    (long long)up);
	if (up > 0)
		page_put(c, page, "ReqPerSec: %g\n", (double)s->taken / (double)up);
	page_put(c, page, "BusyWorkers: %u\nGracefulWorkers: %u\nIdleWorkers: %u\nScoreboard: %s\n",
	    page_count(s, 'W') + page_count(s, 'G'), page_count(s, 'G'), page_count(s, '_'),
	    page_board(c, s, 0));
}

static void page_html(
    struct child *c, const struct child_request *r, const struct status_page *s, struct page *page)
{
	int64_t now = r->start.tv_sec, up = now - s->started;
	double load[3] = {0};

	page_put(c, page,
	    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" "
	    "\"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n"
	    "<title>Server Status</title>\n</head><body>\n"
	    "<h1>Server Status for %s (via %s)</h1>\n\n",
	    html_escape(&c->arena, child_server_name(c, r)), c->local);
	page_put(c, page,
	    "<dl><dt>Server Version: itkd/" ITKD_VERSION "</dt>\n<dt>Server MPM: itk</dt>\n"
	    "</dl><hr /><dl>\n<dt>Current Time: %s</dt>\n<dt>Restart Time: %s</dt>\n",
	    page_date(c, now), page_date(c, s->loaded));
	page_put(c, page,
	    "<dt>Parent Server Config. Generation: %u</dt>\n"
	    "<dt>Parent Server MPM Generation: %u</dt>\n<dt>Server uptime: %s</dt>\n",
	    s->generation, s->generation - 1, page_uptime(c, up));
	if (getloadavg(load, 3) == 3)
		page_put(
		    c, page, "<dt>Server load: %.2f %.2f %.2f</dt>\n", load[0], load[1], load[2]);
	page_put(c, page, "<dt>Total accesses: %llu</dt>\n", (unsigned long long)s->taken);
	page_put(c, page,
	    "<dt>%u requests currently being processed, %u workers gracefully restarting, "
	    "%u idle workers</dt>\n</dl><pre>%s</pre>\n",
	    page_count(s, 'W') + page_count(s, 'G'), page_count(s, 'G'), page_count(s, '_'),
	    page_board(c, s, 64));
	page_put(c, page,
	    "<p>Scoreboard Key:<br />\n"
	    "\"<b><code>_</code></b>\" Waiting for Connection, \n"
	    "\"<b><code>W</code></b>\" With a connection, \n"
	    "\"<b><code>G</code></b>\" Gracefully finishing,<br />\n"
	    "\"<b><code>.</code></b>\" Open slot with no current process<br />\n</p>\n"
	    "<p>Whom the processes serve, and what, is only told to root: "
	    "<code>itkd -k status</code>.</p>\n</body></html>\n");
}

/* Whether the query has that word, with or without a value; its number, or 0. */
static bool page_asked(const struct child_request *r, const char *word, long *number)
{
	struct span rest = r->query, want = span_of(word);

	*number = 0;
	while (r->has_query && rest.n) {
		const char *end = memchr(rest.p, '&', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		struct span part = {rest.p, n};

		rest = (struct span){rest.p + n + (end != NULL), rest.n - n - (end != NULL)};
		if (part.n < want.n || !span_eq((struct span){part.p, want.n}, want))
			continue;
		if (part.n > want.n && part.p[want.n] == '=')
			*number = (long)span_number(
			    (struct span){part.p + want.n + 1, part.n - want.n - 1}, 86400);
		return true;
	}
	return false;
}

int child_status_page(struct child *c, struct child_request *r)
{
	const struct status_page *s = c->start->status;
	struct page page = {0};
	long seconds;

	if (!s) {
		child_log(c, LOG_ERR, "status",
		    "the status page is shown where the server's own configuration says SetHandler "
		    "server-status, not where a .htaccess does");
		return 403;
	}
	if (r->method_id != HTTP_METHOD_GET && r->method_id != HTTP_METHOD_HEAD)
		return 404;
	bool automatic = page_asked(r, "auto", &seconds);
	bool refresh = page_asked(r, "refresh", &seconds);

	child_head_start(c, r, 200, child_reason(200));
	if (refresh)
		child_head_number(c, SPAN("Refresh"), seconds > 0 ? (uint64_t)seconds : 10);
	child_head_add(c, SPAN("Content-Type"),
	    automatic ? SPAN("text/plain; charset=ISO-8859-1")
	              : SPAN("text/html; charset=ISO-8859-1"));
	if (automatic)
		page_auto(c, r, s, &page);
	else
		page_html(c, r, s, &page);
	child_reply(c, r, page.p, page.n);
	return 0;
}
