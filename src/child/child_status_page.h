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

void status_put(struct page *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define STATUS_BUSY "RWKCG"
bool status_busy(const struct page *page, uint32_t slot);
uint32_t status_count(const struct page *page, const char *letters);
char status_letter(const struct page *page, uint32_t slot);
const char *status_built(void);
const char *status_date(struct child *c, int64_t t);
const char *status_uptime(struct child *c, int64_t seconds);
const char *status_board(const struct page *page, uint32_t columns);
void status_html(struct page *page, bool table);

#endif
