/*
 * Text of an access log's line (log_out.h). The bytes are mostly the client's: they are escaped as
 * ap_escape_logitem() does, so that a line stays a line and a quoted field stays quoted.
 */
#include "log_out.h"

#include <stdio.h>

void log_out_put(struct log_out *o, const char *p, size_t n)
{
	size_t room = o->cap - o->n;

	if (n > room) {
		n = room;
		o->cut = true;
	}
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

void log_out_char(struct log_out *o, char c)
{
	log_out_put(o, &c, 1);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void log_out_escape(struct log_out *o, unsigned char c)
{
	static const char from[] = "\b\n\r\t\v\\\"", to[] = "bnrtv\\\"";
	static const char hex[] = "0123456789abcdef";
	const char *found = c ? strchr(from, c) : NULL;
	char text[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};

	if (found)
		text[1] = to[found - from];
	log_out_put(o, text, found ? 2 : 4);
}

void log_out_span(struct log_out *o, struct span s)
{
	const size_t start = o->n;
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (o->most && o->n - start + (i - from) >= o->most) {
			log_out_put(o, s.p + from, i - from);
			log_out_put(o, "...", 3);
			return;
		}
		if (is_plain((unsigned char)s.p[i]))
			continue;
		log_out_put(o, s.p + from, i - from);
		log_out_escape(o, (unsigned char)s.p[i]);
		from = i + 1;
	}
	if (from < s.n)
		log_out_put(o, s.p + from, s.n - from);
}

void log_out_text(struct log_out *o, const char *s)
{
	log_out_span(o, s ? span_of(s) : SPAN("-"));
}

void log_out_number(struct log_out *o, uint64_t v)
{
	char digits[SPAN_DECIMAL_MAX];
	struct span s = span_decimal(digits, v);

	log_out_put(o, s.p, s.n);
}

void log_out_padded(struct log_out *o, uint64_t v, int width)
{
	char text[24];

	snprintf(text, sizeof(text), "%0*llu", width, (unsigned long long)v);
	log_out_put(o, text, strlen(text));
}
