/*
 * Accept and its like (RFC 9110 section 12.5), read as leniently as Apache's mod_negotiation does:
 * what is malformed never makes an error. Run by the child; the bytes are the client's, or those of
 * a site owner's type map.
 */
#include "itkd/negotiate.h"

#include "itkd/arena.h"
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

static void lower(char *p)
{
	for (; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
}

char *accept_token(struct arena *a, const char **text, bool blanks)
{
	const char *start = skip_blanks(*text), *p = start;

	while (*p && (blanks || !is_blank(*p)) && *p != ';' && *p != ',') {
		if (*p++ != '"')
			continue;
		while (*p && *p++ != '"')
			;
	}
	*text = skip_blanks(p);
	return arena_strndup(a, start, (size_t)(p - start));
}

/* Section 12.4.2, without strtod(3), whose point is the locale's. What is no number is 1. */
static float accept_q(const char *p)
{
	int thousandths = 0;

	if (!*p || (*p != '.' && *p++ != '0'))
		return 1.0f;
	if (*p++ != '.')
		return 0.0f;
	for (int scale = 100; scale && *p >= '0' && *p <= '9'; scale /= 10, p++)
		thousandths += (*p - '0') * scale;
	return (float)thousandths / 1000.0f;
}

/* "name = value" at text, which is lost; NULL where there is no '='. */
static char *parameter_value(char *text)
{
	char *p = text, *end;

	while (*p && !is_blank(*p) && *p != '=')
		p++;
	if (!*p)
		return NULL;
	*p++ = '\0';
	while (is_blank(*p) || *p == '=')
		p++;
	if (*p == '"') {
		p++;
		end = p + strcspn(p, "\n\r\"");
	} else {
		for (end = p; *end && !is_blank(*end);)
			end++;
	}
	*end = '\0';
	return p;
}

static void accept_parameter(struct accept *item, char *text)
{
	lower(text);
	char *value = parameter_value(text);

	if (!value)
		return;
	if (strcmp(text, "q") == 0 || strcmp(text, "qs") == 0)
		item->q = accept_q(skip_blanks(value));
	else if (strcmp(text, "level") == 0)
		item->level = (float)strtol(value, NULL, 10);
	else if (strcmp(text, "charset") == 0)
		item->charset = value;
}

const char *accept_take(struct arena *a, const char *text, struct accept *item)
{
	char *name = accept_token(a, &text, false);

	lower(name);
	*item = (struct accept){.name = name, .charset = "", .q = 1.0f};
	/* What does not say its level is of HTML 2. */
	if (strcmp(name, "text/html") == 0 || strcmp(name, "text/x-server-parsed-html") == 0)
		item->level = 2.0f;
	if (strcmp(name, "text/x-server-parsed-html3") == 0)
		item->level = 3.0f;
	while (*text == ';') {
		text++;
		accept_parameter(item, accept_token(a, &text, true));
	}
	return *text == ',' ? text + 1 : text;
}

void accept_parse(struct arena *a, const char *value, struct accept_list *list)
{
	size_t room = 1;

	*list = (struct accept_list){.present = value};
	if (!value)
		return;
	/* Elements without a comma between them are elements, too. */
	for (const char *p = value; *p; p++)
		room += *p == ',' || is_blank(*p);
	struct accept *v = arena_array(a, room + 1, sizeof(*v));

	while (*value && list->n <= room)
		value = accept_take(a, value, &v[list->n++]);
	list->v = v;
}
