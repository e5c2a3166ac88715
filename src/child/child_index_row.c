/*
 * One entry of a list, byte for byte mod_autoindex's. Runs as the vhost's user; names are escaped,
 * descriptions and texts of icons are the administrator's or site owner's own HTML.
 */
#include "child_index.h"

#include "itkd/listing.h"
#include <string.h>

#define ROW_DATE_LEN 17 /* "06-Nov-1994 08:49" */

void child_index_pad(struct index *x, size_t used, uint32_t width)
{
	static const char blanks[] = "                                ";

	while (used < width) {
		size_t n = width - used < sizeof(blanks) - 1 ? width - used : sizeof(blanks) - 1;

		child_index_put_span(x, (struct span){blanks, n});
		used += n;
	}
}

static const char *row_name(const struct index *x, size_t i)
{
	return i == 0 && x->v[i].name[0] == '/' ? "Parent Directory" : x->v[i].name;
}

static void row_link(struct index *x, size_t i)
{
	child_index_put(x, "<a href=\"");
	child_index_put_escaped(x, path_encode(&x->c->arena, x->v[i].name));
	child_index_put(x, "\">");
}

void child_index_row_plain(struct index *x, size_t i)
{
	child_index_put(x, "<li>");
	row_link(x, i);
	child_index_put(x, " ");
	child_index_put_escaped(x, row_name(x, i));
	child_index_put(x, "</a></li>\n");
}

/* The name as a link, cut to the column, and the blanks behind it. */
static void row_cut_name(struct index *x, size_t i, uint32_t width)
{
	const char *name = row_name(x, i);
	size_t n = strlen(name);

	if (n > width) {
		name = arena_printf(&x->c->arena, "%.*s..>", width > 3 ? (int)width - 3 : 0, name);
		n = width;
	}
	row_link(x, i);
	child_index_put_escaped(x, name);
	child_index_put(x, "</a>");
	child_index_pad(x, n, width);
}

/* Local time: "1994-11-06 08:49", or the older form "06-Nov-1994 08:49". */
static void row_date(char buf[static ROW_DATE_LEN + 1], int64_t t, bool old)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char clf[DATE_CLF_LEN + 1];

	date_format_clf((time_t)t, date_local_offset((time_t)t), clf);
	if (old) {
		memcpy(buf, clf + 1, 11);
		buf[2] = buf[6] = '-';
		buf[11] = ' ';
		memcpy(buf + 12, clf + 13, 5);
		buf[17] = '\0';
		return;
	}
	unsigned month = 1;

	while (month < 12 && memcmp(months + (month - 1) * 3, clf + 4, 3) != 0)
		month++;
	memcpy(buf, clf + 8, 4);
	buf[4] = buf[7] = '-';
	buf[5] = (char)('0' + month / 10);
	buf[6] = (char)('0' + month % 10);
	memcpy(buf + 8, clf + 1, 2);
	buf[10] = ' ';
	memcpy(buf + 11, clf + 13, 5);
	buf[16] = '\0';
}

/* The length of text that is at most width characters; tags do not count, entities are one. */
static size_t row_desc_length(const char *text, uint32_t width, bool *full)
{
	size_t at = 0;

	while (text[at] && (width > 0 || text[at] == '<')) {
		char end = text[at] == '<' ? '>' : text[at] == '&' ? ';' : '\0';

		if (text[at] != '<')
			width--;
		if (end)
			at += strcspn(text + at, end == '>' ? ">" : ";");
		if (text[at])
			at++;
	}
	*full = width == 0;
	return at;
}

static void row_desc(struct index *x, const char *text, uint32_t width)
{
	bool full;

	if (x->conf->desc.adjust == INDEX_WIDTH_UNSET) {
		width += x->options & INDEX_NO_ICON ? 6 : 0;
		width += x->options & INDEX_NO_MODIFIED ? 19 : 0;
		width += x->options & INDEX_NO_SIZE ? 7 : 0;
	}
	size_t n = row_desc_length(text, width, &full);

	if (!full || text[n] == '\0' || n == 0) {
		child_index_put(x, text);
		return;
	}
	/* In the place of the last character: Apache's way to show that it goes on. */
	child_index_put_span(x, (struct span){text, n - 1});
	child_index_put(x, ">");
}

static const char *row_icon(const struct index *x, size_t i)
{
	return x->v[i].icon ? x->v[i].icon : x->conf->default_icon;
}

static void row_image(struct index *x, size_t i)
{
	const char *alt = x->v[i].alt ? x->v[i].alt : "   ";

	child_index_image(x, row_icon(x, i), arena_printf(&x->c->arena, "[%s]", alt));
}

