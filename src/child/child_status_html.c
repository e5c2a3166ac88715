/*
 * The status page for a reader: sums, a letter a process, and a table of those at work, as Apache's
 * page has them. What clients sent stands in it: it is escaped here.
 */
#include "child_status_page.h"

#include "itkd/build.h"
#include "itkd/error_page.h"
#include <stdlib.h>

#define KIB 1024.0
#define MIB (1024.0 * KIB)
#define GIB (1024.0 * MIB)

static const char *html_bytes(struct child *c, double bytes)
{
	if (bytes < 5 * KIB)
		return arena_printf(&c->arena, "%.0f B", bytes);
	if (bytes < MIB / 2)
		return arena_printf(&c->arena, "%.1f kB", bytes / KIB);
	if (bytes < GIB / 2)
		return arena_printf(&c->arena, "%.1f MB", bytes / MIB);
	return arena_printf(&c->arena, "%.1f GB", bytes / GIB);
}

static const char *html_traffic(struct child *c, double bytes)
{
	return bytes < MIB ? arena_printf(&c->arena, "%lld kB", (long long)(bytes / KIB))
	                   : html_bytes(c, bytes);
}

static void html_sums(struct page *page)
{
	const struct status_totals *t = &page->all.totals;
	double requests = (double)t->sum.requests, bytes = (double)t->sum.bytes;
	double user = (double)t->cpu_user / 1e6, system = (double)t->cpu_system / 1e6;
	double up = (double)page->up;

	if (!page->all.known)
		return;
	child_page_put(page,
	    "<dt>Total accesses: %llu - Total Traffic: %s - Total Duration: %llu</dt>\n"
	    "<dt>CPU Usage: u%.2f s%.2f cu0 cs0",
	    (unsigned long long)t->sum.requests, html_traffic(page->c, bytes),
	    (unsigned long long)t->sum.ms, user, system);
	if (user + system > 0 && up > 0)
		child_page_put(page, " - %.3g%% CPU load", (user + system) / up * 100);
	child_page_put(page, "</dt>\n");
	if (up > 0)
		child_page_put(page, "<dt>%.3g requests/sec - %s/second%s", requests / up,
		    html_bytes(page->c, bytes / up), requests > 0 ? " - " : "</dt>\n");
	if (requests > 0)
		child_page_put(page, "%s%s/request - %g ms/request</dt>\n", up > 0 ? "" : "<dt>",
		    html_bytes(page->c, bytes / requests), (double)t->sum.ms / requests);
}

