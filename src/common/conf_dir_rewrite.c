/*
 * The directives of mod_rewrite: of a server, of a section, of a .htaccess. Run by the loader as
 * root on the administrator's words, and by the child as the vhost's user on those of a .htaccess.
 */
#include "common/conf_dir_set.h"
#include "itkd/conf_lex.h"
#include "itkd/conf_parse.h"
#include "itkd/conf_rewrite.h"
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* A server's or virtual host's own line: it stands in no section and in no .htaccess. */
static bool is_server(const struct conf_dir_build *b)
{
	return !b->directory;
}

/* What a line is for; it exists from the first line of mod_rewrite on, as in Apache. */
static struct conf_rewrite *rewrite_of(struct conf_dir_build *b)
{
	struct conf_rewrite **at = is_server(b) ? &b->rewrite_server : &b->rewrite;

	if (b->rewrites)
		*b->rewrites = true;
	if (!*at)
		*at = ARENA_NEW(b->a, struct conf_rewrite);
	if (is_server(b))
		return *at;
	const char *path = b->directory;
	size_t n = strlen(path);

	if (!(*at)->directory)
		(*at)->directory =
		    arena_printf(b->a, "%s%s", path, n && path[n - 1] == '/' ? "" : "/");
	b->dir.rewrite = *at;
	return *at;
}

/* What a server says of the engine and of options holds for its directories, too. */
static struct conf_rewrite *rewrite_below(struct conf_dir_build *b)
{
	if (!is_server(b))
		return NULL;
	if (!b->rewrite)
		b->rewrite = ARENA_NEW(b->a, struct conf_rewrite);
	b->dir.rewrite = b->rewrite;
	return b->rewrite;
}

const char *dir_rewrite_engine(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_rewrite *below = rewrite_below(b);

	rewrite_of(b)->engine = v->flag ? REWRITE_ON : REWRITE_OFF;
	if (below)
		below->engine = v->flag ? REWRITE_ON : REWRITE_OFF;
	return NULL;
}

static void options_add(struct conf_rewrite *w, uint32_t options)
{
	w->options |= options;
	w->options_set = true;
}

const char *dir_rewrite_options(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_rewrite *below = rewrite_below(b), *own = rewrite_of(b);
	uint32_t options = 0;

	for (uint32_t i = 0; i < v->n; i++) {
		const char *error = NULL;

		if (strncasecmp(v->words[i], "MaxRedirects=", 13) == 0)
			conf_report(b->report, CONF_WARNING, v->node,
			    "AH00664: RewriteOptions: MaxRedirects option has been removed in "
			    "favor of the global LimitInternalRecursion directive and will be "
			    "ignored.");
		else
			error = rewrite_parse_option(b->tmp, v->words[i], &options);
		if (error)
			return error;
	}
	options_add(own, options);
	if (below)
		options_add(below, options);
	return NULL;
}

const char *dir_rewrite_base(struct conf_dir_build *b, const struct conf_value *v)
{
	if (is_server(b))
		return "RewriteBase: only valid in per-directory config files";
	if (!*v->text)
		return "RewriteBase: empty URL not allowed";
	if (*v->text != '/')
		return "RewriteBase: argument is not a valid URL";
	rewrite_of(b)->base = arena_strdup(b->a, v->text);
	return NULL;
}

/*
 * What a vhost's own rules set may be a password: it lies where others cannot read it. Never more
 * than the line is long, with a little for each item.
 */
static const char *reader_start(
    struct conf_dir_build *b, struct rewrite_reader *rd, const char *line)
{
	*rd = (struct rewrite_reader){.a = b->a,
	    .secret = b->secret,
	    .tmp = b->tmp,
	    .restricted = b->context == CTX_HTACCESS};
	return conf_dir_secret_room(b, strlen(line) * 8) ? NULL : CONF_PRIVATE_FULL;
}

