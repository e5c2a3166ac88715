/*
 * Files and lines into the tree of directives (conf_parse.h), by Apache 2.4's rules
 * (ap_build_config). Run by the loader as root: the files are the administrator's. Nothing stops
 * at an error; each goes to the report, and reading goes on where it makes sense.
 */
#include "itkd/conf_parse.h"

#include "common/conf_parse_frame.h"
#include "itkd/conf_lex.h"
#include "itkd/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

void conf_parser_init(
    struct conf_parser *p, struct arena *a, struct conf_report *report, const char *server_root)
{
	*p = (struct conf_parser){.a = a, .report = report, .server_root = server_root};
	conf_table_index(&p->names, a);
	conf_map_init(&p->vars, a, true);
	conf_map_init(&p->defines, a, false);
	conf_map_init(&p->macros, a, true);
}

const char *conf_parse_path(struct conf_parser *p, const char *path)
{
	if (*path != '/')
		path = arena_printf(p->a, "%s/%s", p->server_root, path);
	return conf_path_clean(p->a, path);
}

static void undefined_variable(void *ctx, const char *name)
{
	struct conf_parser *p = ctx;

	conf_report_at(p->report, CONF_WARNING, p->frame->file, p->frame->line, NULL,
	    "AH00111: Config variable ${%s} is not defined", name);
}

void conf_parse_error(struct conf_parser *p, const char *directive, const char *text)
{
	conf_report_at(
	    p->report, CONF_ERROR, p->frame->file, p->frame->line, directive, "%s", text);
}

/* Adds a node to the innermost section that stands in the tree. */
static struct conf_node *add_node(struct conf_parser *p, const char *name, bool section)
{
	struct conf_open *o = p->frame->open;
	struct conf_node *parent = o ? o->node : p->frame->node;
	struct conf_node *n = ARENA_NEW(p->a, struct conf_node);

	n->directive = conf_table_find(&p->names, name, section);
	n->name = name;
	n->section = section;
	n->file = p->frame->file;
	n->line = p->frame->line;
	if (parent->last)
		parent->last->next = n;
	else
		parent->children = n;
	parent->last = n;
	return n;
}

static void open_section(
    struct conf_parser *p, const char *name, enum conf_open_kind kind, struct conf_node *node)
{
	struct conf_open *o = ARENA_NEW(p->a, struct conf_open);

	o->up = p->frame->open;
	o->name = name;
	o->line = p->frame->line;
	o->depth = p->frame->depth;
	o->kind = kind;
	o->php = o->up && o->up->php;
	o->node = node ? node : o->up ? o->up->node : p->frame->node;
	p->frame->open = o;
}

/* What stands between the section's name and its last '>'. */
static const char *section_argument(struct conf_parser *p, const char *name, const char *rest)
{
	const char *end = strrchr(rest, '>');

	if (end)
		return arena_strndup(p->a, rest, (size_t)(end - rest));
	conf_parse_error(p, arena_printf(p->a, "<%s>", name), "directive missing closing '>'");
	return rest;
}

static void begin_section(struct conf_parser *p, char *word, const char *rest)
{
	char *name = word + 1;
	size_t n = strlen(name);
	bool closed = n && name[n - 1] == '>', holds;

	if (closed)
		name[n - 1] = '\0';
	if (!*name) {
		conf_parse_error(p, "<", "Incomplete container");
		return;
	}
	if (p->frame->open && p->frame->open->kind == OPEN_SKIP) {
		open_section(p, name, OPEN_SKIP, NULL);
		return;
	}
	const char *argument = closed ? "" : section_argument(p, name, rest);
	const struct conf_directive *d = conf_table_find(&p->names, name, true);

	if (d && d->id == CONF_ID_SECTION_Macro) {
		conf_macro_define(p, argument);
		return;
	}
	if (d && conf_parse_condition(p, d, argument, &holds)) {
		open_section(p, name, holds ? OPEN_THROUGH : OPEN_SKIP, NULL);
		p->frame->open->php |= conf_parse_is_php(p, d, argument);
		return;
	}
	struct conf_node *node = add_node(p, name, true);

	node->raw = argument;
	node->args = conf_lex_words(p->a, argument, &node->nargs);
	open_section(p, name, OPEN_NODE, node);
}

/* A condition that holds ends at its very own text and nothing else (ap_build_cont_config). */
static bool ends_condition(const struct conf_open *o, const char *text)
{
	size_t n = strlen(o->name);

	return strncasecmp(text + 2, o->name, n) == 0 && strcmp(text + 2 + n, ">") == 0;
}

