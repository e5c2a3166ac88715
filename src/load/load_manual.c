/*
 * `itkd --manual NAME`: docs/directives.md and docs/itkd.conf.5, made from the table of directives
 * and nothing else, so that they cannot say what the program does not. Run by who builds itkd.
 */
#include "load/load_cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One way of writing it down. */
struct manual {
	void (*begin)(void);
	void (*directive)(const struct conf_directive *d);
	void (*begin_list)(enum conf_status status);
	void (*entry)(struct arena *a, const struct conf_directive *d);
	void (*end)(void);
};

static const char *const context_names[] = {
    "server config", "virtual host", "directory", ".htaccess"};
static const char *const class_names[] = {"AuthConfig", "FileInfo", "Indexes", "Limit", "Options"};

/* Names of the bits that are set, in a text of the arena. */
static const char *bits_text(struct arena *a, unsigned bits, const char *const *names, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		if (bits & (1u << i))
			text = arena_printf(a, "%s%s%s", text, *text ? ", " : "", names[i]);
	return text;
}

static const char *contexts_text(struct arena *a, const struct conf_directive *d)
{
	return bits_text(a, d->contexts, context_names, 4);
}

static const char *override_text(struct arena *a, const struct conf_directive *d)
{
	if (!(d->contexts & CTX_HTACCESS))
		return NULL;
	if ((d->override & OVERRIDE_ALL) == OVERRIDE_ALL)
		return "any class";
	return bits_text(a, d->override, class_names, 5);
}

/* What may follow the name, as far as its type tells. */
static const char *argument_text(struct arena *a, const struct conf_directive *d)
{
	const char *more = d->max == ARGS_MANY ? " ..." : "";

	switch (d->arg) {
	case ARG_FLAG:
		return "On|Off";
	case ARG_INT:
		return "number";
	case ARG_TIME:
		return "duration";
	case ARG_PATH:
		return "file";
	case ARG_STRING:
		return "word";
	case ARG_RAW:
		return "text";
	default:
		break;
	}
	const char *text = "";

	for (int64_t i = 0; i < d->min; i++)
		text = arena_printf(a, "%s%sword", text, i ? " " : "");
	if (*more)
		return arena_printf(a, "%s%s[word]%s", text, *text ? " " : "", more);
	for (int64_t i = d->min; i < d->max; i++)
		text = arena_printf(a, "%s%s[word]", text, *text ? " " : "");
	return text;
}

static const char *bounds_text(struct arena *a, const struct conf_directive *d)
{
	bool low = d->min > INT32_MIN, high = d->max < INT32_MAX;

	if (d->arg != ARG_INT || (!low && !high))
		return NULL;
	if (low && !high)
		return arena_printf(a, "%" PRId64 " or more", d->min);
	return arena_printf(a, "%" PRId64 " to %" PRId64, d->min, d->max);
}

/* --- docs/directives.md --- */

static void md_begin(void)
{
	printf(
	    "# Directives\n\n"
	    "Made from `include/itkd/directives/` by `itkd --manual directives.md`; do not edit.\n"
	    "\n"
	    "The language is that of Apache %d.%d, with the directives of mpm-itk. A directive is\n"
	    "*implemented*; or *accepted*: it has no effect, and could not weaken anything; or\n"
	    "*refused*: it is an error, since ignoring it would do something else than it says.\n"
	    "Where Apache does not take it, it is an error as well.\n\n"
	    "## Implemented\n",
	    CONF_APACHE_MAJOR, CONF_APACHE_MINOR);
}