const char *dir_rewrite_cond(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_rewrite *w = rewrite_of(b);
	struct rewrite_reader rd;
	struct rewrite_cond cond;
	const char *error = reader_start(b, &rd, v->text);

	if (!error)
		error = rewrite_parse_cond(&rd, v->text, &cond);
	if (error)
		return error;
	if (rd.warn_nocase)
		conf_report(b->report, CONF_WARNING, v->node,
		    "AH00665: RewriteCond: NoCase option for non-regex pattern '%s' is not "
		    "supported and will be ignored. (%s:%u)",
		    cond.pattern, v->node->file, v->node->line);
	*(struct rewrite_cond *)conf_dir_push(b->a, &w->conds.v, &w->conds.n, sizeof(cond)) = cond;
	return NULL;
}

const char *dir_rewrite_rule(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_rewrite *w = rewrite_of(b);
	struct rewrite_reader rd;
	struct rewrite_rule rule;
	const char *error = reader_start(b, &rd, v->text);

	if (!error)
		error = rewrite_parse_rule(&rd, v->text, &rule);
	if (error)
		return error;
	rule.conds = w->conds;
	w->conds = (struct rewrite_conds){0};
	*(struct rewrite_rule *)conf_dir_push(b->a, &w->rules.v, &w->rules.n, sizeof(rule)) = rule;
	return NULL;
}

static const char *map_internal(struct conf_dir_build *b, const char *name, struct rewrite_map *map)
{
	static const struct {
		const char *name;
		enum rewrite_map_kind kind;
	} functions[] = {{"tolower", REWRITE_MAP_LOWER}, {"toupper", REWRITE_MAP_UPPER},
	    {"escape", REWRITE_MAP_ESCAPE}, {"unescape", REWRITE_MAP_UNESCAPE}};

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (strcmp(name, functions[i].name) == 0) {
			map->kind = functions[i].kind;
			return NULL;
		}
	return arena_printf(b->tmp, "RewriteMap: internal map not found:%s", name);
}

static const char *map_file(struct conf_dir_build *b, const char *path, struct rewrite_map *map)
{
	struct stat st;

	if (*path != '/')
		path = arena_printf(b->tmp, "%s/%s", b->server_root, path);
	map->file = conf_path_clean(b->a, path);
	return stat(map->file, &st) == 0
	           ? NULL
	           : arena_printf(
	                 b->tmp, "RewriteMap: file for map %s not found:%s", map->name, map->file);
}

/* Kinds that are not there, and why. */
static const char *map_refused(const char *source)
{
	if (strncasecmp(source, "prg:", 4) == 0)
		return "prg: is not possible: one program of root's for the requests of "
		       "all users would stand above the walls between them. Write a txt: map with "
		       "what the program would answer, or let a script of the site answer the "
		       "request";
	if (strncasecmp(source, "dbm:", 4) == 0 || strncasecmp(source, "dbm=", 4) == 0)
		return "dbm: is not possible: no process reads binary databases, whose "
		       "libraries trust their files. Write the same map as txt:";
	if (strncasecmp(source, "dbd:", 4) == 0 || strncasecmp(source, "fastdbd:", 8) == 0)
		return "dbd: and fastdbd: are not possible: itkd speaks to no database. "
		       "Write what the query answers into a txt: map";
	return NULL;
}

const char *dir_rewrite_map(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_rewrite *w = rewrite_of(b);
	const char *source = v->words[1], *error = map_refused(source);
	struct rewrite_map map = {.name = arena_strdup(b->a, v->words[0]), .kind = REWRITE_MAP_TXT};

	if (error)
		return error;
	if (strncasecmp(source, "int:", 4) == 0) {
		error = map_internal(b, source + 4, &map);
	} else {
		if (strncasecmp(source, "rnd:", 4) == 0)
			map.kind = REWRITE_MAP_RND;
		bool named = strncasecmp(source, "txt:", 4) == 0 || map.kind == REWRITE_MAP_RND;

		error = map_file(b, source + (named ? 4 : 0), &map);
	}
	if (error)
		return error;
	/* The last one of a name counts; the first one is found. */
	struct rewrite_map *v2 = arena_array(b->a, (size_t)w->maps.n + 1, sizeof(map));

	if (w->maps.n)
		memcpy(v2 + 1, w->maps.v, w->maps.n * sizeof(map));
	v2[0] = map;
	w->maps = (struct rewrite_maps){w->maps.n + 1, v2};
	return NULL;
}
