/*
 * The directives of Apache's core about answers and programs' limits into a conf_dir. Run by the
 * loader as root on the administrator's words, and by the child as the vhost's user on those of a
 * .htaccess.
 */
#include "common/conf_dir_set.h"
#include "itkd/conf_parse.h"
#include "itkd/range.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The number of a word in a NULL-terminated list; -1: none of them. */
static int word_in(const char *word, const char *const *list)
{
	for (int i = 0; list[i]; i++)
		if (strcasecmp(word, list[i]) == 0)
			return i;
	return -1;
}

/* The statuses that Apache knows (status_lines). */
static bool is_status(long status)
{
	static const struct {
		int from, to;
	} ranges[] = {{100, 102}, {200, 208}, {226, 226}, {300, 305}, {307, 308}, {400, 417},
	    {421, 424}, {426, 426}, {428, 429}, {431, 431}, {451, 451}, {500, 508}, {510, 511}};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (status >= ranges[i].from && status <= ranges[i].to)
			return true;
	return false;
}

const char *dir_error_document(struct conf_dir_build *b, const struct conf_value *v)
{
	long status = strtol(v->words[0], NULL, 10);
	const char *text = v->words[1], *error = NULL;
	struct error_document d = {.status = (int)status, .kind = DOCUMENT_TEXT};
	struct conf_answer *answer = &b->dir.answer;

	if (!is_status(status))
		return arena_printf(b->tmp, "Unsupported HTTP response code %s", v->words[0]);
	if (strcasecmp(text, "default") == 0)
		d.kind = DOCUMENT_DEFAULT;
	else if (!strchr(text, ' ') && *text == '/')
		d.kind = DOCUMENT_LOCAL;
	else if (!strchr(text, ' ') && conf_is_url(text))
		d.kind = DOCUMENT_URL;
	if (status == 401 && d.kind == DOCUMENT_URL) {
		conf_report(b->report, CONF_WARNING, v->node,
		    "AH00113: cannot use a full URL in a 401 ErrorDocument directive --- "
		    "ignoring!");
		return NULL;
	}
	d.text = arena_strdup(b->a, text);
	if (strpbrk(text, "%$\\")) {
		d.expr = conf_dir_expr(b, b->a, text, EXPR_STRING, &error);
		if (!d.expr)
			return arena_printf(
			    b->tmp, "Cannot parse expression in ErrorDocument: %s", error);
	}
	*(struct error_document *)conf_dir_push(
	    b->a, &answer->documents, &answer->ndocuments, sizeof(d)) = d;
	return NULL;
}

const char *dir_server_signature(struct conf_dir_build *b, const struct conf_value *v)
{
	static const char *const words[] = {"Off", "On", "EMail", NULL};
	int i = word_in(v->text, words);

	if (i < 0)
		return "ServerSignature: use one of: off | on | email";
	b->dir.answer.signature = (enum answer_signature)(SIGNATURE_OFF + i);
	return NULL;
}

static const char *etag_word(struct conf_answer *a, const char *word, bool *first)
{
	static const char *const words[] = {
	    "None", "All", "Digest", "Size", "LMTime", "MTime", "LastModified", "INode", NULL};
	static const uint8_t bits[] = {ETAG_NONE, ETAG_ALL, ETAG_DIGEST, ETAG_SIZE, ETAG_MTIME,
	    ETAG_MTIME, ETAG_MTIME, ETAG_INODE};
	char action = *word == '+' || *word == '-' ? *word++ : '\0';
	int i = word_in(word, words);

	/* What stands without a sign forgets what was said before it on the line, and above. */
	if (!action && *first) {
		a->etag = a->etag_add = a->etag_remove = ETAG_UNSET;
		*first = false;
	}
	if (i < 0)
		return "an unknown keyword";
	if (action && i < 2)
		return "None and All cannot be used with '+' or '-'";
	if (action == '+') {
		a->etag_add |= bits[i];
		a->etag_remove &= (uint8_t)~bits[i];
	} else if (action == '-') {
		a->etag_remove |= bits[i];
		a->etag_add &= (uint8_t)~bits[i];
	} else {
		a->etag = i < 2 ? bits[i] : (uint8_t)(a->etag | bits[i]);
		a->etag_add = a->etag_remove = ETAG_UNSET;
	}
	return NULL;
}

const char *dir_file_etag(struct conf_dir_build *b, const struct conf_value *v)
{
	bool first = true;

	for (uint32_t i = 0; i < v->n; i++) {
		const char *error = etag_word(&b->dir.answer, v->words[i], &first);

		if (error)
			return arena_printf(b->tmp, "'%s': %s", v->words[i], error);
	}
	return NULL;
}

const char *dir_add_default_charset(struct conf_dir_build *b, const struct conf_value *v)
{
	const char *name = v->text;

	if (strcasecmp(name, "Off") == 0)
		name = "";
	else if (strcasecmp(name, "On") == 0)
		name = "iso-8859-1";
	b->dir.answer.charset = arena_strdup(b->a, name);
	return NULL;
}

