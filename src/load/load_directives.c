/*
 * `itkd -L`: every directive of the table, in the layout of `httpd -L`. Run by the administrator.
 */
#include "load/load_cli.h"

#include <string.h>

static void print_classes(unsigned override)
{
	static const struct {
		unsigned bit;
		const char *name;
	} classes[] = {
	    {OVERRIDE_AUTHCONFIG, "AuthConfig"},
	    {OVERRIDE_LIMIT, "Limit"},
	    {OVERRIDE_OPTIONS, "Options"},
	    {OVERRIDE_FILEINFO, "FileInfo"},
	    {OVERRIDE_INDEXES, "Indexes"},
	};
	const char *before = " includes ";

	if ((override & OVERRIDE_ALL) == OVERRIDE_ALL) {
		printf(" isn't None");
		return;
	}
	for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		if (override & classes[i].bit) {
			printf("%s%s", before, classes[i].name);
			before = " or ";
		}
}

/* Apache's words (show_overrides). */
static void print_place(const struct conf_directive *d)
{
	bool outside = d->contexts & (CTX_SERVER | CTX_VHOST);

	printf("\tAllowed in *.conf ");
	if (outside && d->contexts & CTX_DIRECTORY)
		printf("anywhere");
	else
		printf("only %s <Directory>, <Files>, <Location>, or <If>",
		    outside ? "outside" : "inside");
	if (d->contexts & CTX_HTACCESS) {
		printf(" and in .htaccess\n\twhen AllowOverride");
		print_classes(d->override);
	}
	printf("\n");
}

static void print_directive(struct arena *a, const struct conf_directive *d)
{
	static const char *const status[] = {
	    [CONF_IMPLEMENTED] = "",
	    [CONF_ACCEPTED] = "Accepted without effect: ",
	    [CONF_REFUSED] = "Refused: ",
	};

	printf("%s%s (%s)\n\t%s%s\n", d->section ? "<" : "", d->name,
	    conf_table_module_file(a, d->module), status[d->status], d->manual);
	print_place(d);
}

/* Module by module, as httpd has them. */
void load_dump_directives(void)
{
	bool printed[CONF_IDS] = {false};
	struct arena a;

	arena_init_heap(&a, SIZE_MAX / 2);
	for (int i = 0; i < CONF_IDS; i++)
		for (int j = i; j < CONF_IDS && !printed[i]; j++) {
			if (printed[j] || strcmp(conf_table[j].module, conf_table[i].module) != 0)
				continue;
			print_directive(&a, &conf_table[j]);
			printed[j] = j != i;
		}
	arena_free(&a);
}