static void end_section(struct conf_parser *p, char *word, const char *text)
{
	size_t n = strlen(word);
	struct conf_open *o = p->frame->open, *match;

	if (o && o->kind == OPEN_THROUGH && ends_condition(o, text)) {
		p->frame->open = o->up;
		return;
	}
	if (word[n - 1] != '>') {
		conf_parse_error(p, word, "directive missing closing '>'");
		return;
	}
	word[n - 1] = '\0';
	const char *name = word + 2;

	for (match = o; match && strcasecmp(match->name, name) != 0;)
		match = match->up;
	if (!o)
		conf_parse_error(p, arena_printf(p->a, "</%s>", name),
		    arena_printf(p->a, "without matching <%s> section", name));
	else if (match == o && o->kind == OPEN_THROUGH)
		conf_parse_error(p, arena_printf(p->a, "</%s>", name),
		    arena_printf(p->a, "'%s' is not the end of <%s> (line %u): nothing may follow",
		        text, o->name, o->line));
	else if (match != o)
		conf_parse_error(p, arena_printf(p->a, "</%s>", name),
		    arena_printf(
		        p->a, "Expected </%s> (line %u) but saw </%s>", o->name, o->line, name));
	/* A name that is not open at all is taken for a slip of the innermost one. */
	if (o)
		p->frame->open = match ? match->up : o->up;
}

const char *conf_parse_expand(struct conf_parser *p, const char *text)
{
	const char *out =
	    conf_lex_expand(p->a, &p->vars, text, CONF_LINE_MAX, undefined_variable, p);

	if (out)
		return out;
	conf_parse_error(p, NULL, "Line too long once its variables are replaced");
	return "";
}

/* As Apache: a '>' at the end of a directive's name does not count. */
static char *directive_name(char *word)
{
	size_t n = strlen(word);

	if (n && word[n - 1] == '>')
		word[n - 1] = '\0';
	return word;
}

/*
 * The handler that mod_php is, where only mod_php is meant: what runs PHP elsewhere stands. Without
 * the module Apache passes over the line. An Action may answer for it all the same.
 */
static bool is_handler_of_php(
    const struct conf_parser *p, const struct conf_directive *d, const char *rest)
{
	if (!p->frame->open || !p->frame->open->php || p->htaccess || p->php_action)
		return false;
	if (!d || (d->id != CONF_ID_SetHandler && d->id != CONF_ID_AddHandler))
		return false;
	return strncasecmp(conf_lex_word(p->a, &rest), CONF_PHP_TYPE, strlen(CONF_PHP_TYPE)) == 0;
}

static void parse_directive(struct conf_parser *p, const char *word, const char *rest)
{
	const struct conf_directive *d = conf_table_find(&p->names, word, false);

	if (is_handler_of_php(p, d, rest)) {
		conf_report_at(p->report, CONF_NOTE, p->frame->file, p->frame->line, word,
		    "passed over: there is no mod_php, and what runs PHP elsewhere stands");
		return;
	}
	if (d && d->arg == ARG_READ) {
		conf_parse_read(p, d, rest);
		return;
	}
	struct conf_node *node = add_node(p, word, false);

	node->raw = rest;
	node->args = conf_lex_words(p->a, rest, &node->nargs);
	/* Later relative names in Include mean the new one. */
	if (d && d->id == CONF_ID_ServerRoot && node->nargs == 1 && *node->args[0] == '/')
		p->server_root = conf_path_clean(p->a, node->args[0]);
}

static void parse_line(struct conf_parser *p, const char *text)
{
	bool skip = p->frame->open && p->frame->open->kind == OPEN_SKIP;
	const char *rest = text;
	char *word;

	if (*text == '#' || *text == '\0')
		return;
	if (*text != '<' && skip)
		return;
	/* What is passed over may name variables that are not there. */
	if (!skip)
		rest = conf_parse_expand(p, text);
	word = conf_lex_word(p->a, &rest);
	if (word[0] == '<' && word[1] == '/')
		end_section(p, word, text);
	else if (word[0] == '<')
		begin_section(p, word, rest);
	else if (*word)
		parse_directive(p, directive_name(word), rest);
}

/* Editors of other systems leave it there, and no terminal shows it. */
static char *without_mark(struct conf_parser *p, char *line)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (p->frame->line != 1 || strncmp(line, mark, sizeof(mark) - 1) != 0)
		return line;
	conf_parse_error(p, NULL,
	    "The file begins with a byte order mark (EF BB BF), which belongs to the first word: "
	    "save it as UTF-8 without BOM");
	return line + sizeof(mark) - 1;
}

#define BINARY_LINES 8

static void parse_lines(struct conf_parser *p, const char *text, size_t n)
{
	struct conf_lines lines = {
	    text, text + n, 1, p->htaccess ? CONF_HTACCESS_LINE_MAX : CONF_LINE_MAX};
	enum conf_line_result r;
	unsigned binary = 0;
	char *line;

	p->frame->lines = &lines;
	while ((r = conf_lex_line(&lines, p->a, &line, &p->frame->line)) != CONF_LINE_END) {
		if (r == CONF_LINE_NUL && ++binary == BINARY_LINES) {
			conf_parse_error(p, NULL,
			    "Line holds a NUL byte, as others before it: this is no text, and what "
			    "follows is not read");
			return;
		}
		if (r == CONF_LINE_NUL)
			conf_parse_error(p, NULL, "Line holds a NUL byte");
		else if (r == CONF_LINE_LONG)
			conf_parse_error(p, NULL,
			    arena_printf(p->a, "Line too long: more than %zu bytes", lines.max));
		else
			parse_line(p, without_mark(p, line));
		/* The first one is the answer; a user could have many of them told. */
		if (p->htaccess && p->report->errors)
			return;
	}
}

