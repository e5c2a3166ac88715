/*
 * Reads the configuration's files into a tree: -D, -C, the file, -c, in Apache's order. Run by the
 * loader as root; files and command line are the administrator's.
 */
#include "itkd/build.h"
#include "load/load.h"

const char *load_default_root(void)
{
	return ITKD_SYSCONFDIR "/itkd";
}

const char *load_default_file(void)
{
	return ITKD_SYSCONFDIR "/itkd/itkd.conf";
}

void load_tree(struct loader *l, const struct load_options *o)
{
	struct conf_parser *p = &l->parser;

	conf_parser_init(
	    p, l->tmp, l->report, o->server_root ? o->server_root : load_default_root());
	for (unsigned i = 0; i < o->ndefines; i++)
		conf_parse_define(p, o->defines[i], NULL);
	for (unsigned i = 0; i < o->npre; i++)
		conf_parse_text(p, "-C", o->pre[i]);
	conf_parse_file(p, o->config_file);
	for (unsigned i = 0; i < o->npost; i++)
		conf_parse_text(p, "-c", o->post[i]);
}
