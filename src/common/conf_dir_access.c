/*
 * Setters of access control (conf_dir_set.h): Require and its sections, AuthMerging, and Order,
 * Allow, Deny and Satisfy. Run by the loader as root on the administrator's words, and by the child
 * as the vhost's user on those of a .htaccess. What is wrong is told in Apache's words.
 */
#include "common/conf_dir_set.h"

#include "itkd/conf_lex.h"
#include "itkd/conf_method.h"
#include "itkd/conf_parse.h"
#include <string.h>
#include <strings.h>

/* The section that a line stands in: an <RequireAny> that is not written is the outermost one. */
static struct conf_authz *access_section(struct conf_dir_build *b)
{
	if (b->access.section)
		return b->access.section;
	b->access.section = ARENA_NEW(b->a, struct conf_authz);
	b->access.section->kind = AUTHZ_SECTION;
	b->dir.access.authz = b->access.section;
	return b->access.section;
}

static void access_append(struct conf_dir_build *b, struct conf_authz *node)
{
	if (b->access.last)
		b->access.last->next = node;
	else
		b->access.section->first = node;
	while (node->next)
		node = node->next;
	b->access.last = node;
}

/* Its lines are b's own; nothing but AuthConfig may stand there, nor what may not in <Limit>. */
static void section_read(
    struct conf_dir_build *b, const struct conf_node *node, struct conf_authz *section)
{
	const struct conf_access_build before = b->access;
	const struct conf_allow *before_allow = b->allow;
	const struct conf_node *before_section = b->section;
	unsigned before_within = b->within;
	struct conf_allow allow = {0};

	if (b->allow)
		allow = *b->allow;
	allow.classes = OVERRIDE_AUTHCONFIG;
	b->access = (struct conf_access_build){section, NULL, before.compat};
	b->allow = &allow;
	b->within |= WITHIN_LIMIT;
	b->section = node;
	b->depth++;
	conf_dir_read(b, node->children);
	b->depth--;
	b->access.section = before.section;
	b->access.last = before.last;
	b->allow = before_allow;
	b->within = before_within;
	b->section = before_section;
}

const char *conf_access_section(struct conf_dir_build *b, const struct conf_node *node)
{
	const char *name = node->directive->name;
	unsigned errors = b->report->errors;
	struct conf_authz *section, *outer;

	if (*node->raw)
		return arena_printf(
		    b->tmp, "<%s> directive doesn't take additional arguments", name);
	if (b->depth >= CONF_ACCESS_DEPTH)
		return arena_printf(
		    b->tmp, "more than %d sections in each other", CONF_ACCESS_DEPTH);
	section = ARENA_NEW(b->a, struct conf_authz);
	section->kind = AUTHZ_SECTION;
	section->all = node->directive->id == CONF_ID_SECTION_RequireAll;
	section->negate = node->directive->id == CONF_ID_SECTION_RequireNone;
	section_read(b, node, section);
	/* The first error is the one that counts. */
	if (b->report->errors != errors)
		return NULL;
	if (!section->first)
		return arena_printf(
		    b->tmp, "<%s> directive contains no authorization directives", name);
	outer = access_section(b);
	if (section->negate && !outer->all)
		return arena_printf(b->tmp, "<%s> directive has no effect in %s directive", name,
		    access_text(b->tmp, outer));
	outer->methods |= section->methods;
	/* <RequireAll> in <RequireAll>: its lines are the outer one's. */
	access_append(b, !section->negate && section->all == outer->all ? section->first : section);
	return NULL;
}

static const char *check_section(const struct conf_authz *section, struct arena *a, bool outermost)
{
	bool positive = false;

	for (const struct conf_authz *n = section->first; n; n = n->next) {
		const char *error = n->kind == AUTHZ_SECTION ? check_section(n, a, false) : NULL;

		if (error)
			return error;
		positive = positive || !n->negate;
	}
	if (positive)
		return NULL;
	return arena_printf(a,
	    "AH01624: %s directive contains only negative authorization directives",
	    outermost ? "<Directory>, <Location>, or similar" : access_text(a, section));
}

const char *conf_access_check(const struct conf_dir_build *b)
{
	if (!b->dir.access.authz || b->report->errors)
		return NULL;
	return check_section(b->dir.access.authz, b->tmp, true);
}

/* What a Require line says behind the provider's name. */
typedef const char *require_parse(
    struct conf_dir_build *b, struct conf_authz *line, const char *args);

static const char *require_all(struct conf_dir_build *b, struct conf_authz *line, const char *args)
{
	(void)b;
	line->granted = strcasecmp(args, "granted") == 0;
	if (line->granted || strcasecmp(args, "denied") == 0)
		return NULL;
	return "Argument for 'Require all' must be 'granted' or 'denied'";
}

static const char *subnet_error(enum subnet_result r)
{
	return r == SUBNET_BAD_MASK ? "The specified network mask is invalid."
	                            : "The specified IP address is invalid.";
}

