/*
 * LogFormat's text into items (log_format.h), with the syntax of mod_log_config. Run by the loader
 * on the administrator's text, and by a front on what the loader passed to it.
 */
#include "log_format.h"

#include "itkd/arena.h"

/* Directives with one meaning each, whatever stands in their braces. */
static const struct {
	char letter;
	enum log_item_kind kind;
} log_directives[] = {
    {'A', LOG_ITEM_LOCAL},
    {'B', LOG_ITEM_BYTES},
    {'C', LOG_ITEM_COOKIE},
    {'D', LOG_ITEM_DURATION_US},
    {'H', LOG_ITEM_PROTOCOL},
    {'I', LOG_ITEM_BYTES_IN},
    {'L', LOG_ITEM_LOOKUP},
    {'O', LOG_ITEM_BYTES_OUT},
    {'P', LOG_ITEM_PID},
    {'R', LOG_ITEM_HANDLER},
    {'S', LOG_ITEM_BYTES_BOTH},
    {'T', LOG_ITEM_DURATION_S},
    {'U', LOG_ITEM_PATH},
    {'V', LOG_ITEM_HOST_NAME},
    {'X', LOG_ITEM_CONNECTION},
    {'a', LOG_ITEM_CLIENT},
    {'b', LOG_ITEM_BYTES_CLF},
    {'e', LOG_ITEM_LOOKUP},
    {'f', LOG_ITEM_FILENAME},
    {'h', LOG_ITEM_HOST},
    {'i', LOG_ITEM_FIELD},
    {'k', LOG_ITEM_KEEPALIVES},
    {'l', LOG_ITEM_NONE},
    {'m', LOG_ITEM_METHOD},
    {'n', LOG_ITEM_LOOKUP},
    {'o', LOG_ITEM_LOOKUP},
    {'p', LOG_ITEM_PORT},
    {'q', LOG_ITEM_QUERY},
    {'r', LOG_ITEM_REQUEST},
    {'s', LOG_ITEM_STATUS_FIRST},
    {'t', LOG_ITEM_TIME},
    {'u', LOG_ITEM_USER},
    {'v', LOG_ITEM_SERVER_NAME},
    {'x', LOG_ITEM_LOOKUP},
};

/* Directives whose braces choose between meanings: any other word is an error. */
static const struct {
	char letter;
	const char *arg;
	enum log_item_kind kind;
} log_variants[] = {
    {'P', "pid", LOG_ITEM_PID},
    {'P', "tid", LOG_ITEM_PID},
    {'P', "hextid", LOG_ITEM_PID_HEX},
    {'T', "s", LOG_ITEM_DURATION_S},
    {'T', "ms", LOG_ITEM_DURATION_MS},
    {'T', "us", LOG_ITEM_DURATION_US},
    {'a', "c", LOG_ITEM_PEER},
    {'h', "c", LOG_ITEM_PEER},
    {'p', "canonical", LOG_ITEM_PORT},
    {'p', "local", LOG_ITEM_PORT_LOCAL},
    {'p', "remote", LOG_ITEM_PORT_REMOTE},
};

static const struct {
	const char *arg;
	enum log_item_kind kind;
} log_times[] = {
    {"", LOG_ITEM_TIME},
    {"sec", LOG_ITEM_TIME_SEC},
    {"msec", LOG_ITEM_TIME_MSEC},
    {"usec", LOG_ITEM_TIME_USEC},
    {"msec_frac", LOG_ITEM_TIME_MSEC_FRAC},
    {"usec_frac", LOG_ITEM_TIME_USEC_FRAC},
};

#define LOG_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *log_compile_time(struct log_item *item)
{
	if (strncmp(item->arg, "begin:", 6) == 0) {
		item->arg += 6;
	} else if (strncmp(item->arg, "end:", 4) == 0) {
		item->arg += 4;
		item->end = true;
	}
	item->len = strlen(item->arg);
	item->kind = LOG_ITEM_TIME_STRFTIME;
	for (size_t i = 0; i < LOG_COUNT(log_times); i++)
		if (strcmp(item->arg, log_times[i].arg) == 0)
			item->kind = log_times[i].kind;
	return NULL;
}

/*
 * What the word in braces makes of the directive. One that is none of its words: a number becomes
 * that word itself, an address is what it is without it (mod_log_config).
 */
static void log_compile_variant(struct log_item *item, char letter)
{
	for (size_t i = 0; i < LOG_COUNT(log_variants); i++)
		if (log_variants[i].letter == letter &&
		    strcmp(item->arg, log_variants[i].arg) == 0) {
			item->kind = log_variants[i].kind;
			return;
		}
	if (item->len && strchr("PTp", letter))
		item->kind = LOG_ITEM_TEXT;
}

