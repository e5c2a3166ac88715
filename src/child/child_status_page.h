/* What the files of the status page share: child_status_read.c, _page.c, _html.c. */
#ifndef ITKD_CHILD_STATUS_PAGE_H
#define ITKD_CHILD_STATUS_PAGE_H

#include "child_internal.h"
#include "itkd/status_page.h"

struct status_read {
	const struct status_page *page;
	struct child_status *reports; /* by slot; magic 0: it said nothing */
	char *letters;                /* by slot: the page's, or what the process says */
	uint32_t missing;
	bool known; /* totals are the server's */
	struct status_totals totals;
};

/* Asks all processes. What is not known within a moment is left out. */
void child_status_read(struct child *c, struct status_read *all);

struct page {
	struct child *c;
	const struct child_request *r;
	struct status_read all;
	int64_t now, up; /* seconds */
	char *p;
	size_t n, room;
};

void child_page_put(struct page *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define STATUS_BUSY "RWKCG"
bool child_page_busy(const struct page *page, uint32_t slot);
uint32_t child_page_count(const struct page *page, const char *letters);
char child_page_letter(const struct page *page, uint32_t slot);
const char *child_page_built(void);
const char *child_page_date(struct child *c, int64_t t);
const char *child_page_uptime(struct child *c, int64_t seconds);
const char *child_page_board(const struct page *page, uint32_t columns);
void child_page_html(struct page *page, bool table);

#endif