/* What a file leaves open. A condition that holds may end with it, as in Apache. */
static void report_open(struct conf_parser *p, const struct conf_open *o)
{
	const char *name = arena_printf(p->a, "<%s>", o->name);

	if (o->kind == OPEN_THROUGH)
		conf_report_at(p->report, CONF_WARNING, p->frame->file, o->line, name,
		    "ends with the file: there is no </%s>", o->name);
	else
		conf_report_at(
		    p->report, CONF_ERROR, p->frame->file, o->line, name, "was not closed");
}

/* Reads a text inside of the current frame's file or of none. */
static void parse_text(struct conf_parser *p, const char *name, const char *text, size_t n)
{
	struct conf_frame frame = {.up = p->frame, .file = name, .node = &p->root};

	if (p->frame) {
		frame.depth = p->frame->depth + 1;
		frame.node = p->frame->open ? p->frame->open->node : p->frame->node;
	}
	frame.id = p->reading;
	p->frame = &frame;
	parse_lines(p, text, n);
	for (const struct conf_open *o = frame.open; o; o = o->up)
		report_open(p, o);
	p->frame = frame.up;
}

/* Sections that a macro opens may end behind its Use, and the other way round; conditions not. */
void conf_parse_macro(struct conf_parser *p, const struct conf_macro *macro, const char *name,
    const char *text, size_t n)
{
	struct conf_frame *up = p->frame;
	struct conf_frame frame = {.up = up,
	    .file = name,
	    .depth = up->depth + 1,
	    .node = up->node,
	    .open = up->open,
	    .macro = macro};
	struct conf_open **at = &frame.open;

	p->frame = &frame;
	parse_lines(p, text, n);
	while (*at && (*at)->depth == frame.depth) {
		struct conf_open *o = *at;

		if (o->kind == OPEN_NODE) {
			o->depth = up->depth;
			at = &o->up;
			continue;
		}
		report_open(p, o);
		*at = o->up;
	}
	up->open = frame.open;
	p->frame = up;
}

void conf_parse_text(struct conf_parser *p, const char *name, const char *text)
{
	p->reading = (struct conf_file_id){0};
	parse_text(p, name, text, strlen(text));
}

/* The whole file; NULL and *error where it cannot be read as a configuration. */
static char *read_file(
    struct arena *a, const char *path, size_t *n, struct conf_file_id *id, const char **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *text = NULL;
	ssize_t got;

	*n = 0;
	*error = NULL;
	if (fd < 0 || fstat(fd, &st) != 0)
		*error = strerror(errno);
	else if (S_ISDIR(st.st_mode))
		*error = "Is a directory";
	else if (!S_ISREG(st.st_mode) && strcmp(path, "/dev/null") != 0)
		*error = "not a regular file";
	else if (st.st_size > (off_t)CONF_FILE_MAX)
		*error = "File too large";
	if (!*error) {
		size_t room = (size_t)st.st_size;

		*id = (struct conf_file_id){st.st_dev, st.st_ino};
		text = arena_alloc(a, room + 1);
		while (*n < room && (got = read(fd, text + *n, room - *n)) != 0) {
			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0) {
				*error = strerror(errno);
				break;
			}
			*n += (size_t)got;
		}
	}
	fd_close(&fd);
	return *error ? NULL : text;
}

static void remember_source(struct conf_parser *p, const char *path)
{
	struct conf_source *s = ARENA_NEW(p->a, struct conf_source);

	s->path = path;
	s->line = p->frame ? p->frame->line : 0;
	s->depth = p->frame ? p->frame->depth + 1 : 0;
	if (p->last_source)
		p->last_source->next = s;
	else
		p->sources = s;
	p->last_source = s;
}

static bool reads_itself(const struct conf_parser *p, struct conf_file_id id)
{
	for (const struct conf_frame *f = p->frame; f; f = f->up)
		if (f->id.ino && f->id.ino == id.ino && f->id.dev == id.dev)
			return true;
	return false;
}

void conf_parse_file(struct conf_parser *p, const char *path)
{
	const char *from = p->frame ? p->frame->file : NULL;
	uint32_t line = p->frame ? p->frame->line : 0;
	const char *what = p->frame ? "Include" : NULL, *error;
	struct conf_file_id id = {0};
	size_t n;

	if (p->frame && p->frame->depth + 1 >= CONF_INCLUDE_DEPTH) {
		conf_report_at(p->report, CONF_ERROR, from, line, what,
		    "Exceeded the maximum include depth of %d (%s)", CONF_INCLUDE_DEPTH, path);
		return;
	}
	char *text = read_file(p->a, path, &n, &id, &error);

	if (!text) {
		conf_report_at(p->report, CONF_ERROR, from, line, what,
		    "Could not open configuration file %s: %s", path, error);
		return;
	}
	if (reads_itself(p, id)) {
		conf_report_at(p->report, CONF_ERROR, from, line, what, "%s includes itself", path);
		return;
	}
	remember_source(p, path);
	p->reading = id;
	parse_text(p, path, text, n);
}