/* sense: '<' the original request, '>' the final one, 0 neither was written. */
static const char *log_compile_letter(
    struct arena *a, struct log_item *item, char letter, char sense)
{
	size_t i = 0;

	while (i < LOG_COUNT(log_directives) && log_directives[i].letter != letter)
		i++;
	if (i == LOG_COUNT(log_directives))
		return arena_printf(a, "Unrecognized LogFormat directive %%%c", letter);
	item->kind = log_directives[i].kind;
	item->what = letter;
	if (letter == 's' && sense == '>')
		item->kind = LOG_ITEM_STATUS;
	if (letter == 'U' && sense == '>')
		item->kind = LOG_ITEM_PATH_FINAL;
	if (letter == 't')
		return log_compile_time(item);
	log_compile_variant(item, letter);
	return NULL;
}

/* %{name}^ti, %{name}^to: trailers, which are not kept; %^FB: not measured. */
static const char *log_compile_caret(struct log_item *item, const char **at)
{
	if (strncmp(*at, "ti", 2) != 0 && strncmp(*at, "to", 2) != 0 && strncmp(*at, "FB", 2) != 0)
		return "Unrecognized LogFormat directive %^";
	item->kind = LOG_ITEM_NONE;
	*at += 2;
	return NULL;
}

/* A run of plain text up to the next '%'; \n, \t, \r and \\ mean what they mean in C. */
static void log_compile_text(struct arena *a, struct log_item *item, const char **at)
{
	static const char from[] = "\\rnt", to[] = "\\\r\n\t";
	const char *s = *at;
	char *text = arena_alloc(a, strcspn(s, "%") + 1);
	size_t n = 0;

	while (*s && *s != '%') {
		const char *escape = *s == '\\' && s[1] ? strchr(from, s[1]) : NULL;

		text[n++] = escape ? to[escape - from] : *s;
		s += escape ? 2 : 1;
	}
	*item = (struct log_item){.kind = LOG_ITEM_TEXT, .arg = text, .len = n};
	*at = s;
}

/* "200,304" before a directive. */
static void log_compile_status(struct arena *a, struct log_item *item, const char **at)
{
	uint16_t *list = arena_array(a, item->nstatus + 1, sizeof(*list));
	uint32_t value = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++)
		if (value < 1000)
			value = value * 10 + (uint32_t)(**at - '0');
	if (item->nstatus)
		memcpy(list, item->status, item->nstatus * sizeof(*list));
	list[item->nstatus++] = (uint16_t)value;
	item->status = list;
}

/* One directive; *at stands behind its '%'. Modifiers come in any order, as in Apache. */
static const char *log_compile_item(struct arena *a, struct log_item *item, const char **at)
{
	char sense = 0;

	/* Nothing of this program's own: another one, at another address, writes the lines. */
	*item = (struct log_item){.arg = arena_strdup(a, "")};
	while (**at) {
		char c = **at;

		if (c >= '0' && c <= '9') {
			log_compile_status(a, item, at);
			continue;
		}
		(*at)++;
		if (c == '!') {
			item->except = !item->except;
		} else if (c == '<' || c == '>') {
			sense = c;
		} else if (c == '{') {
			item->len = strcspn(*at, "}");
			item->arg = arena_strndup(a, *at, item->len);
			*at += item->len + ((*at)[item->len] == '}');
		} else if (c == '^') {
			return log_compile_caret(item, at);
		} else if (c != ',') {
			return log_compile_letter(a, item, c, sense);
		}
	}
	return "Ran off end of LogFormat parsing args to some directive";
}

/* The next item of the text; NULL or what is wrong with it. */
static const char *log_compile_next(struct arena *a, struct log_item *item, const char **at)
{
	if (**at != '%') {
		log_compile_text(a, item, at);
		return NULL;
	}
	(*at)++;
	if (**at == '%') {
		(*at)++;
		*item =
		    (struct log_item){.kind = LOG_ITEM_TEXT, .arg = arena_strdup(a, "%"), .len = 1};
		return NULL;
	}
	return log_compile_item(a, item, at);
}

const struct log_format *log_format_compile(struct arena *a, const char *text, const char **error)
{
	struct log_format *f = ARENA_NEW(a, struct log_format);
	uint32_t most = 1;

	/* Each '%' begins one item and ends one text at most. */
	for (const char *s = text; *s; s++)
		most += *s == '%' ? 2 : 0;
	struct log_item *items = arena_array(a, most, sizeof(*items));

	f->text = arena_strdup(a, text);
	f->items = items;
	for (const char *at = text; *at;) {
		*error = log_compile_next(a, &items[f->n++], &at);
		if (*error)
			return NULL;
	}
	*error = NULL;
	return f;
}

const char *log_format_text(const struct log_format *f)
{
	return f->text;
}
