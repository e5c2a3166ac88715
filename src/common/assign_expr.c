/*
 * AssignUserIDExpr and AssignGroupIDExpr (assign.h): a name made of what the head of a request
 * says, looked up among those that the configuration allows. Run by the front on the client's
 * bytes, and by the child after its drop. The expressions are the administrator's; what they come
 * to is partly the client's, and can name nobody but who is in the table.
 */
#include "itkd/assign.h"

#include "itkd/arena.h"
#include "itkd/conf.h"
#include "itkd/expr.h"
#include <string.h>
#include <strings.h>

/* What the evaluator is asked about. */
struct asked {
	struct arena *a;
	const struct conf_vhost *site;
	const struct http_head *head;
	const char *peer, *local;
	const char *path;
	uint32_t nvars;
	struct assign_var *vars;
};

static const char *field(const struct asked *q, const char *name)
{
	struct span value = http_head_joined(q->a, q->head, span_of(name));

	return value.p ? arena_span(q->a, value) : NULL;
}

static const char *var(const struct asked *q, const char *name)
{
	for (uint32_t i = q->nvars; i > 0; i--)
		if (strcasecmp(q->vars[i - 1].name, name) == 0)
			return q->vars[i - 1].value;
	return NULL;
}

/* Variables of the head, each by the field or the part of it that it is. */
static const struct {
	const char *name, *field;
} fields[] = {
    {"HTTP_ACCEPT", "Accept"},
    {"HTTP_COOKIE", "Cookie"},
    {"HTTP_FORWARDED", "Forwarded"},
    {"HTTP_HOST", "Host"},
    {"HTTP_REFERER", "Referer"},
    {"HTTP_USER_AGENT", "User-Agent"},
};
static const char *const parts[] = {"REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING", "THE_REQUEST",
    "SERVER_NAME", "SERVER_PROTOCOL", "REMOTE_ADDR"};

bool assign_knows(const char *name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strcasecmp(name, fields[i].name) == 0)
			return true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strcasecmp(name, parts[i]) == 0)
			return true;
	return false;
}

static const char *protocol(const struct asked *q)
{
	return q->head->minor ? "HTTP/1.1" : "HTTP/1.0";
}

static const char *ask_variable(void *ctx, const char *name)
{
	const struct asked *q = ctx;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strcmp(name, fields[i].name) == 0)
			return field(q, fields[i].field);
	if (strcmp(name, "REQUEST_METHOD") == 0)
		return arena_span(q->a, q->head->method);
	if (strcmp(name, "REQUEST_URI") == 0)
		return q->path;
	if (strcmp(name, "QUERY_STRING") == 0)
		return arena_span(q->a, q->head->query);
	if (strcmp(name, "THE_REQUEST") == 0)
		return arena_span(q->a, q->head->line);
	if (strcmp(name, "REMOTE_ADDR") == 0)
		return q->peer;
	if (strcmp(name, "SERVER_PROTOCOL") == 0)
		return protocol(q);
	return strcmp(name, "SERVER_NAME") == 0 ? q->site->server_name : NULL;
}

static const char *ask_function(void *ctx, const char *name, const char *arg)
{
	if (strcmp(name, "reqenv") == 0 || strcmp(name, "env") == 0)
		return var(ctx, arg);
	if (strcmp(name, "http") == 0 || strcmp(name, "req") == 0 ||
	    strcmp(name, "req_novary") == 0)
		return field(ctx, arg);
	return NULL;
}

static bool ask_file(void *ctx, char test, const char *path)
{
	(void)ctx, (void)test, (void)path;
	return false;
}

static struct expr_source source_of(struct asked *q)
{
	return (struct expr_source){.ctx = q,
	    .a = q->a,
	    .variable = ask_variable,
	    .function = ask_function,
	    .file = ask_file};
}

/* What SetEnvIf of that name looks at; "" where there is none, as in mod_setenvif. */
static const char *looked_at(const struct asked *q, const char *name)
{
	const char *value;

	if (strcasecmp(name, "Request_URI") == 0)
		return q->path;
	if (strcasecmp(name, "Request_Method") == 0)
		return arena_span(q->a, q->head->method);
	if (strcasecmp(name, "Request_Protocol") == 0)
		return protocol(q);
	if (strcasecmp(name, "Remote_Addr") == 0)
		return q->peer;
	if (strcasecmp(name, "Server_Addr") == 0)
		return q->local;
	value = field(q, name);
	if (!value)
		value = var(q, name);
	return value ? value : "";
}

static bool set_holds(struct asked *q, const struct assign_set *set, struct regex_match *m)
{
	if (!set->expr)
		return regex_find(set->regex, span_of(looked_at(q, set->field)), m);
	struct expr_source source = source_of(q);

	/* An expression without groups leaves none: $1 is nothing then. */
	source.match = (struct regex_match){.n = REGEX_GROUPS};
	const bool holds = expr_true(set->expr, &source);

	*m = source.match;
	return holds;
}

static void set_vars(struct asked *q, const struct assign *s)
{
	uint32_t room = 0;

	for (uint32_t i = 0; i < s->nsets; i++)
		room += s->sets[i].nvars;
	q->vars = arena_array(q->a, room, sizeof(*q->vars));
	for (uint32_t i = 0; i < s->nsets; i++) {
		const struct assign_set *set = &s->sets[i];
		struct regex_match m;

		if (!set_holds(q, set, &m))
			continue;
		for (uint32_t k = 0; k < set->nvars; k++) {
			const char *value = set->vars[k].value;

			q->vars[q->nvars++] = (struct assign_var){set->vars[k].name,
			    *value == '!' ? NULL : regex_expand(q->a, value, &m)};
		}
	}
}

/* What an expression comes to; it may be nothing, which is nobody's name. */
static const char *name_of(struct asked *q, const struct expr *e, const char *otherwise)
{
	if (!e)
		return otherwise;
	struct expr_source source = source_of(q);
	const char *name = expr_string(e, &source);

	return name ? name : "";
}

int assign_compare(const char *user, const char *group, const struct assign_who *with)
{
	int order = strcmp(user, with->user);

	return order ? order : strcmp(group, with->group);
}

uint32_t assign_by_expr(struct arena *a, const struct conf_vhost *site,
    const struct assign_asked *asked, const char *path, const struct assign_says *says)
{
	const struct assign *s = site->assign;
	struct asked q = {.a = a,
	    .site = site,
	    .head = asked->head,
	    .peer = asked->peer,
	    .local = asked->local,
	    .path = path};

	set_vars(&q, s);
	const char *user = name_of(&q, says->user_expr, says->user);
	const char *group = name_of(&q, says->group_expr, says->group);

	for (uint32_t low = 0, high = s->nwho; low < high;) {
		const uint32_t middle = low + (high - low) / 2;
		const int order = assign_compare(user, group, &s->who[middle]);

		if (order == 0)
			return s->who[middle].vhost;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ASSIGN_NOBODY;
}
