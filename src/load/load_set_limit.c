/*
 * Setters of process, time and log-level directives that are no mere number. Run by the loader.
 */
#include "itkd/log.h"
#include "load/load.h"

#include <string.h>
#include <strings.h>

const char *load_set_max_clients(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)l;
	s->v.max_clients = v->number > 0 ? (uint32_t)v->number : 0;
	return NULL;
}

const char *load_set_nice(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	int64_t nice = v->number < -20 ? -20 : v->number > 19 ? 19 : v->number;

	if (nice != v->number)
		conf_report(l->report, CONF_WARNING, v->node,
		    "NiceValue of %d is out of -20 to 19, taking %d", (int)v->number, (int)nice);
	s->v.nice = (int)nice;
	return NULL;
}

struct read_limit {
	uint32_t initial, max, rate;
};

static bool read_number(const char *text, uint32_t *number)
{
	int64_t n;

	if (!conf_number(text, 0, 2147483647, &n))
		return false;
	*number = (uint32_t)n;
	return true;
}

/* initial[-max][,MinRate=rate], as set_reqtimeout_param of mod_reqtimeout. */
static const char *read_limit(struct loader *l, char *text, struct read_limit *r)
{
	char *rate = strcasestr(text, ",MinRate="), *range;

	*r = (struct read_limit){0};
	if (rate) {
		*rate = '\0';
		if (!read_number(rate + strlen(",MinRate="), &r->rate))
			return load_fail(l, "'%s' is not a rate in bytes a second", rate + 1);
		if (r->rate == 0)
			return "Minimum data rate must be larger than 0";
	}
	range = strchr(text, '-');
	if (range) {
		*range++ = '\0';
		if (!rate)
			return "Must set MinRate option if using timeout range";
		if (!read_number(range, &r->max))
			return load_fail(l, "'%s' is not a number of seconds", range);
	}
	if (!read_number(text, &r->initial))
		return load_fail(l, "'%s' is not a number of seconds", text);
	if (r->max && r->initial >= r->max)
		return "Maximum timeout must be larger than initial timeout";
	return NULL;
}

const char *load_set_read_timeout(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	struct conf_read_timeout *t = &s->v.read_timeout;

	for (uint32_t i = 0; i < v->n; i++) {
		char *word = arena_strdup(l->tmp, v->words[i]), *value = strchr(word, '=');
		struct read_limit r;
		const char *error;

		if (!value)
			return load_fail(l, "Invalid RequestReadTimeout parameter: %s", word);
		*value++ = '\0';
		error = read_limit(l, value, &r);
		if (error)
			return error;
		if (strcasecmp(word, "header") == 0) {
			t->header_initial = r.initial;
			t->header_max = r.max;
			t->header_rate = r.rate;
		} else if (strcasecmp(word, "body") == 0) {
			t->body_initial = r.initial;
			t->body_max = r.max;
			t->body_rate = r.rate;
		} else if (strcasecmp(word, "handshake") == 0) {
			t->handshake_initial = r.initial;
			t->handshake_max = r.max;
			t->handshake_rate = r.rate;
		} else {
			return load_fail(l, "Unknown RequestReadTimeout parameter: %s", word);
		}
	}
	return NULL;
}
