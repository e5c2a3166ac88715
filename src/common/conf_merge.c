/*
 * Laying one directory's settings over another's (conf.h), as Apache's modules merge theirs. Run by
 * the loader for the server context and by the child for what a request's path goes through.
 */
#include "common/conf_dir_set.h"
#include "itkd/arena.h"
#include "itkd/conf.h"
#include <string.h>

/* core_merge_dir: an absolute list wins, + and - work on what was there. */
static void merge_options(struct conf_dir *base, const struct conf_dir *add)
{
	uint32_t includes = OPT_INCLUDES | OPT_INC_WITH_EXEC, before = base->options;

	if (!(add->options & OPT_UNSET)) {
		base->options = add->options;
		base->options_add = add->options_add;
		base->options_remove = add->options_remove;
		return;
	}
	base->options_add = (base->options_add & ~add->options_remove) | add->options_add;
	base->options_remove = (base->options_remove & ~add->options_add) | add->options_remove;
	base->options = (base->options & ~base->options_remove) | base->options_add;
	/* +IncludesNOEXEC below Includes takes exec away. */
	if ((before & includes) == includes && (add->options & includes) == OPT_INCLUDES)
		base->options &= ~OPT_INC_WITH_EXEC;
}

static void append_files(struct arena *a, struct conf_matches *base, const struct conf_matches *add)
{
	if (add->n == 0)
		return;
	if (base->n == 0) {
		*base = *add;
		return;
	}
	struct conf_match *v = arena_array(a, (size_t)base->n + add->n, sizeof(*v));

	memcpy(v, base->v, base->n * sizeof(*v));
	memcpy(v + base->n, add->v, add->n * sizeof(*v));
	*base = (struct conf_matches){base->n + add->n, v};
}

static void append_ifs(struct arena *a, struct conf_ifs *base, const struct conf_ifs *add)
{
	if (add->n == 0)
		return;
	if (base->n == 0) {
		*base = *add;
		return;
	}
	struct conf_if *v = arena_array(a, (size_t)base->n + add->n, sizeof(*v));

	memcpy(v, base->v, base->n * sizeof(*v));
	memcpy(v + base->n, add->v, add->n * sizeof(*v));
	*base = (struct conf_ifs){base->n + add->n, v};
}

static void merge_allow(struct conf_dir *base, const struct conf_dir *add)
{
	if (add->set & DIR_ALLOW) {
		base->allow.classes = add->allow.classes;
		base->allow.options = add->allow.options;
	}
	if (add->set & DIR_ALLOW_LIST) {
		base->allow.nlist = add->allow.nlist;
		base->allow.list = add->allow.list;
	}
}

void conf_dir_merge(struct arena *a, struct conf_dir *base, const struct conf_dir *add)
{
	base->print = (base->print ^ (uintptr_t)add) * 0x9e3779b97f4a7c15u + 1;
	if (add->set & DIR_OPTIONS)
		merge_options(base, add);
	conf_access_merge(a, &base->access, &add->access);
	conf_auth_merge(a, &base->auth, add->auth);
	if (add->set & DIR_INDEX)
		base->index = add->index;
	if (add->set & DIR_LIMIT_BODY)
		base->limit_body = add->limit_body;
	if (add->set & DIR_HANDLER) {
		base->handler = add->handler;
		base->handler_expr = add->handler_expr;
	}
	if (add->set & DIR_TYPE)
		base->type = add->type;
	merge_allow(base, add);
	if (add->set & DIR_SLASH)
		base->slash = add->slash;
	base->set |= add->set;
	conf_dir_tls_merge(base, add);
	conf_log_levels_merge(a, &base->log_levels, add->log_levels);
	conf_alias_merge(a, &base->alias, add->alias);
	conf_proxy_merge(a, &base->proxy, add->proxy);
	conf_rewrite_merge(a, &base->rewrite, add->rewrite);
	conf_index_merge(a, &base->listing, add->listing);
	conf_action_merge(a, &base->actions, add->actions);
	conf_php_merge(a, &base->php, add->php);
	conf_fcgi_merge(a, &base->fcgi, add->fcgi);
	conf_sendfile_merge(a, &base->sendfile, add->sendfile);
	if (add->fallback)
		base->fallback = add->fallback;
	if (add->index_redirect)
		base->index_redirect = add->index_redirect;
	if (add->check_handler)
		base->check_handler = add->check_handler;
	conf_mime_merge(a, &base->mime, add->mime);
	conf_negotiate_merge(a, &base->negotiate, add->negotiate);
	conf_envs_merge(a, &base->env, &add->env);
	conf_setenvifs_merge(a, &base->setenvif_server, &add->setenvif_server);
	conf_setenvifs_merge(a, &base->setenvif, &add->setenvif);
	conf_answer_merge(a, &base->answer, &add->answer);
	conf_headers_merge(a, &base->headers, add->headers);
	conf_expires_merge(a, &base->expires, add->expires);
	conf_filter_merge(a, &base->filter, add->filter);
	append_files(a, &base->files, &add->files);
	append_ifs(a, &base->ifs, &add->ifs);
}