/* '<' and '*' and the like mean something in Markdown. */
static void md_text(const char *text)
{
	for (; *text; text++) {
		if (strchr("<>*_|\\[]`", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void md_directive(const struct conf_directive *d)
{
	const char *open = d->section ? "<" : "", *close = d->section ? ">" : "";
	struct arena a;

	arena_init_heap(&a, SIZE_MAX / 2);
	const char *arguments = argument_text(&a, d), *override = override_text(&a, d);
	const char *bounds = bounds_text(&a, d);

	printf("\n### `%s%s%s`\n\n", open, d->name, close);
	md_text(d->manual);
	printf(
	    "\n\n- Form: `%s%s%s%s%s`\n", open, d->name, *arguments ? " " : "", arguments, close);
	if (d->initial)
		printf("- Default: `%s`\n", d->initial);
	if (bounds)
		printf("- Bounds: %s\n", bounds);
	printf("- Context: %s\n", contexts_text(&a, d));
	if (override)
		printf("- AllowOverride: %s\n", override);
	printf("- Module: %s\n", d->module);
	arena_free(&a);
}

static void md_list(enum conf_status status)
{
	printf("\n## %s\n\n| Directive | Module | %s |\n|---|---|---|\n",
	    status == CONF_ACCEPTED ? "Accepted" : "Refused",
	    status == CONF_ACCEPTED ? "Why it has no effect" : "Why, and what to write instead");
}

static void md_entry(struct arena *a, const struct conf_directive *d)
{
	(void)a;
	printf("| `%s%s%s", d->section ? "<" : "", d->name, d->section ? ">" : "");
	if (d->initial)
		printf(" %s", d->initial);
	printf("` | %s | ", d->module);
	md_text(d->manual);
	printf(" |\n");
}

static void md_end(void)
{
}

/* --- docs/itkd.conf.5 --- */

static void man_begin(void)
{
	printf(".\\\" Made from include/itkd/directives/ by `itkd --manual itkd.conf.5`; do not "
	       "edit.\n"
	       ".Dd November 22, 2026\n"
	       ".Dt ITKD.CONF 5\n"
	       ".Os\n"
	       ".Sh NAME\n"
	       ".Nm itkd.conf\n"
	       ".Nd configuration of itkd\n"
	       ".Sh DESCRIPTION\n"
	       "The language is that of Apache httpd %d.%d, with the directives of mpm-itk.\n"
	       "A line holds one directive and its arguments.\n"
	       "A backslash at its end joins the next one to it.\n"
	       "A line that begins with # is a comment.\n"
	       "An argument with blanks in it stands in quotes.\n"
	       "${name} is replaced by the value that\n"
	       ".Cm Define\n"
	       "or else the environment gives it.\n"
	       "Relative names of files start at\n"
	       ".Cm ServerRoot .\n"
	       ".Pp\n"
	       "What is neither implemented nor without effect is an error:\n"
	       ".Ql itkd -t\n"
	       "lists all of them.\n"
	       ".Sh DIRECTIVES\n"
	       ".Bl -tag -width Ds\n",
	    CONF_APACHE_MAJOR, CONF_APACHE_MINOR);
}

/* One line of text; roff reads '.' and '\'' at its start and '\\' anywhere. */
static void man_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		printf("\\&");
	for (; *text; text++) {
		/* A sentence begins a line. */
		if (*text == '.' && text[1] == ' ' && text[2] >= 'A' && text[2] <= 'Z') {
			printf(".\n");
			text++;
		} else if (*text == '\\') {
			printf("\\e");
		} else {
			putchar(*text);
		}
	}
	putchar('\n');
}

static void man_directive(const struct conf_directive *d)
{
	struct arena a;

	arena_init_heap(&a, SIZE_MAX / 2);
	const char *arguments = argument_text(&a, d), *override = override_text(&a, d);
	const char *bounds = bounds_text(&a, d);

	printf(".It Cm %s%s%s", d->section ? "\\&<" : "", d->name, d->section ? "\\&>" : "");
	if (*arguments)
		printf(" Ar %s", arguments);
	printf("\n");
	man_text(d->manual);
	printf(".Pp\n");
	if (d->initial)
		man_text(arena_printf(&a, "Default: %s", d->initial));
	if (d->initial)
		printf(".br\n");
	if (bounds)
		printf("Bounds: %s\n.br\n", bounds);
	printf("Context: %s\n", contexts_text(&a, d));
	if (override)
		printf(".br\nAllowOverride: %s\n", override);
	arena_free(&a);
}

static void man_list(enum conf_status status)
{
	printf(".El\n.Sh %s\n", status == CONF_ACCEPTED ? "ACCEPTED WITHOUT EFFECT" : "REFUSED");
	printf(".Bl -tag -width Ds\n");
}

static void man_entry(struct arena *a, const struct conf_directive *d)
{
	printf(".It Cm %s%s%s", d->section ? "\\&<" : "", d->name, d->section ? "\\&>" : "");
	printf("\n");
	man_text(d->initial ? arena_printf(a, "Only %s. %s", d->initial, d->manual) : d->manual);
}

static void man_end(void)
{
	printf(".El\n"
	       ".Sh FILES\n"
	       ".Bl -tag -width Ds\n"
	       ".It Pa /etc/itkd/itkd.conf\n"
	       "The configuration.\n"
	       ".El\n"
	       ".Sh SEE ALSO\n"
	       ".Xr itkd 8\n");
}

static int by_name(const void *a, const void *b)
{
	const struct conf_directive *x = *(const struct conf_directive *const *)a;
	const struct conf_directive *y = *(const struct conf_directive *const *)b;
	int r = strcasecmp(x->name, y->name);

	return r ? r : (int)x->section - (int)y->section;
}

static void print_manual(const struct manual *m)
{
	const struct conf_directive *sorted[CONF_IDS];
	struct arena a;

	arena_init_heap(&a, SIZE_MAX / 2);
	for (int i = 0; i < CONF_IDS; i++)
		sorted[i] = &conf_table[i];
	qsort(sorted, CONF_IDS, sizeof(*sorted), by_name);
	m->begin();
	for (int i = 0; i < CONF_IDS; i++)
		if (sorted[i]->status == CONF_IMPLEMENTED)
			m->directive(sorted[i]);
	for (enum conf_status s = CONF_ACCEPTED; s <= CONF_REFUSED; s++) {
		m->begin_list(s);
		for (int i = 0; i < CONF_IDS; i++)
			if (sorted[i]->status == s)
				m->entry(&a, sorted[i]);
	}
	m->end();
	arena_free(&a);
}

int load_manual(const char *name)
{
	static const struct manual md = {md_begin, md_directive, md_list, md_entry, md_end};
	static const struct manual man = {man_begin, man_directive, man_list, man_entry, man_end};

	if (strcmp(name, "directives.md") == 0)
		print_manual(&md);
	else if (strcmp(name, "itkd.conf.5") == 0)
		print_manual(&man);
	else
		return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}
