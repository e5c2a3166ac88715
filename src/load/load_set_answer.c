/*
 * Setters of Apache's core about requests and answers of a whole server. Run by the loader on the
 * administrator's words.
 */
#include "load/load.h"

#include "itkd/build.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Minor of MAJOR.MINOR.PATCH as N components of it. */
static char *version_part(struct loader *l, unsigned components)
{
	const char *p = ITKD_VERSION;

	while (components && *p) {
		p += strcspn(p, ".");
		if (--components)
			p += *p == '.';
	}
	return arena_strndup(l->tmp, ITKD_VERSION, (size_t)(p - ITKD_VERSION));
}

void load_server_token(struct loader *l, unsigned components, bool system)
{
	l->conf->server_token = arena_printf(&l->common, "itkd%s%s%s", components ? "/" : "",
	    version_part(l, components), system ? " (Unix)" : "");
	/* WordPress and others write a .htaccess only where this has "Apache" in it. */
	l->conf->server_software =
	    arena_printf(&l->common, "%s (Apache compatible)", l->conf->server_token);
}

const char *load_set_server_tokens(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	static const struct {
		const char *name;
		unsigned components;
		bool system;
	} tokens[] = {
	    {"Prod", 0, false},
	    {"ProductOnly", 0, false},
	    {"Major", 1, false},
	    {"Minor", 2, false},
	    {"Min", 3, false},
	    {"Minimal", 3, false},
	    {"OS", 3, true},
	    {"Full", 3, true},
	};

	(void)s;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++)
		if (strcasecmp(v->text, tokens[i].name) == 0) {
			load_server_token(l, tokens[i].components, tokens[i].system);
			return NULL;
		}
	return "ServerTokens takes 1 argument: 'Prod(uctOnly)', 'Major', 'Minor', 'Min(imal)', "
	       "'OS', or 'Full'";
}

const char *load_set_trace_enable(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	static const char *const values[] = {
	    [TRACE_ON] = "on", [TRACE_OFF] = "off", [TRACE_EXTENDED] = "extended"};

	(void)l;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (strcasecmp(v->text, values[i]) == 0) {
			s->v.trace = (enum answer_trace)i;
			return NULL;
		}
	return "TraceEnable must be one of 'on', 'off', or 'extended'";
}

const char *load_set_recursion_limit(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	for (uint32_t i = 0; i < v->n; i++) {
		long limit = strtol(v->words[i], NULL, 10);

		if (limit <= 0)
			return "The recursion limit must be greater than zero.";
		if (limit < 4)
			conf_report(l->report, CONF_WARNING, v->node,
			    "AH00119: Limiting internal redirects to very low numbers may cause "
			    "normal requests to fail.");
		if (i == 0)
			s->v.redirects_max = limit > 1000 ? 1000 : (uint32_t)limit;
	}
	return NULL;
}

const char *load_set_encoded_slashes(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	static const char *const values[] = {
	    [SLASHES_REFUSED] = "off", [SLASHES_DECODED] = "on", [SLASHES_KEPT] = "nodecode"};

	(void)l;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (strcasecmp(v->text, values[i]) == 0) {
			s->v.encoded_slashes = (enum answer_slashes)i;
			return NULL;
		}
	return "AllowEncodedSlashes must be On, Off, or NoDecode";
}

const char *load_set_merge_slashes(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)l;
	s->v.keep_slashes = !v->flag;
	return NULL;
}

const char *load_set_protocol_options(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	static const char *const words[] = {
	    "allow0.9", "require1.0", "strict", "unsafe", "registeredmethods", "lenientmethods"};
	bool seen[6] = {false};

	for (uint32_t i = 0; i < v->n; i++) {
		size_t k = 0;

		while (k < 6 && strcasecmp(v->words[i], words[k]) != 0)
			k++;
		if (k == 6)
			return "HttpProtocolOptions accepts 'Unsafe' or 'Strict' (default), "
			       "'RegisteredMethods' or 'LenientMethods' (default), and "
			       "'Require1.0' "
			       "or 'Allow0.9' (default)";
		seen[k] = true;
		if (seen[k ^ 1])
			return load_fail(l,
			    "HttpProtocolOptions '%s' and '%s' are mutually exclusive",
			    words[k & ~(size_t)1], words[k | 1]);
		if (k == 0)
			conf_report(l->report, CONF_NOTE, v->node,
			    "'%s' has no effect: HTTP/0.9 is not spoken, such a request is 400",
			    v->words[i]);
		/* Somebody has clients that need it: they will be refused. */
		if (k == 3)
			conf_report(l->report, CONF_WARNING, v->node,
			    "'%s' has no effect: requests are always read as with Strict, and what "
			    "is no valid head is 400",
			    v->words[i]);
	}
	if (seen[4] || seen[5])
		s->v.registered_methods = seen[4];
	return NULL;
}

const char *load_set_register_method(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	struct conf_strings *known = &l->conf->methods;
	const char **all = arena_array(&l->common, known->n + v->n, sizeof(*all));

	(void)s;
	for (uint32_t i = 0; i < known->n; i++)
		all[i] = known->v[i];
	for (uint32_t i = 0; i < v->n; i++)
		all[known->n + i] = arena_strdup(&l->common, v->words[i]);
	*known = (struct conf_strings){known->n + v->n, all};
	return NULL;
}
