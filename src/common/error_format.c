/*
 * ErrorLogFormat (error_format.h). The text compiled by the loader and again by a front; lines
 * written by the child and the front. What a client sent is escaped as in any error log. A field,
 * that is text between spaces, whose items all have nothing to say is left out with the space
 * before it.
 */
#include "itkd/error_format.h"

#include "itkd/arena.h"
#include "itkd/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct error_item {
	char letter;     /* 0: text; ' ': the end of a field; '_': one that is not written */
	bool dash;       /* %-X: "-" where there is nothing */
	bool needed;     /* %+X: without it, no line at all */
	int16_t level;   /* %7X: only for what is no more urgent than that; -1: always */
	const char *arg; /* what stands in braces, or the text */
};

struct error_format {
	const char *text;
	uint32_t n;
	const struct error_item *items;
};

/* A run of text; "\ " is a space that ends no field. */
static void compile_text(struct arena *a, struct error_item *item, const char **at)
{
	const char *s = *at;
	char *text = arena_alloc(a, strlen(s) + 1);
	size_t n = 0;

	for (; *s && *s != '%' && *s != ' '; s++) {
		if (*s == '\\' && s[1])
			s++;
		text[n++] = *s;
	}
	*item = (struct error_item){.level = -1, .arg = text};
	*at = s;
}

/* Behind a '%'. */
static const char *compile_item(struct arena *a, struct error_item *item, const char **at)
{
	const char *s = *at;

	*item = (struct error_item){.level = -1, .arg = arena_strdup(a, "")};
	if (*s == '%' || *s == ' ') {
		item->arg = arena_strdup(a, "%");
		item->letter = *s == ' ' ? '_' : '\0';
		*at = s + 1;
		return NULL;
	}
	for (; *s; s++) {
		if (*s == '{') {
			size_t n = strcspn(s + 1, "}");

			item->arg = arena_strndup(a, s + 1, n);
			s += n + (s[n + 1] == '}');
		} else if (*s == '-') {
			item->dash = true;
		} else if (*s == '+') {
			item->needed = true;
		} else if (*s >= '0' && *s <= '9') {
			item->level =
			    (int16_t)((item->level > 0 ? item->level * 10 : 0) + *s - '0');
			if (item->level > LOG_TRACE8)
				item->level = LOG_TRACE8;
		} else {
			break;
		}
	}
	if (!*s)
		return "Ran off end of error log format parsing args to some directive";
	if (!strchr("aAeEFiklLmMnPTtvV", *s))
		return arena_printf(a, "Unrecognized error log format directive %%%c", *s);
	item->letter = *s;
	*at = s + 1;
	return NULL;
}

const struct error_format *error_format_compile(
    struct arena *a, const char *text, const char **error)
{
	struct error_format *f = ARENA_NEW(a, struct error_format);
	struct error_item *items = arena_array(a, 2 * strlen(text) + 1, sizeof(*items));
	bool message = false;

	f->text = arena_strdup(a, text);
	f->items = items;
	for (const char *at = text; *at;) {
		struct error_item *item = &items[f->n++];

		*error = NULL;
		if (*at == ' ') {
			*item = (struct error_item){.letter = ' ', .level = -1};
			at++;
		} else if (*at == '%') {
			at++;
			*error = compile_item(a, item, &at);
		} else {
			compile_text(a, item, &at);
		}
		if (*error)
			return NULL;
		message = message || item->letter == 'M';
	}
	*error = message ? NULL : "main ErrorLogFormat must contain message format string '%M'";
	return message ? f : NULL;
}

const char *error_format_text(const struct error_format *f)
{
	return f->text;
}

/* %t, %{u}t, %{cu}t: with microseconds, and the compact form. */
static const char *item_time(
    const struct error_item *i, const struct error_record *r, char *buf, size_t cap)
{
	struct tm tm = {0};
	char text[64];
	bool micro = strchr(i->arg, 'u') != NULL, compact = strchr(i->arg, 'c') != NULL;
	long us = r->now.tv_nsec / 1000;

	localtime_r(&r->now.tv_sec, &tm);
	if (compact) {
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
		snprintf(buf, cap, micro ? "%s.%06ld" : "%s", text, us);
		return buf;
	}
	strftime(text, sizeof(text), "%a %b %d %H:%M:%S", &tm);
	if (micro)
		snprintf(buf, cap, "%s.%06ld %d", text, us, tm.tm_year + 1900);
	else
		snprintf(buf, cap, "%s %d", text, tm.tm_year + 1900);
	return buf;
}

static const char *item_number(char *buf, size_t cap, long value)
{
	snprintf(buf, cap, "%ld", value);
	return buf;
}

/* Text of one item; NULL: nothing to say. What is no number may be a client's. */
static const char *item_text(
    const struct error_item *i, const struct error_record *r, char *buf, size_t cap)
{
	switch (i->letter) {
	case 'M':
		return r->message;
	case 'm':
		return r->module;
	case 'l':
		return log_level_name(r->level);
	case 'P':
	case 'T':
		return item_number(buf, cap, r->pid);
	case 't':
		return item_time(i, r, buf, cap);
	case 'a':
		return r->client;
	case 'A':
		return r->local;
	case 'v':
		return r->server_name;
	case 'V':
		return r->host_name;
	case 'k':
		return item_number(buf, cap, (long)r->keepalives);
	case 'i':
	case 'e':
	case 'n':
	case 'L':
		return r->lookup ? r->lookup(r->ctx, i->letter, i->arg) : NULL;
	default: /* %E is part of the message here; %F there is none */
		return NULL;
	}
}

struct line {
	char *p;
	size_t n, cap;
};

static void put(struct line *l, const char *text, bool escaped)
{
	if (escaped) {
		l->n += log_escape(l->p + l->n, l->cap - l->n, text);
		return;
	}
	size_t n = strlen(text);

	if (n > l->cap - l->n)
		n = l->cap - l->n;
	memcpy(l->p + l->n, text, n);
	l->n += n;
}

/* One field from items[k] on: whether it has anything to say is known at its end. */
static uint32_t field(const struct error_format *f, const struct error_record *r, uint32_t k,
    struct line *l, bool *wanted)
{
	bool missing = false;
	char buf[128];

	for (; k < f->n && f->items[k].letter != ' ' && f->items[k].letter != '_'; k++) {
		const struct error_item *i = &f->items[k];
		const char *text = i->letter ? NULL : i->arg;
		bool said = i->level < 0 || r->level >= i->level;

		if (i->letter && said)
			text = item_text(i, r, buf, sizeof(buf));
		if (!text && said && i->dash)
			text = "-";
		if (!text && i->needed)
			*wanted = false;
		missing = missing || !text;
		if (text)
			put(l, text, i->letter != '\0');
	}
	if (missing)
		l->n = 0;
	return k;
}

size_t error_format_line(
    const struct error_format *f, const struct error_record *r, char *buf, size_t cap)
{
	struct line out = {buf, 0, cap - 1};
	bool wanted = true, space = false;

	for (uint32_t k = 0; k < f->n;) {
		struct line part = {
		    buf + out.n + 1, 0, out.cap - out.n > 1 ? out.cap - out.n - 1 : 0};
		uint32_t end = field(f, r, k, &part, &wanted);

		/* The space before a field goes with it. */
		if (part.n) {
			if (space)
				buf[out.n++] = ' ';
			memmove(buf + out.n, part.p, part.n);
			out.n += part.n;
		}
		space = false;
		if (end < f->n && f->items[end].letter == ' ')
			space = true;
		k = end + 1;
	}
	if (!wanted)
		return 0;
	buf[out.n] = '\n';
	return out.n + 1;
}
