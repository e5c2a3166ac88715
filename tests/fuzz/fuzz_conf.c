/*
 * Configuration: any bytes as a server's file or as a .htaccess, from lines to merged settings.
 * The first byte says which, and what AllowOverride lets the .htaccess say.
 */
#include "fuzz.h"
#include "itkd/conf_dir.h"
#include "itkd/conf_map.h"
#include "itkd/conf_parse.h"
#include "itkd/conf_table.h"

#include <string.h>

#define NO_DIRECTORY "/nonexistent"

/* Every node's directive is of the table, and its words end. */
static unsigned count_nodes(const struct conf_node *nodes, unsigned depth)
{
	unsigned n = 0;

	must(depth < 10000, "sections have a bounded depth");
	for (const struct conf_node *node = nodes; node; node = node->next) {
		must(!node->directive || node->directive->id < CONF_IDS, "a known directive");
		must(node->line > 0 && node->file, "every line has its place");
		n += 1 + count_nodes(node->children, depth + 1);
	}
	return n;
}

static void merge_twice(struct arena *a, struct conf_dir *dir)
{
	struct conf_dir merged = {0};

	conf_dir_merge(a, &merged, dir);
	conf_dir_merge(a, &merged, dir);
	must((merged.set & dir->set) == dir->set, "what was set is set when it is merged");
}

static void read_as(
    struct conf_parser *p, struct arena *a, unsigned context, const struct conf_allow *allow)
{
	struct conf_dir_build b;

	conf_dir_begin(&b, a, a, a, p->report);
	b.context = context;
	b.allow = allow;
	b.server_root = NO_DIRECTORY;
	conf_dir_read(&b, p->root.children);
	conf_dir_done(&b, NULL);
	merge_twice(a, &b.dir);
}

/* The table's names are the same for all texts: once. */
static const struct conf_map *directives(void)
{
	static struct conf_map names;
	static struct arena a;

	if (!names.v) {
		arena_init_heap(&a, 256 << 20);
		conf_table_index(&names, &a);
	}
	return &names;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	struct conf_report report;
	struct conf_parser p = {
	    .a = &a, .report = &report, .server_root = NO_DIRECTORY, .names = *directives()};

	if (n == 0)
		return 0;
	arena_init_heap(&a, 256 << 20);
	conf_report_init(&report, &a);
	conf_map_init(&p.vars, &a, true);
	conf_map_init(&p.defines, &a, false);
	conf_map_init(&p.macros, &a, true);
	bool htaccess = data[0] & 1;
	const struct conf_allow allow = {
	    .classes = data[0] & 2 ? OVERRIDE_ALL : data[0], .options = ~0u};
	const char *text = arena_strndup(&a, (const char *)data + 1, n - 1);

	p.htaccess = htaccess;
	/* A server's file may name others, which are not this program's to read. */
	if (!htaccess && (strcasestr(text, "include") || strcasestr(text, "iffile")))
		p.htaccess = true;
	conf_parse_text(&p, htaccess ? ".htaccess" : "httpd.conf", text);
	count_nodes(p.root.children, 0);
	if (report.errors == 0 || !htaccess)
		read_as(&p, &a, htaccess ? CTX_HTACCESS : CTX_DIRECTORY, htaccess ? &allow : NULL);
	arena_free(&a);
	return 0;
}
