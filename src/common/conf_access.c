/*
 * Who may ask: evaluating and merging what was configured (conf_access.h), by the rules of
 * mod_authz_core and mod_access_compat. Run by the child; the loader merges with it too.
 */
#include "itkd/conf_access.h"

#include "itkd/arena.h"
#include <string.h>
#include <strings.h>

/* Whether the section's result cannot change any more, once a child said r. */
static bool settles(const struct conf_authz *section, enum authz_result r)
{
	return r == AUTHZ_ERROR || r == (section->all ? AUTHZ_DENIED : AUTHZ_GRANTED);
}

static enum authz_result authz_apply(
    const struct conf_authz *node, const struct access_source *s, bool parent_all);

/*
 * The first child that is not neutral counts, or the one that settles it; but that a user may
 * change the result counts more.
 */
static enum authz_result authz_section(
    const struct conf_authz *section, const struct access_source *s)
{
	enum authz_result result = AUTHZ_NEUTRAL;

	for (const struct conf_authz *child = section->first; child; child = child->next) {
		enum authz_result r = authz_apply(child, s, section->all);

		if (settles(section, r))
			return r;
		if (result == AUTHZ_NEUTRAL || r == AUTHZ_NO_USER)
			result = r;
	}
	return result;
}

static enum authz_result authz_apply(
    const struct conf_authz *node, const struct access_source *s, bool parent_all)
{
	bool limited = !(node->methods & s->method);
	enum authz_result r;

	if (limited)
		r = parent_all ? AUTHZ_GRANTED : AUTHZ_NEUTRAL;
	else if (node->kind == AUTHZ_SECTION)
		r = authz_section(node, s);
	else
		r = s->require(s->ctx, node);
	/* That somebody is not shut out does not let him in. */
	if (!limited && node->negate && r == AUTHZ_GRANTED)
		r = AUTHZ_DENIED;
	else if (!limited && node->negate && (r == AUTHZ_DENIED || r == AUTHZ_NO_USER))
		r = AUTHZ_NEUTRAL;
	if (s->told)
		s->told(s->ctx, node, r, limited);
	return r;
}

enum authz_result access_authz(const struct conf_authz *section, const struct access_source *s)
{
	return authz_apply(section, s, true);
}

static bool compat_any(const struct conf_from *v, uint32_t n, const struct access_source *s)
{
	for (uint32_t i = 0; i < n; i++)
		if ((v[i].methods & s->method) && (v[i].kind == FROM_ALL || s->from(s->ctx, &v[i])))
			return true;
	return false;
}

bool access_compat(const struct conf_compat *compat, const struct access_source *s)
{
	bool allow = compat_any(compat->allow, compat->nallow, s);

	if (compat->allow_deny & s->method || compat->mutual_failure & s->method)
		return allow && !compat_any(compat->deny, compat->ndeny, s);
	return allow || !compat_any(compat->deny, compat->ndeny, s);
}

bool access_in_domain(const char *domain, const char *host)
{
	size_t n = strlen(domain), m = strlen(host);

	if (n > m || strcasecmp(domain, host + (m - n)) != 0)
		return false;
	/* "good.com" is not "nogood.com". */
	return n == m || *domain == '.' || host[m - n - 1] == '.';
}

const char *access_text(struct arena *a, const struct conf_authz *node)
{
	if (node->kind != AUTHZ_SECTION)
		return arena_printf(a, "Require %s%s", node->negate ? "not " : "", node->text);
	if (node->merged)
		return node->all ? "AuthMerging All" : "AuthMerging Any";
	if (node->negate)
		return "<RequireNone>";
	return node->all ? "<RequireAll>" : "<RequireAny>";
}

/* Both, as one section: copies, since the configuration itself is never written. */
static const struct conf_authz *merge_authz(struct arena *a, enum conf_merging how,
    const struct conf_authz *base, const struct conf_authz *add)
{
	struct conf_authz *both;

	if (!base || !add)
		return base ? base : add;
	both = ARENA_NEW(a, struct conf_authz);
	both->kind = AUTHZ_SECTION;
	both->merged = true;
	both->all = how == MERGING_AND;
	both->methods = base->methods | add->methods;
	both->first = ARENA_NEW(a, struct conf_authz);
	*both->first = *base;
	both->first->next = ARENA_NEW(a, struct conf_authz);
	*both->first->next = *add;
	both->first->next->next = NULL;
	return both;
}

void conf_access_merge(struct arena *a, struct conf_access *base, const struct conf_access *add)
{
	/* The old directives are all of one section's or all of the other's. */
	if (add->compat)
		base->compat = add->compat;
	if (!add->authz && add->merging == MERGING_UNSET)
		return;
	if (add->merging == MERGING_AND || add->merging == MERGING_OR)
		base->authz = merge_authz(a, add->merging, base->authz, add->authz);
	else
		base->authz = add->authz;
	base->merging = add->merging;
}
