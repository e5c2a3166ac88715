/*
 * The directives of mod_autoindex into a conf_dir. Run by the loader as root on the administrator's
 * words, and by the child as the vhost's user on those of a .htaccess.
 */
#include "common/conf_dir_set.h"
#include "itkd/conf_parse.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct conf_index *index_of(struct conf_dir_build *b)
{
	if (!b->dir.listing) {
		b->dir.listing = ARENA_NEW(b->a, struct conf_index);
		b->dir.listing->options = INDEX_UNSET;
	}
	return b->dir.listing;
}

static bool is_pattern(const char *text)
{
	return strpbrk(text, "*?") != NULL;
}

/* As apr_fnmatch_test. */
static bool is_glob(const char *text)
{
	bool open = false;

	for (; *text; text++) {
		if (*text == '?' || *text == '*' || (*text == ']' && open))
			return true;
		if (*text == '\\' && !*++text)
			return false;
		open |= *text == '[';
	}
	return false;
}

/*
 * What an item is for must begin with its section's path. Below a <Directory> that is always so;
 * the URL path of a <Location> is compared with a file's, too, as in Apache.
 */
static const char *item_path(struct conf_dir_build *b)
{
	if (!b->section || b->section->nargs == 0 || !(b->within & WITHIN_LOCATION))
		return NULL;
	return arena_printf(b->a, "%s*", b->section->args[0]);
}

static void push_item(struct conf_dir_build *b, struct conf_index_items *list,
    enum conf_index_by by, const char *text, const char *to)
{
	struct conf_index_item *item = conf_dir_push(b->a, &list->v, &list->n, sizeof(*item));

	if (by == INDEX_BY_NAME && strcmp(to, "**DIRECTORY**") == 0)
		to = "^^DIRECTORY^^";
	item->by = by;
	item->text = text;
	item->path = item_path(b);
	item->pattern = by == INDEX_BY_NAME && !is_pattern(to) ? arena_printf(b->a, "*%s", to)
	                                                       : arena_strdup(b->a, to);
}

/* Encodings are compared in lower case. */
static const char *item_pattern(struct conf_dir_build *b, enum conf_index_by by, const char *to)
{
	return by == INDEX_BY_ENCODING ? arena_lower(b->tmp, to) : to;
}

static const char *add_alt(
    struct conf_dir_build *b, const struct conf_value *v, enum conf_index_by by)
{
	const char *text = arena_strdup(b->a, v->words[0]);

	for (uint32_t i = 1; i < v->n; i++)
		push_item(b, &index_of(b)->alts, by, text, item_pattern(b, by, v->words[i]));
	return NULL;
}

/* An icon's URL, or "(ALT,URL)". */
static const char *add_icon(
    struct conf_dir_build *b, const struct conf_value *v, enum conf_index_by by)
{
	const char *icon = v->words[0], *alt = NULL;

	if (*icon == '(') {
		size_t end = strcspn(icon, ")"), comma = strcspn(icon, ",");

		if (icon[end] == '\0')
			return "missing closing paren";
		/* Apache cuts at the first comma, and at the paren wherever that stands. */
		alt = arena_strndup(b->a, icon + 1, (comma < end ? comma : end) - 1);
		icon = comma < end ? arena_strndup(b->a, icon + comma + 1, end - comma - 1)
		                   : arena_strdup(b->a, icon[comma] ? icon + comma + 1 : "");
	} else {
		icon = arena_strdup(b->a, icon);
	}
	for (uint32_t i = 1; i < v->n; i++) {
		const char *to = item_pattern(b, by, v->words[i]);

		if (alt)
			push_item(b, &index_of(b)->alts, by, alt, to);
		push_item(b, &index_of(b)->icons, by, icon, to);
	}
	return NULL;
}

const char *dir_add_icon(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_icon(b, v, INDEX_BY_NAME);
}

const char *dir_add_icon_by_type(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_icon(b, v, INDEX_BY_TYPE);
}

const char *dir_add_icon_by_encoding(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_icon(b, v, INDEX_BY_ENCODING);
}

const char *dir_add_alt(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_alt(b, v, INDEX_BY_NAME);
}

const char *dir_add_alt_by_type(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_alt(b, v, INDEX_BY_TYPE);
}

const char *dir_add_alt_by_encoding(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_alt(b, v, INDEX_BY_ENCODING);
}

