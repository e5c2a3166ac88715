/*
 * The HTML of a list: plain, preformatted or a table, byte for byte mod_autoindex's. Runs as the
 * vhost's user; names are escaped, descriptions are the administrator's or site owner's own HTML.
 */
#include "child_index.h"

#include <string.h>

#define COLUMN_NAME 'N'
#define COLUMN_MODIFIED 'M'
#define COLUMN_SIZE 'S'
#define COLUMN_DESC 'D'

static bool page_has(const struct index *x, uint32_t option)
{
	return (x->options & option) != 0;
}

/* A column's title, a link to the list in its order; of the present one to the reverse order. */
static void page_column(struct index *x, const char *title, char column)
{
	const char link[] = {'?', 'C', '=', column, ';', 'O', '=',
	    x->key == column && x->direction == 'A' ? 'D' : 'A', '\0'};

	if (page_has(x, INDEX_NO_SORT))
		child_index_put(x, title);
	else
		child_index_puts(x,
		    (const char *const[]){"<a href=\"", link, x->args, "\">", title, "</a>", NULL});
}

void child_index_image(struct index *x, const char *icon, const char *alt)
{
	child_index_put(x, "<img src=\"");
	child_index_put_escaped(x, icon);
	child_index_puts(x, (const char *const[]){"\" alt=\"", alt, "\"", NULL});
	if (x->conf->icon_width) {
		child_index_put(x, " width=\"");
		child_index_put_number(x, x->conf->icon_width);
		child_index_put(x, "\"");
	}
	if (x->conf->icon_height) {
		child_index_put(x, " height=\"");
		child_index_put_number(x, x->conf->icon_height);
		child_index_put(x, "\"");
	}
	child_index_put(x, page_has(x, INDEX_XHTML) ? " />" : ">");
}

/* A head cell's start: by class where a style sheet says how it looks. */
static void page_head_cell(struct index *x, const char *class, const char *plain)
{
	if (x->conf->style_sheet)
		child_index_puts(x, (const char *const[]){"<th class=\"", class, "\">", NULL});
	else
		child_index_put(x, plain);
}

static void page_break_row(struct index *x)
{
	int columns = 1 + !page_has(x, INDEX_NO_ICON) + !page_has(x, INDEX_NO_MODIFIED) +
	              !page_has(x, INDEX_NO_SIZE) + !page_has(x, INDEX_NO_DESC);

	if (page_has(x, INDEX_NO_RULES))
		return;
	child_index_puts(x,
	    (const char *const[]){"   <tr", x->conf->style_sheet ? " class=\"indexbreakrow\"" : "",
	        "><th colspan=\"", NULL});
	child_index_put_number(x, columns);
	child_index_puts(x, (const char *const[]){"\"><hr", page_has(x, INDEX_XHTML) ? " /" : "",
	                        "></th></tr>\n", NULL});
}

static void page_table_head(struct index *x)
{
	const char *blank = child_index_item(&x->conf->icons, "^^BLANKICON^^", NULL, NULL, true);

	child_index_put(x, x->conf->style_sheet
	                       ? "  <table id=\"indexlist\">\n   <tr class=\"indexhead\">"
	                       : "  <table>\n   <tr>");
	if (!page_has(x, INDEX_NO_ICON)) {
		page_head_cell(x, "indexcolicon", "<th valign=\"top\">");
		if (blank)
			child_index_image(x, blank, "[ICO]");
		else
			child_index_put(x, "&nbsp;");
		child_index_put(x, "</th>");
	}
	page_head_cell(x, "indexcolname", "<th>");
	page_column(x, "Name", COLUMN_NAME);
	if (!page_has(x, INDEX_NO_MODIFIED)) {
		child_index_put(x, "</th>");
		page_head_cell(x, "indexcollastmod", "<th>");
		page_column(x, "Last modified", COLUMN_MODIFIED);
	}
	if (!page_has(x, INDEX_NO_SIZE)) {
		child_index_put(x, "</th>");
		page_head_cell(x, "indexcolsize", "<th>");
		page_column(x, "Size", COLUMN_SIZE);
	}
	if (!page_has(x, INDEX_NO_DESC)) {
		child_index_put(x, "</th>");
		page_head_cell(x, "indexcoldesc", "<th>");
		page_column(x, "Description", COLUMN_DESC);
	}
	child_index_put(x, "</th></tr>\n");
	page_break_row(x);
}

static void page_rule(struct index *x)
{
	child_index_put(x, page_has(x, INDEX_XHTML) ? "<hr />" : "<hr>");
}

static void page_fancy_head(struct index *x, uint32_t width)
{
	const char *blank = child_index_item(&x->conf->icons, "^^BLANKICON^^", NULL, NULL, true);

	child_index_put(x, "<pre>");
	if (!page_has(x, INDEX_NO_ICON) && blank) {
		child_index_image(x, blank, "Icon ");
		child_index_put(x, " ");
	} else if (!page_has(x, INDEX_NO_ICON)) {
		child_index_put(x, "      ");
	}
	page_column(x, "Name", COLUMN_NAME);
	child_index_pad(x, 4, width);
	child_index_put(x, " ");
	if (!page_has(x, INDEX_NO_MODIFIED)) {
		page_column(x, "Last modified", COLUMN_MODIFIED);
		child_index_put(x, "      ");
	}
	if (!page_has(x, INDEX_NO_SIZE)) {
		page_column(x, "Size", COLUMN_SIZE);
		child_index_put(x, "  ");
	}
	if (!page_has(x, INDEX_NO_DESC))
		page_column(x, "Description", COLUMN_DESC);
	if (page_has(x, INDEX_NO_RULES))
		child_index_put(x, "\n");
	else
		page_rule(x);
}

static void page_fancy_end(struct index *x)
{
	if (!page_has(x, INDEX_NO_RULES))
		page_rule(x);
	child_index_put(x, "</pre>\n");
}

/* Of "*" in a preformatted list: as wide as its longest entry. */
static uint32_t page_width(const struct index *x, struct conf_index_width w, bool desc)
{
	bool fancy = page_has(x, INDEX_FANCY) && !page_has(x, INDEX_TABLE);

	if (!fancy || w.adjust != INDEX_WIDTH_FITS)
		return w.width;
	for (size_t i = 0; i < x->n; i++) {
		const char *text = desc ? x->v[i].desc : x->v[i].name;
		size_t n = text ? strlen(text) : 0;

		if (n > w.width)
			w.width = n < UINT32_MAX ? (uint32_t)n : w.width;
	}
	return w.width;
}

void child_index_page(struct index *x)
{
	struct index_widths w = {
	    page_width(x, x->conf->name, false), page_width(x, x->conf->desc, true)};
	bool table = page_has(x, INDEX_TABLE), fancy = page_has(x, INDEX_FANCY);

	if (table)
		page_table_head(x);
	else if (fancy)
		page_fancy_head(x, w.name);
	else
		child_index_put(x, "<ul>");
	for (size_t i = 0; i < x->n && !x->r->aborted; i++) {
		if (table)
			child_index_row_table(x, i, &w);
		else if (fancy)
			child_index_row_fancy(x, i, &w);
		else
			child_index_row_plain(x, i);
		arena_reset(&x->c->arena);
	}
	if (table) {
		page_break_row(x);
		child_index_put(x, "</table>\n");
	} else if (fancy) {
		page_fancy_end(x);
	} else {
		child_index_put(x, "</ul>\n");
	}
}
