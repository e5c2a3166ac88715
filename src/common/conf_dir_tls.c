/*
 * mod_ssl's directives of directory context (conf_dir_set.h). The rest of TLS is the server's and
 * stands in src/load/load_set_tls.c.
 */
#include "common/conf_dir_set.h"

#include <string.h>
#include <strings.h>

/* ssl_cmd_SSLOptions */
const char *dir_ssl_options(struct conf_dir_build *b, const struct conf_value *v)
{
	static const char *const of_clients[] = {"FakeBasicAuth", "ExportCertData", "StrictRequire",
	    "OptRenegotiate", "LegacyDNStringFormat", "ExportBothCertData"};
	struct conf_dir *d = &b->dir;
	bool first = true;

	for (uint32_t i = 0; i < v->n; i++) {
		const char *w = v->words[i];
		char action = *w == '+' || *w == '-' ? *w++ : '\0';
		uint32_t bits = strcasecmp(w, "StdEnvVars") == 0 ? SSL_OPT_STD_ENV_VARS : 0;
		bool known = bits != 0;

		for (size_t k = 0; k < sizeof(of_clients) / sizeof(*of_clients); k++)
			known = known || strcasecmp(w, of_clients[k]) == 0;
		if (!known)
			return arena_printf(b->tmp, "SSLOptions: Illegal option '%s'", w);
		if (action == '\0' && first) {
			d->set |= DIR_SSL_OPTIONS;
			d->ssl_options = d->ssl_options_add = d->ssl_options_remove = 0;
			first = false;
		}
		if (action == '-') {
			d->ssl_options_remove |= bits;
			d->ssl_options_add &= ~bits;
			d->ssl_options &= ~bits;
			continue;
		}
		d->ssl_options_add |= bits;
		d->ssl_options_remove &= ~bits;
		d->ssl_options |= bits;
	}
	return NULL;
}

const char *dir_ssl_require_ssl(struct conf_dir_build *b, const struct conf_value *v)
{
	(void)v;
	b->dir.ssl_required = true;
	return NULL;
}

/* ssl_config_perdir_merge */
void conf_dir_tls_merge(struct conf_dir *base, const struct conf_dir *add)
{
	if (add->set & DIR_SSL_OPTIONS)
		base->ssl_options = add->ssl_options;
	else
		base->ssl_options =
		    (base->ssl_options & ~add->ssl_options_remove) | add->ssl_options_add;
	base->ssl_required = base->ssl_required || add->ssl_required;
}