const char *dir_add_description(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_index_descs *list = &index_of(b)->descs;
	const char *text = arena_strdup(b->a, v->words[0]);

	for (uint32_t i = 1; i < v->n; i++) {
		struct conf_index_desc *d = conf_dir_push(b->a, &list->v, &list->n, sizeof(*d));
		const char *to = v->words[i];

		d->text = text;
		d->whole = strchr(to, '/') != NULL;
		d->glob = d->whole || is_glob(to);
		d->pattern = d->glob ? arena_printf(b->a, "%s%s*", d->whole ? "*/" : "*", to)
		                     : arena_strdup(b->a, to);
	}
	return NULL;
}

const char *dir_index_ignore(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_index_items *list = &index_of(b)->ignores;

	for (uint32_t i = 0; i < v->n; i++) {
		struct conf_index_item *item =
		    conf_dir_push(b->a, &list->v, &list->n, sizeof(*item));
		const char *slash = strrchr(v->words[i], '/');

		item->path = item_path(b);
		item->pattern = arena_strdup(b->a, slash ? slash + 1 : v->words[i]);
	}
	return NULL;
}

const char *dir_index_ignore_reset(struct conf_dir_build *b, const struct conf_value *v)
{
	index_of(b)->ignore_reset = v->flag;
	return NULL;
}

/* What one line of IndexOptions changes, on trial until all of its words are read. */
struct option_line {
	struct conf_index *to;
	uint32_t options, add, remove;
};

static const struct {
	const char *word;
	uint32_t bit;
} index_words[] = {
    {"FancyIndexing", INDEX_FANCY},
    {"FoldersFirst", INDEX_FOLDERS_FIRST},
    {"HTMLTable", INDEX_TABLE},
    {"IconsAreLinks", INDEX_ICON_LINKS},
    {"IgnoreCase", INDEX_IGNORE_CASE},
    {"IgnoreClient", INDEX_IGNORE_CLIENT},
    {"ScanHTMLTitles", INDEX_TITLES},
    {"SuppressColumnSorting", INDEX_NO_SORT},
    {"SuppressDescription", INDEX_NO_DESC},
    {"SuppressHTMLPreamble", INDEX_NO_PREAMBLE},
    {"SuppressIcon", INDEX_NO_ICON},
    {"SuppressLastModified", INDEX_NO_MODIFIED},
    {"SuppressSize", INDEX_NO_SIZE},
    {"SuppressRules", INDEX_NO_RULES},
    {"TrackModified", INDEX_TRACK},
    {"VersionSort", INDEX_VERSIONS},
    {"XHTML", INDEX_XHTML},
    {"ShowForbidden", INDEX_FORBIDDEN},
    {"AddAltClass", INDEX_ALT_CLASS},
};

static int option_number(const char *text)
{
	long n = strtol(text, NULL, 10);

	return n < 0 ? 0 : n > INDEX_WIDTH_MAX ? INDEX_WIDTH_MAX : (int)n;
}

/* NameWidth and DescriptionWidth: "=n", "=*", or "-" for the default. */
static const char *option_width(struct conf_dir_build *b, const char *name, const char *word,
    char action, struct conf_index_width *to, int standard, int least)
{
	const char *value = word + strlen(name);
	int width = 0;

	if (*value == '\0') {
		if (action != '-')
			return arena_printf(
			    b->tmp, "%s with no value may only appear as '-%s'", name, name);
		*to = (struct conf_index_width){INDEX_WIDTH_FIXED, (uint32_t)standard};
		return NULL;
	}
	if (action == '-')
		return arena_printf(b->tmp, "Cannot combine '-' with %s=n", name);
	if (value[1] == '*') {
		if (to->adjust == INDEX_WIDTH_UNSET)
			to->width = (uint32_t)standard;
		to->adjust = INDEX_WIDTH_FITS;
		return NULL;
	}
	width = option_number(value + 1);
	if (width && width < least)
		return arena_printf(b->tmp, "%s value must be greater than %d", name, least);
	*to = (struct conf_index_width){INDEX_WIDTH_FIXED, (uint32_t)width};
	return NULL;
}

static const char *option_icon(struct conf_dir_build *b, const char *name, const char *word,
    char action, int *to, int standard)
{
	const char *value = word + strlen(name);

	if (*value == '\0') {
		*to = action == '-' ? 0 : standard;
		return NULL;
	}
	if (action == '-')
		return arena_printf(b->tmp, "Cannot combine '-' with %s=n", name);
	*to = option_number(value + 1);
	return NULL;
}

/* Whether word is the name, alone or with a value behind '='. */
static bool option_is(const char *word, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(word, name, n) == 0 && (word[n] == '\0' || word[n] == '=');
}

