/*
 * Setters of mod_ssl's directives. Only paths and names are taken here; certificates and keys are
 * read by itkd-front --check, and never by this process. Run by the loader.
 */
#include "load/load.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

const char *load_set_ssl_engine(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	(void)l;
	s->ssl_engine = v->node;
	if (strcasecmp(v->text, "on") == 0)
		s->engine = 1;
	else if (strcasecmp(v->text, "off") == 0)
		s->engine = 0;
	else if (strcasecmp(v->text, "optional") == 0)
		return "RFC 2817's upgrade is not implemented; only On and Off";
	else
		return "must be On or Off";
	return NULL;
}

/* Only that it is there; what is in it is itkd-front's to say. */
static const char *check_file(struct loader *l, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		return NULL;
	return load_fail(l, "file '%s' does not exist or is empty", path);
}

static const char *add_file(struct loader *l, struct conf_vec *files, const struct conf_value *v)
{
	*(struct load_ssl_file *)conf_vec_push(files, l->tmp, sizeof(struct load_ssl_file)) =
	    (struct load_ssl_file){arena_strdup(&l->common, v->text), v->node};
	return check_file(l, v->text);
}

const char *load_set_ssl_certificate(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return add_file(l, &s->certificates, v);
}

const char *load_set_ssl_key(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	return add_file(l, &s->keys, v);
}

const char *load_set_ssl_chain(struct loader *l, struct load_server *s, const struct conf_value *v)
{
	s->v.tls.chain = arena_strdup(&l->common, v->text);
	return check_file(l, v->text);
}

/* The versions that a word of SSLProtocol means; *old: one that does not exist here. */
static bool protocol_bits(const char *word, uint32_t *bits, bool *old)
{
	static const struct {
		const char *name;
		uint32_t bits;
	} protocols[] = {
	    {"all", TLS_V1_2 | TLS_V1_3},
	    {"TLSv1.2", TLS_V1_2},
	    {"TLSv1.3", TLS_V1_3},
	    {"SSLv2", 0},
	    {"SSLv3", 0},
	    {"TLSv1", 0},
	    {"TLSv1.1", 0},
	};

	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		if (strcasecmp(word, protocols[i].name) == 0) {
			*bits = protocols[i].bits;
			*old = *bits == 0;
			return true;
		}
	return false;
}

/* As ssl_cmd_protocol_parse: + and - change what was named before, a bare name replaces it. */
const char *load_set_ssl_protocol(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	uint32_t result = 0, bits;
	bool old;

	for (uint32_t i = 0; i < v->n; i++) {
		const char *word = v->words[i];
		char action = *word == '+' || *word == '-' ? *word++ : '\0';

		if (!protocol_bits(word, &bits, &old))
			return load_fail(l, "Illegal protocol '%s'", word);
		if (old && action != '-')
			conf_report(l->report, CONF_NOTE, v->node,
			    "there is no %s here, only TLSv1.2 and TLSv1.3", word);
		if (action == '-')
			result &= ~bits;
		else if (action == '+')
			result |= bits;
		else
			result = bits;
	}
	if (!result)
		return "leaves no protocol; TLSv1.2 and TLSv1.3 exist";
	s->v.tls.protocols = result;
	return NULL;
}

const char *load_set_ssl_command(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	static const char *const taken[] = {
	    "Curves", "Groups", "ECDHParameters", "SignatureAlgorithms", "Options"};
	const char *name = v->words[0], *value = v->words[1], *before = s->v.tls.commands;

	if (strcasecmp(name, "DHParameters") == 0) {
		conf_report(l->report, CONF_NOTE, v->node,
		    "DHParameters has no effect: OpenSSL takes ones as strong as the key");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (strcasecmp(name, taken[i]) == 0 && !strchr(value, '\n')) {
			s->v.tls.commands = arena_printf(&l->common, "%s%s%s %s",
			    before ? before : "", before ? "\n" : "", taken[i], value);
			return NULL;
		}
	return load_fail(l,
	    "%s is not taken: only Curves, Groups, ECDHParameters, SignatureAlgorithms and "
	    "Options; for protocols, ciphers and certificates write SSLProtocol, SSLCipherSuite "
	    "and SSLCertificateFile",
	    name);
}

const char *load_set_ssl_ciphers(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	const char *list = arena_strdup(&l->common, v->words[v->n - 1]);

	if (v->n == 1 || strcasecmp(v->words[0], "SSL") == 0)
		s->v.tls.ciphers = list;
	else if (strcasecmp(v->words[0], "TLSv1.3") == 0)
		s->v.tls.ciphersuites = list;
	else
		return load_fail(l, "protocol '%s' not supported; SSL or TLSv1.3", v->words[0]);
	return NULL;
}
