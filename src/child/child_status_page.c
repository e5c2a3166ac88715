/*
 * SetHandler server-status (mod_status): the page for a reader and ?auto for a program, with the
 * lines of Apache's, which monitoring tools look for. Runs as the vhost's user, and shows what the
 * server's own configuration lets that virtual host show (status_page.h).
 */
#include "child_status_page.h"

#include "itkd/build.h"
#include <stdlib.h>
#include <string.h>

void child_page_put(struct page *page, const char *fmt, ...)
{
	struct arena *a = &page->c->arena;
	va_list ap;

	va_start(ap, fmt);
	const char *text = arena_vprintf(a, fmt, ap);

	va_end(ap);
	size_t n = strlen(text);

	if (n > page->room - page->n) {
		size_t room = (page->room + n) * 2;
		char *p = arena_alloc(a, room);

		if (page->n)
			memcpy(p, page->p, page->n);
		page->p = p;
		page->room = room;
	}
	memcpy(page->p + page->n, text, n);
	page->n += n;
}

char child_page_letter(const struct page *page, uint32_t slot)
{
	return slot < page->all.page->n ? page->all.letters[slot] : '.';
}

uint32_t child_page_count(const struct page *page, const char *letters)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < page->all.page->n; i++)
		n += strchr(letters, child_page_letter(page, i)) != NULL;
	return n;
}

bool child_page_busy(const struct page *page, uint32_t slot)
{
	return strchr(STATUS_BUSY, child_page_letter(page, slot)) != NULL;
}

const char *child_page_built(void)
{
	return __DATE__ " " __TIME__;
}

const char *child_page_date(struct child *c, int64_t t)
{
	time_t second = (time_t)t;
	struct tm tm = {0};
	char text[64];

	localtime_r(&second, &tm);
	strftime(text, sizeof(text), "%A, %d-%b-%Y %H:%M:%S %Z", &tm);
	return arena_strdup(&c->arena, text);
}

/* " 1 day 2 hours 1 minute 5 seconds", as Apache counts. */
const char *child_page_uptime(struct child *c, int64_t seconds)
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
const char *child_page_board(const struct page *page, uint32_t columns)
{
	uint32_t most = page->c->start->conf->max_workers;
	uint32_t n = most > page->all.page->n ? most : page->all.page->n;
	char *text = arena_alloc(&page->c->arena, (size_t)n + (columns ? n / columns : 0) + 2),
	     *at = text;

	for (uint32_t i = 0; i < n; i++) {
		*at++ = child_page_letter(page, i);
		if (columns && (i + 1) % columns == 0)
			*at++ = '\n';
	}
	if (columns && n % columns)
		*at++ = '\n';
	*at = '\0';
	return text;
}

static void auto_sums(struct page *page)
{
	const struct status_totals *t = &page->all.totals;
	double requests = (double)t->sum.requests, bytes = (double)t->sum.bytes;
	double user = (double)t->cpu_user / 1e6, system = (double)t->cpu_system / 1e6;

	if (page->all.known) {
		child_page_put(page,
		    "Total Accesses: %llu\nTotal kBytes: %llu\nTotal Duration: %llu\n"
		    "CPUUser: %.2f\nCPUSystem: %.2f\nCPUChildrenUser: 0\nCPUChildrenSystem: 0\n",
		    (unsigned long long)t->sum.requests, (unsigned long long)t->sum.bytes >> 10,
		    (unsigned long long)t->sum.ms, user, system);
		if (user + system > 0 && page->up > 0)
			child_page_put(
			    page, "CPULoad: %g\n", (user + system) / (double)page->up * 100);
	}
	child_page_put(page, "Uptime: %lld\n", (long long)page->up);
	if (page->all.known && page->up > 0)
		child_page_put(page, "ReqPerSec: %g\nBytesPerSec: %g\n",
		    requests / (double)page->up, bytes / (double)page->up);
	if (page->all.known && requests > 0)
		child_page_put(page, "BytesPerReq: %g\nDurationPerReq: %g\n", bytes / requests,
		    (double)t->sum.ms / requests);
}

static void page_auto(struct page *page)
{
	const struct status_page *s = page->all.page;
	struct child *c = page->c;
	double load[3] = {0};

	child_page_put(page,
	    "%s\nServerVersion: itkd/" ITKD_VERSION "\nServerMPM: prefork\nServer Built: %s\n",
	    child_server_name(c, page->r), child_page_built());
	child_page_put(page, "CurrentTime: %s\nRestartTime: %s\n", child_page_date(c, page->now),
	    child_page_date(c, s->loaded));
	child_page_put(page,
	    "ParentServerConfigGeneration: %u\nParentServerMPMGeneration: %u\n"
	    "ServerUptimeSeconds: %lld\nServerUptime:%s\n",
	    s->generation, s->generation - 1, (long long)page->up, child_page_uptime(c, page->up));
	if (getloadavg(load, 3) == 3)
		child_page_put(
		    page, "Load1: %.2f\nLoad5: %.2f\nLoad15: %.2f\n", load[0], load[1], load[2]);
	if (s->reports >= 0)
		auto_sums(page);
	child_page_put(page,
	    "BusyWorkers: %u\nGracefulWorkers: %u\nIdleWorkers: %u\nScoreboard: %s\n",
	    child_page_count(page, STATUS_BUSY), child_page_count(page, "G"),
	    child_page_count(page, "_"), child_page_board(page, 0));
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
	struct page page = {.c = c, .r = r, .now = r->start.tv_sec};
	long seconds;

	if (!c->start->status) {
		child_log(c, LOG_ERR, "status",
		    "the status page is shown where the server's own configuration says SetHandler "
		    "server-status, not where a .htaccess does");
		return 403;
	}
	if (r->method_id != HTTP_METHOD_GET && r->method_id != HTTP_METHOD_HEAD)
		return 404;
	bool automatic = page_asked(r, "auto", &seconds);
	bool table = !page_asked(r, "notable", &seconds);
	bool refresh = page_asked(r, "refresh", &seconds);

	child_status_read(c, &page.all);
	page.up = page.now - page.all.page->started;
	child_head_start(c, r, 200, child_reason(200));
	if (refresh)
		child_head_number(c, SPAN("Refresh"), seconds > 0 ? (uint64_t)seconds : 10);
	child_head_add(c, SPAN("Content-Type"),
	    automatic ? SPAN("text/plain; charset=ISO-8859-1")
	              : SPAN("text/html; charset=ISO-8859-1"));
	if (automatic)
		page_auto(&page);
	else
		child_page_html(&page, table);
	child_reply(c, r, page.p, page.n);
	return 0;
}