/* Any process may ask what another one used. */
static double html_cpu(pid_t pid)
{
	struct timespec used = {0};
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
		return 0;
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static const char *html_site(const struct page *page, const struct status_slot *slot)
{
	const struct conf *conf = page->c->start->conf;

	if (slot->generation != conf->generation || slot->vhost >= conf->nvhosts)
		return "";
	const struct conf_vhost *v = conf->vhosts[slot->vhost];

	return v->server_port ? arena_printf(&page->c->arena, "%s:%u",
	                            html_escape(&page->c->arena, v->server_name), v->server_port)
	                      : html_escape(&page->c->arena, v->server_name);
}

static void html_row(struct page *page, uint32_t i)
{
	const struct status_slot *slot = &page->all.page->slots[i];
	const struct child_status *s = &page->all.reports[i];
	struct arena *a = &page->c->arena;
	char letter = child_page_letter(page, i);

	child_page_put(page,
	    "<tr><td><b>%u-%u</b></td><td>%d</td><td>%u/%llu/%llu</td><td><b>%c</b>\n"
	    "</td><td>%.2f</td><td>%lld</td><td>%u</td><td>%llu</td>",
	    i, slot->generation - 1, (int)slot->pid, s->requests,
	    (unsigned long long)s->sum.requests, (unsigned long long)s->sum.requests, letter,
	    html_cpu(slot->pid), s->magic ? (long long)(page->now - s->since) : 0, s->last_ms,
	    (unsigned long long)s->sum.ms);
	child_page_put(page,
	    "<td>%.1f</td><td>%.2f</td><td>%.2f\n</td><td>%s</td><td>http/1.1</td>"
	    "<td nowrap>%s</td><td nowrap>%s</td></tr>\n\n",
	    (double)s->sum.bytes / KIB, (double)s->sum.bytes / MIB, (double)s->sum.bytes / MIB,
	    html_escape(a, s->client), html_site(page, slot), html_escape(a, s->request));
}

static void html_table(struct page *page)
{
	child_page_put(page,
	    "\n\n<table border=\"0\"><tr><th>Srv</th><th>PID</th><th>Acc</th><th>M</th><th>CPU\n"
	    "</th><th>SS</th><th>Req</th><th>Dur</th><th>Conn</th><th>Child</th><th>Slot</th>"
	    "<th>Client</th><th>Protocol</th><th>VHost</th><th>Request</th></tr>\n\n");
	for (uint32_t i = 0; i < page->all.page->n; i++)
		if (child_page_busy(page, i))
			html_row(page, i);
	child_page_put(page,
	    "</table>\n <hr /> <table>\n"
	    " <tr><th>Srv</th><td>Child Server number - generation</td></tr>\n"
	    " <tr><th>PID</th><td>OS process ID</td></tr>\n"
	    " <tr><th>Acc</th><td>Number of accesses this connection / this child / this slot"
	    "</td></tr>\n"
	    " <tr><th>M</th><td>Mode of operation</td></tr>\n"
	    "<tr><th>CPU</th><td>CPU usage, number of seconds</td></tr>\n"
	    "<tr><th>SS</th><td>Seconds since beginning of most recent request</td></tr>\n"
	    " <tr><th>Req</th><td>Milliseconds required to process most recent request</td></tr>\n"
	    " <tr><th>Dur</th><td>Sum of milliseconds required to process all requests</td></tr>\n"
	    " <tr><th>Conn</th><td>Kilobytes transferred this connection</td></tr>\n"
	    " <tr><th>Child</th><td>Megabytes transferred this child</td></tr>\n"
	    " <tr><th>Slot</th><td>Total megabytes transferred this slot</td></tr>\n"
	    " </table>\n");
}

/* ?notable: the same in words, a process at a time. */
static void html_list(struct page *page)
{
	struct arena *a = &page->c->arena;

	child_page_put(page, "<hr /><h2>Server Details</h2>\n\n");
	for (uint32_t i = 0; i < page->all.page->n; i++) {
		const struct status_slot *slot = &page->all.page->slots[i];
		const struct child_status *s = &page->all.reports[i];
		unsigned long long bytes = s->sum.bytes;

		if (!child_page_busy(page, i))
			continue;
		child_page_put(page,
		    "<b>Server %u-%u</b> (%d): %u|%llu|%llu [<b>%c</b>] u%.2f\n"
		    " %lld %u %llu(%llu B|%llu B|%llu B)\n",
		    i, slot->generation - 1, (int)slot->pid, s->requests,
		    (unsigned long long)s->sum.requests, (unsigned long long)s->sum.requests,
		    child_page_letter(page, i), html_cpu(slot->pid),
		    s->magic ? (long long)(page->now - s->since) : 0, s->last_ms,
		    (unsigned long long)s->sum.ms, bytes, bytes, bytes);
		child_page_put(page, " <i>%s {%s}</i> <i>(http/1.1)</i> <b>[%s]</b><br />\n\n",
		    html_escape(a, s->client), html_escape(a, s->request), html_site(page, slot));
	}
}

static void html_head(struct page *page)
{
	const struct status_page *s = page->all.page;
	struct child *c = page->c;
	double load[3] = {0};

	child_page_put(page,
	    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" "
	    "\"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n"
	    "<title>Apache Status</title>\n</head><body>\n"
	    "<h1>Apache Server Status for %s (via %s)</h1>\n\n",
	    html_escape(&c->arena, child_server_name(c, page->r)), c->local);
	child_page_put(page,
	    "<dl><dt>Server Version: itkd/" ITKD_VERSION "</dt>\n<dt>Server MPM: prefork</dt>\n"
	    "<dt>Server Built: %s\n</dt></dl><hr /><dl>\n<dt>Current Time: %s</dt>\n"
	    "<dt>Restart Time: %s</dt>\n",
	    child_page_built(), child_page_date(c, page->now), child_page_date(c, s->loaded));
	child_page_put(page,
	    "<dt>Parent Server Config. Generation: %u</dt>\n"
	    "<dt>Parent Server MPM Generation: %u</dt>\n<dt>Server uptime: %s</dt>\n",
	    s->generation, s->generation - 1, child_page_uptime(c, page->up));
	if (getloadavg(load, 3) == 3)
		child_page_put(
		    page, "<dt>Server load: %.2f %.2f %.2f</dt>\n", load[0], load[1], load[2]);
}

void child_page_html(struct page *page, bool table)
{
	html_head(page);
	if (page->all.page->reports >= 0)
		html_sums(page);
	child_page_put(page,
	    "<dt>%u requests currently being processed, %u workers gracefully restarting, "
	    "%u idle workers</dt>\n</dl><pre>%s</pre>\n",
	    child_page_count(page, STATUS_BUSY), child_page_count(page, "G"),
	    child_page_count(page, "_"), child_page_board(page, 64));
	child_page_put(page,
	    "<p>Scoreboard Key:<br />\n"
	    "\"<b><code>_</code></b>\" Waiting for Connection, \n"
	    "\"<b><code>S</code></b>\" Starting up, \n"
	    "\"<b><code>R</code></b>\" Reading Request,<br />\n"
	    "\"<b><code>W</code></b>\" Sending Reply, \n"
	    "\"<b><code>K</code></b>\" Keepalive (read), \n"
	    "\"<b><code>C</code></b>\" Closing connection, \n"
	    "\"<b><code>G</code></b>\" Gracefully finishing,<br /> \n"
	    "\"<b><code>.</code></b>\" Open slot with no current process<br />\n</p>\n");
	if (page->all.page->reports < 0)
		child_page_put(page,
		    "<hr />To obtain a full report with current status information you need to "
		    "use the <code>ExtendedStatus On</code> directive.\n");
	else if (table)
		html_table(page);
	else
		html_list(page);
	child_page_put(page, "</body></html>\n");
}
