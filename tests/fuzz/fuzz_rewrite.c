/*
 * RewriteRule and RewriteCond: any bytes as lines of rules, applied to any other bytes as a path.
 * A NUL divides the two; a line that begins with 'C' is a condition's. What a request would say is
 * stood in for below: each variable is the path, too.
 */
#include "fuzz.h"

#include "child/child_rewrite.h"
#include "itkd/rewrite_uri.h"
#include <string.h>

#define FUZZ_RULES 16

static struct child child;
static struct child_request request;
static const char *path;

void child_log(struct child *c, int level, const char *module, const char *fmt, ...)
{
	(void)c;
	must(level <= LOG_TRACE8 && module && fmt, "a line has a level, a module and a text");
}

bool child_log_wanted(const struct child *c, int level, const char *module)
{
	(void)c;
	(void)level;
	(void)module;
	return false;
}

void child_vary(struct child *c, struct child_request *r, const char *name)
{
	(void)c;
	(void)r;
	must(*name != '\0', "a field that it varies by has a name");
}

const char *child_scheme(const struct child *c)
{
	(void)c;
	return "http";
}

const char *child_server_name(struct child *c, const struct child_request *r)
{
	(void)c;
	(void)r;
	return "fuzz.test";
}

const char *child_variable(struct child *c, const struct child_request *r, const char *name)
{
	(void)c;
	(void)r;
	(void)name;
	return NULL;
}

const char *child_url(struct child *c, const struct child_request *r, const char *to)
{
	(void)r;
	must(*to == '/', "only a path gets a host");
	return arena_printf(&c->arena, "http://fuzz.test%s", to);
}

const char *child_rewrite_variable(struct rewrite *x, const char *name)
{
	(void)x;
	return *name ? path : "";
}

const char *child_rewrite_map(struct rewrite *x, const char *name, const char *key)
{
	(void)x;
	return *name ? key : NULL;
}

void child_rewrite_env(struct rewrite *x, const struct rewrite_rule *rule)
{
	for (uint32_t i = 0; i < rule->env.n; i++)
		must(child_rewrite_expand(x, rule->env.v[i], NULL, NULL) != NULL, "a text");
}

bool child_rewrite_match(
    struct rewrite *x, const struct regex *re, const char *text, struct regex_match *m)
{
	enum regex_result result = regex_try(re, span_of(text), m);

	if (result == REGEX_LIMIT)
		x->status = 500;
	return result == REGEX_FOUND;
}

bool child_rewrite_cond(struct rewrite *x, const struct rewrite_cond *cond)
{
	const char *text = child_rewrite_expand(x, cond->input, NULL, NULL);
	struct regex_match m;

	if (cond->test != REWRITE_REGEX)
		return rewrite_compare(text, cond->pattern) <= 0;
	bool found = child_rewrite_match(x, cond->regex, text, &m);

	if (found)
		x->cond = m;
	return found != cond->negated;
}

/* As many rules as the text has, with their conditions. */
static void read_rules(struct rewrite_reader *rd, char *text, struct conf_rewrite *conf)
{
	struct rewrite_rule *rules = arena_array(rd->a, FUZZ_RULES, sizeof(*rules));
	struct rewrite_cond *conds = arena_array(rd->a, FUZZ_RULES, sizeof(*conds));
	uint32_t nconds = 0, first = 0;

	for (char *line = strtok(text, "\n");
	     line && conf->rules.n < FUZZ_RULES && nconds < FUZZ_RULES; line = strtok(NULL, "\n")) {
		if (*line == 'C') {
			nconds += !rewrite_parse_cond(rd, line + 1, &conds[nconds]);
			continue;
		}
		if (rewrite_parse_rule(rd, line, &rules[conf->rules.n]))
			continue;
		/* Rounds cost time and show nothing after a few. */
		if (rules[conf->rules.n].rounds > 8)
			rules[conf->rules.n].rounds = 8;
		rules[conf->rules.n++].conds =
		    (struct rewrite_conds){nconds - first, conds + first};
		first = nconds;
	}
	conf->rules.v = rules;
}

static void apply(struct conf_rewrite *conf, const char *directory)
{
	struct rewrite x = {.c = &child,
	    .r = &request,
	    .conf = conf,
	    .perdir = directory,
	    .request = path,
	    .filename = path};

	request = (struct child_request){.query = SPAN("a=b"), .has_query = true};
	enum rewrite_result result = child_rewrite_rules(&x);

	must((result == REWRITE_STATUS) == (x.status != 0), "a status, or none");
	must(x.filename != NULL, "a text");
	must(!request.has_query || request.query.p, "a query, or none");
	size_t scheme = rewrite_absolute(x.filename, NULL);

	if (scheme)
		must(strlen(rewrite_escape_url(&child.arena, x.filename, scheme)) >=
		         strlen(x.filename),
		    "an encoded URL is no shorter");
	must(strlen(rewrite_unescape(&child.arena, x.filename)) <= strlen(x.filename), "no longer");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct conf_vhost vhost;

	arena_init_heap(&child.arena, CHILD_ARENA_MAX);
	vhost = (struct conf_vhost){.limit_line = 1000, .timeout = 60, .server_name = "fuzz.test"};
	child.vhost = &vhost;
	char *text = arena_strndup(&child.arena, (const char *)data, n);
	size_t len = strlen(text);
	struct rewrite_reader rd = {
	    .a = &child.arena, .secret = &child.arena, .tmp = &child.arena, .restricted = true};
	struct conf_rewrite conf = {.engine = REWRITE_ON};

	path = len < n ? text + len + 1 : "/";
	read_rules(&rd, text, &conf);
	apply(&conf, NULL);
	apply(&conf, "/dir/");
	arena_free(&child.arena);
	return 0;
}