static const char *require_ip(struct conf_dir_build *b, struct conf_authz *line, const char *args)
{
	char *const *words = conf_lex_words(b->tmp, args, &line->n);
	struct subnet *nets = arena_array(b->a, line->n ? line->n : 1, sizeof(*nets));

	if (line->n == 0)
		return "'require ip' requires an argument";
	for (uint32_t i = 0; i < line->n; i++) {
		enum subnet_result r = subnet_parse(words[i], &nets[i]);

		if (r == SUBNET_NONE)
			return arena_printf(
			    b->tmp, "ip address '%s' appears to be invalid", words[i]);
		if (r != SUBNET_OK)
			return arena_printf(b->tmp, "ip address '%s' appears to be invalid: %s",
			    words[i], subnet_error(r));
	}
	line->nets = nets;
	return NULL;
}

static const char *require_expr_kind(
    struct conf_dir_build *b, struct conf_authz *line, const char *text, enum expr_kind kind)
{
	const char *error = NULL;

	line->expr = conf_dir_expr(b, b->a, text, kind, &error);
	if (line->expr)
		return NULL;
	return arena_printf(b->tmp, "Cannot parse expression in require line: %s", error);
}

static const char *require_expr(struct conf_dir_build *b, struct conf_authz *line, const char *args)
{
	size_t n = strlen(args);

	if (n > 1 && args[0] == '"' && args[n - 1] == '"')
		args = arena_strndup(b->tmp, args + 1, n - 2);
	const char *error = require_expr_kind(b, line, args, EXPR_CONDITION);

	line->by_user = !error && expr_asks(line->expr, "REMOTE_USER");
	return error;
}

/* Names, with variables in them. */
static const char *require_names(
    struct conf_dir_build *b, struct conf_authz *line, const char *args)
{
	return require_expr_kind(b, line, args, EXPR_STRING);
}

static const char *require_method(
    struct conf_dir_build *b, struct conf_authz *line, const char *args)
{
	uint32_t n;
	char *const *words = conf_lex_words(b->tmp, args, &n);

	for (uint32_t i = 0; i < n; i++) {
		uint64_t bit = conf_method_bit(span_of(words[i]));

		if (!(bit & CONF_METHODS_BUILT_IN))
			return arena_printf(b->tmp, "Invalid Method '%s'", words[i]);
		line->allowed |= bit;
	}
	return NULL;
}

static const char *require_env(struct conf_dir_build *b, struct conf_authz *line, const char *args)
{
	char *const *words = conf_lex_words(b->tmp, args, &line->n);
	const char **names = arena_array(b->a, line->n ? line->n : 1, sizeof(*names));

	for (uint32_t i = 0; i < line->n; i++)
		names[i] = arena_strdup(b->a, words[i]);
	line->names = names;
	return NULL;
}

static const char *require_ssl(struct conf_dir_build *b, struct conf_authz *line, const char *args)
{
	(void)b;
	(void)line;
	return *args ? "'Require ssl' does not take arguments" : NULL;
}

/* Names as they stand: Apache compares them with their case. */
static const struct {
	const char *name;
	enum authz_kind kind;
	require_parse *parse; /* NULL: takes whatever stands there */
} providers[] = {
    {"all", AUTHZ_ALL, require_all},
    {"ip", AUTHZ_IP, require_ip},
    {"local", AUTHZ_LOCAL, NULL},
    {"host", AUTHZ_HOST, require_names},
    {"forward-dns", AUTHZ_FORWARD_DNS, require_names},
    {"method", AUTHZ_METHOD, require_method},
    {"env", AUTHZ_ENV, require_env},
    {"expr", AUTHZ_EXPR, require_expr},
    {"ssl", AUTHZ_SSL, require_ssl},
    {"valid-user", AUTHZ_VALID_USER, NULL},
    {"user", AUTHZ_USER, require_names},
    {"group", AUTHZ_GROUP, require_names},
    {"file-owner", AUTHZ_FILE_OWNER, NULL},
    {"file-group", AUTHZ_FILE_GROUP, NULL},
};

/* What Apache's modules know and itkd does not: each restricts, so none is passed over. */
static const struct {
	const char *name, *why;
} foreign[] = {
    {"ssl-verify-client", "client certificates are not implemented"},
    {"ldap-user", "itkd does not ask LDAP servers"},
    {"ldap-group", "itkd does not ask LDAP servers"},
    {"ldap-dn", "itkd does not ask LDAP servers"},
    {"ldap-attribute", "itkd does not ask LDAP servers"},
    {"ldap-filter", "itkd does not ask LDAP servers"},
    {"ldap-search", "itkd does not ask LDAP servers"},
    {"dbm-group", "groups stand in AuthGroupFile alone: write Require group"},
    {"dbm-file-group", "groups stand in AuthGroupFile alone: write Require file-group"},
    {"dbd-group", "groups stand in AuthGroupFile alone: write Require group"},
    {"dbd-login", "databases are not asked"},
    {"dbd-logout", "databases are not asked"},
};

static const char *provider_unknown(struct conf_dir_build *b, const char *name)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (strcmp(name, foreign[i].name) == 0)
			return arena_printf(
			    b->tmp, "Unknown Authz provider: %s (%s)", name, foreign[i].why);
	return arena_printf(b->tmp, "Unknown Authz provider: %s", name);
}

