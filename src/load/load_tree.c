/*
 * Reads the configuration's files into a tree: -D, -C, the file, -c, in Apache's order. Run by the
 * loader as root; files and command line are the administrator's.
 */
#include "itkd/build.h"
#include "load/load.h"

#include <string.h>

const char *load_default_root(void)
{
	return ITKD_SYSCONFDIR "/itkd";
}

const char *load_default_file(void)
{
	return "itkd.conf";
}

/* As one file of a line each, so that a section may span several. */
static void read_directives(
    struct loader *l, const char *name, const char *const *lines, unsigned n)
{
	size_t size = 1;
	char *text, *p;

	for (unsigned i = 0; i < n; i++)
		size += strlen(lines[i]) + 1;
	p = text = arena_alloc(l->tmp, size);
	for (unsigned i = 0; i < n; i++) {
		p = stpcpy(p, lines[i]);
		*p++ = '\n';
	}
	*p = '\0';
	conf_parse_text(&l->parser, name, text);
}

static void read_all(struct loader *l, const struct load_options *o, bool php, bool action)
{
	struct conf_parser *p = &l->parser;

	conf_parser_init(
	    p, l->tmp, l->report, o->server_root ? o->server_root : load_default_root());
	p->php = php;
	p->php_action = action;
	for (unsigned i = 0; i < o->ndefines; i++)
		conf_parse_define(p, o->defines[i], NULL);
	read_directives(l, "-c/-C directives", o->pre, o->npre);
	conf_parse_file(p, o->config_file);
	read_directives(l, "-c/-C directives", o->post, o->npost);
}

/*
 * Whether something runs PHP, which <IfModule mod_php.c> asks for, is known when all is read: where
 * the answer matters, all is read again with it.
 */
void load_tree(struct loader *l, const struct load_options *o)
{
	struct conf_report before = *l->report;

	l->no_root_check = o->no_root_check;
	read_all(l, o, false, false);
	bool php = load_php_runs(l->parser.root.children);

	if (php && l->parser.asked_php) {
		*l->report = before;
		if (before.last)
			before.last->next = NULL;
		read_all(l, o, true, load_php_action(l->parser.root.children));
	}
	l->parser.php = php;
}
