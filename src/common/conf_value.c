/*
 * Arguments by their type (conf_table.h): one reader a type, for all directives. Run by the loader,
 * and by the child for .htaccess.
 */
#include "itkd/arena.h"
#include "itkd/conf_parse.h"
#include "itkd/conf_table.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool conf_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
	const char *digits = *text == '-' || *text == '+' ? text + 1 : text;

	if (!*digits || digits[strspn(digits, "0123456789")])
		return false;
	errno = 0;
	long long n = strtoll(text, NULL, 10);

	if (errno || n < min || n > max)
		return false;
	*number = n;
	return true;
}

bool conf_is_url(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || (text[n] && strchr("+-.", text[n])))
		n++;
	return n > 0 && text[n] == ':';
}

static const char *value_flag(const char *word, bool *flag)
{
	*flag = strcasecmp(word, "on") == 0;
	return *flag || strcasecmp(word, "off") == 0 ? NULL : "must be On or Off";
}

static const char *value_int(
    struct arena *a, const struct conf_directive *d, const char *word, int64_t *number)
{
	if (conf_number(word, d->min, d->max, number))
		return NULL;
	if (d->min == INT32_MIN)
		return arena_printf(a, "'%s' is not a number", word);
	return arena_printf(
	    a, "'%s' is not a number from %" PRId64 " to %" PRId64, word, d->min, d->max);
}

/* As ap_timeout_parameter_parse, with seconds where no unit stands. */
static const char *value_time(
    struct arena *a, const struct conf_directive *d, const char *word, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {
	    {"", 1000}, {"s", 1000}, {"ms", 1}, {"min", 60000}, {"mi", 60000}, {"h", 3600000}};
	size_t digits = strspn(word, "0123456789");
	char *number = arena_strndup(a, word, digits);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcasecmp(word + digits, units[i].unit) == 0 &&
		    conf_number(number, 0, d->max / units[i].ms, ms)) {
			*ms *= units[i].ms;
			if (*ms >= d->min)
				return NULL;
		}
	return arena_printf(a, "'%s' is not a duration such as 5, 500ms or 2min", word);
}

static const char *value_count(struct arena *a, const struct conf_directive *d, uint32_t n)
{
	bool words = d->arg == ARG_WORDS || d->arg == ARG_SECTION;
	int64_t min = words ? d->min : 1, max = words ? d->max : 1;

	if (n >= min && n <= max)
		return NULL;
	if (max == 1)
		return "takes one argument";
	if (max == ARGS_MANY)
		return arena_printf(a, "takes %" PRId64 " or more arguments", min);
	if (min == max)
		return arena_printf(a, "takes %" PRId64 " arguments", min);
	return arena_printf(a, "takes %" PRId64 " to %" PRId64 " arguments", min, max);
}

/* Relative to ServerRoot, as ap_server_root_relative. */
static const char *value_path(
    struct arena *a, const char *server_root, const char *word, const char **path)
{
	if (!*word)
		return "a file name must not be empty";
	if (*word != '/')
		word = arena_printf(a, "%s/%s", server_root, word);
	*path = conf_path_clean(a, word);
	return NULL;
}

const char *conf_table_value(struct arena *a, const char *server_root, const struct conf_node *node,
    struct conf_value *value)
{
	const struct conf_directive *d = node->directive;
	const char *error;

	*value = (struct conf_value){
	    .node = node, .text = node->raw, .n = node->nargs, .words = node->args};
	if (d->arg == ARG_RAW || d->arg == ARG_READ)
		return NULL;
	error = value_count(a, d, node->nargs);
	if (error || d->arg == ARG_WORDS || d->arg == ARG_SECTION)
		return error;
	value->text = node->args[0];
	switch (d->arg) {
	case ARG_FLAG:
		return value_flag(value->text, &value->flag);
	case ARG_INT:
		return value_int(a, d, value->text, &value->number);
	case ARG_TIME:
		return value_time(a, d, value->text, &value->number);
	case ARG_PATH:
		return value_path(a, server_root, value->text, &value->text);
	default:
		return NULL;
	}
}

/* Drops the last segment of what is written so far; never the root. */
static size_t path_up(const char *out, size_t n)
{
	while (n > 0 && out[n - 1] != '/')
		n--;
	return n > 0 ? n - 1 : 0;
}

char *conf_path_clean(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2);
	size_t n = 0;

	while (*path) {
		size_t segment = strcspn(path, "/");

		if (segment == 2 && path[0] == '.' && path[1] == '.')
			n = path_up(out, n);
		else if (segment && !(segment == 1 && path[0] == '.')) {
			out[n++] = '/';
			memcpy(out + n, path, segment);
			n += segment;
		}
		path += segment + (path[segment] == '/');
	}
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return out;
}
