/*
 * What the configuration says of backends: merging, and the parameters of ProxyPass, ProxySet and
 * <Proxy>. Run by the loader on the administrator's words, and by the child after the drop.
 */
#include "itkd/conf_proxy.h"

#include "itkd/arena.h"
#include "itkd/conf.h"
#include "itkd/conf_table.h"
#include <stdlib.h>

static void *joined(
    struct arena *a, const void *first, uint32_t n, const void *second, uint32_t m, size_t size)
{
	char *v = arena_array(a, (size_t)n + m, size);

	if (n)
		memcpy(v, first, n * size);
	memcpy(v + n * size, second, m * size);
	return v;
}

/* list {n, v}, with that of add behind it. */
#define APPEND(a, list, add)                                                                       \
	do {                                                                                       \
		if ((add).n) {                                                                     \
			(list).v =                                                                 \
			    joined(a, (list).v, (list).n, (add).v, (add).n, sizeof(*(add).v));     \
			(list).n += (add).n;                                                       \
		}                                                                                  \
	} while (0)

static void merge_switch(uint8_t *base, uint8_t add)
{
	if (add)
		*base = add;
}

void conf_proxy_merge(struct arena *a, struct conf_proxy **base, const struct conf_proxy *add)
{
	if (!add)
		return;
	/* What was merged so far may be the configuration's own, which nobody writes. */
	struct conf_proxy *d = ARENA_NEW(a, struct conf_proxy);

	if (*base)
		*d = **base;
	if (add->pass)
		d->pass = add->pass;
	APPEND(a, d->reverses, add->reverses);
	APPEND(a, d->cookie_paths, add->cookie_paths);
	APPEND(a, d->cookie_domains, add->cookie_domains);
	APPEND(a, d->workers, add->workers);
	merge_switch(&d->preserve_host, add->preserve_host);
	merge_switch(&d->add_headers, add->add_headers);
	merge_switch(&d->interpolate, add->interpolate);
	merge_switch(&d->forward_100, add->forward_100);
	if (add->error_override) {
		d->error_override = add->error_override;
		d->nstatuses = add->nstatuses;
		memcpy(d->statuses, add->statuses, sizeof(d->statuses));
	}
	*base = d;
}

/* Seconds, or with a unit as Apache's ap_timeout_parameter_parse() takes it. */
static bool duration(const char *text, uint32_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"mi", 60000}, {"min", 60000}};
	size_t digits = strspn(text, "0123456789");
	long long n = span_number((struct span){text, digits}, 86400000);

	for (size_t i = 0; n > 0 && i < sizeof(units) / sizeof(*units); i++)
		if (strcasecmp(text + digits, units[i].unit) == 0 && n * units[i].ms <= 86400000) {
			*ms = (uint32_t)(n * units[i].ms);
			return true;
		}
	return false;
}

static bool is_switch(const char *value, uint8_t *out, bool on_is)
{
	bool on = strcasecmp(value, "on") == 0;

	if (!on && strcasecmp(value, "off") != 0)
		return false;
	*out = on == on_is ? CONF_ON : CONF_OFF;
	return true;
}

/* What tunes a pool of connections: here a child has one, as long as its client has. */
static bool is_tuning(const char *key)
{
	static const char *const keys[] = {"acquire", "addressttl", "flushpackets", "flushwait",
	    "iobuffersize", "keepalive", "lbset", "loadfactor", "max", "min", "ping",
	    "receivebuffersize", "retry", "smax", "ttl"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (strcasecmp(key, keys[i]) == 0)
			return true;
	return false;
}

static const char *parameter_set(
    struct arena *a, struct proxy_worker *w, const char *key, const char *value)
{
	if (strcasecmp(key, "timeout") == 0)
		return duration(value, &w->timeout_ms) ? NULL
		                                       : "Timeout must be at least one second";
	if (strcasecmp(key, "connectiontimeout") == 0)
		return duration(value, &w->connect_ms)
		           ? NULL
		           : "Connectiontimeout must be at least one millisecond";
	if (strcasecmp(key, "responsefieldsize") == 0) {
		long long n = span_number(span_of(value), 1 << 20);

		w->field_size = n > 0 ? (uint32_t)n : 0;
		return n > 0 ? NULL : "ResponseFieldSize must be greater than 0";
	}
	if (strcasecmp(key, "disablereuse") == 0)
		return is_switch(value, &w->reuse, false) ? NULL : "DisableReuse must be On|Off";
	if (strcasecmp(key, "enablereuse") == 0)
		return is_switch(value, &w->reuse, true) ? NULL : "EnableReuse must be On|Off";
	if (strcasecmp(key, "upgrade") == 0) {
		w->upgrade = arena_strdup(a, value);
		return NULL;
	}
	if (is_tuning(key))
		return NULL;
	return arena_printf(a, "unknown or impossible parameter of a backend: %s=%s", key, value);
}

const char *conf_proxy_parameter(struct arena *a, struct proxy_worker *w, const char *text)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text || !equals[1])
		return "parameters of a backend must be in the form 'key=value'";
	return parameter_set(a, w, arena_strndup(a, text, (size_t)(equals - text)), equals + 1);
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_for(const struct backend *w, const struct backend *b, bool borrow)
{
	return w->scheme == b->scheme && w->port == b->port && is_same(w->host, b->host) &&
	       (is_same(w->socket, b->socket) || (borrow && (!w->socket || !b->socket))) &&
	       strncmp(w->path, b->path, strlen(w->path)) == 0;
}

static void take(struct proxy_worker *out, const struct proxy_worker *w)
{
	if (!out->at.host)
		out->at = w->at;
	if (w->timeout_ms)
		out->timeout_ms = w->timeout_ms;
	if (w->connect_ms)
		out->connect_ms = w->connect_ms;
	if (w->field_size)
		out->field_size = w->field_size;
	if (w->reuse)
		out->reuse = w->reuse;
	if (w->upgrade)
		out->upgrade = w->upgrade;
}

static void find_worker(const struct proxy_workers *list, const struct backend *b, bool borrow,
    struct proxy_worker *out)
{
	size_t longest = 0;

	*out = (struct proxy_worker){0};
	for (uint32_t i = 0; i < list->n; i++) {
		const struct proxy_worker *w = &list->v[i];
		size_t n = strlen(w->at.path);

		if (n < longest || !is_for(&w->at, b, borrow))
			continue;
		if (n > longest)
			*out = (struct proxy_worker){0};
		longest = n;
		take(out, w);
	}
}

void conf_proxy_worker(
    const struct proxy_workers *list, const struct backend *b, struct proxy_worker *out)
{
	find_worker(list, b, false, out);
	if (!out->at.host)
		find_worker(list, b, true, out);
}