static const char *provider_parse(
    struct conf_dir_build *b, struct conf_authz *line, const char *name, const char *args)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(*providers); i++) {
		if (strcmp(name, providers[i].name) != 0)
			continue;
		line->kind = providers[i].kind;
		line->text = arena_printf(b->a, "%s %s", name, args);
		return providers[i].parse ? providers[i].parse(b, line, args) : NULL;
	}
	return provider_unknown(b, name);
}

const char *dir_require(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_authz *line = ARENA_NEW(b->a, struct conf_authz), *section;
	const char *args = v->text, *name = conf_lex_word(b->tmp, &args), *error;

	if (strcasecmp(name, "not") == 0) {
		name = conf_lex_word(b->tmp, &args);
		line->negate = true;
	}
	line->methods = b->methods;
	error = provider_parse(b, line, name, args);
	if (error)
		return error;
	section = access_section(b);
	if (line->negate && !section->all)
		return arena_printf(b->tmp,
		    "negative Require directive has no effect in %s directive",
		    access_text(b->tmp, section));
	section->methods |= line->methods;
	access_append(b, line);
	return NULL;
}

const char *dir_auth_merging(struct conf_dir_build *b, const struct conf_value *v)
{
	static const struct {
		const char *word;
		enum conf_merging merging;
	} words[] = {{"Off", MERGING_OFF}, {"And", MERGING_AND}, {"Or", MERGING_OR}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(v->text, words[i].word) == 0) {
			b->dir.access.merging = words[i].merging;
			return NULL;
		}
	return "AuthMerging must be one of: Off | And | Or";
}

static struct conf_compat *access_compat_of(struct conf_dir_build *b)
{
	if (!b->access.compat) {
		b->access.compat = ARENA_NEW(b->a, struct conf_compat);
		b->dir.access.compat = b->access.compat;
	}
	return b->access.compat;
}

const char *dir_order(struct conf_dir_build *b, const struct conf_value *v)
{
	bool allow_deny = strcasecmp(v->text, "allow,deny") == 0;
	bool mutual = strcasecmp(v->text, "mutual-failure") == 0;

	if (!allow_deny && !mutual && strcasecmp(v->text, "deny,allow") != 0)
		return "unknown order";
	struct conf_compat *c = access_compat_of(b);

	c->allow_deny = (c->allow_deny & ~b->methods) | (allow_deny ? b->methods : 0);
	c->mutual_failure = (c->mutual_failure & ~b->methods) | (mutual ? b->methods : 0);
	return NULL;
}

const char *dir_satisfy(struct conf_dir_build *b, const struct conf_value *v)
{
	bool any = strcasecmp(v->text, "any") == 0;

	if (!any && strcasecmp(v->text, "all") != 0)
		return "Satisfy either 'any' or 'all'.";
	struct conf_compat *c = access_compat_of(b);

	c->satisfy_any = (c->satisfy_any & ~b->methods) | (any ? b->methods : 0);
	c->satisfy_all = (c->satisfy_all & ~b->methods) | (any ? 0 : b->methods);
	return NULL;
}

static const char *from_parse(struct conf_dir_build *b, struct conf_from *from, const char *word)
{
	enum subnet_result r;

	from->methods = b->methods;
	if (strncasecmp(word, "env=", 4) == 0) {
		from->kind = word[4] == '!' ? FROM_NOT_ENV : FROM_ENV;
		from->name = arena_strdup(b->a, word + 4 + (word[4] == '!'));
		return NULL;
	}
	if (strcasecmp(word, "all") == 0) {
		from->kind = FROM_ALL;
		return NULL;
	}
	from->kind = FROM_IP;
	r = subnet_parse(word, &from->net);
	if (r == SUBNET_OK)
		return NULL;
	if (r != SUBNET_NONE)
		return subnet_error(r);
	if (strchr(word, '/'))
		return "An IP address was expected";
	if (strchr(word, '#'))
		return "No comments are allowed here";
	from->kind = FROM_HOST;
	from->name = arena_strdup(b->a, word);
	return NULL;
}

static const char *add_from(
    struct conf_dir_build *b, const struct conf_value *v, const void *list, uint32_t *n)
{
	if (v->n < 2)
		return "requires at least two arguments, 'from' followed by hostnames or "
		       "IP-address "
		       "wildcards";
	if (strcasecmp(v->words[0], "from") != 0)
		return "allow and deny must be followed by 'from'";
	for (uint32_t i = 1; i < v->n; i++) {
		struct conf_from *from = conf_dir_push(b->a, list, n, sizeof(*from));
		const char *error;

		*from = (struct conf_from){0};
		error = from_parse(b, from, v->words[i]);
		if (error)
			return error;
	}
	return NULL;
}

const char *dir_allow(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_compat *c = access_compat_of(b);

	return add_from(b, v, &c->allow, &c->nallow);
}

const char *dir_deny(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_compat *c = access_compat_of(b);

	return add_from(b, v, &c->deny, &c->ndeny);
}
