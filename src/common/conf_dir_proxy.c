/*
 * The directives of mod_proxy that stand in a server or a section, into a struct conf_proxy. Run by
 * the loader on the administrator's words; a .htaccess may hold none of them.
 */
#include "common/conf_dir_set.h"

#include "itkd/conf_parse.h"
#include "itkd/conf_proxy.h"
#include "itkd/regex.h"

static struct conf_proxy *own(struct conf_dir_build *b)
{
	if (!b->dir.proxy)
		b->dir.proxy = ARENA_NEW(b->a, struct conf_proxy);
	return b->dir.proxy;
}

static bool is_section(const struct conf_dir_build *b, enum conf_id a, enum conf_id c)
{
	const struct conf_node *n = b->section;

	return n && n->directive && (n->directive->id == a || n->directive->id == c);
}

static bool is_location(const struct conf_dir_build *b)
{
	return is_section(b, CONF_ID_SECTION_Location, CONF_ID_SECTION_LocationMatch);
}

/* What the <Location> around holds for, and whether that is a pattern. */
static const char *location_text(const struct conf_dir_build *b, bool *regex)
{
	const struct conf_node *n = b->section;
	bool tilde = n->nargs == 2;

	*regex = tilde || n->directive->id == CONF_ID_SECTION_LocationMatch;
	return n->nargs ? n->args[n->nargs - 1] : "";
}

/* The part of a URL that is there whatever the request: up to what is replaced in it. */
static const char *fixed_part(struct conf_dir_build *b, const char *url, bool pattern)
{
	const char *end = strstr(url, "${");
	const char *group = pattern ? strchr(url, '$') : NULL;

	if (group && (!end || group < end))
		end = group;
	return end ? arena_strndup(b->tmp, url, (size_t)(end - url)) : url;
}

/* Whether scheme and host stand there already, so that they can be looked at. */
static bool has_authority(const char *url)
{
	const char *bar = strncasecmp(url, "unix:", 5) == 0 ? strchr(url, '|') : NULL;
	const char *host = strstr(bar ? bar : url, "://");

	return host && strchr(host + 3, '/');
}

/* The worker of that URL; NULL with *error, or where a part of the name comes with the request. */
static struct proxy_worker *add_worker(
    struct conf_dir_build *b, const char *url, const char *fixed, const char **error)
{
	struct backend at;
	struct conf_proxy *d = own(b);

	if (fixed != url && !has_authority(fixed))
		return NULL;
	*error = backend_parse(b->a, arena_strdup(b->a, fixed), &at);
	if (*error)
		return NULL;
	struct proxy_worker *w =
	    conf_dir_push(b->a, &d->workers.v, &d->workers.n, sizeof(struct proxy_worker));

	*w = (struct proxy_worker){.at = at};
	return w;
}

static const char *pass_parameters(struct conf_dir_build *b, const struct conf_value *v, uint32_t i,
    struct proxy_pass *pass, struct proxy_worker *w)
{
	for (; i < v->n; i++) {
		const char *word = v->words[i], *error;

		if (strcasecmp(word, "nocanon") == 0) {
			pass->nocanon = true;
		} else if (strcasecmp(word, "noquery") == 0) {
			/* Balancers alone look at it. */
			continue;
		} else if (strcasecmp(word, "interpolate") == 0) {
			pass->interpolate = true;
		} else if (!strchr(word, '=')) {
			return "Invalid ProxyPass|ProxyPassMatch parameter. Parameter must be in "
			       "the form 'key=value'";
		} else {
			struct proxy_worker none;

			error = conf_proxy_parameter(b->a, w ? w : &none, word);
			if (error)
				return error;
		}
	}
	return NULL;
}

static const char *pass_target(struct conf_dir_build *b, const struct conf_value *v, uint32_t at,
    bool pattern, struct proxy_pass *pass)
{
	const char *url = v->words[at], *error = NULL;

	if (strcmp(url, "!") == 0)
		return NULL;
	pass->to = arena_strdup(b->a, url);
	struct proxy_worker *w = add_worker(b, url, fixed_part(b, url, pattern), &error);

	return error ? arena_printf(b->tmp, "%s: %s", url, error)
	             : pass_parameters(b, v, at + 1, pass, w);
}

static const char *pass_from(
    struct conf_dir_build *b, const char *text, bool regex, struct proxy_pass *pass)
{
	const char *error;

	pass->from = arena_strdup(b->a, text);
	if (!regex)
		return NULL;
	pass->regex = regex_compile(b->a, text, 0, &error);
	return pass->regex ? NULL : "Regular expression could not be compiled.";
}

static const char *add_location_pass(struct conf_dir_build *b, const struct conf_value *v)
{
	struct proxy_pass pass = {0}, *kept;
	bool regex;
	const char *text = location_text(b, &regex), *error;

	if (v->n > 1 && (v->words[0][0] == '/' || strcmp(v->words[0], "~") == 0))
		return "ProxyPass|ProxyPassMatch can not have a path when defined in a location.";
	error = pass_from(b, text, regex, &pass);
	if (!error)
		error = pass_target(b, v, 0, regex, &pass);
	if (error)
		return error;
	kept = ARENA_NEW(b->a, struct proxy_pass);
	*kept = pass;
	own(b)->pass = kept;
	return NULL;
}