static void row_fancy_icon(struct index *x, size_t i)
{
	bool link = x->options & INDEX_ICON_LINKS;

	if (link)
		row_link(x, i);
	if (row_icon(x, i))
		row_image(x, i);
	else
		child_index_put(x, "     ");
	child_index_put(x, link ? "</a> " : " ");
}

void child_index_row_fancy(struct index *x, size_t i, const struct index_widths *w)
{
	const struct index_entry *e = &x->v[i];
	char date[ROW_DATE_LEN + 1], size[LISTING_SIZE_LEN + 1];

	if (!(x->options & INDEX_NO_ICON))
		row_fancy_icon(x, i);
	row_cut_name(x, i, w->name);
	child_index_put(x, " ");
	if (!(x->options & INDEX_NO_MODIFIED) && e->modified != -1) {
		row_date(date, e->modified, x->conf->old_date);
		child_index_puts(x, (const char *const[]){date, "  ", NULL});
	} else if (!(x->options & INDEX_NO_MODIFIED)) {
		child_index_put(x, "                   ");
	}
	if (!(x->options & INDEX_NO_SIZE)) {
		listing_size(e->size, size);
		child_index_puts(x, (const char *const[]){size, "  ", NULL});
	}
	if (!(x->options & INDEX_NO_DESC) && e->desc)
		row_desc(x, e->desc, w->desc);
	child_index_put(x, "\n");
}

/* A cell's start: by class where a style sheet says how it looks. */
static void row_cell(struct index *x, const char *class, const char *plain)
{
	if (x->conf->style_sheet)
		child_index_puts(x, (const char *const[]){"<td class=\"", class, "\">", NULL});
	else
		child_index_put(x, plain);
}

static void row_table_start(struct index *x, size_t i)
{
	const char *parity = i & 1 ? "odd" : "even";
	char *alt;

	if (!x->conf->style_sheet) {
		child_index_put(x, "<tr>");
		return;
	}
	if (!(x->options & INDEX_ALT_CLASS) || !x->v[i].alt) {
		child_index_puts(x, (const char *const[]){"   <tr class=\"", parity, "\">", NULL});
		return;
	}
	alt = arena_strdup(&x->c->arena, x->v[i].alt);
	for (char *p = alt; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	child_index_puts(
	    x, (const char *const[]){"   <tr class=\"", parity, "-", alt, "\">", NULL});
}

static void row_table_icon(struct index *x, size_t i)
{
	row_cell(x, "indexcolicon", "<td valign=\"top\">");
	if (x->options & INDEX_ICON_LINKS)
		row_link(x, i);
	if (row_icon(x, i))
		row_image(x, i);
	else
		child_index_put(x, "&nbsp;");
	child_index_put(x, x->options & INDEX_ICON_LINKS ? "</a></td>" : "</td>");
}

static void row_table_name(struct index *x, size_t i, uint32_t width)
{
	row_cell(x, "indexcolname", "<td>");
	if (x->conf->name.adjust != INDEX_WIDTH_FITS) {
		row_cut_name(x, i, width);
		return;
	}
	row_link(x, i);
	child_index_put_escaped(x, row_name(x, i));
	child_index_put(x, "</a>");
}

static void row_table_date(struct index *x, const struct index_entry *e)
{
	char date[ROW_DATE_LEN + 1];

	child_index_put(x, "</td>");
	if (e->modified == -1) {
		row_cell(x, "indexcollastmod", "<td>");
		child_index_put(x, "&nbsp;");
		return;
	}
	row_cell(x, "indexcollastmod", "<td align=\"right\">");
	row_date(date, e->modified, x->conf->old_date);
	child_index_puts(x, (const char *const[]){date, "  ", NULL});
}

void child_index_row_table(struct index *x, size_t i, const struct index_widths *w)
{
	const struct index_entry *e = &x->v[i];
	char size[LISTING_SIZE_LEN + 1];

	row_table_start(x, i);
	if (!(x->options & INDEX_NO_ICON))
		row_table_icon(x, i);
	row_table_name(x, i, w->name);
	if (!(x->options & INDEX_NO_MODIFIED))
		row_table_date(x, e);
	if (!(x->options & INDEX_NO_SIZE)) {
		child_index_put(x, "</td>");
		row_cell(x, "indexcolsize", "<td align=\"right\">");
		listing_size(e->size, size);
		child_index_put(x, size);
	}
	if (!(x->options & INDEX_NO_DESC)) {
		child_index_put(x, "</td>");
		row_cell(x, "indexcoldesc", "<td>");
		if (!e->desc)
			child_index_put(x, "&nbsp;");
		else if (x->conf->desc.adjust == INDEX_WIDTH_FITS)
			child_index_put(x, e->desc);
		else
			row_desc(x, e->desc, w->desc);
	}
	child_index_put(x, "</td></tr>\n");
}