static const char *option_value(
    struct conf_dir_build *b, const char *word, char action, struct option_line *line)
{
	struct conf_index *to = line->to;

	if (strcasecmp(word, "None") == 0) {
		if (action)
			return "Cannot combine '+' or '-' with 'None' keyword";
		line->options = INDEX_NONE_SET;
		return NULL;
	}
	if (option_is(word, "IconWidth"))
		return option_icon(b, "IconWidth", word, action, &to->icon_width, INDEX_ICON_WIDTH);
	if (option_is(word, "IconHeight"))
		return option_icon(
		    b, "IconHeight", word, action, &to->icon_height, INDEX_ICON_HEIGHT);
	if (option_is(word, "NameWidth"))
		return option_width(b, "NameWidth", word, action, &to->name, INDEX_NAME_WIDTH, 5);
	if (option_is(word, "DescriptionWidth"))
		return option_width(
		    b, "DescriptionWidth", word, action, &to->desc, INDEX_DESC_WIDTH, 12);
	if (strncasecmp(word, "Type=", 5) == 0)
		to->type = arena_strdup(b->a, word + 5);
	else if (strncasecmp(word, "Charset=", 8) == 0)
		to->charset = arena_strdup(b->a, word + 8);
	else if (strcasecmp(word, "UseOldDateFormat") == 0)
		to->old_date = true;
	else
		return "Invalid directory indexing option";
	return NULL;
}

static const char *option_word(struct conf_dir_build *b, const char *word, struct option_line *line)
{
	char action = *word == '+' || *word == '-' ? *word++ : '\0';
	uint32_t bit = 0;

	for (size_t i = 0; i < sizeof(index_words) / sizeof(*index_words); i++)
		if (strcasecmp(word, index_words[i].word) == 0)
			bit = index_words[i].bit;
	const char *error = bit ? NULL : option_value(b, word, action, line);

	if (error)
		return error;
	if (action == '\0') {
		line->options |= bit;
		line->add = line->remove = 0;
	} else if (action == '+') {
		line->add |= bit;
		line->remove &= ~bit;
	} else {
		line->remove |= bit;
		line->add &= ~bit;
	}
	return NULL;
}

const char *dir_index_options(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_index *to = index_of(b);
	struct option_line line = {to, to->options, to->options_add, to->options_remove};

	for (uint32_t i = 0; i < v->n; i++) {
		const char *error = option_word(b, v->words[i], &line);

		if (error)
			return error;
	}
	if ((line.options & INDEX_NONE_SET) && (line.options & ~INDEX_NONE_SET))
		return "Cannot combine other IndexOptions keywords with 'None'";
	to->options = line.options;
	to->options_add = line.add;
	to->options_remove = line.remove;
	return NULL;
}

const char *dir_index_order_default(struct conf_dir_build *b, const struct conf_value *v)
{
	static const struct {
		const char *word;
		char key;
	} keys[] = {{"Name", 'N'}, {"Date", 'M'}, {"Size", 'S'}, {"Description", 'D'}};
	struct conf_index *to = index_of(b);

	if (strcasecmp(v->words[0], "Ascending") == 0)
		to->direction = 'A';
	else if (strcasecmp(v->words[0], "Descending") == 0)
		to->direction = 'D';
	else
		return "First keyword must be 'Ascending' or 'Descending'";
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (strcasecmp(v->words[1], keys[i].word) == 0) {
			to->key = keys[i].key;
			return NULL;
		}
	return "Second keyword must be 'Name', 'Date', 'Size', or 'Description'";
}

const char *dir_default_icon(struct conf_dir_build *b, const struct conf_value *v)
{
	index_of(b)->default_icon = arena_strdup(b->a, v->text);
	return NULL;
}

const char *dir_header_name(struct conf_dir_build *b, const struct conf_value *v)
{
	index_of(b)->header = arena_strdup(b->a, v->text);
	return NULL;
}

const char *dir_readme_name(struct conf_dir_build *b, const struct conf_value *v)
{
	index_of(b)->readme = arena_strdup(b->a, v->text);
	return NULL;
}

const char *dir_index_style_sheet(struct conf_dir_build *b, const struct conf_value *v)
{
	index_of(b)->style_sheet = arena_strdup(b->a, v->text);
	return NULL;
}

const char *dir_index_head_insert(struct conf_dir_build *b, const struct conf_value *v)
{
	index_of(b)->head_insert = arena_strdup(b->a, v->text);
	return NULL;
}
