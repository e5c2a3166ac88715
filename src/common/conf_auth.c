/*
 * Merging what was said of authentication (conf_auth.h). Run by the loader and by the child.
 */
#include "itkd/conf_auth.h"

#include "itkd/arena.h"

static void take_flag(enum auth_flag *base, enum auth_flag add)
{
	if (add != AUTH_UNSET)
		*base = add;
}

void conf_auth_merge(struct arena *a, struct conf_auth **base, struct conf_auth *add)
{
	const struct conf_auth *below = *base;

	if (!add)
		return;
	*base = add;
	if (!below)
		return;
	struct conf_auth *to = *base = ARENA_NEW(a, struct conf_auth);

	*to = *below;
	if (add->type)
		to->type = add->type;
	if (add->name)
		to->name = add->name;
	if (add->users)
		to->users = add->users;
	if (add->groups)
		to->groups = add->groups;
	take_flag(&to->authoritative, add->authoritative);
	take_flag(&to->basic_digest, add->basic_digest);
	take_flag(&to->forbidden, add->forbidden);
	if (add->fake != AUTH_UNSET) {
		to->fake = add->fake;
		to->fake_user = add->fake_user;
		to->fake_password = add->fake_password;
	}
	if (add->digest)
		to->digest = add->digest;
}
