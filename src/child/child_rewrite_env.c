/*
 * What a rule does besides: E sets variables, CO a cookie (mod_rewrite's do_expand_env and
 * add_cookie). Runs as the vhost's user; the texts may have the client's bytes in them.
 */
#include "child_rewrite.h"

#include <stdlib.h>
#include <time.h>

#define COOKIE_MAX 4096   /* bytes of one */
#define COOKIES_MAX 16384 /* of all: they must fit the answer's head */

/* Of one name only the first is sent. */
struct child_cookie {
	struct child_cookie *next;
	const char *name;
	size_t bytes; /* of this and all before it */
};

/* name:value, name, or !name. */
static void env_apply(struct rewrite *x, const char *text)
{
	struct child *c = x->c;

	if (*text == '!') {
		child_env_unset(x->r, text + 1);
		child_rewrite_trace(x, 5, "unsetting env variable '%s'", text + 1);
		return;
	}
	const char *colon = strchr(text, ':'), *value = colon ? colon + 1 : "";
	const char *name = arena_strndup(&c->arena, text, strcspn(text, ":"));

	child_env_put(c, x->r, name, arena_strdup(&c->arena, value));
	child_rewrite_trace(x, 5, "setting env variable '%s' to '%s'", name, value);
}

/* As strtok: separators in a row are one. NULL at the end. */
static const char *cookie_next(struct arena *a, const char **s, char separator)
{
	const char set[2] = {separator, '\0'};

	*s += strspn(*s, set);
	size_t n = strcspn(*s, set);
	const char *word = n ? arena_strndup(a, *s, n) : NULL;

	*s += n;
	return word;
}

static bool cookie_is_true(const char *word, const char *name)
{
	return word && (strcasecmp(word, "true") == 0 || strcmp(word, "1") == 0 ||
	                   strcasecmp(word, name) == 0);
}

static const char *cookie_expires(struct child *c, const struct child_request *r, const char *word)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	long minutes = word ? strtol(word, NULL, 10) : 0;
	struct tm tm;
	time_t when = 0;

	if (minutes == 0)
		return "";
	if (__builtin_mul_overflow(minutes, 60L, &when) ||
	    __builtin_add_overflow(when, r->start.tv_sec, &when) || !gmtime_r(&when, &tm))
		return "";
	return arena_printf(&c->arena, "; expires=%s, %.2d-%s-%.4d %.2d:%.2d:%.2d GMT",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
}

static bool cookie_is_new(struct child_request *r, const char *name)
{
	for (const struct child_cookie *k = r->cookies; k; k = k->next)
		if (strcmp(k->name, name) == 0)
			return false;
	return true;
}

static void cookie_send(struct rewrite *x, const char *name, const char *text)
{
	struct child_request *r = x->r;
	struct child *c = x->c;
	size_t n = strlen(text), before = r->cookies ? r->cookies->bytes : 0;

	if (n > COOKIE_MAX || before + n > COOKIES_MAX || !http_field_value(span_of(text))) {
		child_log(c, LOG_ERR, "rewrite",
		    "the cookie '%s' is too long, or no value of a field: it is not sent", name);
		return;
	}
	struct child_cookie *k = ARENA_NEW(&c->arena, struct child_cookie);

	*k = (struct child_cookie){r->cookies, name, before + n};
	r->cookies = k;
	r->err.a = &c->arena;
	child_table_add(&r->err, SPAN("Set-Cookie"), span_of(text));
	child_rewrite_trace(x, 5, "setting cookie '%s'", text);
}

/* NAME:VALUE:DOMAIN[:minutes[:path[:secure[:httponly[:samesite]]]]], or with ';' before and
 * between. */
static void cookie_apply(struct rewrite *x, const char *text)
{
	struct arena *a = &x->c->arena;
	char separator = *text == ';' ? ';' : ':';
	const char *s = text, *word[8] = {NULL};

	for (size_t i = 0; i < 8; i++) {
		word[i] = cookie_next(a, &s, separator);
		if (!word[i])
			break;
	}
	if (!word[0] || !word[1] || !word[2])
		return;
	if (!cookie_is_new(x->r, word[0])) {
		child_rewrite_trace(x, 5, "skipping already set cookie '%s'", word[0]);
		return;
	}
	bool same = word[7] && strcmp(word[7], "0") != 0 && strcasecmp(word[7], "false") != 0;

	cookie_send(x, word[0],
	    arena_printf(a, "%s=%s; path=%s; domain=%s%s%s%s%s%s", word[0], word[1],
	        word[4] ? word[4] : "/", word[2], cookie_expires(x->c, x->r, word[3]),
	        cookie_is_true(word[5], "secure") ? "; secure" : "",
	        cookie_is_true(word[6], "HttpOnly") ? "; HttpOnly" : "", same ? "; SameSite=" : "",
	        same ? word[7] : ""));
}

void child_rewrite_env(struct rewrite *x, const struct rewrite_rule *rule)
{
	for (uint32_t i = 0; i < rule->env.n; i++)
		env_apply(x, child_rewrite_expand(x, rule->env.v[i], NULL, NULL));
	for (uint32_t i = 0; i < rule->cookies.n; i++)
		cookie_apply(x, child_rewrite_expand(x, rule->cookies.v[i], NULL, NULL));
}
