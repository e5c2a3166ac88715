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
static const char *const parts[] = {
    "REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING", "THE_REQUEST", "SERVER_NAME"};

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

/* What SetEnvIf of that name looks at; "" where there is none, as in mod_setenvif. */
static const char *looked_at(const struct asked *q, const char *name)
{
	const char *value;

	if (strcasecmp(name, "Request_URI") == 0)
		return q->path;
	if (strcasecmp(name, "Request_Method") == 0)
		return arena_span(q->a, q->head->method);
	if (strcasecmp(name, "Request_Protocol") == 0)
		return q->head->minor ? "HTTP/1.1" : "HTTP/1.0";
	value = field(q, name);
	if (!value)
		value = var(q, name);
	return value ? value : "";
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

		if (!regex_find(set->regex, span_of(looked_at(q, set->field)), &m))
			continue;
		for (uint32_t k = 0; k < set->nvars; k++) {
			const char *value = set->vars[k].value;

			q->vars[q->nvars++] = (struct assign_var){set->vars[k].name,
			    *value == '!' ? NULL : regex_expand(q->a, value, &m)};
		}
	}
}

/* NULL: there is no expression, or it comes to nothing: AssignUserID counts. */
static const char *name_of(struct asked *q, const struct expr *e)
{
	struct expr_source source = {.ctx = q,
	    .a = q->a,
	    .variable = ask_variable,
	    .function = ask_function,
	    .file = ask_file};
	const char *name = e ? expr_string(e, &source) : NULL;

	return name && *name ? name : NULL;
}

int assign_compare(const char *user, const char *group, const struct assign_who *with)
{
	int order = strcmp(user, with->user);

	return order ? order : strcmp(group, with->group);
}

uint32_t assign_by_expr(
    struct arena *a, const struct conf_vhost *site, const struct http_head *head, const char *path)
{
	const struct assign *s = site->assign;
	struct asked q = {.a = a, .site = site, .head = head, .path = path};

	set_vars(&q, s);
	const char *user = name_of(&q, s->user), *group = name_of(&q, s->group);

	if (!user && !group)
		return site->id;
	/* "" stands for what AssignUserID says of the other one. */
	for (uint32_t low = 0, high = s->nwho; low < high;) {
		const uint32_t middle = low + (high - low) / 2;
		const int order =
		    assign_compare(user ? user : "", group ? group : "", &s->who[middle]);

		if (order == 0)
			return s->who[middle].vhost;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ASSIGN_NOBODY;
}
