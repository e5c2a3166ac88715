/*
 * Dates of HTTP. Any process. The bytes read are the client's. RFC 9110 section 5.6.7: one format
 * is written, three are read; and that of Apache's logs. Own arithmetic: libc's would look at a
 * time zone and the locale.
 */
#include "itkd/date.h"

#include <stdbool.h>
#include <stdint.h>

static const char days[7][10] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char months[12][4] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

#define DAY_SECONDS 86400
/* A cycle of 400 years of the Gregorian calendar, in days. */
#define CYCLE_DAYS 146097
/* From 0000-03-01, where the calendar's arithmetic begins, to 1970-01-01. */
#define EPOCH_DAYS 719468
/* 9999-12-31 23:59:59: no later year has four digits. */
#define LAST_SECOND INT64_C(253402300799)

struct civil {
	int64_t year;
	unsigned month, day; /* 1 .. 12, 1 .. 31 */
	unsigned hour, minute, second;
};

/*
 * Years begin in March here, so that a leap day is the last of its year and month m has
 * (153 * m + 2) / 5 days before it.
 */
static int64_t days_from_civil(const struct civil *c)
{
	int64_t year = c->year - (c->month <= 2);
	int64_t cycle = (year >= 0 ? year : year - 399) / 400;
	int64_t of_cycle = year - cycle * 400;
	int64_t of_year = (153 * ((c->month + 9) % 12) + 2) / 5 + c->day - 1;

	return cycle * CYCLE_DAYS + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year -
	       EPOCH_DAYS;
}

static void civil_from_days(int64_t n, struct civil *c)
{
	n += EPOCH_DAYS;
	int64_t cycle = (n >= 0 ? n : n - CYCLE_DAYS + 1) / CYCLE_DAYS;
	int64_t d = n - cycle * CYCLE_DAYS;
	int64_t year = (d - d / 1460 + d / 36524 - d / (CYCLE_DAYS - 1)) / 365;
	unsigned of_year = (unsigned)(d - (365 * year + year / 4 - year / 100));
	unsigned month = (5 * of_year + 2) / 153;

	c->day = of_year - (153 * month + 2) / 5 + 1;
	c->month = month < 10 ? month + 3 : month - 9;
	c->year = year + cycle * 400 + (c->month <= 2);
}