static const char *add_pass(struct conf_dir_build *b, const struct conf_value *v, bool regex)
{
	struct proxy_pass pass = {0};
	struct conf_proxy *d;
	uint32_t at = 0;

	if (b->section && (!is_location(b) || b->within & WITHIN_FILES))
		return arena_printf(b->tmp, "%s cannot occur within <%s> section",
		    v->node->directive->name, b->section->name);
	if (b->section)
		return add_location_pass(b, v);
	if (strcmp(v->words[0], "~") == 0 && v->n > 1) {
		regex = true;
		at = 1;
	}
	if (v->n < at + 2)
		return "ProxyPass|ProxyPassMatch needs a path when not defined in a location";
	const char *error = pass_from(b, v->words[at], regex, &pass);

	if (!error)
		error = pass_target(b, v, at + 1, regex, &pass);
	if (error)
		return error;
	d = own(b);
	*(struct proxy_pass *)conf_dir_push(b->a, &d->passes.v, &d->passes.n, sizeof(pass)) = pass;
	return NULL;
}

const char *dir_proxy_pass(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_pass(b, v, false);
}

const char *dir_proxy_pass_match(struct conf_dir_build *b, const struct conf_value *v)
{
	return add_pass(b, v, true);
}

static const char *push_reverse(struct conf_dir_build *b, struct proxy_reverses *list,
    const char *from, const char *to, const char *flag)
{
	struct proxy_reverse *e;

	if (flag && strcasecmp(flag, "interpolate") != 0)
		return arena_printf(b->tmp, "'%s' is not possible here, only interpolate", flag);
	e = conf_dir_push(b->a, &list->v, &list->n, sizeof(*e));
	*e = (struct proxy_reverse){arena_strdup(b->a, from), arena_strdup(b->a, to), flag != NULL};
	return NULL;
}

const char *dir_proxy_pass_reverse(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *second = v->n > 1 ? v->words[1] : NULL, *url = v->words[0], *path, *bar;
	bool flag = second && strcasecmp(second, "interpolate") == 0, regex;

	if (b->section) {
		if (second && !flag)
			return "ProxyPassReverse can not have a path when defined in a location";
		path = location_text(b, &regex);
	} else {
		if (!second || flag)
			return "ProxyPassReverse needs a path when not defined in a location";
		path = v->words[0];
		url = v->words[1];
		second = v->n > 2 ? v->words[2] : NULL;
	}
	bar = strncasecmp(url, "unix:", 5) == 0 ? strchr(url, '|') : NULL;
	return push_reverse(b, &own(b)->reverses, bar ? bar + 1 : url, path, second);
}

const char *dir_proxy_cookie_path(struct conf_dir_build *b, const struct conf_value *v)
{
	return push_reverse(
	    b, &own(b)->cookie_paths, v->words[0], v->words[1], v->n > 2 ? v->words[2] : NULL);
}

const char *dir_proxy_cookie_domain(struct conf_dir_build *b, const struct conf_value *v)
{
	return push_reverse(
	    b, &own(b)->cookie_domains, v->words[0], v->words[1], v->n > 2 ? v->words[2] : NULL);
}

static uint8_t flag_of(const struct conf_value *v)
{
	return v->flag ? CONF_ON : CONF_OFF;
}

const char *dir_proxy_preserve_host(struct conf_dir_build *b, const struct conf_value *v)
{
	own(b)->preserve_host = flag_of(v);
	return NULL;
}

const char *dir_proxy_add_headers(struct conf_dir_build *b, const struct conf_value *v)
{
	own(b)->add_headers = flag_of(v);
	return NULL;
}

const char *dir_proxy_interpolate(struct conf_dir_build *b, const struct conf_value *v)
{
	own(b)->interpolate = flag_of(v);
	return NULL;
}

const char *dir_proxy_100_continue(struct conf_dir_build *b, const struct conf_value *v)
{
	own(b)->forward_100 = flag_of(v);
	return NULL;
}

const char *dir_proxy_error_override(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_proxy *d = own(b);
	bool on = strcasecmp(v->words[0], "on") == 0;
	int64_t status;

	if (!on && strcasecmp(v->words[0], "off") != 0)
		return "ProxyErrorOverride first parameter must be On or Off";
	d->error_override = on ? CONF_ON : CONF_OFF;
	d->nstatuses = 0;
	for (uint32_t i = 1; i < v->n; i++) {
		if (!conf_number(v->words[i], 400, 599, &status))
			return "ProxyErrorOverride only accepts status codes from 400 to 599";
		if (d->nstatuses == PROXY_STATUSES)
			return "ProxyErrorOverride takes at most 8 status codes";
		d->statuses[d->nstatuses++] = (uint16_t)status;
	}
	return NULL;
}

const char *conf_proxy_set(
    struct conf_dir_build *b, const char *url, uint32_t n, char *const *parameters)
{
	const char *error = NULL;
	struct proxy_worker *w = add_worker(b, url, url, &error);

	for (uint32_t i = 0; !error && i < n; i++)
		error = conf_proxy_parameter(b->a, w, parameters[i]);
	return error ? arena_printf(b->tmp, "%s: %s", url, error) : NULL;
}

const char *dir_proxy_set(struct conf_dir_build *b, const struct conf_value *v)
{
	if (is_section(b, CONF_ID_SECTION_Proxy, CONF_ID_SECTION_Proxy))
		return conf_proxy_set(b, b->section->args[0], v->n, v->words);
	if (strchr(v->words[0], '=') && !strstr(v->words[0], "://"))
		return "the URL of the backend is missing: it stands first, or in <Proxy> around";
	return conf_proxy_set(b, v->words[0], v->n - 1, v->words + 1);
}