const char *dir_accept_path_info(struct conf_dir_build *b, const struct conf_value *v)
{
	static const char *const words[] = {"Default", "On", "Off", NULL};
	int i = word_in(v->text, words);

	if (i < 0)
		return "AcceptPathInfo must be set to on, off or default";
	b->dir.answer.path_info = (enum answer_path_info)(PATH_INFO_DEFAULT + i);
	return NULL;
}

/* ap_unixd_set_rlimit: words that are no numbers are 0, which changes nothing. */
static const char *set_limit(
    struct conf_dir_build *b, const struct conf_value *v, struct answer_limit *limit)
{
	*limit = (struct answer_limit){.set = true};
	if (strcasecmp(v->words[0], "max") == 0)
		limit->soft = ANSWER_LIMIT_MAX;
	else
		limit->soft = strtoull(v->words[0], NULL, 10);
	if (v->n == 2 && strcasecmp(v->words[1], "max") != 0)
		limit->hard = strtoull(v->words[1], NULL, 10);
	for (uint32_t i = 0; i < v->n; i++)
		if (strcasecmp(v->words[i], "max") != 0 &&
		    v->words[i][strspn(v->words[i], "0123456789")])
			return arena_printf(
			    b->tmp, "'%s' is neither a number nor max", v->words[i]);
	return NULL;
}

const char *dir_limit_cpu(struct conf_dir_build *b, const struct conf_value *v)
{
	return set_limit(b, v, &b->dir.answer.cpu);
}

const char *dir_limit_mem(struct conf_dir_build *b, const struct conf_value *v)
{
	return set_limit(b, v, &b->dir.answer.mem);
}

const char *dir_limit_nproc(struct conf_dir_build *b, const struct conf_value *v)
{
	return set_limit(b, v, &b->dir.answer.nproc);
}

const char *dir_cgi_pass_auth(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.answer.cgi_auth = v->flag ? ANSWER_ON : ANSWER_OFF;
	return NULL;
}

const char *dir_physical_port(struct conf_dir_build *b, const struct conf_value *v)
{
	b->dir.answer.physical_port = v->flag ? ANSWER_ON : ANSWER_OFF;
	return NULL;
}

const char *dir_use_canonical_name(struct conf_dir_build *b, const struct conf_value *v)
{
	bool off = strcasecmp(v->text, "off") == 0;

	if (!off && strcasecmp(v->text, "on") != 0 && strcasecmp(v->text, "dns") != 0)
		return "parameter must be 'on', 'off', or 'dns'";
	b->dir.answer.canonical = off ? ANSWER_OFF : ANSWER_ON;
	return NULL;
}

const char *dir_default_type(struct conf_dir_build *b, const struct conf_value *v)
{
	if (strcasecmp(v->text, "none") != 0 && strcasecmp(v->text, "off") != 0)
		conf_report(b->report, CONF_WARNING, v->node,
		    "AH00117: Ignoring deprecated use of DefaultType; ForceType does it");
	return NULL;
}

const char *dir_content_digest(struct conf_dir_build *b, const struct conf_value *v)
{
	(void)b;
	return v->flag ? "only Off is possible: HTTP has no Content-MD5 any more" : NULL;
}

const char *dir_hostname_lookups(struct conf_dir_build *b, const struct conf_value *v)
{
	static const char *const words[] = {"Off", "On", "Double", NULL};
	int i = word_in(v->text, words);

	if (i < 0)
		return "parameter must be 'on', 'off', or 'double'";
	b->dir.answer.lookups = LOOKUPS_OFF + (unsigned)i;
	return NULL;
}

const char *dir_limit_xml_body(struct conf_dir_build *b, const struct conf_value *v)
{
	(void)b;
	(void)v;
	return NULL;
}

/* The three limits of ranges: NULL, or what is wrong. */
static const char *range_count(struct conf_dir_build *b, const struct conf_value *v,
    struct answer_count *count, uint32_t standard)
{
	static const char *const words[] = {"none", "default", "unlimited", NULL};
	const uint32_t values[] = {0, standard, RANGE_UNLIMITED};
	int i = word_in(v->text, words);
	int number = i < 0 ? atoi(v->text) : 1;

	if (number <= 0)
		return arena_printf(b->tmp,
		    "%s requires 'none', 'default', 'unlimited' or a positive integer",
		    v->node->name);
	*count = (struct answer_count){true, i < 0 ? (uint32_t)number : values[i]};
	return NULL;
}

const char *dir_max_ranges(struct conf_dir_build *b, const struct conf_value *v)
{
	return range_count(b, v, &b->dir.answer.ranges, RANGES_DEFAULT);
}

const char *dir_max_range_overlaps(struct conf_dir_build *b, const struct conf_value *v)
{
	return range_count(b, v, &b->dir.answer.overlaps, RANGE_OVERLAPS_DEFAULT);
}

const char *dir_max_range_reversals(struct conf_dir_build *b, const struct conf_value *v)
{
	return range_count(b, v, &b->dir.answer.reversals, RANGE_REVERSALS_DEFAULT);
}