static char *put_text(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

static char *put_number(char *p, unsigned v, int digits)
{
	for (int i = digits - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + digits;
}

/* The day's number, from 1970-01-01, and the second of it: years 0000-03-01 to 9999. */
static unsigned split(int64_t t, int64_t *day)
{
	const int64_t first = -(int64_t)EPOCH_DAYS * DAY_SECONDS;
	int64_t s = t < first ? first : t > LAST_SECOND ? LAST_SECOND : t;

	*day = (s >= 0 ? s : s - DAY_SECONDS + 1) / DAY_SECONDS;
	return (unsigned)(s - *day * DAY_SECONDS);
}

/* "08:49:37" */
static char *put_clock(char *p, unsigned of_day)
{
	p = put_number(p, of_day / 3600, 2);
	p = put_text(p, ":", 1);
	p = put_number(p, of_day / 60 % 60, 2);
	p = put_text(p, ":", 1);
	return put_number(p, of_day % 60, 2);
}

/* RFC 9110 section 5.6.7: IMF-fixdate has room for four digits of a year. */
void date_format(time_t t, char buf[static DATE_LEN + 1])
{
	int64_t day;
	unsigned of_day = split(t, &day);
	struct civil c = {0};
	char *p = buf;

	civil_from_days(day, &c);
	/* 1970-01-01 was a Thursday; the sum cannot be negative in the bounds above. */
	p = put_text(p, days[(day + 4 + 7 * (int64_t)EPOCH_DAYS) % 7], 3);
	p = put_text(p, ", ", 2);
	p = put_number(p, c.day, 2);
	p = put_text(p, " ", 1);
	p = put_text(p, months[c.month - 1], 3);
	p = put_text(p, " ", 1);
	p = put_number(p, (unsigned)c.year, 4);
	p = put_text(p, " ", 1);
	p = put_clock(p, of_day);
	p = put_text(p, " GMT", 4);
	*p = '\0';
}

void date_format_clf(time_t t, long offset, char buf[static DATE_CLF_LEN + 1])
{
	int64_t day;
	unsigned of_day = split(t + offset, &day);
	unsigned minutes = (unsigned)(offset < 0 ? -offset : offset) / 60;
	struct civil c = {0};
	char *p = buf;

	civil_from_days(day, &c);
	p = put_text(p, "[", 1);
	p = put_number(p, c.day, 2);
	p = put_text(p, "/", 1);
	p = put_text(p, months[c.month - 1], 3);
	p = put_text(p, "/", 1);
	p = put_number(p, (unsigned)c.year, 4);
	p = put_text(p, ":", 1);
	p = put_clock(p, of_day);
	p = put_text(p, offset < 0 ? " -" : " +", 2);
	p = put_number(p, minutes / 60, 2);
	p = put_number(p, minutes % 60, 2);
	p = put_text(p, "]", 1);
	*p = '\0';
}

long date_local_offset(time_t t)
{
	static struct {
		bool known;
		time_t quarter;
		long offset;
	} last;
	const time_t quarter = t / 900;
	struct tm tm;

	if (last.known && last.quarter == quarter)
		return last.offset;
	last.offset = localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
	last.quarter = quarter;
	last.known = true;
	return last.offset;
}

/* Readers take from the front of *s; false where it does not begin with that. */
static bool take_text(struct span *s, struct span text)
{
	if (s->n < text.n || memcmp(s->p, text.p, text.n) != 0)
		return false;
	s->p += text.n;
	s->n -= text.n;
	return true;
}

static bool take_number(struct span *s, size_t digits, unsigned *v)
{
	long long n = s->n < digits ? -1 : span_number((struct span){s->p, digits}, 9999);

	if (n < 0)
		return false;
	*v = (unsigned)n;
	s->p += digits;
	s->n -= digits;
	return true;
}

/* day-name and month are case-sensitive (RFC 9110 section 5.6.7). */
static bool take_day_name(struct span *s, bool whole)
{
	for (int i = 0; i < 7; i++)
		if (take_text(s, (struct span){days[i], whole ? strlen(days[i]) : 3}))
			return true;
	return false;
}

static bool take_month(struct span *s, unsigned *month)
{
	for (unsigned i = 0; i < 12; i++)
		if (take_text(s, (struct span){months[i], 3})) {
			*month = i + 1;
			return true;
		}
	return false;
}

static bool take_time(struct span *s, struct civil *c)
{
	return take_number(s, 2, &c->hour) && take_text(s, SPAN(":")) &&
	       take_number(s, 2, &c->minute) && take_text(s, SPAN(":")) &&
	       take_number(s, 2, &c->second);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool read_imf(struct span s, struct civil *c)
{
	unsigned year = 0;

	if (!take_day_name(&s, false) || !take_text(&s, SPAN(", ")) ||
	    !take_number(&s, 2, &c->day) || !take_text(&s, SPAN(" ")) ||
	    !take_month(&s, &c->month) || !take_text(&s, SPAN(" ")) || !take_number(&s, 4, &year) ||
	    !take_text(&s, SPAN(" ")) || !take_time(&s, c))
		return false;
	c->year = year;
	return span_eq(s, SPAN(" GMT"));
}

/* "Sunday, 06-Nov-94 08:49:37 GMT": a year more than 50 years ahead means the last century's. */
static bool read_rfc850(struct span s, time_t now, struct civil *c)
{
	struct civil today = {0};
	unsigned year = 0;

	if (!take_day_name(&s, true) || !take_text(&s, SPAN(", ")) ||
	    !take_number(&s, 2, &c->day) || !take_text(&s, SPAN("-")) ||
	    !take_month(&s, &c->month) || !take_text(&s, SPAN("-")) || !take_number(&s, 2, &year) ||
	    !take_text(&s, SPAN(" ")) || !take_time(&s, c))
		return false;
	civil_from_days(now / DAY_SECONDS, &today);
	c->year = today.year - today.year % 100 + 100 + year;
	while (c->year > today.year + 50)
		c->year -= 100;
	return span_eq(s, SPAN(" GMT"));
}

/* "Sun Nov  6 08:49:37 1994" */
static bool read_asctime(struct span s, struct civil *c)
{
	unsigned year = 0;

	if (!take_day_name(&s, false) || !take_text(&s, SPAN(" ")) || !take_month(&s, &c->month) ||
	    !take_text(&s, SPAN(" ")))
		return false;
	if (!(take_text(&s, SPAN(" ")) ? take_number(&s, 1, &c->day) : take_number(&s, 2, &c->day)))
		return false;
	if (!take_text(&s, SPAN(" ")) || !take_time(&s, c) || !take_text(&s, SPAN(" ")) ||
	    !take_number(&s, 4, &year))
		return false;
	c->year = year;
	return s.n == 0;
}

static bool is_valid(const struct civil *c)
{
	static const unsigned char lengths[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
	unsigned length = c->month == 2 && !leap ? 28 : lengths[c->month - 1];

	/* 60 is a leap second. */
	return c->day >= 1 && c->day <= length && c->hour <= 23 && c->minute <= 59 &&
	       c->second <= 60;
}

time_t date_parse(struct span s, time_t now)
{
	struct civil c = {0};

	if (!read_imf(s, &c) && !read_rfc850(s, now, &c) && !read_asctime(s, &c))
		return -1;
	if (!is_valid(&c))
		return -1;
	int64_t t = days_from_civil(&c) * DAY_SECONDS + c.hour * 3600 + c.minute * 60 + c.second;

	/* A leap second may lead beyond what can be written. */
	if (t > LAST_SECOND)
		return (time_t)LAST_SECOND;
	/* What lies before 1970 is a date all the same, older than any file; -1 would say it is
	 * none. */
	return t < 0 ? 0 : (time_t)t;
}
